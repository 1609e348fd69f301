/** A real cluster of six nodes under load: slots that move, a primary that is killed, and every write accounted for. */

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import {
  type Redis,
  redisCluster,
  type RedisClusterOptions,
  type RedisCluster,
  RedisConnectionError,
  RedisError,
  RedisWatchError,
  UsageError,
} from '#src/io/client/index.js'
import { keySlot } from '#src/protocols/redis/index.js'
import { startRedis } from '../redis/server.js'
import { idOf, type RealCluster, startCluster, until } from '../redis/cluster.js'

const PRIMARIES = 3

describe('a cluster', { timeout: 120_000 }, () => {
  let cluster: RealCluster
  before(async () => {
    cluster = await startCluster(PRIMARIES)
  })
  after(() => cluster.stop())

  const seeds = (): string[] => cluster.servers.map(({ host, port }) => `${host}:${port}`)

  /** Load goes on as long as it is to. */
  const state = { running: true }

  async function using(
    work: (c: RedisCluster) => Promise<void>,
    options: Partial<RedisClusterOptions> = {},
  ): Promise<void> {
    const c = redisCluster({ seeds: seeds(), refreshMinMs: 100, ...options })
    state.running = true
    try {
      await work(c)
    } finally {
      state.running = false
      await c.terminate()
    }
  }

  it('has each command executed where its keys are, and learns of all nodes from one', async () => {
    const c = redisCluster([`redis://${seeds()[4]!}`])
    const keys = Array.from({ length: 300 }, (_, at) => `here:${at}`)
    await Promise.all(keys.map((key) => c.set(key, key)))
    assert.deepEqual(await Promise.all(keys.map((key) => c.get(key))), keys)
    assert.equal(c.stats.redirections, 0)
    assert.ok(Object.values(c.stats.nodes).filter(({ connected }) => connected).length >= PRIMARIES)
    const results = await c.pipeline().set('p:1', 'x').get('p:1').incr('p:2').lpush('p:1', 'y').exec()
    assert.deepEqual(results.slice(0, 3), ['OK', 'x', 1])
    assert.equal((results[3] as RedisError).code, 'WRONGTYPE')
    assert.deepEqual(await c.multi().set('{m}1', 'a').mget('{m}1', '{m}2').exec(), ['OK', ['a', null]])
    assert.equal(await c.script('return KEYS[1] .. ARGV[1]', { keys: 1 })('k', 'v'), 'kv')
    assert.equal(await c.zunionstore('{z}d', 2, ['{z}a', '{z}b']), 0)
    await c.lpush('{b}list', 'one')
    assert.deepEqual(await c.blpop('{b}list', 0), ['{b}list', 'one'])
    const scanned = new Set<string>()
    for await (const key of c.scanAll({ match: 'here:*' })) scanned.add(key)
    assert.deepEqual(scanned, new Set(keys))
    await c.close()
    await assert.rejects(c.get('k'), { code: 'REDIS_CLOSED' })
  })

  it('refuses keys of several slots before anything is sent, and commands that need a connection of their own', () =>
    using(async (c) => {
      await assert.rejects(c.mget('a', 'b'), (error) => error instanceof RedisError && error.code === 'CROSSSLOT')
      await assert.rejects(c.multi().set('a', '1').set('b', '1').exec(), { code: 'CROSSSLOT' })
      await assert.rejects(c.script('return 1', { keys: 2 })('a', 'b'), { code: 'CROSSSLOT' })
      await assert.rejects(c.ssubscribe(['a', 'b']), { code: 'CROSSSLOT' })
      await assert.rejects(c.command('WATCH', 'a'), UsageError)
      assert.deepEqual(c.stats.nodes[seeds()[0]!]?.inFlight ?? 0, 0)
    }))

  it('reads from the copies when it may', () =>
    using(
      async (c) => {
        await c.set('r', 'old')
        const at = await ownerOf('r')
        await until(async () => (await c.get('r')) === 'old')
        const counted = await readsOf(cluster.operators[at + PRIMARIES]!)
        for (let i = 0; i < 5; i++) assert.equal(await c.get('r'), 'old')
        assert.equal((await readsOf(cluster.operators[at + PRIMARIES]!)) - counted, 5)
      },
      { reads: 'replicas' },
    ))

  it('gives the messages of all nodes to who subscribes at one', () =>
    using(async (c) => {
      const seen: string[] = []
      await c.subscribe(['x', 'y'], ({ payload }) => seen.push(payload))
      for (const operator of cluster.operators) await operator.publish('y', 'hello')
      await until(() => seen.length === cluster.operators.length)
    }))

  it('has watched transactions and connections of their own at the node of their slot, and follows it', () =>
    using(async (c) => {
      await c.set('{w}n', '1')
      let calls = 0
      const tenfold = await c.watch('{w}n', async (link) => {
        const found = Number(await link.get('{w}n'))
        if (calls++ === 0) await c.incr('{w}n')
        return link
          .multi()
          .set('{w}n', found * 10)
          .get('{w}n')
      })
      assert.deepEqual([tenfold, calls], [['OK', '20'], 2])
      const moving = await c.watch(['{w}n', '{w}m'], async (link) => {
        if (calls++ === 2) await moveSlot(keySlot('w'))
        return link.multi().incr('{w}n')
      })
      assert.deepEqual([moving, calls], [[21], 4])
      assert.equal(await c.watch('{w}n', () => Promise.resolve(undefined)), undefined)
      await assert.rejects(
        c.watch(['a', 'b'], () => Promise.resolve(undefined)),
        { code: 'CROSSSLOT' },
      )
      await assert.rejects(
        c.watch('{w}n', () => Promise.reject(new Error('mine'))),
        /mine/,
      )
      const changing = c.watch('{w}n', async (link) => {
        await c.incr('{w}n')
        return link.multi().get('{w}n')
      })
      await assert.rejects(changing, RedisWatchError)
      const link = await c.reserve('{w}n')
      await link.incr('{w}n')
      assert.equal(await link.command('WAIT', '1', '5000'), 1)
      await link.release()
    }))

  it('gives the entries of streams of one slot to consumers', () =>
    using(async (c) => {
      for (const [at, stream] of ['{s}1', '{s}2', '{s}1'].entries()) await c.xadd(stream, '*', 'at', at)
      const seen: unknown[] = []
      for await (const { fields } of c.consume(['{s}1', '{s}2'], 'group', 'me', { autoAck: true, blockMs: 50 }))
        if (seen.push(fields) === 3) break
      assert.deepEqual(seen.map((fields) => (fields as { at: string }).at).toSorted(), ['0', '1', '2'])
    }))

  it('counts everything once while slots move, and sharded channels move with them', () =>
    using(async (c) => {
      const tags = Array.from({ length: 12 }, (_, at) => `{tag${at}}`)
      const acknowledged = new Map<string, number>()
      const load = async (tag: string): Promise<void> => {
        while (state.running) {
          await c.incr(`${tag}n`)
          acknowledged.set(tag, (acknowledged.get(tag) ?? 0) + 1)
          const [, copied] = (await c.multi().set(`${tag}a`, 'v').get(`${tag}a`).exec())!
          assert.equal(copied, 'v')
          assert.deepEqual(await c.mget(`${tag}a`, `${tag}b`), ['v', null])
        }
      }
      const seen: string[] = []
      let gaps = 0
      const channel = `${tags[0]!}news`
      await c.ssubscribe(channel, ({ payload }) => seen.push(payload), { onGap: () => gaps++ })
      await c.spublish(channel, 'before')
      await until(() => seen.includes('before'))
      const loads = tags.map(load)
      await until(() => acknowledged.size === tags.length)
      for (const tag of tags) await moveSlot(keySlot(tag))
      await until(async () => {
        await c.spublish(channel, 'behind')
        return seen.includes('behind')
      })
      state.running = false
      await Promise.all(loads)
      for (const tag of tags) assert.equal(await c.get(`${tag}n`), String(acknowledged.get(tag)))
      assert.ok(gaps > 0)
      assert.ok(c.stats.redirections > 0)
      assert.equal(c.stats.waiting, 0)
    }))

  it('goes on when a primary is killed, with every write that was acknowledged and copied', () =>
    using(async (c) => {
      const victim = await ownerOf('{victim}')
      const acknowledged = new Map<string, string>()
      const copied = new Map<string, string>()
      const failures: unknown[] = []
      let turns = 0
      const load = async (writer: number): Promise<void> => {
        for (let turn = 0; state.running; turn++, turns++) {
          const batch = Array.from({ length: 30 }, (_, at) => `w:${writer}:${turn}:${at}`)
          const results = await Promise.allSettled(batch.map((key) => c.set(key, `${key}!`)))
          for (const [at, key] of batch.entries()) {
            const result = results[at]!
            if (result.status === 'fulfilled') acknowledged.set(key, `${key}!`)
            else failures.push(result.reason)
          }
        }
      }
      const seen: string[] = []
      await c.ssubscribe('{victim}news', ({ payload }) => seen.push(payload))
      const loads = [0, 1, 2, 3].map(load)
      await until(() => turns > 20)
      await copyAll(acknowledged, copied)
      assert.ok(copied.size > 0)
      await cluster.servers[victim]!.kill()
      // Nobody but the cluster says when there is another primary.
      const heir = cluster.operators[victim + PRIMARIES]!
      await until(async () => (await heir.command<string[]>('ROLE'))[0] === 'master')
      await c.set('{victim}k', 'back')
      assert.equal(await c.get('{victim}k'), 'back')
      await until(async () => {
        await c.spublish('{victim}news', 'back')
        return seen.includes('back')
      })
      const from = turns
      await until(() => turns > from + 20)
      state.running = false
      await Promise.all(loads)
      // What was under way there may have been executed, and is told so; all else was sent elsewhere.
      assert.ok(failures.length <= 4 * 30, String(failures.length))
      for (const error of failures) assert.ok(error instanceof RedisConnectionError && error.mayHaveRun, String(error))
      for (const [key, value] of copied) assert.equal(await c.get(key), value, key)
      assert.equal(c.stats.waiting, 0)
      await until(() => c.stats.nodes[seeds()[victim]!] === undefined)
    }))

  it('goes on when a primary falls silent, with its connections open', () =>
    using(
      async (c) => {
        const silent = await ownerOf('{silent}', cluster.operators[PRIMARIES + 1]!)
        await c.set('{silent}k', 'before')
        const heir = cluster.operators[silent + PRIMARIES]!
        cluster.servers[silent]!.freeze()
        const under = c.set('{silent}k', 'under way')
        await assert.rejects(under, (error) => error instanceof RedisConnectionError && error.mayHaveRun)
        assert.equal((await heir.command<string[]>('ROLE'))[0], 'master')
        assert.equal(await c.set('{silent}k', 'behind'), 'OK')
        assert.equal(await heir.get('{silent}k'), 'behind')
        cluster.servers[silent]!.thaw()
      },
      { refreshMaxMs: 300 },
    ))

  /** All that is acknowledged now is at a copy when each primary has said so of a later write (WAIT). */
  async function copyAll(acknowledged: ReadonlyMap<string, string>, copied: Map<string, string>): Promise<void> {
    const now = [...acknowledged]
    await Promise.all(
      cluster.operators.slice(0, PRIMARIES).map(async (operator, at) => {
        const link = await operator.reserve()
        let key = 'seal'
        while ((await ownerOf(key)) !== at) key += '+'
        await link.set(key, '1')
        assert.ok((await link.command<number>('WAIT', '1', '5000')) >= 1)
        await link.release()
      }),
    )
    for (const [key, value] of now) copied.set(key, value)
  }

  /** Which primary has a key, by what one of the nodes says. */
  async function ownerOf(key: string, asked: Redis = cluster.operators[0]!): Promise<number> {
    const slot = keySlot(key)
    const ranges = await asked.command<[number, number, [string, number]][]>('CLUSTER', 'SLOTS')
    const [, , [, port]] = ranges.find(([first, last]) => first <= slot && slot <= last)!
    return cluster.servers.findIndex((server) => server.port === port)
  }

  /** Moves a slot to the next primary, as `redis-cli --cluster reshard` does: key by key. */
  async function moveSlot(slot: number): Promise<void> {
    const { operators, servers } = cluster
    const ranges = await operators[0]!.command<[number, number, [string, number]][]>('CLUSTER', 'SLOTS')
    const [, , [, port]] = ranges.find(([first, last]) => first <= slot && slot <= last)!
    const from = servers.findIndex((server) => server.port === port)
    const to = (from + 1) % PRIMARIES
    const [source, target] = [operators[from]!, operators[to]!]
    const [sourceId, targetId] = [await idOf(source), await idOf(target)]
    await target.command('CLUSTER', 'SETSLOT', String(slot), 'IMPORTING', sourceId)
    await source.command('CLUSTER', 'SETSLOT', String(slot), 'MIGRATING', targetId)
    for (;;) {
      const keys = await source.command<string[]>('CLUSTER', 'GETKEYSINSLOT', String(slot), '1')
      if (keys.length === 0) break
      const { host, port: targetPort } = servers[to]!
      await source.command('MIGRATE', host, String(targetPort), '', '0', '5000', 'KEYS', ...keys)
    }
    for (const one of [target, source, ...operators.slice(0, PRIMARIES)])
      await one.command('CLUSTER', 'SETSLOT', String(slot), 'NODE', targetId)
  }
})

