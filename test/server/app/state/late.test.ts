/** What is changed behind the head of a response: in a stream, in events, in a WebSocket. */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { App, MemoryStore, type SessionStore, type Was } from '#src/server/index.js'
import { signal, type Signal } from '../../serving.js'
import { everyVersion } from '../../versions.js'
import { text, twoCarriers } from '../../websocket-client.js'
import { SECRET } from './browser.js'

/** A store whose answers take their time, and that tells of what it has saved. */
class Distant implements SessionStore {
  readonly memory: MemoryStore = new MemoryStore()
  #saved: Signal<void> = signal()
  failing = false

  /** Resolves with the next change that is kept. */
  next(): Promise<void> {
    return this.#saved.promise
  }

  async load(id: string): Promise<ReturnType<MemoryStore['load']>> {
    return this.memory.load(id)
  }

  async save(...given: Parameters<MemoryStore['save']>): Promise<boolean> {
    if (this.failing) throw new Error('the disk is full')
    const there = this.memory.save(...given)
    this.#tell()
    return there
  }

  async touch(...given: Parameters<MemoryStore['touch']>): Promise<void> {
    this.memory.touch(...given)
    this.#tell()
  }

  async destroy(id: string): Promise<void> {
    this.memory.destroy(id)
    this.#tell()
  }

  #tell(): void {
    this.#saved.resolve()
    this.#saved = signal()
  }
}

/** What a change throws, or nothing. */
function thrown(change: () => unknown): string {
  try {
    change()
    return 'nothing'
  } catch (error) {
    const { name, message } = error as Error
    return `${name}: ${message}`
  }
}

const OPEN = 'before the handler returns its stream, or the WebSocket is open'
const cookieOf = (headers: Readonly<Record<string, unknown>>): string => {
  const line = [headers['set-cookie']].flat()[0] as string
  return line.slice(0, line.indexOf(';'))
}

describe('changes in a stream', { timeout: 60_000 }, async () => {
  const tries: Readonly<Record<string, (was: Was) => unknown>> = {
    session: (was) => was.session.set('a', 1),
    remove: (was) => was.session.remove('user'),
    clear: (was) => was.session.clear(),
    expire: (was) => was.session.expire(),
    touch: (was) => was.session.touch(),
    expiry: (was) => was.session.setExpiry(60),
    regenerate: (was) => was.session.regenerate(),
    named: (was) => was.session.mount('other').set('a', 1),
    cookie: (was) => was.cookie.set('a', '1'),
    removeCookie: (was) => was.cookie.remove('a'),
    send: (was) => was.mbox.send('hello'),
    read: (was) => was.mbox.get(),
    token: (was) => was.mktoken(1, 60, 'key'),
    status: (was) => was.response.setStatus(201),
    field: (was) => was.response.setHeader('x-a', 'a'),
    another: (was) => was.response.addHeader('x-a', 'a'),
    fields: (was) => was.response.setHeaders({ 'x-a': 'a' }),
    etag: (was) => was.response.setEtag('a'),
  }
  const inCookie = new App({ secureKey: SECRET }).get('/in', (was) => {
    was.mbox.send('welcome')
    return was.session.set('user', 'ann').size
  })
  inCookie.get('/stream/<name>', (was, { name }) =>
    (async function* () {
      yield 'begun '
      yield thrown(() => tries[name]!(was))
    })(),
  )
  inCookie.get('/events/<name>', (was, { name }) =>
    was.response.events(
      (async function* () {
        yield 'begun'
        yield thrown(() => tries[name]!(was))
      })(),
    ),
  )
  for (const [version, ask] of await everyVersion((engine) => engine.mount('/', inCookie))) {
    it(`${version}: throw where all is in cookies, and say what to do`, async () => {
      const came = (await ask('/in')).headers['set-cookie'] as string[]
      const headers = { cookie: came.map((line) => line.slice(0, line.indexOf(';'))).join('; ') }
      const said = async (name: string): Promise<string> => (await ask(`/stream/${name}`, { headers })).text.slice(6)
      for (const name of ['session', 'remove', 'clear', 'expire', 'touch', 'expiry', 'named', 'token'])
        assert.equal(
          await said(name),
          `UsageError: the head of the response has gone, so a session in a cookie can be changed no more: change it ${OPEN}, or give the session a store`,
          name,
        )
      assert.match(await said('regenerate'), /^UsageError: .*regenerate it before/)
      for (const name of ['cookie', 'removeCookie']) assert.match(await said(name), /^UsageError: .*: set it before/)
      for (const name of ['status', 'field', 'another', 'fields', 'etag'])
        assert.match(await said(name), /^UsageError: .* its status and its fields can be set no more: set them before/)
      for (const name of ['send', 'read'])
        assert.match(await said(name), /^UsageError: .*: send and read messages before/)
      assert.match((await ask('/events/session', { headers })).text, /^data: begun\n\ndata: UsageError: /)
    })
  }

  it('change nothing then', async () => {
    const app = new App({ secureKey: SECRET }).get('/', (was) =>
      (async function* () {
        yield ''
        thrown(() => was.session.set('a', 1))
        thrown(() => was.mbox.send('a'))
        thrown(() => was.cookie.set('a', '1'))
        yield JSON.stringify([was.session.size, was.mbox.get().length, was.cookie.size])
      })(),
    )
    assert.equal((await app.inject('/')).text(), '[0,0,0]')
  })
})

