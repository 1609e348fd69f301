/** Methods of commands give the same with RESP2 and RESP3, against a real server. */

import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import { redis, type Redis, RedisError, UsageError } from '#src/io/client/index.js'
import { type RealRedis, startRedis } from '../redis/server.js'

/** Objects of replies have no prototype. */
function plain<Value>(value: Value): Value {
  return structuredClone(value)
}

let server: RealRedis
before(async () => void (server = await startRedis()))
after(() => server.stop())

for (const protocol of [2, 3] as const)
  describe(`commands with RESP${protocol}`, { timeout: 60_000 }, () => {
    let r: Redis
    before(() => {
      r = redis({ host: server.host, port: server.port, protocol })
    })
    beforeEach(() => r.flushall())
    after(() => r.close())

    it('gives strings, integers and null', async () => {
      assert.equal(await r.set('k', 'é'), 'OK')
      assert.equal(await r.get('k'), 'é')
      assert.equal(await r.get('none'), null)
      assert.equal(await r.incrby('n', 9_007_199_254_740_993n), 9_007_199_254_740_993n)
      assert.equal(await r.incrbyfloat('f', 0.5), '0.5')
      assert.equal(await r.type('k'), 'string')
      assert.deepEqual(await r.mget('k', ['none', 'n']), ['é', null, '9007199254740993'])
      assert.equal(await r.set('k', 'x', 'EX', 100, 'NX'), null)
      assert.equal(await r.set('k', 'x', 'GET'), 'é')
      assert.equal(await r.exists(['k', 'n', 'none']), 2)
    })

    it('takes objects and maps as names and values', async () => {
      assert.equal(await r.hset('h', { a: 1, b: 'x' }, new Map([['c', 2n]]), ['d', 3], 'e', new Uint8Array([0x66])), 5)
      assert.deepEqual(plain(await r.hgetall('h')), { a: '1', b: 'x', c: '2', d: '3', e: 'f' })
      assert.deepEqual(plain(await r.hgetall('none')), {})
      assert.deepEqual(plain(await r.configGet('maxmemory')), { maxmemory: '0' })
      assert.deepEqual(await r.hrandfield('h', 100, 'WITHVALUES').then((pairs) => pairs.length), 5)
    })

    it('gives scores as numbers, beside their members where these are asked for', async () => {
      assert.equal(await r.zadd('z', 1, 'a', '+inf', 'c', 2.5, 'b'), 3)
      assert.equal(await r.zscore('z', 'b'), 2.5)
      assert.equal(await r.zscore('z', 'none'), null)
      assert.equal(await r.zincrby('z', 1, 'a'), 2)
      assert.equal(await r.zadd('z', 'INCR', 1, 'a'), 3)
      assert.equal(await r.zadd('z', 'NX', 'INCR', 1, 'a'), null)
      assert.deepEqual(await r.zmscore('z', 'a', 'none'), [3, null])
      const pairs = [
        ['b', 2.5],
        ['a', 3],
        ['c', Infinity],
      ]
      assert.deepEqual(await r.zrange('z', 0, -1), ['b', 'a', 'c'])
      assert.deepEqual(await r.zrange('z', 0, -1, 'WITHSCORES'), pairs)
      assert.deepEqual(await r.zrangebyscore('z', '-inf', '+inf', 'WITHSCORES', 'LIMIT', 0, 1), pairs.slice(0, 1))
      assert.deepEqual(await r.zscan('z', '0'), ['0', pairs])
      assert.deepEqual(await r.zrandmember('z', 100, 'WITHSCORES').then((all) => all.length), 3)
      assert.deepEqual(await r.zpopmin('z'), pairs.slice(0, 1))
      assert.deepEqual(await r.zpopmin('z', 5), pairs.slice(1))
      await r.zadd('z', 1, 'a')
      assert.deepEqual(await r.bzpopmin('z', 1), ['z', 'a', 1])
      assert.equal(await r.bzpopmin('z', 0.01), null)
      await r.zadd('z', 1, 'a')
      assert.deepEqual(await r.zmpop(1, 'z', 'MIN'), ['z', [['a', 1]]])
    })

    it('gives lists and sets as arrays', async () => {
      await r.rpush('l', 'a', 'b', ['c', 'd'])
      assert.deepEqual(await r.lrange('l', 0, -1), ['a', 'b', 'c', 'd'])
      assert.equal(await r.lpop('l'), 'a')
      assert.deepEqual(await r.lpop('l', 2), ['b', 'c'])
      assert.equal(await r.lpos('l', 'd'), 0)
      assert.deepEqual(await r.lpos('l', 'd', 'COUNT', 0), [0])
      assert.deepEqual(await r.lmpop(1, 'l', 'LEFT'), ['l', ['d']])
      await r.sadd('s', 'x')
      assert.deepEqual(await r.smembers('s'), ['x'])
      assert.deepEqual(await r.sscan('s', 0), ['0', ['x']])
      assert.deepEqual(await r.smismember('s', 'x', 'y'), [1, 0])
    })

    it('gives entries of streams as objects', async () => {
      await r.xadd('x', '1-1', { a: 1 })
      await r.xadd('x', '2-1', 'b', 2)
      const entries = [
        { id: '1-1', fields: { a: '1' } },
        { id: '2-1', fields: { b: '2' } },
      ]
      assert.deepEqual(plain(await r.xrange('x', '-', '+')), entries)
      assert.deepEqual(plain(await r.xread('STREAMS', 'x', 0)), [{ stream: 'x', entries }])
      assert.equal(await r.xread('STREAMS', 'x', '9-9'), null)
      assert.equal(await r.xread('BLOCK', 1, 'STREAMS', 'x', '$'), null)
      assert.equal(await r.xgroupCreate('x', 'g', 0), 'OK')
      assert.deepEqual(plain(await r.xreadgroup('GROUP', 'g', 'c', 'STREAMS', 'x', '>')), [{ stream: 'x', entries }])
      await r.xdel('x', '2-1')
      assert.deepEqual(plain(await r.xautoclaim('x', 'g', 'd', 0, '0')), ['0-0', entries.slice(0, 1), ['2-1']])
      assert.deepEqual(await r.xclaim('x', 'g', 'c', 0, '1-1', 'JUSTID'), ['1-1'])
      assert.equal((await r.xinfoStream('x'))['length'], 1)
      assert.equal((await r.xinfoGroups('x'))[0]?.['name'], 'g')
    })

    it('gives places as numbers', async () => {
      await r.geoadd('g', 1, 2, 'a')
      const [place] = await r.geopos('g', 'a', 'none')
      assert.ok(place !== undefined && place !== null && Math.abs(place[0] - 1) < 1e-4)
      assert.equal(await r.geodist('g', 'a', 'a'), 0)
      const near = await r.geosearch('g', 'FROMMEMBER', 'a', 'BYRADIUS', 1, 'M', 'WITHCOORD', 'WITHDIST')
      assert.deepEqual(near, [['a', 0, place]])
    })

    it('gives octets, both, and bigint on demand', async () => {
      const octets = new Uint8Array([0, 255, 13, 10])
      await r.set('k', octets)
      assert.deepEqual(await r.with({ bytes: true }).get('k'), octets)
      const both = await r.with({ both: true }).get('k')
      assert.deepEqual(both?.bytes, octets)
      assert.equal(await r.with({ bigints: true }).incr('n'), 1n)
      await r.zadd('z', 1.5, 'a')
      const bytes = r.with({ bytes: true })
      assert.deepEqual(await bytes.zrange('z', 0, -1, 'WITHSCORES'), [[new Uint8Array([0x61]), 1.5]])
      await r.hset('h', 'f', 'v')
      assert.deepEqual(plain(await bytes.hgetall('h')), { f: new Uint8Array([0x76]) })
    })

    it('sends any other command', async () => {
      assert.equal(await r.command('SET', 'k', 'v'), 'OK')
      assert.deepEqual(await r.command('OBJECT', 'FREQ', 'k').catch((error: RedisError) => error.code), 'ERR')
      await assert.rejects(r.command('NONSENSE', 'x'), (error: RedisError) => {
        assert.ok(error instanceof RedisError)
        assert.equal(error.code, 'ERR')
        assert.equal(error.command, 'NONSENSE')
        return true
      })
    })

    it('refuses what does not fit, and goes on', async () => {
      const bad: readonly unknown[] = [undefined, null, NaN, true, new Date(0), () => {}]
      for (const value of bad)
        await assert.rejects(r.set('k', value as string), UsageError, `${String(value)} was accepted`)
      for (const name of [
        'SELECT',
        'MULTI',
        'client reply',
        'SUBSCRIBE',
        'WATCH',
        'HELLO',
        'MONITOR',
        'RESET',
        'WAIT',
      ]) {
        const [first, ...others] = name.split(' ')
        await assert.rejects(r.command(first!, ...others, 1), UsageError, `${name} was accepted`)
      }
      assert.equal(await r.ping(), 'PONG')
    })

    it('keeps octets of arguments apart, whatever is in them', async () => {
      const evil = '\r\n*1\r\n$8\r\nFLUSHALL\r\n'
      await r.set('keep', 'me')
      await r.set(evil, evil)
      assert.equal(await r.get(evil), evil)
      assert.equal(await r.get('keep'), 'me')
    })
  })