/** How often GET was executed. */
async function readsOf(operator: Redis): Promise<number> {
  const found = /cmdstat_get:calls=(\d+)/.exec(await operator.command<string>('INFO', 'commandstats'))
  return Number(found?.[1] ?? 0)
}

describe('the options of a cluster', () => {
  const refused: readonly (readonly [name: string, options: unknown])[] = [
    ['seeds', []],
    ['seeds', { seeds: 'a:1' }],
    ['seeds', { seeds: [7] }],
    ['seeds', ['redis://h:1/3']],
    ['seeds', ['a:1', 'unix:/run/x']],
    ['options', null],
    ['reads', { seeds: ['a:1'], reads: 'nearest' }],
    ['natMap', { seeds: ['a:1'], natMap: 'b:1' }],
    ['attemptsMax', { seeds: ['a:1'], attemptsMax: -1 }],
    ['refreshMinMs', { seeds: ['a:1'], refreshMinMs: '1' }],
    ['cache', { seeds: ['a:1'], cache: {} }],
    ['host', { seeds: ['a:1'], host: 'b' }],
    ['speed', { seeds: ['a:1'], speed: 1 }],
  ]
  for (const [name, options] of refused)
    it(`says of ${JSON.stringify(options)} that ${name} does not fit`, () => {
      assert.throws(
        () => redisCluster(options as readonly string[]),
        (error) => error instanceof UsageError && error.code === 'REDIS_OPTION' && error.message.includes(name),
      )
    })
})

it('a client without a cluster says so: nobody is there, or one server only', { timeout: 30_000 }, async () => {
  const c = redisCluster({ seeds: ['127.0.0.1:1'], attemptsMax: 3 })
  await assert.rejects(c.get('k'), { code: 'REDIS_NO_NODE' })
  const waiting = c.with({ timeoutMs: 50 }).get('k')
  await assert.rejects(waiting, { code: 'REDIS_TIMEOUT' })
  const controller = new AbortController()
  const given = c.with({ signal: controller.signal }).get('k')
  controller.abort(new Error('enough'))
  await assert.rejects(given, /enough/)
  await c.terminate()
  const server = await startRedis()
  const alone = redisCluster([`${server.host}:${server.port}`])
  await assert.rejects(alone.get('k'), (error) => error instanceof RedisError && /cluster support/.test(error.message))
  await alone.terminate()
  await server.stop()
})
