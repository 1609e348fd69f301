/** `was.session`: APP-107 to APP-109, APP-112, TRP-18, SEC-01 to SEC-03. */

import assert from 'node:assert/strict'
import { after, beforeEach, describe, it, mock } from 'node:test'
import {
  App,
  type AppOptions,
  HttpError,
  MemoryStore,
  type SessionOptions,
  Skitai,
  type Was,
} from '#src/server/index.js'
import { sessionSettings } from '#src/server/app/state/session-options.js'
import { Browser, SECRET } from './browser.js'
import { distant } from './distant.js'

const START_MS = Date.UTC(2026, 0, 1)
const pass = (seconds: number): void => mock.timers.tick(seconds * 1000)

/** An app that runs what a test puts into `step`. */
class Bench {
  readonly app: App
  readonly errors: unknown[] = []
  readonly engine: Skitai
  step: (was: Was) => unknown = () => ''

  constructor(session?: SessionOptions, options: AppOptions = {}) {
    this.app = new App({ secureKey: SECRET, ...(session && { session }), ...options })
    this.app.get('/', async (was) => ({ value: (await this.step(was)) ?? null }))
    this.engine = new Skitai({ log: false, onError: (error) => void this.errors.push(error) }).mount('/', this.app)
  }

  /** What `step` gives in a request of the browser. */
  async run(browser: Browser, step: (was: Was) => unknown): Promise<unknown> {
    this.step = step
    const response = await browser.ask('/')
    return response.status === 200 ? (response.json() as { value: unknown }).value : response.status
  }
}

beforeEach(() => {
  mock.timers.reset()
  mock.timers.enable({ apis: ['Date'], now: START_MS })
})
after(() => mock.timers.reset())

const stores: readonly [string, () => SessionOptions][] = [
  ['in the cookie', () => ({})],
  ['in memory', () => ({ store: new MemoryStore() })],
  ['in a store that gives promises', () => ({ store: distant(new MemoryStore()) })],
]

