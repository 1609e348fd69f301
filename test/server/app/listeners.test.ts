/** Listeners that fail later, and apps that lie in several places. */

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
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
    for (const asked of ['/emit', '/cast']) {
      const { engine, reported } = reporting((made) => made.mount('/', app))
      assert.equal((await engine.inject(asked)).text(), 'done')
      assert.match(String(await reported), /later/, asked)
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

/** Waits for the loop to have gone round, until something holds. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise(setImmediate)
}

/** Counts the timers of three seconds that have begun, and those that were cleared. */
function timers(): () => { readonly begun: number; readonly cleared: number } {
  const set = mock.method(globalThis, 'setInterval')
  const clear = mock.method(globalThis, 'clearInterval')
  return () => {
    const made = set.mock.calls.filter((call) => call.arguments[1] === 3000).map(({ result }) => result)
    const cleared = clear.mock.calls.filter((call) => (made as unknown[]).includes(call.arguments[0])).length
    return { begun: made.length, cleared }
  }
}

describe('APP-11: what is done again and again', () => {
  it('begins at once in an app that is mounted already, and ends with its part', async () => {
    const app = new App()
    const engine = new Skitai({ log: false }).mount('/', app)
    const count = timers()
    await engine.ready()
    const inner = new App()
    const part = new App().maintain(3, () => {}).mount('/inner', inner)
    app.mount('/part', part).mount('/again', part)
    assert.deepEqual(count(), { begun: 1, cleared: 0 })
    inner.maintain(3, () => {})
    // The apps within begin one after the other.
    await engine.ready()
    assert.deepEqual(count(), { begun: 2, cleared: 0 })
    app.unmount(part)
    await engine.ready()
    assert.deepEqual(count(), { begun: 2, cleared: 0 })
    app.unmount(part)
    app.unmount(part)
    await until(() => count().cleared === 2)
    app.mount('/part', part)
    await until(() => count().begun === 4)
    await engine.close({ timeoutMs: 0 })
    assert.deepEqual(count(), { begun: 4, cleared: 4 })
  })

  it('ends with the last engine, in the parts of the app, too', async () => {
    const app = new App()
      .maintain(3, () => {})
      .mount(
        '/part',
        new App().maintain(3, () => {}),
      )
    const engines = [1, 2].map(() => new Skitai({ log: false }).mount('/', app))
    const count = timers()
    for (const engine of engines) await engine.ready()
    assert.deepEqual(count(), { begun: 2, cleared: 0 })
    await engines[0]!.close({ timeoutMs: 0 })
    assert.deepEqual(count(), { begun: 2, cleared: 0 })
    await engines[1]!.close({ timeoutMs: 0 })
    assert.deepEqual(count(), { begun: 2, cleared: 2 })
  })

  it('is not begun by an app whose modules cannot be loaded, and is by the next try', async () => {
    const home = mkdtempSync(path.join(tmpdir(), 'skitai-maintain-'))
    after(() => rmSync(home, { recursive: true }))
    const file = path.join(home, 'm.mjs')
    writeFileSync(file, `export const decorate = (app) => { app.maintain(3, () => {}); app.get('/m', () => 'm') }`)
    const broken = path.join(home, 'z.mjs')
    writeFileSync(broken, `throw new Error('no database')`)
    const app = new App({ services: home }).maintain(3, () => {})
    const engine = new Skitai({ log: false }).mount('/', app)
    const count = timers()
    await assert.rejects(engine.ready(), /no database/)
    assert.deepEqual(count(), { begun: 1, cleared: 1 })
    rmSync(broken)
    assert.equal((await engine.inject('/m')).text(), 'm')
    assert.deepEqual(count(), { begun: 3, cleared: 1 })
    await engine.close({ timeoutMs: 0 })
    assert.deepEqual(count(), { begun: 3, cleared: 3 })
  })

  it('is reported when a part that is mounted later cannot begin', async () => {
    const app = new App().get('/', () => 'here')
    const { engine, reported } = reporting((made) => made.mount('/', app))
    await engine.ready()
    app.mount(
      '/part',
      new App({ services: '/there/is/none' }).get('/', () => 'part'),
    )
    assert.match(String(await reported), /ENOENT/)
    assert.equal((await engine.inject('/')).text(), 'here')
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
    const count = timers()
    for (const engine of engines) await engine.ready()
    assert.equal(count().begun, 1)
    await engines[0]!.close({ timeoutMs: 0 })
    assert.equal(count().cleared, 0)
    await engines[1]!.close({ timeoutMs: 0 })
    assert.equal(count().cleared, 1)
  })
})
