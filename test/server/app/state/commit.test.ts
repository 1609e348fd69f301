/** When changes of a session are written down, and what becomes of a request whose changes cannot be. */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { App, MemoryStore, type SessionStore, Skitai } from '#src/server/index.js'
import { everyVersion } from '../../versions.js'
import { Browser, SECRET } from './browser.js'

/** A store that keeps nothing as long as it is `full`. */
class Failing implements SessionStore {
  readonly memory: MemoryStore = new MemoryStore()
  full = true
  saves = 0

  load(id: string): ReturnType<MemoryStore['load']> {
    return this.memory.load(id)
  }

  async save(...given: Parameters<MemoryStore['save']>): Promise<boolean> {
    this.saves++
    if (this.full) throw new Error('the disk is full')
    return this.memory.save(...given)
  }

  touch(...given: Parameters<MemoryStore['touch']>): void {
    this.memory.touch(...given)
  }

  destroy(id: string): void {
    this.memory.destroy(id)
  }
}

/** The same with a `save` that throws at once. */
class FailingAtOnce extends Failing {
  readonly synchronous = true

  override save(...given: Parameters<MemoryStore['save']>): never | Promise<boolean> {
    this.saves++
    if (this.full) throw new Error('the disk is full')
    return this.memory.save(...given) as never
  }
}

function noting(app: App, notes: string[]): App {
  for (const event of ['request:started', 'request:success', 'request:failed', 'request:teardown', 'request:finished'])
    app.on(event, () => notes.push(event))
  return app
    .finishRequest(() => notes.push('finish'))
    .failedRequest((_was, error) => void notes.push(`failed ${(error as Error).message}`))
    .teardownRequest(() => notes.push('teardown'))
}

const FAILED = [
  'request:started',
  'request:failed',
  'failed the disk is full',
  'request:teardown',
  'teardown',
  'request:finished',
]

describe('APP-104: a request whose session cannot be saved', { timeout: 30_000 }, async () => {
  for (const [name, make] of [
    ['a store that gives promises', () => new Failing()],
    ['a store that throws', () => new FailingAtOnce()],
  ] as const) {
    const notes: string[] = []
    const app = noting(new App({ secureKey: SECRET, session: { store: make() } }), notes)
    app.get('/', (was) => was.session.set('a', 1) && 'done')
    for (const [version, ask] of await everyVersion((engine) => engine.mount('/', app)))
      it(`${name}: fails over ${version}: its hooks hear of it, and of no success`, async () => {
        notes.length = 0
        const { status, headers } = await ask('/')
        assert.equal(status, 500)
        assert.equal(headers['set-cookie'], undefined)
        assert.deepEqual(notes, FAILED)
      })
  }

  it('is answered by failedRequest, which finds nothing of the change', async () => {
    const store = new Failing()
    const app = new App({ secureKey: SECRET, session: { store } }).get('/', (was) => was.session.set('a', 1) && 'done')
    app.failedRequest((was, error) => was.response(503, `${(error as Error).message} ${was.session.size}`))
    const response = await app.inject('/')
    assert.deepEqual([response.status, response.text()], [503, 'the disk is full 0'])
    assert.deepEqual(response.headers.getAll('set-cookie'), [])
  })

  it('fails in the apps around, too, where what failedRequest has set cannot be saved', async () => {
    const notes: string[] = []
    const inner = new App().get('/', (was) => was.session.set('a', 1) && 'done')
    inner.failedRequest((was) => was.session.set('b', 2) && 'sorry')
    inner.teardownRequest(() => notes.push('inner teardown'))
    const outer = noting(new App({ secureKey: SECRET, session: { store: new Failing() } }), notes).mount('/in', inner)
    const engine = new Skitai({ log: false, onError: () => {} }).mount('/', outer)
    assert.equal((await engine.inject('/in/')).status, 500)
    assert.deepEqual(notes, [...FAILED.slice(0, 1), 'inner teardown', ...FAILED.slice(1)])
  })

  it('lets go of the stream that it was about to send', async () => {
    for (const prepare of [(app: App) => app, (app: App) => app.teardownRequest(() => {})]) {
      let released = false
      const stream = new ReadableStream({ cancel: () => void (released = true) })
      const app = prepare(new App({ secureKey: SECRET, session: { store: new FailingAtOnce() } }))
      app.get('/', (was) => was.session.set('a', 1) && stream)
      const engine = new Skitai({ log: false, onError: () => {} }).mount('/', app)
      assert.equal((await engine.inject('/')).status, 500)
      assert.equal(released, true)
    }
  })

  it('fails where a step in front of the handler answers, or a hook does', async () => {
    for (const prepare of [
      (app: App) => app.get('/', { runBefore: [(was) => was.session.set('a', 1) && 'early'] }, () => 'done'),
      (app: App) => app.get('/', () => 'done').beforeRequest((was) => was.session.set('a', 1) && 'early'),
    ]) {
      const notes: string[] = []
      const app = noting(new App({ secureKey: SECRET, session: { store: new Failing() } }), notes)
      prepare(app)
      const engine = new Skitai({ log: false, onError: () => {} }).mount('/', app)
      assert.equal((await engine.inject('/')).status, 500)
      assert.deepEqual(notes, FAILED)
    }
  })

  it('has the page for its error, without hooks as well', async () => {
    for (const store of [new Failing(), new FailingAtOnce()]) {
      const app = new App({ secureKey: SECRET, session: { store } }).get('/', (was) => was.session.set('a', 1).size)
      app.errorHandler(500, () => 'our page')
      const engine = new Skitai({ log: false, onError: () => {} }).mount('/', app)
      const response = await engine.inject('/')
      assert.deepEqual([response.status, response.text(), store.saves], [500, 'our page', 1])
    }
  })

  it('fails when it does not fit into a cookie', async () => {
    const notes: string[] = []
    const app = noting(new App({ secureKey: SECRET }), notes)
    app.get('/', (was) => was.session.set('a', 'x'.repeat(5000)) && 'done')
    const engine = new Skitai({ log: false, onError: () => {} }).mount('/', app)
    assert.equal((await engine.inject('/')).status, 500)
    assert.ok(notes.includes('request:failed') && !notes.includes('finish'))
  })
})

