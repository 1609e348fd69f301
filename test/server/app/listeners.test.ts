/** Listeners that fail later, and apps that lie in several places. */

import assert from 'node:assert/strict'
import { after, afterEach, describe, it, mock } from 'node:test'
import { App, Skitai } from '#src/server/index.js'
import { signal } from '../serving.js'

afterEach(() => mock.restoreAll())

/** An engine, and the first error that it is told of. */
function reporting(mount: (engine: Skitai) => unknown): { engine: Skitai; reported: Promise<unknown> } {
  const { promise, resolve } = signal<unknown>()
  const engine = new Skitai({ log: false, onError: resolve })
  mount(engine)
  after(() => engine.close({ timeoutMs: 0 }))
  return { engine, reported: promise }
}

describe('a listener that rejects (SECURITY 51)', () => {
  const late = async (): Promise<never> => Promise.reject(new Error('later'))

  it('is reported for events of requests, and takes nothing from the client', async () => {
    for (const event of ['request:started', 'request:success', 'request:teardown', 'request:finished']) {
      const app = new App().get('/', () => 'here').on(event, late)
      const { engine, reported } = reporting((made) => made.mount('/', app))
      assert.equal((await engine.inject('/')).text(), 'here')
      assert.match(String(await reported), /later/, event)
    }
  })

  it('is reported for events that a request emits or broadcasts', async () => {
    const app = new App()
      .get('/emit', (was) => (was.emit('e'), 'done'))
      .get('/cast', (was) => (was.broadcast('e'), 'done'))
    app.on('e', late).onBroadcast('e', late)
    for (const path of ['/emit', '/cast']) {
      const { engine, reported } = reporting((made) => made.mount('/', app))
      assert.equal((await engine.inject(path)).text(), 'done')
      assert.match(String(await reported), /later/, path)
    }
  })

  it('is reported for events that the app emits, from within, too', async () => {
    const part = new App().on('e', late)
    const { engine, reported } = reporting((made) => made.mount('/', new App().mount('/part', part)))
    await engine.ready()
    part.emit('e', 1)
    assert.match(String(await reported), /later/)
  })
})

describe('an app in several places', () => {
  it('hears of an event once', async () => {
    let heard = 0
    const part = new App().on('e', () => heard++).onBroadcast('e', () => heard++)
    const one = new App({ name: 'one' }).mount('/a', part).mount('/b', part)
    const two = new App({ name: 'two' }).mount('/c', part)
    const engine = new Skitai({ log: false }).mount('/one', one).mount('/two', two)
    await engine.ready()
    for (const emit of [() => part.emit('e'), () => one.emit('e'), () => one.broadcast('e')]) {
      heard = 0
      emit()
      assert.equal(heard, 1)
    }
  })

  it('is maintained once, until the last place is gone', async () => {
    const part = new App().maintain(3, () => {})
    const engines = ['one', 'two'].map((name) =>
      new Skitai({ log: false }).mount('/', new App({ name }).mount('/part', part)),
    )
    const set = mock.method(globalThis, 'setInterval')
    const clear = mock.method(globalThis, 'clearInterval')
    const made = (): unknown[] =>
      set.mock.calls.filter((call) => call.arguments[1] === 3000).map(({ result }) => result)
    const cleared = (): number => clear.mock.calls.filter((call) => made().includes(call.arguments[0])).length
    for (const engine of engines) await engine.ready()
    assert.equal(made().length, 1)
    await engines[0]!.close({ timeoutMs: 0 })
    assert.equal(cleared(), 0)
    await engines[1]!.close({ timeoutMs: 0 })
    assert.equal(cleared(), 1)
  })
})
