/** Requests without a socket, by both versions of the protocol. */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { App, HttpError, Skitai } from '#src/server/index.js'

for (const http2 of [false, true]) {
  const version = http2 ? 'HTTP/2' : 'HTTP/1.1'
  describe(`APP-135: a request without a socket, ${version}`, () => {
    it('brings status, fields, content and trailers', async () => {
      const app = new App().post('/echo/<int:id>', async (was, { id }) => {
        was.response.setTrailer('x-digest', 'abc')
        const { method, version: spoken, host } = was.request
        return { id, method, spoken, host, text: await was.request.text(), type: was.request.getContentType() }
      })
      const response = await app.inject({ path: '/echo/7?a=1', body: 'grüße', authority: 'shop.test', http2 })
      assert.equal(response.status, 200)
      assert.equal(response.headers.get('content-type'), 'application/json')
      assert.equal(response.trailers.get('x-digest'), 'abc')
      const spoken = http2 ? '2.0' : '1.1'
      assert.deepEqual(response.json(), {
        id: 7,
        method: 'POST',
        spoken,
        host: 'shop.test',
        text: 'grüße',
        type: 'text/plain',
      })
    })

    it('leaves nothing behind when it cannot be sent: the engine closes at once', { timeout: 10_000 }, async () => {
      const engine = new Skitai({ log: false }).mount(
        '/',
        new App().get('/', () => 'x'),
      )
      await assert.rejects(engine.inject({ path: '/é', http2 }), /not a target/)
      await assert.rejects(engine.inject({ headers: { 'x-a': 'a\nb' }, http2 }), /not a value/)
      await engine.close()
    })

    it('takes forms, JSON and bytes, and large content both ways', async () => {
      const app = new App().post('/', async (was) => ({
        type: was.request.getContentType(),
        size: (await was.request.bytes()).length,
      }))
      app.get('/large', () => new Uint8Array(3_000_000))
      const form = new FormData()
      form.set('a', 'b')
      for (const [body, type] of [
        [new URLSearchParams({ a: 'b c' }), 'application/x-www-form-urlencoded'],
        [form, 'multipart/form-data'],
        [{ a: 1 }, 'application/json'],
        [new Blob(['b'], { type: 'text/x-blob' }), 'text/x-blob'],
        [new Blob(['b']), 'application/octet-stream'],
        [new Uint8Array(2_000_000), 'application/octet-stream'],
      ] as const)
        assert.equal(((await app.inject({ body, http2 })).json() as { type: string }).type, type)
      await assert.rejects(app.inject({ body: new ReadableStream(), http2 }), /takes content as a whole/)
      assert.equal((await app.inject({ path: '/large', http2 })).bytes.length, 3_000_000)
      assert.equal((await app.inject({ path: '/large', method: 'HEAD', http2 })).bytes.length, 0)
    })

    it('rejects what is broken off, cannot be sent, or is given up', async () => {
      const errors: unknown[] = []
      const engine = new Skitai({ log: false, onError: (error) => errors.push(error) })
      const app = new App().get('/broken', async function* () {
        yield 'begun'
        throw new Error('in between')
      })
      app.get('/never', () => new Promise<string>(() => {}))
      engine.mount('/', app)
      await assert.rejects(engine.inject({ path: '/broken', http2 }), /GET \/broken/)
      assert.match(String(errors[0]), /in between/)
      await assert.rejects(engine.inject({ path: '/', headers: { 'x y': '1' }, http2 }), { name: 'UsageError' })
      const signal = AbortSignal.abort(new Error('enough'))
      await assert.rejects(engine.inject({ path: '/never', signal, http2 }), /enough/)
      const later = new AbortController()
      const never = engine.inject({ path: '/never', signal: later.signal, http2 })
      setImmediate(() => later.abort(new Error('long enough')))
      await assert.rejects(never, /long enough/)
    })
  })
}

describe('APP-135: an app that is asked without a server', () => {
  it('is mounted at the root once, and told so', async () => {
    const told: string[] = []
    const app = new App().get('/', () => 'here')
    app.onLifecycle('mounted', () => told.push('mounted'))
    for (const path of ['/', '/']) assert.equal((await app.inject(path)).text(), 'here')
    assert.deepEqual(told, ['mounted'])
  })

  it('stays where it is mounted', async () => {
    const app = new App({ name: 'shop' }).get('/', (was) => was.request.scriptName)
    const engine = new Skitai({ log: false }).mount('/shop', app)
    await engine.ready()
    assert.equal((await app.inject('/')).text(), '')
    assert.equal((await engine.inject('/shop/')).text(), '/shop')
    assert.equal(app.point, '/shop')
  })

  it('answers errors as it does elsewhere', async () => {
    const app = new App().get('/', () => {
      throw new HttpError(418, 'short and stout')
    })
    const { status, headers } = await app.inject('/')
    assert.deepEqual([status, headers.get('content-type')], [418, 'text/html; charset=utf-8'])
  })
})