for (const [name, options] of stores)
  describe(`sessions ${name}`, () => {
    const make = (more: SessionOptions = {}): { bench: Bench; browser: Browser } => {
      const bench = new Bench({ ...options(), ...more })
      return { bench, browser: new Browser(bench.engine) }
    }

    it('APP-107: are mappings that the next request sees', async () => {
      const { bench, browser } = make()
      await bench.run(
        browser,
        ({ session }) =>
          void session
            .set('name', 'Ada')
            .set('list', [1, { a: null }])
            .set('zero', 0),
      )
      const seen = await bench.run(browser, ({ session }) => [
        session.get('name'),
        session.get('none', 'fallback'),
        session.has('zero'),
        session.size,
        [...session.keys()],
        [...session.values()],
        [...session.entries()],
      ])
      const values = ['Ada', [1, { a: null }], 0]
      const keys = ['name', 'list', 'zero']
      assert.deepEqual(seen, ['Ada', 'fallback', true, 3, keys, values, keys.map((key, i) => [key, values[i]])])
      assert.deepEqual(await bench.run(browser, ({ session }) => [session.remove('name'), session.remove('name')]), [
        true,
        false,
      ])
      assert.deepEqual(await bench.run(browser, ({ session }) => [...session.keys()]), ['list', 'zero'])
      await bench.run(browser, ({ session }) => void session.clear())
      assert.equal(browser.cookies.size, 0)
    })

    it('TRP-18: can be iterated, and say whether they exist', async () => {
      const { bench, browser } = make()
      assert.deepEqual(await bench.run(browser, ({ session }) => [session.exists(), [...session]]), [false, []])
      await bench.run(browser, ({ session }) => void session.set('a', 1))
      assert.deepEqual(await bench.run(browser, ({ session }) => [session.exists(), [...session]]), [true, [['a', 1]]])
    })

    it('keep values that were changed in place', async () => {
      const { bench, browser } = make()
      await bench.run(browser, ({ session }) => void session.set('cart', ['apple']))
      await bench.run(browser, ({ session }) => void session.get<string[]>('cart')!.push('pear'))
      assert.deepEqual(await bench.run(browser, ({ session }) => session.get('cart')), ['apple', 'pear'])
    })

    it('take any name', async () => {
      const { bench, browser } = make()
      await bench.run(browser, ({ session }) => void session.set('__proto__', { polluted: 1 }).set('constructor', 2))
      assert.deepEqual(await bench.run(browser, ({ session }) => [...session]), [
        ['__proto__', { polluted: 1 }],
        ['constructor', 2],
      ])
      assert.equal(({} as { polluted?: number }).polluted, undefined)
    })

    it('APP-104: forget what a failed request has set', async () => {
      const { bench, browser } = make()
      await bench.run(browser, ({ session }) => void session.set('a', 1))
      const failed = await bench.run(browser, ({ session }) => {
        session.set('a', 2)
        throw new HttpError(409)
      })
      assert.equal(failed, 409)
      assert.equal(await bench.run(browser, ({ session }) => session.get('a')), 1)
    })

    it('APP-108: end after the time-out, which changes move and reading does not', async () => {
      const { bench, browser } = make({ timeoutSeconds: 100 })
      const get = (): Promise<unknown> => bench.run(browser, ({ session }) => session.get('a'))
      await bench.run(browser, ({ session }) => void session.set('a', 1))
      pass(99)
      assert.equal(await get(), 1)
      await bench.run(browser, ({ session }) => void session.set('a', 2))
      pass(99)
      assert.equal(await get(), 2)
      pass(2)
      assert.equal(await get(), null)
    })

    it('APP-108: touch() moves the end', async () => {
      const { bench, browser } = make({ timeoutSeconds: 100 })
      await bench.run(browser, ({ session }) => void session.set('a', 1))
      pass(60)
      await bench.run(browser, ({ session }) => void session.touch())
      pass(60)
      assert.equal(await bench.run(browser, ({ session }) => session.get('a')), 1)
      pass(60)
      assert.equal(await bench.run(browser, ({ session }) => session.get('a')), null)
      // Where there is nothing, nothing begins.
      const other = new Browser(bench.engine)
      await bench.run(other, ({ session }) => void session.touch())
      assert.equal(other.cookies.size, 0)
    })

    it('TRP-18: setExpiry() may be longer than the time-out, and pauses what changes would move', async () => {
      const { bench, browser } = make({ timeoutSeconds: 100 })
      const end = (): Promise<unknown> =>
        bench.run(browser, ({ session }) => Math.round((session.expiresAtMs - START_MS) / 1000))
      await bench.run(browser, ({ session }) => void session.set('a', 1).setExpiry(1000))
      assert.equal(await end(), 1000)
      pass(800)
      await bench.run(browser, ({ session }) => void session.set('a', 2))
      assert.equal(await end(), 1000)
      pass(150)
      await bench.run(browser, ({ session }) => void session.set('a', 3))
      assert.equal(await end(), 1050)
      pass(50)
      await bench.run(browser, ({ session }) => void session.set('a', 4))
      assert.equal(await end(), 1100)
      assert.equal(await bench.run(browser, ({ session }) => session.get('a')), 4)
    })

    it('TRP-18: setExpiry() counts, whatever else changes in the same request', async () => {
      const { bench, browser } = make({ timeoutSeconds: 100 })
      await bench.run(browser, ({ session }) => void session.setExpiry(10).set('a', 1))
      pass(9)
      assert.equal(await bench.run(browser, ({ session }) => session.get('a')), 1)
      pass(2)
      assert.equal(await bench.run(browser, ({ session }) => session.get('a')), null)
      for (const seconds of [0, -1, Number.NaN, Infinity])
        assert.equal(await bench.run(browser, ({ session }) => session.setExpiry(seconds)), 500)
    })

    it('APP-108: expire() ends a session, and what is set then begins another', async () => {
      const { bench, browser } = make()
      await bench.run(browser, ({ session }) => void session.set('a', 1))
      const before = browser.cookies.get('session')
      await bench.run(browser, ({ session }) => void session.expire().set('b', 2))
      assert.notEqual(browser.cookies.get('session'), before)
      assert.deepEqual(await bench.run(browser, ({ session }) => [...session]), [['b', 2]])
      assert.deepEqual(await bench.run(browser, ({ session }) => [session.expire().exists(), session.size]), [false, 0])
      assert.equal(browser.cookies.size, 0)
    })

    it('APP-109: know the address of the last write', async () => {
      const { bench, browser } = make()
      assert.equal(await bench.run(browser, ({ session }) => session.sourceVerified()), false)
      assert.deepEqual(
        await bench.run(browser, ({ session }) => [session.set('a', 1).sourceVerified(), session.getv('a')]),
        [true, 1],
      )
      assert.deepEqual(await bench.run(browser, ({ session }) => [session.sourceVerified(), session.getv('a')]), [
        true,
        1,
      ])
      assert.equal(await bench.run(browser, ({ session }) => session.getv('none', 'x')), 'x')
      const elsewhere = await bench.run(browser, (was) => {
        Object.defineProperty(was.request, 'remoteAddress', { value: '203.0.113.7' })
        return [was.session.sourceVerified(), was.session.get('a'), was.session.getv('a', 'none'), was.session.exists()]
      })
      assert.deepEqual(elsewhere, [false, 1, 'none', false])
      assert.equal(browser.cookies.size, 0)
    })

    it('APP-112: have others beside them, each in its own cookie', async () => {
      const { bench, browser } = make({ named: { admin: { ...options(), path: '/', timeoutSeconds: 10 } } })
      await bench.run(browser, ({ session }) => {
        session.set('who', 'user')
        session.mount('admin').set('who', 'admin')
      })
      assert.deepEqual([...browser.cookies.keys()].sort(), ['admin', 'session'])
      const seen = await bench.run(browser, ({ session }) => {
        const admin = session.mount('admin')
        return [session.get('who'), admin.get('who'), session.exists('admin'), admin === session.mount('admin')]
      })
      assert.deepEqual(seen, ['user', 'admin', true, true])
      pass(11)
      assert.deepEqual(
        await bench.run(browser, ({ session }) => [session.get('who'), session.mount('admin').get('who', 'nobody')]),
        ['user', 'nobody'],
      )
      // The one is never taken for the other.
      browser.cookies.set('admin', browser.cookies.get('session')!)
      assert.equal(await bench.run(browser, ({ session }) => session.mount('admin').get('who', 'nobody')), 'nobody')
    })

    it('SEC-03: get another name when somebody signs in', async () => {
      const { bench, browser } = make()
      const token = await bench.run(browser, (was) => {
        was.session.set('a', 1)
        return was.csrfToken
      })
      const before = browser.cookies.get('session')
      await bench.run(browser, ({ session }) => void session.regenerate().set('user', 'Ada'))
      assert.notEqual(browser.cookies.get('session'), before)
      assert.deepEqual(await bench.run(browser, ({ session }) => [...session]), [
        ['a', 1],
        ['user', 'Ada'],
      ])
      bench.step = (was) => was.csrfVerify()
      const answer = await browser.ask({ path: '/', headers: { 'x-csrf-token': String(token) } })
      assert.deepEqual(answer.json(), { value: false })
    })
  })