describe('changes in a stream, of a session in a store', { timeout: 60_000 }, async () => {
  const store = new Distant()
  const app = new App({ secureKey: SECRET, session: { store } })
  const steps: Readonly<Record<string, (was: Was) => unknown>> = {
    set: (was) => was.session.set('a', 1).set('b', 2),
    remove: (was) => was.session.remove('user'),
    object: (was) => was.session.get<number[]>('list')!.push(2),
    expire: (was) => was.session.expire(),
    clear: (was) => was.session.clear(),
    begin: (was) => was.session.set('a', 1),
    again: (was) => was.session.expire().set('a', 1),
    expiry: (was) => was.session.setExpiry(5000),
    touch: (was) => was.session.touch(),
  }
  app.get('/in', (was) => was.session.set('user', 'ann').set('list', [1]).size)
  app.get('/all', (was) => Object.fromEntries(was.session))
  app.get('/left', (was) => (was.session.expiresAtMs - Date.now() > 2_000_000 ? 'long' : 'short'))
  app.get('/stream/<name>', (was, { name }) =>
    (async function* () {
      yield 'begun '
      yield thrown(() => steps[name]!(was))
    })(),
  )
  const cart = new App()
  cart.get('/lent', (was) => {
    const list = was.session.get<number[]>('list')!
    return (async function* () {
      yield 'begun'
      list.push(3)
    })()
  })
  app.mount('/cart', cart)
  for (const [version, ask] of await everyVersion((engine) => engine.mount('/', app))) {
    const signIn = async (): Promise<{ headers: Record<string, string> }> => {
      const { headers } = await ask('/in')
      return { headers: { cookie: cookieOf(headers) } }
    }
    const after = async (name: string): Promise<unknown> => {
      const asked = await signIn()
      const kept = store.next()
      const { text: said } = await ask(name.includes('/') ? name : `/stream/${name}`, asked)
      assert.ok(!said.includes('Error'), said)
      await kept
      return JSON.parse((await ask('/all', asked)).text)
    }
    it(`${version}: are saved`, async () => {
      assert.deepEqual(await after('set'), { user: 'ann', list: [1], a: 1, b: 2 })
      assert.deepEqual(await after('remove'), { list: [1] })
      assert.deepEqual(await after('object'), { user: 'ann', list: [1, 2] })
      assert.deepEqual(await after('expire'), {})
      assert.deepEqual(await after('clear'), {})
      assert.deepEqual(await after('touch'), { user: 'ann', list: [1] })
      assert.deepEqual(await after('/cart/lent'), { user: 'ann', list: [1, 3] })
    })

    it(`${version}: move its end`, async () => {
      const asked = await signIn()
      const kept = store.next()
      await ask('/stream/expiry', asked)
      await kept
      assert.equal((await ask('/left', asked)).text, 'long')
    })

    it(`${version}: begin none, and give none another name`, async () => {
      assert.match(
        (await ask('/stream/begin')).text,
        /UsageError: the head .*, so a session can begin no more: begin it before/,
      )
      const asked = await signIn()
      const kept = store.next()
      assert.match((await ask('/stream/again', asked)).text, /begin it before/)
      await kept
      assert.equal((await ask('/all', asked)).text, '{}')
    })
  }
})

