/** What an app is and has, for itself and beside others. */

import assert from 'node:assert/strict'
import path from 'node:path'
import { describe, it } from 'node:test'
import { App, Skitai, type Was } from '#src/server/index.js'

describe('APP-01 to APP-05: an app', () => {
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

  it('APP-04, APP-05: has a home, and resources in it', () => {
    const app = new App({ home: '/srv/shop' })
    assert.equal(app.path('a', 'b.txt'), path.resolve('/srv/shop/a/b.txt'))
    assert.equal(app.resource('b.txt'), path.resolve('/srv/shop/resources/b.txt'))
  })
})

describe('APP-12, APP-15: debug', () => {
  const trace = async (debug?: boolean): Promise<boolean> => {
    const app = new App(debug === undefined ? {} : { debug }).get('/', () => {
      throw new Error('<here>')
    })
    const engine = new Skitai({ log: false, onError: () => {} }).mount('/', app)
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
