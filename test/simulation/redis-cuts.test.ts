/**
 * The server goes away after each octet of its output: every promise settles, once, no reply goes to the wrong command,
 * and what was acknowledged was done.
 */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { RedisConnectionError, RedisError } from '#src/io/client/index.js'
import { configOf } from '#src/io/client/redis/config.js'
import { RedisCore } from '#src/io/client/redis/core.js'
import { Redis } from '#src/io/client/redis/redis.js'
import { CuttingServer, type Cut } from '../redis/cutting-server.js'

const CUTS: readonly Cut[] = ['end', 'close', 'reset']

/** Counts of a key: how often it was called, and how often the server has said that it was done. */
interface Tally {
  called: number
  acknowledged: number
  settled: number
  expected: number
}

function isLoss(error: unknown): boolean {
  if (error instanceof RedisConnectionError) return true
  throw error
}

/** One conversation; gives what it has to hold to. */
async function converse(server: CuttingServer, inFlight: 'fail' | 'retry', protocol: 2 | 3): Promise<Tally> {
  const r = new Redis(new RedisCore(configOf({ inFlight, protocol, backoffMs: 0 }), server.open))
  const tally: Tally = { called: 0, acknowledged: 0, settled: 0, expected: 0 }
  const watch = async <Value>(promise: Promise<Value>, check: (value: Value) => void): Promise<void> => {
    tally.expected++
    try {
      check(await promise)
    } catch (error) {
      isLoss(error)
    }
    tally.settled++
  }
  const incr = (): Promise<void> => {
    tally.called++
    return watch(r.incr('n'), () => void tally.acknowledged++)
  }
  for (let round = 0; round < 2; round++) {
    const all: Promise<void>[] = []
    for (let i = 0; i < 3; i++) {
      all.push(incr())
      all.push(watch(r.get('other'), (value) => assert.equal(value, '0')))
    }
    all.push(watch(r.lrange('l', 0, -1), (value) => assert.deepEqual(value, ['a', null, 'c', [1, 2, ['deep']]])))
    all.push(
      watch(
        r.command('NONSENSE').catch((error: unknown) => {
          if (!(error instanceof RedisError)) throw error
          return error.code
        }),
        (code) => assert.equal(code, 'ERR'),
      ),
    )
    tally.called += 2
    all.push(
      watch(r.multi().incr('n').get('other').incr('n').exec(), (results) => {
        assert.equal(results?.[1], '0')
        assert.equal(Number(results[2]), Number(results[0]) + 1)
        tally.acknowledged += 2
      }),
    )
    tally.called++
    all.push(
      watch(r.pipeline().incr('n').get('other').exec(), ([one, two]) => {
        if (typeof one === 'number') tally.acknowledged++
        else assert.ok(isLoss(one))
        if (typeof two !== 'string') assert.ok(isLoss(two))
      }),
    )
    await Promise.all(all)
  }
  await r.close()
  return tally
}

for (const inFlight of ['fail', 'retry'] as const)
  for (const protocol of [2, 3] as const)
    describe(`a server of RESP${protocol} that goes away, with ${inFlight}`, { timeout: 120_000 }, () => {
      for (const cut of CUTS)
        it(`leaves nobody without an answer, and nothing done twice (${cut})`, async () => {
          const whole = new CuttingServer(Infinity, cut)
          const tally = await converse(whole, inFlight, protocol)
          assert.equal(whole.counters.get('n'), tally.called)
          for (let octets = 0; octets <= whole.sentOnFirst; octets++) {
            const server = new CuttingServer(octets, cut)
            const { called, acknowledged, settled, expected } = await converse(server, inFlight, protocol)
            const done = server.counters.get('n') ?? 0
            assert.equal(settled, expected, `cut after ${octets}`)
            assert.ok(acknowledged <= done && done <= called, `cut after ${octets}: ${acknowledged} ${done} ${called}`)
          }
        })
    })