describe('changes behind the head, beside those of others', { timeout: 30_000 }, () => {
  const reached = (): {
    app: App
    store: Distant
    errors: unknown[]
    go: Signal<void>
    step: (was: Was) => unknown
  } => {
    const store = new Distant()
    const made = { app: new App({ secureKey: SECRET, session: { store } }), store, errors: [] as unknown[] }
    return { ...made, go: signal(), step: () => undefined }
  }

  /** A stream that has begun, and goes on when it is told to. */
  async function meanwhile(
    kept: ReturnType<typeof reached>,
    others: (ask: (path: string) => Promise<string>) => Promise<void>,
    step: (was: Was) => unknown,
  ): Promise<{ all: unknown; said: string }> {
    const { app, go, store } = kept
    const begun = signal()
    app.get('/in', (was) => was.session.set('user', 'ann').set('list', [1]).size)
    app.get('/all', (was) => Object.fromEntries(was.session))
    app.get('/stream', (was) =>
      (async function* () {
        yield String(was.session.get<unknown[]>('list', []).length)
        begun.resolve()
        await go.promise
        yield thrown(() => step(was))
      })(),
    )
    const cookie = (await app.inject('/in')).headers.get('set-cookie')!.split(';')[0]!
    const ask = async (path: string): Promise<string> => (await app.inject({ path, headers: { cookie } })).text()
    const stream = app.inject({ path: '/stream', headers: { cookie } })
    await begun.promise
    await others(ask)
    const saved = store.next()
    go.resolve()
    const said = (await stream).text()
    await Promise.race([saved, new Promise((resolve) => setImmediate(resolve))])
    return { all: JSON.parse(await ask('/all')), said }
  }

  it('leave what others have changed since', async () => {
    const kept = reached()
    kept.app.get('/out', (was) => was.session.set('cart', 7).remove('user'))
    const { all } = await meanwhile(
      kept,
      async (ask) => void (await ask('/out')),
      (was) => was.session.set('seen', true),
    )
    assert.deepEqual(all, { list: [1], cart: 7, seen: true })
  })

  it('leave a session ended that others have ended', async () => {
    const kept = reached()
    kept.app.get('/out', (was) => was.session.expire().size)
    const { all } = await meanwhile(
      kept,
      async (ask) => void (await ask('/out')),
      (was) => was.session.set('seen', true),
    )
    assert.deepEqual(all, {})
    assert.equal(kept.store.memory.size, 0)
  })
})

describe('session.reload', { timeout: 30_000 }, async () => {
  for (const [name, session] of [
    ['a distant store', { store: new Distant() }],
    ['memory', { store: new MemoryStore() }],
  ] as const) {
    const app = new App({ secureKey: SECRET, session })
    app.get('/in', (was) => was.session.set('user', 'ann').set('list', [1]).size)
    app.get('/change', (was) => was.session.set('user', 'bob').size)
    app.get('/out', (was) => was.session.expire().size)
    app.get('/all', (was) => Object.fromEntries(was.session))
    app.get('/now', async (was) => Object.fromEntries(await was.session.reload()))
    app.websocket('/', async (was, message) => {
      if (message === 'push') was.session.get<number[]>('list')!.push(2)
      else if (message === 'reload') await was.session.reload()
      return JSON.stringify([was.session.exists(), ...was.session.values()])
    })
    for (const { name: version, open, server } of await twoCarriers(app))
      it(`${version}, ${name}: shows what others have done, and keeps what was done here`, async () => {
        const { engine } = server
        const cookie = (await engine.inject('/in')).headers.get('set-cookie')!.split(';')[0]!
        const ask = async (path: string): Promise<string> => (await engine.inject({ path, headers: { cookie } })).text()
        const { link } = await open('/', { fields: ['Cookie', cookie] })
        const say = async (message: string): Promise<string> => {
          link.write(message)
          return text(link)
        }
        assert.equal(await ask('/now'), '{"user":"ann","list":[1]}')
        assert.equal(await say('look'), '[true,"ann",[1]]')
        await ask('/change')
        assert.equal(await say('look'), '[true,"ann",[1]]')
        assert.equal(await say('push'), '[true,"ann",[1,2]]')
        assert.equal(await say('reload'), '[true,"bob",[1,2]]')
        assert.deepEqual(JSON.parse(await ask('/all')), { user: 'bob', list: [1, 2] })
        await ask('/out')
        assert.equal(await say('look'), '[true,"bob",[1,2]]')
        assert.equal(await say('reload'), '[false]')
        await link.close()
      })
  }

  it('rejects with what the store says, and is nothing without one', async () => {
    const store = new Distant()
    const app = new App({ secureKey: SECRET, session: { store } })
    const inCookie = new App({ secureKey: SECRET })
    for (const each of [app, inCookie])
      each
        .get('/in', (was) => was.session.set('a', 1).size)
        .get('/', (was) =>
          (async function* () {
            yield 'begun '
            Object.assign(store, { load: () => Promise.reject(new Error('no store')) })
            yield await was.session.reload().then(
              ({ size }) => String(size),
              (error: Error) => error.message,
            )
          })(),
        )
    for (const [each, expected] of [
      [inCookie, 'begun 1'],
      [app, 'begun no store'],
    ] as const) {
      const { load } = Distant.prototype
      Object.assign(store, { load: load.bind(store) })
      const cookie = (await each.inject('/in')).headers.get('set-cookie')!.split(';')[0]!
      assert.equal((await each.inject({ path: '/', headers: { cookie } })).text(), expected)
    }
  })
})

