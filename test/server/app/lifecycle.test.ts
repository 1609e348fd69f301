/** What apps are told of their own coming and going. */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { App, Skitai } from '#src/server/index.js'
import { serving } from '../serving.js'

describe('APP-73, APP-74: lifecycle hooks', () => {
  it('are called in order, those of apps within, too, and end with the engine', async () => {
    const told: string[] = []
    const inner = new App().onLifecycle('mounted', () => told.push('inner mounted'))
    const app = new App().mount('/in', inner)
    for (const moment of ['beforeMount', 'mounted', 'mountedOrReloaded', 'beforeUnmount', 'unmounted'] as const)
      app.onLifecycle(moment, (self) => told.push(`${moment} ${self === app}`))
    const engine = new Skitai({ log: false }).mount('/', app)
    await engine.run({ address: '127.0.0.1', port: 0, signals: false })
    await engine.close({ timeoutMs: 0 })
    assert.deepEqual(told, [
      'beforeMount true',
      'mounted true',
      'inner mounted',
      'mountedOrReloaded true',
      'beforeUnmount true',
      'unmounted true',
    ])
  })

  it('are called for a part that comes or goes while the app is mounted, each once', async () => {
    const told: string[] = []
    const hooked = (name: string, app: App = new App()): App => {
      for (const moment of ['beforeMount', 'mounted', 'mountedOrReloaded', 'beforeUnmount', 'unmounted'] as const)
        app.onLifecycle(moment, () => told.push(`${name} ${moment}`))
      return app
    }
    const [early, late] = [hooked('early'), hooked('late').mount('/inner', hooked('inner'))]
    const app = new App()
      .onLifecycle('mounted', (self) => void self.mount('/early', early))
      .onLifecycle('mountedOrReloaded', () => told.push('mounted'))
    const engine = new Skitai({ log: false }).mount('/', app)
    await engine.ready()
    assert.deepEqual(told.splice(0), ['early mounted', 'mounted', 'early mountedOrReloaded'])
    app.mount('/late', late)
    while (told.length < 4) await new Promise(setImmediate)
    const up = ['late mounted', 'inner mounted', 'late mountedOrReloaded', 'inner mountedOrReloaded']
    assert.deepEqual(told.splice(0), up)
    app.unmount(late)
    while (told.length < 4) await new Promise(setImmediate)
    const down = ['late beforeUnmount', 'inner beforeUnmount', 'late unmounted', 'inner unmounted']
    assert.deepEqual(told.splice(0), down)
    await engine.close()
    assert.deepEqual(told, ['early beforeUnmount', 'early unmounted'])
  })

  it('are called once, however many ask at the same time, and for an app that is mounted while the engine runs', async () => {
    const told: string[] = []
    const make = (name: string): App =>
      new App({ name })
        .get('/', () => name)
        .onLifecycle('beforeMount', () => new Promise(setImmediate))
        .onLifecycle('mounted', () => told.push(name))
    const { engine } = serving(make('one'))
    const texts = await Promise.all([1, 2, 3].map(async () => (await engine.inject('/')).text()))
    assert.deepEqual([texts, told.splice(0)], [['one', 'one', 'one'], ['one']])
    await engine.run({ address: '127.0.0.1', port: 0, signals: false })
    const audit = make('audit').on('app:started', (app) => told.push(`heard ${app.name}`))
    engine.mount('/audit', audit, { subscribe: ['late'] }).mount('/late', make('late'))
    while (told.length < 4) await new Promise(setImmediate)
    assert.deepEqual(told, ['audit', 'heard audit', 'late', 'heard late'])
    await engine.close({ timeoutMs: 0 })
  })

  it('may ask their own engine, before all of it is ready', async () => {
    const told: string[] = []
    const first = new App()
      .get('/', () => 'first')
      .onLifecycle('mounted', async () => {
        await engine.ready()
        told.push((await engine.inject('/')).text(), (await engine.inject('/second/')).text())
      })
    const second = new App().get('/', () => 'second').onLifecycle('mounted', () => told.push('mounted'))
    const { engine } = serving(first)
    engine.mount('/second', second)
    await engine.ready()
    assert.deepEqual(told, ['first', 'second', 'mounted'])
  })

  it('are told of again when one has failed, to whoever has waited as well', async () => {
    let tries = 0
    const { engine } = serving(
      new App()
        .get('/', () => 'open')
        .onLifecycle('mounted', async () => {
          await new Promise(setImmediate)
          if (++tries === 1) throw new Error('no database')
        }),
    )
    const [first, second] = await Promise.allSettled([engine.ready(), engine.ready()])
    assert.deepEqual([first.status, second.status, tries], ['rejected', 'fulfilled', 2])
    assert.equal((await engine.inject('/')).text(), 'open')
    assert.equal(tries, 2)
  })

  it('keep an engine from running when one fails on the way up, not from ending', async () => {
    const failing = new App().onLifecycle('beforeMount', () => Promise.reject(new Error('no database')))
    const { engine } = serving(failing)
    await assert.rejects(engine.run({ address: '127.0.0.1', port: 0, signals: false }), /no database/)
    const ending = serving(
      new App().onLifecycle('unmounted', () => {
        throw new Error('too late')
      }),
    )
    await ending.engine.run({ address: '127.0.0.1', port: 0, signals: false })
    await ending.engine.close({ timeoutMs: 0 })
    assert.match(String(ending.errors), /too late/)
  })
})
