/** Subscriptions against a real server: callbacks, iterators, loss, and those who are too slow. */

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, before, describe, it } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import {
  redis,
  type Redis,
  RedisConnectionError,
  type RedisGap,
  type RedisMessage,
  RedisOverflowError,
  UsageError,
} from '#src/io/client/index.js'
import { type RealRedis, startRedis } from '../redis/server.js'

let server: RealRedis
before(async () => void (server = await startRedis()))
after(() => server.stop())

for (const protocol of [2, 3] as const)
  describe(`subscriptions with RESP${protocol}`, { timeout: 60_000 }, () => {
    let r: Redis
    before(() => {
      r = redis({ host: server.host, port: server.port, protocol })
    })
    after(() => r.close())

    it(
      'tell what the server executes, until that is ended, and however silent it is',
      { timeout: 20_000 },
      async () => {
        const lines = await r.monitor()
        await r.set('watched', '1')
        for await (const { payload } of lines) {
          if (!payload.includes('watched')) continue
          assert.match(payload, /^\d+\.\d+ \[0 127\.0\.0\.1:\d+\] "SET" "watched" "1"$/)
          break
        }
        const { host, port } = server
        const silent = redis({ host, port, protocol, pingIntervalMs: 50, pingTimeoutMs: 50 })
        const seen: string[] = []
        await silent.monitor(({ payload }) => seen.push(payload))
        const other = await silent.monitor()
        await delay(500)
        await r.get('still')
        while (!seen.some((line) => line.includes('still'))) await delay(5)
        await silent.terminate()
        await assert.rejects(
          async () => {
            for await (const { payload } of other) assert.ok(payload.length > 0)
          },
          { code: 'REDIS_CLOSED' },
        )
        const refused = redis({ host, port, protocol, linksMax: 1 })
        await refused.connect()
        await r.command('ACL', 'SETUSER', 'default', '-monitor')
        await assert.rejects(refused.monitor(), { code: 'NOPERM' })
        await r.command('ACL', 'SETUSER', 'default', '+monitor')
        await (await refused.monitor()).close()
        await refused.close()
      },
    )

    /** Resolves with so many messages, once they have come. */
    function collect(count: number): {
      readonly take: (message: RedisMessage) => void
      readonly all: Promise<string[]>
    } {
      const seen: string[] = []
      let done: (all: string[]) => void
      const all = new Promise<string[]>((resolve) => (done = resolve))
      const take = ({ channel, pattern, payload }: RedisMessage): void => {
        seen.push([channel, pattern, payload].filter((part) => part !== undefined).join(' '))
        if (seen.length === count) done(seen)
      }
      return { take, all }
    }

    it('bring messages of channels, patterns and shards to callbacks', async () => {
      const { take, all } = collect(4)
      const subscriptions = [
        await r.subscribe(['one', 'two'], take),
        await r.psubscribe('t*', take),
        await r.ssubscribe('shard', take),
      ]
      await r.publish('one', 1)
      await r.publish('two', 2)
      await r.spublish('shard', 3)
      assert.deepEqual((await all).toSorted(), ['one 1', 'shard 3', 'two 2', 'two t* 2'])
      assert.equal(r.stats.subscriptions, 4)
      for (const subscription of subscriptions) await subscription.close()
      assert.equal(r.stats.subscriptions, 0)
      assert.deepEqual(await r.pubsubChannels(), [])
    })

    it('bring messages to iterators, and end with them', async () => {
      const subscription = await r.subscribe('c')
      for (let i = 0; i < 3; i++) await r.publish('c', i)
      const seen: string[] = []
      for await (const { payload } of subscription) if (seen.push(payload) === 3) break
      assert.deepEqual(seen, ['0', '1', '2'])
      assert.equal(r.stats.subscriptions, 0)
      assert.throws(() => subscription[Symbol.asyncIterator](), UsageError)
      const closed = await r.subscribe('c')
      const next = closed[Symbol.asyncIterator]().next()
      await closed.close()
      assert.equal((await next).done, true)
    })

    it('are one for the server, however many there are here', async () => {
      const { take, all } = collect(100)
      const many = await Promise.all(Array.from({ length: 100 }, () => r.subscribe('c', take)))
      assert.deepEqual({ ...(await r.pubsubNumsub('c')) }, { c: 1 })
      assert.equal(await r.publish('c', 'x'), 1)
      assert.deepEqual(await all, Array(100).fill('c x'))
      const [last, ...others] = many
      for (const one of others) await one.close()
      assert.deepEqual({ ...(await r.pubsubNumsub('c')) }, { c: 1 })
      await last!.close()
    })

    it('bring octets', async () => {
      const subscription = await r.with({ bytes: true }).psubscribe('c*')
      await r.publish('c1', new Uint8Array([0, 255]))
      for await (const message of subscription) {
        assert.deepEqual(message, { channel: 'c1', pattern: 'c*', payload: new Uint8Array([0, 255]) })
        break
      }
    })

    it('outlive a callback that throws', async () => {
      const { take, all } = collect(2)
      const warned = once(process, 'warning')
      const one = await r.subscribe('c', () => {
        throw new Error('mine')
      })
      const other = await r.subscribe('c', take)
      await r.publish('c', 1)
      await r.publish('c', 2)
      assert.deepEqual(await all, ['c 1', 'c 2'])
      assert.match(String((await warned)[0]), /mine/)
      await one.close()
      await other.close()
    })

    it('end, or lose the oldest, when nobody takes their messages', async () => {
      const failing = await r.subscribe('c', { bufferMax: 2 })
      const dropping = await r.subscribe('c', { bufferMax: 2, overflow: 'dropOldest' })
      const { take, all } = collect(4)
      const seen = await r.subscribe('c', take)
      for (let i = 0; i < 4; i++) await r.publish('c', i)
      await all
      assert.deepEqual([failing.dropped, dropping.dropped], [1, 2])
      const rest: string[] = []
      await assert.rejects(async () => {
        for await (const { payload } of failing) rest.push(payload)
      }, RedisOverflowError)
      assert.deepEqual(rest, ['0', '1'])
      for await (const { payload } of dropping) if (rest.push(payload) === 4) break
      assert.deepEqual(rest, ['0', '1', '2', '3'])
      await seen.close()
      await assert.rejects(r.subscribe('c', { bufferMax: 0 }), UsageError)
      await assert.rejects(r.subscribe('c', { overflow: 'x' as 'fail' }), UsageError)
      await assert.rejects(r.subscribe([]), UsageError)
    })

    it('are there again after a loss, and tell of the gap', async () => {
      const gaps: RedisGap[] = []
      const { take, all } = collect(3)
      let back: () => void
      const told = new Promise<void>((resolve) => (back = resolve))
      const onGap = (gap: RedisGap): void => {
        if (gaps.push(gap) === 2) back()
      }
      await r.subscribe(['a', 'b'], take, { onGap })
      await r.psubscribe('a*', take, { onGap })
      await r.clientKill('TYPE', 'pubsub')
      await told
      await r.publish('a', 1)
      await r.publish('b', 1)
      assert.deepEqual((await all).toSorted(), ['a 1', 'a a* 1', 'b 1'])
      for (const { error, durationMs } of gaps) {
        assert.ok(error instanceof RedisConnectionError)
        assert.ok(durationMs > 0)
      }
    })

    it('end with the client', async () => {
      const client = redis({ host: server.host, port: server.port, protocol })
      const subscription = await client.subscribe('c')
      const next = subscription[Symbol.asyncIterator]().next()
      await client.close()
      assert.equal((await next).done, true)
      await assert.rejects(client.subscribe('c'), RedisConnectionError)
    })
  })