describe('SEC-01, SEC-03: the cookie of a session', () => {
  it('is HttpOnly, SameSite=Lax and for all paths, and ends with the session', async () => {
    const bench = new Bench()
    bench.step = ({ session }) => session.set('a', 1).size
    const line = (await bench.engine.inject('/')).headers.get('set-cookie')!
    assert.match(line, /^session=[\w-]+; Max-Age=1200; Path=\/; Expires=[^;]+; HttpOnly; SameSite=Lax$/)
  })

  it('is Secure over TLS, and always if the app says so', async () => {
    const bench = new Bench()
    const encrypted = await bench.run(new Browser(bench.engine), (was) => {
      Object.defineProperty(was.request, 'scheme', { value: 'https' })
      was.session.set('a', 1)
      was.mbox.send('hi')
    })
    assert.equal(encrypted, null)
    bench.step = (was) => {
      Object.defineProperty(was.request, 'scheme', { value: 'https' })
      was.session.set('a', 1)
      was.mbox.send('hi')
    }
    const lines = (await bench.engine.inject('/')).headers.getAll('set-cookie')
    assert.equal(lines.length, 2)
    for (const line of lines) assert.match(line, /; Secure; /)
    const secure = new Bench({ cookie: '__Host-session' })
    secure.step = ({ session }) => session.set('a', 1).size
    assert.match((await secure.engine.inject('/')).headers.get('set-cookie')!, /^__Host-session=.*; Secure; /)
  })

  it('tells the client nothing of what is in it', async () => {
    const bench = new Bench()
    const browser = new Browser(bench.engine)
    await bench.run(browser, ({ session }) => void session.set('name', 'a name to be kept'))
    assert.ok(!Buffer.from(browser.cookies.get('session')!, 'base64url').toString('latin1').includes('a name'))
  })

  it('is nothing when it was made elsewhere, changed, or made by an older key', async () => {
    const bench = new Bench()
    const other = new Bench({}, { secureKey: 'quite another secret of an app' })
    const browser = new Browser(other.engine)
    await other.run(browser, ({ session }) => void session.set('a', 1))
    const foreign = browser.cookies.get('session')!
    for (const cookie of [foreign, '', 'x', foreign.slice(1), 'A'.repeat(5000)]) {
      browser.cookies.set('session', cookie)
      const get = ({ session }: Was): unknown => session.get('a', 'nothing')
      assert.equal(await bench.run(new Browser(bench.engine), get), 'nothing')
    }
    const both = new Bench({}, { secureKey: [SECRET, 'quite another secret of an app'] })
    const client = new Browser(both.engine)
    client.cookies.set('session', foreign)
    assert.equal(await both.run(client, ({ session }) => session.get('a')), 1)
  })

  it('APP-108: is nothing when it claims to live longer than a session does', async () => {
    const long = new Bench({ timeoutSeconds: 10_000 })
    const short = new Bench({ timeoutSeconds: 100 })
    const browser = new Browser(long.engine)
    await long.run(browser, ({ session }) => void session.set('a', 1))
    const client = new Browser(short.engine)
    client.cookies.set('session', browser.cookies.get('session')!)
    assert.equal(await short.run(client, ({ session }) => session.get('a', 'nothing')), 'nothing')
    pass(9900)
    assert.equal(await short.run(client, ({ session }) => session.get('a', 'nothing')), 1)
  })

  it('has the size of a cookie at the most, and says so', async () => {
    const bench = new Bench()
    const browser = new Browser(bench.engine)
    assert.equal(await bench.run(browser, ({ session }) => void session.set('a', 'x'.repeat(2900))), null)
    assert.equal(await bench.run(browser, ({ session }) => void session.set('a', 'x'.repeat(3100))), 500)
    assert.match(String(bench.errors[0]), /the session session needs \d+ octets, and a cookie has 4096/)
    assert.equal(await bench.run(browser, ({ session }) => session.get<string>('a')?.length), 2900)
  })
})

