/** APP-08, APP-75: values that handlers find by name, of their app and of the engine. */

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { after, afterEach, describe, it, mock } from 'node:test'
import { App, Skitai } from '#src/server/index.js'
import { text, twoCarriers } from '../websocket-client.js'

afterEach(() => mock.restoreAll())

describe('APP-08: a value that an app shares', () => {
  it('is found by its handlers and those of its parts, before that of the engine, and by no other app', async () => {
    const tell = (part: App): App => part.get('/', (was) => [was.shared['db'], was.shared['cache']])
    const inner = tell(new App()).share('db', 'of the inner part')
    const part = tell(new App()).mount('/inner', inner)
    const shop = tell(new App({ name: 'shop' }).mount('/part', part)).share('db', 'of the shop')
    const other = tell(new App({ name: 'other' }))
    const engine = new Skitai({ log: false }).mount('/shop', shop).mount('/other', other)
    engine.share('db', 'of the engine').share('cache', 'redis')
    const asked = async (at: string): Promise<unknown> => (await engine.inject(at)).json()
    assert.deepEqual(await asked('/shop/'), ['of the shop', 'redis'])
    assert.deepEqual(await asked('/shop/part/'), ['of the shop', 'redis'])
    assert.deepEqual(await asked('/shop/part/inner/'), ['of the inner part', 'redis'])
    assert.deepEqual(await asked('/other/'), ['of the engine', 'redis'])
    // What is not in a request, as a task, asks the app.
    assert.deepEqual(
      [inner.shared['db'], part.shared['db'], other.shared['db']],
      ['of the inner part', 'of the shop', 'of the engine'],
    )
    assert.equal(new App().share('db', 1).shared['db'], 1)
    assert.equal(shop.unshare('db'), true)
    assert.equal(shop.unshare('db'), false)
    assert.deepEqual(await asked('/shop/'), ['of the engine', 'redis'])
  })

  it('has a name of its own', () => {
    const app = new App().share('db', 1)
    assert.throws(() => app.share('db', 2), { name: 'TypeError', message: 'db is shared already' })
    assert.equal(app.shared['db'], 1)
    assert.equal(app.unshare('db'), true)
    assert.equal(app.share('db', 2).share('__proto__', 3).shared['db'], 2)
    assert.equal(app.shared['toString'], undefined)
  })

  it('is found in a WebSocket', async () => {
    const app = new App().share('db', 'of the app')
    app.websocket('/', (was) => `${String(was.shared['db'])} ${String(was.shared['cache'])}`)
    for (const carrier of await twoCarriers((engine) => engine.mount('/', app).share('cache', 'redis'))) {
      const { link } = await carrier.open('/')
      link.send('?')
      assert.equal(await text(link), 'of the app redis', carrier.name)
      await link.close()
    }
  })

  it('is there for the app that is loaded anew, unless that shares another one', async () => {
    const home = mkdtempSync(path.join(tmpdir(), 'skitai-shares-'))
    after(() => rmSync(home, { recursive: true }))
    const skitai = pathToFileURL(path.resolve('dist/server/index.js')).href
    const file = path.join(home, 'shop.mjs')
    const write = (code: string): void =>
      writeFileSync(
        file,
        `import { App } from '${skitai}'
        export const app = new App({ reload: true }).get('/', (was) => [was.shared.db, was.shared.mail])
        ${code}`,
      )
    write(`app.onLifecycle('mounted', (app) => app.share('mail', 'smtp'))
      app.share('db', 'first')`)
    const engine = new Skitai({ log: false }).mount('/', file)
    let now = performance.now()
    mock.method(performance, 'now', () => now)
    const asked = async (): Promise<unknown> => {
      now += 1001
      return (await engine.inject('/')).json()
    }
    assert.deepEqual(await asked(), ['first', 'smtp'])
    write(`app.share('db', 'second')`)
    assert.deepEqual(await asked(), ['second', 'smtp'])
    write(`app.onLifecycle('reloaded', (app) => app.share('mail', 'another'))`)
    assert.deepEqual(await asked(), ['second', 'another'])
    await engine.close()
  })
})

describe('APP-75: a value that the engine shares', () => {
  it('is found by all of its apps, has a name of its own, and can be taken out again', async () => {
    const tell = (name: string): App => new App({ name }).get('/', (was) => String(was.shared['db']))
    const engine = new Skitai({ log: false })
      .mount('/', tell('one'))
      .mount('/two', tell('two'))
      .mount('/function', (was) => String(was.shared['db']))
      .share('db', 'postgres')
    const asked = async (): Promise<string[]> => [
      (await engine.inject('/')).text(),
      (await engine.inject('/two/')).text(),
      (await engine.inject('/function/')).text(),
    ]
    assert.deepEqual(await asked(), ['postgres', 'postgres', 'postgres'])
    assert.throws(() => engine.share('db', 1), { name: 'TypeError', message: 'db is shared already' })
    assert.deepEqual([engine.unshare('db'), engine.unshare('db'), engine.unshare('toString')], [true, false, false])
    assert.deepEqual(await asked(), ['undefined', 'undefined', 'undefined'])
  })
})
