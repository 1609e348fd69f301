/** Pipelines, transactions, scripts, scans, commands that wait, and consumer groups, against a real server. */

import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import {
  type ConsumedEntry,
  redis,
  type Redis,
  RedisConnectionError,
  RedisError,
  RedisTimeoutError,
  RedisWatchError,
  UsageError,
} from '#src/io/client/index.js'
import { type RealRedis, startRedis } from '../redis/server.js'

let server: RealRedis
before(async () => void (server = await startRedis()))
after(() => server.stop())

for (const protocol of [2, 3] as const)
  describe(`lists of commands with RESP${protocol}`, { timeout: 60_000 }, () => {
    let r: Redis
    before(() => {
      r = redis({ host: server.host, port: server.port, protocol })
    })
    beforeEach(() => r.flushall())
    after(() => r.close())

    /** Waits until a client is blocked in the server. */
    async function blocked(count = 1): Promise<void> {
      while (!(await r.info('clients')).includes(`blocked_clients:${count}`)) await r.ping()
    }

    it('gives each command of a pipeline its result or its error', async () => {
      const [one, two, three] = await r.pipeline().set('k', 'v').incr('k').get('k').exec()
      assert.equal(one, 'OK')
      assert.ok(two instanceof RedisError)
      assert.equal(two.command, 'INCR')
      assert.equal(three, 'v')
      const filled = r.pipeline()
      for (let i = 0; i < 3; i++) filled.rpush('l', i)
      assert.equal(filled.length, 3)
      assert.deepEqual(await filled.exec(), [1, 2, 3])
      assert.deepEqual(await filled.exec(), [])
      const [bad, good] = await r.pipeline().set('k', NaN).command('GET', 'k').exec()
      assert.ok(bad instanceof UsageError)
      assert.equal(good, 'v')
    })

    it('executes a transaction', async () => {
      const results = await r.multi().set('k', 'v').incr('k').hset('h', { a: 1 }).hgetall('h').zadd('z', 1, 'm').exec()
      assert.ok(results !== null)
      const [set, incr, hset, hgetall] = results
      assert.deepEqual([set, hset], ['OK', 1])
      assert.ok(incr instanceof RedisError)
      assert.deepEqual({ ...hgetall }, { a: '1' })
      assert.deepEqual(await r.multi().zscore('z', 'm').command('ECHO', 'x').exec(), [1, 'x'])
      assert.deepEqual(await r.multi().exec(), [])
    })

    it('executes nothing of a transaction that is refused', async () => {
      await assert.rejects(r.multi().set('k', 'v').command('NONSENSE').exec(), (error: RedisError) => {
        assert.equal(error.code, 'EXECABORT')
        assert.ok(error.cause instanceof RedisError)
        return true
      })
      await assert.rejects(r.multi().set('k', 'v').set('k', NaN).exec(), UsageError)
      await assert.rejects(r.multi().set('k', 'v').command('SUBSCRIBE', 'c').exec(), UsageError)
      assert.equal(await r.get('k'), null)
    })

    it('lets nothing of others between the commands of a transaction', async () => {
      const all = Array.from({ length: 50 }, (_, i) => [r.multi().set('k', i).get('k').exec(), r.set('k', 'other')])
      for (const [i, [transaction]] of all.entries()) assert.deepEqual(await transaction, ['OK', String(i)])
    })

    it('tries a watched transaction until nobody is in its way', async () => {
      await r.set('n', 1)
      let attempts = 0
      const results = await r.watch('n', async (link) => {
        const n = Number(await link.get('n'))
        if (++attempts < 3) await r.incr('n')
        return link.multi().set('n', n * 10)
      })
      assert.deepEqual(results, ['OK'])
      assert.equal(attempts, 3)
      assert.equal(await r.get('n'), '30')
      assert.equal(await r.watch(['n'], () => Promise.resolve(undefined)), undefined)
      const always = async (link: { multi(): ReturnType<Redis['multi']> }): Promise<never> => {
        await r.incr('n')
        return link.multi().get('n') as never
      }
      await assert.rejects(r.watch('n', always, { attemptsMax: 2 }), RedisWatchError)
      await assert.rejects(
        r.watch('n', () => Promise.reject(new Error('mine'))),
        /mine/,
      )
      assert.equal(r.stats.links, 0)
    })

    it('reserves a connection, on which everything goes', async () => {
      const link = await r.reserve()
      await link.command('SELECT', 3)
      await link.set('k', 'there')
      assert.equal(await r.get('k'), null)
      assert.equal(await link.wait(0, 10), 0)
      const last = link.get('k')
      const view = link.with({ bytes: true })
      await link.release()
      await assert.rejects(view.get('k'), UsageError)
      await view.release()
      assert.equal(await last, 'there')
      await assert.rejects(link.get('k'), UsageError)
      await link.release()
    })

    it('executes scripts that the server does not know yet', async () => {
      const script = r.script<[string, string]>('return {KEYS[1], ARGV[1]}', { keys: 1 })
      assert.deepEqual(await script('a', 1), ['a', '1'])
      assert.deepEqual(await script(['a', 2]), ['a', '2'])
      await r.scriptFlush()
      const [first, second] = await r.pipeline().runScript(script, 'b', 1).runScript(script, 'c', 2).exec()
      assert.deepEqual(
        [first, second],
        [
          ['b', '1'],
          ['c', '2'],
        ],
      )
      await r.scriptFlush()
      assert.deepEqual(await r.multi().runScript(script, 'd', 3).exec(), [['d', '3']])
      await assert.rejects(script(), UsageError)
      await assert.rejects(r.script('return redis.error_reply("NO way")')(), { name: 'RedisError', code: 'NO' })
      const reads = r.script<number>('return 1', { readonly: true })
      assert.equal(await reads(), 1)
      assert.throws(() => r.script('', { keys: -1 }), UsageError)
    })

    it('scans', async () => {
      const names = Array.from({ length: 100 }, (_, i) => `k${i}`)
      await r.mset(...names.map((name) => [name, 1]))
      await r.sadd('set', names)
      await r.hset('hash', { a: 1, b: 2 })
      await r.zadd('sorted', 1, 'a')
      const found = new Set<string>()
      for await (const key of r.scanAll({ match: 'k*', count: 10, type: 'string' })) found.add(key)
      assert.deepEqual([...found].toSorted(), names.toSorted())
      const members = new Set<string>()
      for await (const member of r.sscanAll('set', { count: 10 })) members.add(member)
      assert.equal(members.size, 100)
      for await (const pair of r.hscanAll('hash', { match: 'b' })) assert.deepEqual(pair, ['b', '2'])
      for await (const pair of r.zscanAll('sorted')) assert.deepEqual(pair, ['a', 1])
    })

    it('lets nobody wait behind a command that waits', async () => {
      const waiting = [r.blpop('l', 0), r.brpop('l', 0)]
      await blocked(2)
      assert.equal(await r.ping(), 'PONG')
      await r.rpush('l', 'a', 'b')
      const popped = await Promise.all(waiting)
      assert.deepEqual(popped.map((one) => one?.[1]).toSorted(), ['a', 'b'])
      assert.equal(r.stats.links, 2)
    })

    it('takes nothing when nobody waits for it any more', async () => {
      const controller = new AbortController()
      const given = r.with({ signal: controller.signal }).blpop('l', 0)
      await blocked()
      controller.abort(new Error('enough'))
      await assert.rejects(given, /enough/)
      await blocked(0)
      await r.rpush('l', 'a')
      assert.equal(await r.llen('l'), 1)
      await assert.rejects(r.with({ timeoutMs: 100 }).blpop('none', 0), RedisTimeoutError)
      await blocked(0)
    })

    it('gives a consumer its entries, those of others, and new ones', async () => {
      await r.xadd('s', '1-1', { n: 1 })
      const options = { blockMs: 50, claimIdleMs: 1 }
      const take = async (consumer: string): Promise<ConsumedEntry<string>> => {
        for await (const entry of r.consume('s', 'g', consumer, options)) return entry
        throw new Error('there was none')
      }
      const first = await take('one')
      assert.deepEqual([first.id, first.again, { ...first.fields }], ['1-1', false, { n: '1' }])
      assert.equal((await take('one')).again, true)
      const claimed = await take('two')
      assert.deepEqual([claimed.id, claimed.again], ['1-1', true])
      assert.equal(await claimed.ack(), true)
      assert.equal(await claimed.ack(), false)
      const next = take('two')
      await r.xadd('s', '2-1', { n: 2 })
      assert.equal((await next).id, '2-1')
    })

    it('ends a consumer with its signal', async () => {
      const controller = new AbortController()
      const entries = r.consume(['s', 't'], 'g', 'c', { signal: controller.signal, autoAck: true, from: '$' })
      const next = entries.next()
      await blocked()
      await r.xadd('t', '*', { n: 1 })
      assert.equal((await next).value?.stream, 't')
      const last = entries.next()
      await blocked()
      assert.equal(((await r.xpending('t', 'g')) as unknown[])[0], 0)
      controller.abort(new Error('enough'))
      await assert.rejects(last, /enough/)
    })

    it('gives up what waits when it closes', async () => {
      const client = redis({ host: server.host, port: server.port, protocol })
      const waiting = client.blpop('l', 0)
      await blocked()
      const set = client.set('k', 'v')
      await Promise.all([client.close(), assert.rejects(waiting, RedisConnectionError)])
      assert.equal(await set, 'OK')
      await assert.rejects(client.get('k'), RedisConnectionError)
      await client.close()
    })
  })