describe('sessions in a store', () => {
  it('SEC-03: end at once, wherever their cookie is', async () => {
    const store = new MemoryStore()
    const bench = new Bench({ store })
    const browser = new Browser(bench.engine)
    assert.equal(await bench.run(browser, ({ session }) => session.set('a', 1).id), null)
    const id = await bench.run(browser, ({ session }) => session.id)
    assert.ok(typeof id === 'string' && !browser.cookies.get('session')!.includes(id))
    store.destroy(id)
    assert.equal(await bench.run(browser, ({ session }) => session.get('a', 'gone')), 'gone')
  })

  it('SEC-03: keep the old name out when a session gets another', async () => {
    const bench = new Bench({ store: new MemoryStore() })
    const browser = new Browser(bench.engine)
    await bench.run(browser, ({ session }) => void session.set('a', 1))
    const thief = new Browser(bench.engine)
    thief.cookies.set('session', browser.cookies.get('session')!)
    assert.equal(await bench.run(thief, ({ session }) => session.get('a', 'nothing')), 1)
    await bench.run(browser, ({ session }) => void session.regenerate())
    assert.equal(await bench.run(thief, ({ session }) => session.get('a', 'nothing')), 'nothing')
    assert.equal(await bench.run(browser, ({ session }) => session.get('a')), 1)
  })

  it('never take over a name that the client brings', async () => {
    const store = new MemoryStore()
    const bench = new Bench({ store })
    const victim = new Browser(bench.engine)
    await bench.run(victim, ({ session }) => void session.set('a', 1))
    const brought = victim.cookies.get('session')!
    await bench.run(victim, ({ session }) => void session.expire())
    victim.cookies.set('session', brought)
    await bench.run(victim, ({ session }) => void session.set('a', 2))
    assert.notEqual(victim.cookies.get('session'), brought)
  })

  it('stay ended when a request that runs beside saves later', async () => {
    const store = new MemoryStore()
    const bench = new Bench({ store })
    const browser = new Browser(bench.engine)
    await bench.run(browser, ({ session }) => void session.set('a', 1))
    await bench.run(browser, ({ session }) => {
      store.destroy(session.id!)
      session.set('a', 2)
    })
    assert.equal(store.size, 0)
    assert.equal(browser.cookies.size, 0)
  })

  it('are touched without writing over what a request beside has saved', async () => {
    const store = new MemoryStore()
    const bench = new Bench({ store })
    const browser = new Browser(bench.engine)
    await bench.run(browser, ({ session }) => void session.set('a', 1))
    await bench.run(browser, ({ session }) => {
      const { data, expiresAtMs } = store.load(session.id!)!
      session.touch()
      store.save(session.id!, { data: data.replace('1', '2'), expiresAtMs }, false)
    })
    assert.equal(await bench.run(browser, ({ session }) => session.get('a')), 2)
  })

  it('in memory are bounded in number and size, and expire', () => {
    let now = 0
    const store = new MemoryStore({ sessionsMax: 2, sessionCharactersMax: 10, now: () => now })
    for (const id of ['a', 'b', 'c']) assert.ok(store.save(id, { data: id, expiresAtMs: 10 }, true))
    assert.deepEqual([store.size, store.load('a'), store.load('c')?.data], [2, undefined, 'c'])
    assert.throws(() => store.save('d', { data: 'x'.repeat(11), expiresAtMs: 10 }, true), RangeError)
    now = 10
    assert.equal(store.load('c'), undefined)
    assert.equal(store.save('c', { data: '', expiresAtMs: 20 }, false), false)
    store.touch('c', 30)
    assert.equal(store.load('c'), undefined)
  })

  it('that give promises must be listed', async () => {
    const bench = new Bench({ store: distant(new MemoryStore()) })
    const browser = new Browser(bench.engine)
    browser.cookies.set('other', 'x')
    await bench.run(
      browser,
      ({ session }) => void session.mount('other', { store: distant(new MemoryStore()) }).set('a', 1),
    )
    assert.equal(await bench.run(browser, ({ session }) => session.mount('other').get('a')), 500)
    assert.match(String(bench.errors[0]), /gives promises/)
  })
})

