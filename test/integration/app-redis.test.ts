/** Sessions and rate limits in a real Redis, shared by apps that know nothing of each other. */

import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import { redis, type Redis } from '#src/io/client/index.js'
import { App, RedisBuckets, RedisStore, Skitai, type Was } from '#src/server/index.js'
import { type RealRedis, startRedis } from '../redis/server.js'
import { Browser, SECRET } from '../server/app/state/browser.js'

let server: RealRedis
let r: Redis
before(async () => {
  server = await startRedis()
  r = redis({ host: server.host, port: server.port })
})
after(async () => {
  await r.close()
  await server.stop()
})
beforeEach(() => r.flushall())

/** One of several processes, as far as sessions go. */
function bench(): (browser: Browser, step: (was: Was) => unknown) => Promise<unknown> {
  let current: (was: Was) => unknown = () => null
  const session = { store: new RedisStore(r), timeoutSeconds: 100, named: { admin: { store: new RedisStore(r) } } }
  const app = new App({ secureKey: SECRET, session }).get('/', async (was) => ({ value: (await current(was)) ?? null }))
  const engine = new Skitai({ log: false, onError: () => {} }).mount('/', app)
  return async (browser, step) => {
    current = step
    const [name, value] = [...browser.cookies][0] ?? []
    const response = await engine.inject({ headers: name === undefined ? {} : { cookie: `${name}=${value}` } })
    for (const line of response.headers.getAll('set-cookie')) {
      const [, set, text] = /^([^=]+)=([^;]*)/.exec(line)!
      if (line.includes('Max-Age=0')) browser.cookies.delete(set!)
      else browser.cookies.set(set!, text!)
    }
    return response.status === 200 ? (response.json() as { value: unknown }).value : response.status
  }
}
const client = (): Browser => new Browser(new App())

describe('SEC-03: sessions in Redis', { timeout: 60_000 }, () => {
  it('are the same in all processes', async () => {
    const browser = client()
    await bench()(browser, ({ session }) => void session.set('a', 1))
    assert.equal(await bench()(browser, ({ session }) => session.get('a')), 1)
    const keys = await r.keys('session:*')
    assert.equal(keys.length, 1)
    assert.ok(!keys[0]!.includes(browser.cookies.get('session')!.slice(10, 30)))
  })

  it('end by themselves, as late as they were touched', async () => {
    const browser = client()
    const run = bench()
    await run(browser, ({ session }) => void session.set('a', 1).setExpiry(50))
    const [key] = await r.keys('*')
    const between = async (from: number, to: number): Promise<void> => {
      const leftMs = await r.pttl(key!)
      assert.ok(leftMs > from * 1000 && leftMs <= to * 1000, `${leftMs} ms`)
    }
    await between(40, 50)
    await run(browser, ({ session }) => void session.touch())
    await between(90, 100)
    assert.equal(await run(browser, ({ session }) => Math.round((session.expiresAtMs - Date.now()) / 10_000)), 10)
    await r.pexpire(key!, 1)
    while ((await r.exists(key!)) === 1);
    assert.equal(await run(browser, ({ session }) => session.get('a')), null)
  })

  it('end at once when somebody ends them, and stay ended', async () => {
    const browser = client()
    const run = bench()
    await run(browser, ({ session }) => void session.set('a', 1))
    await run(browser, async ({ session }) => {
      await new RedisStore(r).destroy(session.id!)
      session.set('a', 2)
    })
    assert.deepEqual(await r.keys('*'), [])
    assert.equal(browser.cookies.size, 0)
    await run(browser, ({ session }) => void session.set('b', 1))
    const kept = await r.keys('*')
    await run(browser, ({ session }) => void session.regenerate())
    assert.notDeepEqual(await r.keys('*'), kept)
    await run(browser, ({ session }) => void session.expire())
    assert.deepEqual(await r.keys('*'), [])
  })

  it('are not saved when they are over by then', async () => {
    const store = new RedisStore(r, { prefix: 's:', now: () => 1000 })
    assert.equal(await store.save('x', { data: '[]', expiresAtMs: 1000 }, true), false)
    await r.set('s:y', '[]')
    assert.equal(await store.load('y'), undefined)
    assert.equal(await store.load('none'), undefined)
  })
})

describe('rateLimit in Redis', { timeout: 60_000 }, () => {
  it('counts for all processes together, however they ask at once', async () => {
    const serve = (): App => {
      const rateLimit = { limit: 5, windowSeconds: 3600, store: new RedisBuckets(r), name: 'shared' }
      return new App({ rateLimit }).get('/', () => 'ok')
    }
    const apps = [serve(), serve()]
    const answers = await Promise.all(Array.from({ length: 20 }, (_, i) => apps[i % 2]!.inject('/')))
    assert.equal(answers.filter(({ status }) => status === 200).length, 5)
    const refused = answers.find(({ status }) => status === 429)!
    assert.ok(Number(refused.headers.get('retry-after')) > 700)
    const [key] = await r.keys('rate:*')
    assert.match(key!, /^rate:shared:/)
    assert.ok((await r.pttl(key!)) > 3_000_000)
  })
})