describe('changes in a WebSocket', { timeout: 30_000 }, async () => {
  const store = new Distant()
  const inStore = new App({ secureKey: SECRET, session: { store } })
  inStore.get('/in', (was) => was.session.set('user', 'ann').size)
  inStore.get('/all', (was) => Object.fromEntries(was.session))
  inStore.websocket('/', (was, message) => {
    if (message === 'fail') store.failing = true
    return thrown(() => was.session.set('said', message))
  })
  for (const { name, open, server } of await twoCarriers(inStore)) {
    const ask = (path: string, cookie = ''): ReturnType<typeof server.engine.inject> =>
      server.engine.inject({ path, headers: { cookie } })
    it(`${name}: are saved at once where there is a store`, async () => {
      const cookie = (await ask('/in')).headers.get('set-cookie')!.split(';')[0]!
      const { link } = await open('/', { fields: ['Cookie', cookie] })
      for (const message of ['one', 'two']) {
        const saved = store.next()
        link.write(message)
        assert.equal(await text(link), 'nothing')
        await saved
        assert.deepEqual((await ask('/all', cookie)).json(), { user: 'ann', said: message })
      }
      await link.close()
    })

    it(`${name}: that cannot be saved are reported`, async () => {
      const cookie = (await ask('/in')).headers.get('set-cookie')!.split(';')[0]!
      const { link } = await open('/', { fields: ['Cookie', cookie] })
      const before = server.errors.length
      link.write('fail')
      await text(link)
      await link.close()
      store.failing = false
      assert.match(String(server.errors[before]), /the disk is full/)
    })
  }
  const inCookie = new App({ secureKey: SECRET })
  inCookie.get('/in', (was) => was.session.set('list', [1]).size)
  inCookie.websocket('/', (was) => thrown(() => was.session.set('a', 1)))
  inCookie.websocket('/object', (was) => was.session.get<number[]>('list')!.push(2).toString())
  for (const { name, open, server } of await twoCarriers(inCookie))
    it(`${name}: throw, or are reported, where there is none`, async () => {
      const cookie = (await server.engine.inject('/in')).headers.get('set-cookie')!.split(';')[0]!
      const { link } = await open('/', { fields: ['Cookie', cookie] })
      link.write('one')
      assert.match(await text(link), /^UsageError: .* or give the session a store/)
      await link.close()
      const before = server.errors.length
      const other = await open('/object', { fields: ['Cookie', cookie] })
      other.link.write('one')
      assert.equal(await text(other.link), '2')
      await other.link.close()
      while (server.errors.length === before) await new Promise((resolve) => setImmediate(resolve))
      assert.match(String(server.errors[before]), /a session in a cookie can be changed no more/)
    })
})