describe('what cannot be', () => {
  it('is said when the app is made', () => {
    assert.throws(() => new App({ secureKey: 'short' }), /has 5 octets/)
    assert.throws(() => new App({ session: { timeoutSeconds: 0 } }), /seconds above 0/)
    assert.throws(() => new App({ mbox: { cookie: 'a b' } }), /not the name/)
    assert.throws(() => new App({ jwt: { algorithms: ['RS256'], key: SECRET } }), /needs a key in PEM/)
    assert.throws(() => sessionSettings({ timeoutSeconds: 0 }), /seconds above 0/)
    assert.throws(() => sessionSettings({ path: '/x' }), /only a named session/)
    assert.throws(() => sessionSettings({ cookie: 'a b' }), /not the name/)
    assert.throws(() => sessionSettings({ sameSite: 'none' }), /needs secure/)
    assert.throws(() => sessionSettings({ named: { session: {} } }), /the same cookie/)
    assert.throws(() => sessionSettings({ named: { a: { cookie: 'x' }, b: { cookie: 'x' } } }), /the same cookie/)
    assert.throws(() => sessionSettings({ named: {} }, 'x'), /none of its own/)
  })

  it('is said when it is set', async () => {
    const bench = new Bench()
    const browser = new Browser(bench.engine)
    for (const value of [undefined, () => 1, Symbol('x'), 5n])
      assert.equal(await bench.run(browser, ({ session }) => void session.set('a', value)), 500)
    assert.equal(await bench.run(browser, ({ session }) => void session.set(5 as unknown as string, 1)), 500)
    assert.equal(await bench.run(browser, ({ session }) => void session.mount('session')), 500)
    assert.equal(browser.cookies.size, 0)
    const without = new Bench({}, { secureKey: undefined as unknown as string })
    assert.equal(await without.run(new Browser(without.engine), ({ session }) => session.get('a')), 500)
    assert.match(String(without.errors[0]), /no secureKey/)
  })

  it('a named session may have a secret of its own', async () => {
    const bench = new Bench()
    const browser = new Browser(bench.engine)
    const options = { secureKey: 'a secret for the admin only' }
    await bench.run(browser, ({ session }) => void session.mount('admin', options).set('a', 1))
    assert.equal(await bench.run(browser, ({ session }) => session.mount('admin', options).get('a')), 1)
    assert.equal(await bench.run(browser, ({ session }) => session.mount('admin').get('a')), null)
  })
})
