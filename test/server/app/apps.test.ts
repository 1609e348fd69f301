/** What an app is and has, for itself and beside others. */

import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, describe, it } from 'node:test'
import { App, Skitai, type Was } from '#src/server/index.js'

describe('an app', () => {
  it('APP-01: is made with its options, which it shows; was is the first argument of handlers', async () => {
    const users = { ann: 'secret' }
    const options = { name: 'shop', debug: true, secureKey: 'a secret of the tests', auth: 'basic', users } as const
    const app = new App({ ...options, realm: 'Shop', session: { timeoutSeconds: 60 } })
    app.get('/', { auth: false }, (was) => [was.app === app, was.request.method])
    assert.deepEqual((await app.inject('/')).json(), [true, 'GET'])
    assert.deepEqual([app.name, app.debug, app.options.realm, app.options.users], ['shop', true, 'Shop', users])
    assert.equal(app.options.session?.timeoutSeconds, 60)
    const plain = new App()
    assert.deepEqual([plain.name, plain.debug, plain.config, plain.point], ['app', false, {}, ''])
  })

  it('APP-02: is the one that is mounted, for its parts as well', async () => {
    const part = new App({ name: 'part' }).get('/', (was) => String(was.app?.name))
    const app = new App({ name: 'main' }).mount('/part', part)
    assert.equal((await app.inject('/part/')).text(), 'main')
  })

  it('APP-03: has values of its own', async () => {
    const app = new App({ config: { colour: 'red' } }).get('/', (was) => ({ ...was.app?.config }))
    app.config['size'] = 7
    assert.deepEqual((await app.inject('/')).json(), { colour: 'red', size: 7 })
  })

  it('APP-03: has limits of content, unless it says otherwise', async () => {
    const app = new App().post('/', async (was) => (await was.request.bytes()).length)
    const size = 5 * 1024 * 1024
    assert.equal((await app.inject({ body: new Uint8Array(size) })).text(), String(size))
    assert.equal((await app.inject({ body: new Uint8Array(size + 1) })).status, 413)
    const small = new App({ bodyBytesMax: 10 }).post('/', async (was) => (await was.request.bytes()).length)
    assert.deepEqual(
      [(await small.inject({ body: 'x'.repeat(10) })).status, (await small.inject({ body: 'x'.repeat(11) })).status],
      [200, 413],
    )
  })

  it('APP-04: has its folders below its home', async () => {
    const home = mkdtempSync(path.join(tmpdir(), 'skitai-home-'))
    after(() => rmSync(home, { recursive: true }))
    const write = (name: string, text: string): void => {
      mkdirSync(path.dirname(path.join(home, name)), { recursive: true })
      writeFileSync(path.join(home, name), text)
    }
    write('templates/page.html', 'page of {{ was.app.name }}')
    write('static/a.txt', 'file')
    write('services/cart.mjs', `export const decorate = (app) => app.get('/cart', () => 'cart')`)
    write('resources/note.txt', 'note')
    const app = new App({ name: 'shop', home, static: 'static', services: 'services' })
    app
      .get('/page', (was) => was.render('page.html'))
      .get('/note', (was) => readFile(was.app!.resource('note.txt'), 'utf8'))
    const engine = new Skitai({ log: false }).mount('/', app)
    const texts: string[] = []
    for (const at of ['/page', '/a.txt', '/cart', '/note']) texts.push((await engine.inject(at)).text())
    assert.deepEqual(texts, ['page of shop', 'file', 'cart', 'note'])
    await engine.close()
  })

  it('APP-05: has a home, and resources in it', () => {
    const app = new App({ home: '/srv/shop' })
    assert.equal(app.path('a', 'b.txt'), path.resolve('/srv/shop/a/b.txt'))
    assert.equal(app.resource('b.txt'), path.resolve('/srv/shop/resources/b.txt'))
  })
})

describe('APP-12, APP-15: debug', () => {
  const told: unknown[] = []
  const trace = async (debug?: boolean): Promise<boolean> => {
    const app = new App(debug === undefined ? {} : { debug }).get('/', () => {
      throw new Error('<here>')
    })
    const engine = new Skitai({ log: false, onError: (error) => told.push(error) }).mount('/', app)
    return (await engine.inject('/')).text().includes('Error: &lt;here&gt;')
  }
  const shown = async (): Promise<boolean[]> => [await trace(), await trace(true), await trace(false)]

  it('shows what went wrong as the app and the environment say', async () => {
    const before = process.env['SKITAI_ENV']
    try {
      process.env['SKITAI_ENV'] = ''
      assert.deepEqual(await shown(), [false, true, false])
      process.env['SKITAI_ENV'] = 'development'
      assert.deepEqual(await shown(), [true, true, false])
      process.env['SKITAI_ENV'] = 'production'
      assert.deepEqual(await shown(), [false, false, false])
      // Whoever hears of errors does so in any case.
      assert.equal(told.length, 9)
    } finally {
      if (before === undefined) delete process.env['SKITAI_ENV']
      else process.env['SKITAI_ENV'] = before
    }
  })
})

describe('what handlers know and give', () => {
  it('APP-35: their route', async () => {
    const handler = ({ request: { routedFunction, routable } }: Was): unknown[] => [
      routedFunction === handler,
      routable?.rule,
      routable?.options.methods,
    ]
    const app = new App().route('/<name>', { methods: ['GET'] }, handler)
    assert.deepEqual((await app.inject('/x')).json(), [true, '/<name>', ['GET']])
  })

  it('APP-38: a POST without content', async () => {
    const app = new App().post('/', async ({ request }) => [request.hasContent, (await request.bytes()).length])
    assert.deepEqual((await app.inject({ method: 'POST' })).json(), [false, 0])
  })

  it('APP-58, APP-61: content in pieces, with fields of its own', async () => {
    const app = new App().get('/', (was) => {
      const pieces = async function* (): AsyncGenerator<string> {
        yield 'head '
        yield* await Promise.all([Promise.resolve('a'), Promise.resolve('b')])
      }
      return was.response(201, pieces(), { 'x-mine': 'yes' })
    })
    const { status, headers, text } = await app.inject('/').then((response) => ({ ...response, text: response.text() }))
    assert.deepEqual([status, headers.get('x-mine'), text], [201, 'yes', 'head ab'])
  })

  it('APP-60: an end that the client sees when a piece fails', async () => {
    const errors: unknown[] = []
    const app = new App().get('/', async function* () {
      yield 'begun'
      throw new Error('in between')
    })
    const engine = new Skitai({ log: false, onError: (error) => errors.push(error) }).mount('/', app)
    await assert.rejects(engine.inject('/'))
    assert.match(String(errors), /in between/)
  })
})
