/**
 * The types of the Redis client. What is wrong here does not compile; that it runs, too, shows that the types tell the
 * truth.
 */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { redis, type Redis, type RedisError, type RedisMessage, type StreamEntries } from '#src/io/client/index.js'

/** Whether two types are the same, and not only assignable. */
type Same<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2
    ? (<T>() => T extends B ? 1 : 2) extends <T>() => T extends A ? 1 : 2
      ? true
      : false
    : false

/** Compiles for `true` only. */
const holds = (..._facts: true[]): void => {}

/** Never called: only its types count. */
async function uses(r: Redis): Promise<void> {
  const text = await r.get('k')
  const octets = await r.with({ bytes: true }).get('k')
  const big = await r.with({ bigints: true, bytes: true }).incr('n')
  const again = await r.with({ bytes: true }).with({ bytes: false }).get('k')
  const hash = await r.hgetall('h')
  const members = await r.zrange('z', 0, -1)
  const scored = await r.zrange('z', 0, -1, 'REV', 'WITHSCORES')
  const one = await r.lpop('l')
  const some = await r.lpop('l', 2)
  const entries = await r.xread('COUNT', 1, 'STREAMS', 'x', '$')
  const listed = await r.pipeline().get('k').incr('n').hgetall('h').command<boolean>('ANY').exec()
  const transaction = await r.multi().set('k', 'v').zscore('z', 'm').exec()
  const watched = await r.watch('k', (link) => Promise.resolve(link.multi().incr('k')))
  const script = r.script<[string, number]>('return 1', { keys: 1 })
  const called = await script('k', 1)
  for await (const [field, value] of r.hscanAll('h'))
    holds(true satisfies Same<typeof field, string>, true satisfies Same<typeof value, string>)
  for await (const message of await r.with({ bytes: true }).subscribe('c'))
    holds(true satisfies Same<typeof message, RedisMessage<Uint8Array>>)
  for await (const { fields } of r.consume('s', 'g', 'c'))
    holds(true satisfies Same<typeof fields, Record<string, string>>)
  await r.subscribe('c', ({ payload }) => holds(true satisfies Same<typeof payload, string>))
  holds(
    true satisfies Same<typeof text, string | null>,
    true satisfies Same<typeof octets, Uint8Array | null>,
    true satisfies Same<typeof big, bigint>,
    true satisfies Same<typeof again, string | null>,
    true satisfies Same<typeof hash, Record<string, string>>,
    true satisfies Same<typeof members, string[]>,
    true satisfies Same<typeof scored, [member: string, score: number][]>,
    true satisfies Same<typeof one, string | null>,
    true satisfies Same<typeof some, string[] | null>,
    true satisfies Same<typeof entries, StreamEntries<string>[] | null>,
    true satisfies Same<
      typeof listed,
      [string | null | RedisError, number | RedisError, Record<string, string> | RedisError, boolean | RedisError]
    >,
    true satisfies Same<typeof transaction, ['OK' | string | null | RedisError, number | null | RedisError] | null>,
    true satisfies Same<typeof watched, [number | RedisError] | undefined>,
    true satisfies Same<typeof called, [string, number]>,
  )
  await r.set('k', 1n, 'EX', 10, 'NX')
  await r.set('k', new Uint8Array(1), 'NX', 'PX', 10, 'GET')
  await r.hset('h', { a: 1 }, ['b', 2], 'c', 3)
  await r.del('a', ['b', 'c'])
  await r.zunionstore('d', 2, ['a', 'b'], 'WEIGHTS', [1, 2])
  // @ts-expect-error: a key is no number.
  await r.get(5)
  // @ts-expect-error: no such word.
  await r.expire('k', 5, 'ZZ')
  // @ts-expect-error: there is nothing to store.
  await r.set('k')
  // @ts-expect-error: nothing is stored that is neither text nor number.
  await r.set('k', true)
  // @ts-expect-error: a misspelt option.
  redis({ hots: 'h' })
  // @ts-expect-error: what changes the connection has no method.
  await r.select(1)
}

describe('the types of the Redis client', () => {
  it('compile', () => {
    assert.equal(typeof uses, 'function')
  })
})
