/** Client-side caching against a real server: what is kept is true. */

import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, describe, it } from 'node:test'
import { redis, type Redis, type RedisOptions } from '#src/io/client/index.js'
import { type RealRedis, startRedis } from '../redis/server.js'

describe('client-side caching', { timeout: 60_000 }, () => {
  let server: RealRedis
  let other: Redis
  let r: Redis
  before(async () => {
    server = await startRedis()
    other = redis({ host: server.host, port: server.port })
  })
  after(async () => {
    await other.close()
    await server.stop()
  })
  beforeEach(async () => {
    await other.flushall()
    r = client({ cache: {} })
    await r.connect()
  })
  afterEach(() => r.close())

  function client(options: RedisOptions): Redis {
    return redis({ host: server.host, port: server.port, ...options })
  }

  /** Waits until a key was told to have changed. */
  async function invalidated(from: number): Promise<void> {
    while (r.stats.cache!.invalidations <= from) await r.ping()
  }

  it('asks once', async () => {
    await other.set('k', 'v')
    await other.hset('h', { a: 1 })
    for (let i = 0; i < 3; i++) {
      assert.equal(await r.get('k'), 'v')
      assert.deepEqual({ ...(await r.hgetall('h')) }, { a: '1' })
      assert.deepEqual(await r.with({ bytes: true }).get('k'), new Uint8Array([0x76]))
      assert.deepEqual(await r.mget('k', 'none'), ['v', null])
    }
    const { hits, misses, size } = r.stats.cache!
    assert.deepEqual({ hits, misses, size }, { hits: 8, misses: 4, size: 4 })
  })

  it('gives a copy to each', async () => {
    await other.rpush('l', 'a')
    for (let i = 0; i < 3; i++) {
      const list = await r.lrange('l', 0, -1)
      assert.deepEqual(list, ['a'])
      list.push('mine')
    }
  })

  it('forgets what others change', async () => {
    await other.set('k', 1)
    for (let i = 1; i < 20; i++) {
      assert.equal(await r.get('k'), String(i))
      const { invalidations } = r.stats.cache!
      await other.incr('k')
      await invalidated(invalidations)
    }
    assert.equal(await r.get('k'), '20')
    const { flushes } = r.stats.cache!
    await other.flushall()
    while (r.stats.cache!.flushes === flushes) await r.ping()
    assert.equal(await r.get('k'), null)
  })

  it('never gives what we have changed ourselves', async () => {
    await r.set('k', 0)
    for (let i = 1; i < 200; i++) {
      assert.equal(Number(await r.get('k')), i - 1)
      const previous = r.get('k')
      const [, now] = await Promise.all([r.incr('k'), r.get('k')])
      assert.equal(Number(await previous), i - 1)
      assert.equal(Number(now), i)
    }
    await r.multi().set('k', 'multi').exec()
    assert.equal(await r.get('k'), 'multi')
    await r.eval('redis.call("SET", "k", "script")', 0)
    assert.equal(await r.get('k'), 'script')
    await r.watch('k', (link) => Promise.resolve(link.multi().set('k', 'watch')))
    assert.equal(await r.get('k'), 'watch')
    await r.del('l')
    await other.rpush('l', 'x', 'y')
    assert.equal(await r.llen('l'), 2)
    await r.blpop('l', 1)
    assert.equal(await r.llen('l'), 1)
  })

  it('keeps as many as it may, and those that are used', async () => {
    await r.close()
    r = client({ cache: { max: 2 } })
    await r.connect()
    for (const key of ['a', 'b', 'a', 'c', 'a', 'b']) await r.get(key)
    const { size, hits } = r.stats.cache!
    assert.deepEqual([size, hits], [2, 2])
  })

  it('keeps nothing over a loss', async () => {
    await other.set('k', 'v')
    await r.get('k')
    const id = await r.clientId()
    await other.clientKill('ID', id)
    while (r.stats.connects < 2) await other.ping()
    assert.equal(r.stats.cache!.size, 0)
    await other.set('k', 'w')
    assert.equal(await r.get('k'), 'w')
    assert.equal(await r.get('k'), 'w')
    assert.equal(r.stats.cache!.hits, 1)
  })

  it('in broadcast mode keeps keys of its prefixes', async () => {
    await r.close()
    r = client({ cache: { mode: 'broadcast', prefixes: ['u:', 'v:'] } })
    await r.connect()
    await other.mset({ 'u:1': 1, x: 1 })
    for (let i = 0; i < 3; i++) await r.pipeline().get('u:1').get('x').mget('u:1', 'v:1').exec()
    const { hits, misses, invalidations } = r.stats.cache!
    assert.deepEqual([hits, misses], [4, 2])
    await other.set('u:1', 2)
    await invalidated(invalidations)
    assert.equal(await r.get('u:1'), '2')
  })

  it('forgets with time', async () => {
    await r.close()
    r = client({ cache: { ttlMs: 1 } })
    await r.connect()
    await r.get('k')
    const since = performance.now()
    while (performance.now() - since < 250) await r.ping()
    await r.get('k')
    assert.equal(r.stats.cache!.hits, 0)
  })

  it('is silent where the server speaks RESP2 only', async () => {
    await r.close()
    const old = await startRedis({ settings: ['rename-command HELLO ""'] })
    r = redis({ host: old.host, port: old.port, cache: {} })
    await r.get('k')
    await r.get('k')
    assert.equal(r.stats.cache!.size, 0)
    await r.close()
    await old.stop()
  })

  it('gives what was asked for to those who give up, and to nobody else', async () => {
    const controller = new AbortController()
    const given = r.with({ signal: controller.signal }).get('k')
    controller.abort(new Error('enough'))
    await assert.rejects(given, /enough/)
    assert.equal(await r.get('k'), null)
    await assert.rejects(r.with({ signal: controller.signal }).get('k'), /enough/)
  })
})