describe('APP-113: what is changed behind the handler', () => {
  for (const store of [undefined, new MemoryStore()])
    it(`by hooks and listeners is saved as well ${store ? 'in a store' : 'in the cookie'}, in one cookie`, async () => {
      const app = new App({ secureKey: SECRET, ...(store && { session: { store } }) })
      app.get('/', (was) => was.session.set('handler', 1).set('list', [1]) && 'done')
      app.finishRequest((was) => {
        was.session.get<number[]>('list')!.push(2)
        was.session.set('finish', 1)
      })
      app.on('request:success', (was) => was.session.set('success', 1))
      app.teardownRequest((was) => was.session.get<number[]>('list')!.push(3))
      app.get('/all', (was) => Object.fromEntries(was.session))
      const browser = new Browser(app)
      const { headers } = await browser.ask('/')
      assert.equal(headers.getAll('set-cookie').length, 1)
      app.finishRequest(undefined).teardownRequest(undefined)
      const { list, ...others } = (await browser.ask('/all')).json() as Record<string, unknown>
      assert.deepEqual([list, others], [[1, 2, 3], { handler: 1, finish: 1, success: 1 }])
    })

  it('by a finishRequest that cannot be saved fails the request', async () => {
    const store = new Failing()
    store.full = false
    const notes: string[] = []
    const app = noting(new App({ secureKey: SECRET, session: { store } }), notes)
    app.get('/', (was) => was.session.set('a', 1) && 'done')
    app.finishRequest((was) => {
      store.full = true
      was.session.set('b', 2)
    })
    const engine = new Skitai({ log: false, onError: () => {} }).mount('/', app)
    assert.equal((await engine.inject('/')).status, 500)
    assert.deepEqual([notes, store.saves], [FAILED, 2])
  })

  it('leaves nothing of what a finishRequest that fails has changed', async () => {
    const store = new MemoryStore()
    const app = new App({ secureKey: SECRET, session: { store } })
    app.get('/', (was) => was.session.set('list', [1]).size)
    app.get('/fail', (was) => was.session.get<number[]>('list')!.length)
    app.get('/all', (was) => Object.fromEntries(was.session))
    app.finishRequest((was) => {
      if (was.request.path !== '/fail') return
      was.session.get<number[]>('list')!.push(2)
      throw new Error('no')
    })
    const engine = new Skitai({ log: false, onError: () => {} }).mount('/', app)
    const browser = new Browser(engine)
    await browser.ask('/')
    assert.equal((await browser.ask('/fail')).status, 500)
    assert.deepEqual((await browser.ask('/all')).json(), { list: [1] })
  })

  it('saves a session once where nothing changes behind it', async () => {
    const store = new Failing()
    store.full = false
    const app = noting(new App({ secureKey: SECRET, session: { store } }), [])
    app.get('/', (was) => was.session.set('list', [1]).get('list'))
    assert.deepEqual((await app.inject('/')).json(), [1])
    assert.equal(store.saves, 1)
  })

  it('ends and begins again in one request', async () => {
    const store = new MemoryStore()
    const app = new App({ secureKey: SECRET, session: { store } })
    app.get('/', (was) => was.session.set('a', 1).size)
    app.get('/end', (was) => was.session.expire().size)
    app.finishRequest((was) => {
      if (!was.session.exists()) was.session.set('b', 2)
    })
    app.get('/all', (was) => Object.fromEntries(was.session))
    const browser = new Browser(app)
    await browser.ask('/')
    await browser.ask('/end')
    assert.deepEqual((await browser.ask('/all')).json(), { b: 2 })
    assert.equal(store.size, 1)
  })
})
