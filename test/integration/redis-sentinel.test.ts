/** A real primary that sentinels watch: it is killed, and falls silent, under load. */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  redis,
  type Redis,
  RedisConnectionError,
  redisSentinel,
  type RedisSentinelOptions,
  UsageError,
} from '#src/io/client/index.js'
import { until } from '../redis/cluster.js'
import { NAME, startWatched, type WatchedRedis } from '../redis/sentinel.js'

/** Sentinels know of the copy and of each other: they can agree on what to do. */
async function settled(watched: WatchedRedis): Promise<void> {
  for (const sentinel of watched.sentinels) {
    const s = redis(`redis://${sentinel}`)
    await until(async () => {
      const master = await s.command<Record<string, string> | string[]>('SENTINEL', 'MASTER', NAME)
      const fields = Array.isArray(master) ? Object.fromEntries(pairs(master)) : master
      return fields['num-slaves'] === '1' && fields['num-other-sentinels'] === '2'
    })
    await s.terminate()
  }
}

function pairs(list: readonly string[]): [string, string][] {
  return list.flatMap((name, at) => (at % 2 === 0 ? [[name, list[at + 1]!] as [string, string]] : []))
}

async function failOver(end: (watched: WatchedRedis) => Promise<void>): Promise<void> {
  const watched = await startWatched()
  const options = { sentinels: watched.sentinels, name: NAME, queueTimeoutMs: 30_000 }
  const r: Redis = redisSentinel(options)
  const state = { running: true, turns: 0 }
  try {
    await settled(watched)
    const acknowledged = new Map<string, string>()
    const failures: unknown[] = []
    const load = async (writer: number): Promise<void> => {
      for (let turn = 0; state.running; turn++, state.turns++) {
        const key = `w:${writer}:${turn}`
        try {
          await r.set(key, `${key}!`)
          acknowledged.set(key, `${key}!`)
        } catch (error) {
          failures.push(error)
        }
      }
    }
    const seen: string[] = []
    await r.subscribe('news', ({ payload }) => seen.push(payload))
    const loads = [0, 1, 2, 3].map(load)
    await until(() => state.turns > 40)
    // What is acknowledged now is at the copy when the primary has said so of a later write.
    const copied = [...acknowledged]
    const link = await r.reserve()
    await link.set('seal', '1')
    assert.equal(await link.command('WAIT', '1', '5000'), 1)
    await link.release()
    await end(watched)
    const heir = redis({ host: watched.servers[1].host, port: watched.servers[1].port })
    await until(async () => (await heir.command<string[]>('ROLE'))[0] === 'master')
    // The sentinels tell it after the copy knows: until then the old one may be asked, and it is told so.
    await until(() =>
      r.set('back', 'yes').then(
        () => true,
        (error: unknown) => {
          assert.ok(error instanceof RedisConnectionError && error.mayHaveRun, String(error))
          return false
        },
      ),
    )
    assert.equal(await heir.get('back'), 'yes')
    await until(async () => {
      await r.publish('news', 'back')
      return seen.includes('back')
    })
    const from = state.turns
    await until(() => state.turns > from + 40)
    state.running = false
    await Promise.all(loads)
    // Each writer had one command under way, which may have been executed.
    assert.ok(failures.length <= loads.length, String(failures.length))
    for (const error of failures) assert.ok(error instanceof RedisConnectionError && error.mayHaveRun, String(error))
    for (const [key, value] of copied) assert.equal(await r.get(key), value, key)
    await heir.terminate()
    await r.close()
    await assert.rejects(r.get('k'), { code: 'REDIS_CLOSED' })
  } finally {
    state.running = false
    await r.terminate()
    await watched.stop()
  }
}

describe('a primary that sentinels watch', { timeout: 60_000, concurrency: true }, () => {
  it('has a successor when it is killed', () => failOver((watched) => watched.servers[0].kill()))

  it('has a successor when it falls silent, with its connections open', () =>
    failOver(async (watched) => watched.servers[0].freeze()))
})

it('sentinels that are not there, or know nobody of this name', { timeout: 30_000 }, async () => {
  const failing = async (sentinels: readonly string[], reason: string): Promise<void> => {
    const errors: Error[] = []
    const options = {
      sentinels,
      name: 'nobody',
      queueTimeoutMs: 300,
      onDisconnect: (error: Error) => errors.push(error),
    }
    const r = redisSentinel(options)
    await assert.rejects(r.get('k'), { code: 'REDIS_QUEUE_TIMEOUT' })
    await r.terminate()
    assert.match(String(errors[0]), new RegExp(reason))
  }
  const watched = await startWatched()
  try {
    await failing(watched.sentinels, 'no sentinel says where nobody is')
    const { host, port } = watched.servers[1]
    // It answers as a sentinel does, but it is none: so nothing is known.
    await failing([`${host}:${port}`], 'no sentinel says where nobody is')
  } finally {
    await watched.stop()
  }
})

describe('the options of a client with sentinels', () => {
  const refused: readonly (readonly [name: string, options: unknown])[] = [
    ['options', null],
    ['sentinels', { name: 'main' }],
    ['sentinels', { sentinels: [], name: 'main' }],
    ['sentinels', { sentinels: [7], name: 'main' }],
    ['name', { sentinels: ['a:1'] }],
    ['host', { sentinels: ['a:1'], name: 'main', host: 'b' }],
    ['speed', { sentinels: ['a:1'], name: 'main', speed: 1 }],
  ]
  for (const [name, options] of refused)
    it(`says of ${JSON.stringify(options)} that ${name} does not fit`, () => {
      assert.throws(
        () => redisSentinel(options as RedisSentinelOptions),
        (error) => error instanceof UsageError && error.code === 'REDIS_OPTION' && error.message.includes(name),
      )
    })
})
