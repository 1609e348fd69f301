/** APP-102: apps that hear what is emitted on others of their host. */

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { after, afterEach, describe, it, mock } from 'node:test'
import { App, Skitai, type Was } from '#src/server/index.js'

afterEach(() => mock.restoreAll())

const shopWith = (name = 'shop'): App => new App({ name }).get('/', (was) => (was.emit('sold', 'boot'), 'sold'))

/** An app that notes the shoes that it hears were sold. */
function stockOf(heard: unknown[], name = 'stock'): App {
  return new App({ name }).on('sold', (_was: Was, shoe: string) => heard.push(`${name} ${shoe}`))
}

describe('APP-102: an app that subscribes to another one', () => {
  it('hears what a request and the app itself emit there, in its parts, too, and once', async () => {
    const heard: unknown[] = []
    const shop = shopWith()
    const stock = stockOf(heard).mount('/part', stockOf(heard, 'part'))
    const engine = new Skitai({ log: false })
      .mount('/shop', shop)
      .mount('/stock', stock, { subscribe: ['shop'] })
      .mount('/again', stock, { subscribe: ['shop', 'shop'] })
    await engine.inject('/shop/')
    assert.deepEqual(heard.splice(0), ['stock boot', 'part boot'])
    shop.emit('sold', undefined, 'shoe')
    assert.deepEqual(heard.splice(0), ['stock shoe', 'part shoe'])
  })

  it('hears what a part of the other emits, and nothing is heard the other way', async () => {
    const heard: unknown[] = []
    const part = new App()
    const shop = stockOf(heard, 'shop').mount('/part', part)
    const stock = stockOf(heard)
    await new Skitai({ log: false })
      .mount('/', shop)
      .mount('/stock', stock, { subscribe: ['shop'] })
      .ready()
    part.emit('sold', undefined, 'boot')
    assert.deepEqual(heard.splice(0), ['shop boot', 'stock boot'])
    stock.emit('sold', undefined, 'boot')
    assert.deepEqual(heard, ['stock boot'])
  })

  it('hears of its requests, its pages and its life', async () => {
    const told: string[] = []
    const shop = shopWith().get('/fails', () => {
      throw new Error('oops')
    })
    const audit = new App({ name: 'audit' })
    for (const event of ['app:starting', 'app:started', 'app:unmounting'] as const)
      audit.on(event, (app) => told.push(`${event} ${app.name}`))
    for (const event of ['request:started', 'request:success', 'request:finished'] as const)
      audit.on(event, (was) => told.push(`${event} ${was.app?.name}`))
    audit.on('request:failed', (was, error) => told.push(`${was.app?.name}: ${String(error)}`))
    const engine = new Skitai({ log: false, onError: () => {} })
      .mount('/audit', audit, { subscribe: ['shop'] })
      .mount('/shop', shop)
    await engine.inject('/shop/')
    await engine.inject('/shop/fails')
    await engine.close()
    const ofShop = told.filter((line) => !line.endsWith('audit'))
    assert.deepEqual(ofShop, [
      'app:starting shop',
      'app:started shop',
      'request:started shop',
      'request:success shop',
      'request:finished shop',
      'request:started shop',
      'shop: Error: oops',
      'request:finished shop',
      'app:unmounting shop',
    ])
  })

  it('may be heard by the other as well, and passes nothing on', async () => {
    const heard: unknown[] = []
    const [one, two, three] = [stockOf(heard, 'one'), stockOf(heard, 'two'), stockOf(heard, 'three')]
    const engine = new Skitai({ log: false })
      .mount('/one', one, { subscribe: ['two', 'one'] })
      .mount('/two', two, { subscribe: ['one'] })
      .mount('/three', three, { subscribe: ['two'] })
    await engine.ready()
    one.emit('sold', undefined, 'boot')
    assert.deepEqual(heard.splice(0).toSorted(), ['one boot', 'two boot'])
    two.emit('sold', undefined, 'boot')
    assert.deepEqual(heard.toSorted(), ['one boot', 'three boot', 'two boot'])
  })

  it('wants a name that an app of its host has, when the engine gets ready', async () => {
    const heard: unknown[] = []
    const engine = new Skitai({ log: false }).mount('/stock', stockOf(heard), { subscribe: ['shop'] })
    engine.mount('/', shopWith(), { host: 'other.example' })
    await assert.rejects(engine.ready(), { name: 'TypeError', message: /\/stock subscribes to shop/ })
    engine.mount('/shop', shopWith())
    await engine.inject('/shop/')
    assert.deepEqual(heard, ['stock boot'])
    assert.throws(() => engine.mount('/f', () => '', { subscribe: ['shop'] }), /only an app subscribes/)
    assert.throws(() => engine.mount('/d', import.meta.dirname, { subscribe: ['shop'] }), /only an app subscribes/)
  })

  it('hears nothing once its engine is closed', async () => {
    const heard: unknown[] = []
    const shop = shopWith()
    const engine = new Skitai({ log: false }).mount('/s', stockOf(heard), { subscribe: ['shop'] }).mount('/', shop)
    await engine.ready()
    await engine.close()
    shop.emit('sold', undefined, 'boot')
    assert.deepEqual(heard, [])
  })

  it('hears on when either is loaded anew', async () => {
    const home = mkdtempSync(path.join(tmpdir(), 'skitai-subscribe-'))
    after(() => rmSync(home, { recursive: true }))
    const global = globalThis as unknown as { soldShoes: string[] }
    global.soldShoes = []
    const skitai = pathToFileURL(path.resolve('dist/server/index.js')).href
    const write = (name: string, text: string): string => {
      const file = path.join(home, name)
      writeFileSync(file, `import { App } from '${skitai}'\n${text}`)
      return file
    }
    const shop = (text: string): string =>
      write(
        'shop.mjs',
        `export const app = new App({ name: 'shop', reload: true })
        .get('/', (was) => (was.emit('sold', '${text}'), '${text}'))`,
      )
    const stock = (text: string): string =>
      write(
        'stock.mjs',
        `export const app = new App({ name: 'stock', reload: true })
        .on('sold', (was, shoe) => globalThis.soldShoes.push('${text} ' + shoe)).get('/', () => '')`,
      )
    const engine = new Skitai({ log: false })
      .mount('/stock', stock('one'), { subscribe: ['shop'] })
      .mount('/shop', shop('boot'))
    let now = performance.now()
    mock.method(performance, 'now', () => now)
    const sell = async (): Promise<unknown[]> => {
      now += 1001
      await engine.inject('/shop/')
      return global.soldShoes.splice(0)
    }
    assert.deepEqual(await sell(), ['one boot'])
    shop('sandal')
    assert.deepEqual(await sell(), ['one sandal'])
    stock('number two')
    assert.deepEqual(await sell(), ['number two sandal'])
    await engine.close()
  })
})
