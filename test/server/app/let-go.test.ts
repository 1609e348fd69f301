/** Responses that are not sent, or not as they were meant. */

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createReadStream, mkdtempSync, type ReadStream, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, describe, it } from 'node:test'
import { App, type HandlerValue, Skitai, type Was } from '#src/server/index.js'
import { eventStream } from '#src/server/app/event-stream.js'

const home = mkdtempSync(path.join(tmpdir(), 'skitai-let-go-'))
after(() => rmSync(home, { recursive: true }))
writeFileSync(path.join(home, 'page.txt'), '0123456789')
const secureKey = 'a secret that only this test has, and nobody else'

describe('APP-42: a stream whose request fails behind the handler', () => {
  const ways: Readonly<Record<string, (app: App) => void>> = {
    'in a hook': (app) => void app.finishRequest(() => Promise.reject(new Error('no'))),
    'when its session is too large': (app) =>
      void app.teardownRequest((was) => was.session.set('large', 'x'.repeat(5000))),
  }
  for (const [name, fail] of Object.entries(ways))
    for (const http2 of [false, true])
      it(`is let go ${name}, ${http2 ? 'HTTP/2' : 'HTTP/1.1'}`, async () => {
        let file: ReadStream | undefined
        let returned = 0
        async function* pieces(): AsyncGenerator<string> {
          try {
            yield 'never taken'
          } finally {
            returned++
          }
        }
        const begun = pieces()
        await begun.next()
        const streams: Record<string, () => HandlerValue> = {
          '/file': () => (file = createReadStream(path.join(home, 'page.txt'))),
          '/pieces': () => begun,
          '/web': () => new ReadableStream<Uint8Array>({ cancel: () => void returned++ }),
        }
        const app = new App({ secureKey })
        fail(app)
        for (const rule in streams) app.get(rule, (was) => was.response(200, streams[rule]!() as object))
        const engine = new Skitai({ log: false, onError: () => {} }).mount('/', app)
        for (const rule in streams) assert.equal((await engine.inject({ path: rule, http2 })).status, 500)
        if (!file!.closed) await once(file!, 'close')
        assert.equal(returned, 2)
      })
})

describe('server-sent events', () => {
  it('listen to a silent source once, however often they give a sign of life', async () => {
    let listeners = 0
    const never = new Promise<IteratorResult<string>>(() => {})
    const { then } = never
    never.then = function (this: typeof never, ...args: Parameters<typeof then>) {
      listeners++
      return then.apply(this, args)
    } as typeof then
    const source = { [Symbol.asyncIterator]: () => ({ next: () => never }) }
    const texts = eventStream(source, { keepAliveSeconds: 0.001 })[Symbol.asyncIterator]()
    for (let i = 0; i < 5; i++) assert.deepEqual(await texts.next(), { done: false, value: ':\n\n' })
    assert.equal(listeners, 1)
    await texts.return?.()
  })
})

describe('what a client has sent, given back as JSON', () => {
  it('is no stream, whatever its members are called', async () => {
    const app = new App().post('/', (was) => was.request.json() as Promise<object>)
    const body = { getReader: 1, pipe: 2, then: 3, body: null }
    assert.deepEqual((await app.inject({ path: '/', body })).json(), body)
  })
})

describe('SEC-19: Vary, once the origin has decided', () => {
  const handlers: Readonly<Record<string, (was: Was) => HandlerValue>> = {
    'a field that is set': (was) => (was.response.setHeader('Vary', 'cookie'), 'x'),
    'a field of the response': (was) => was.response(200, 'x', { vary: 'cookie' }),
    'a web response': () => new Response('x', { headers: { vary: 'cookie' } }),
    'a field that is removed': (was) => (was.response.delHeader('vary'), 'x'),
    'a file': (was) => (was.response.delHeader('vary'), was.response.file('page.txt')),
    nothing: () => 'x',
  }
  for (const [name, handler] of Object.entries(handlers))
    it(`is there beside ${name}`, async () => {
      const app = new App({ home, cors: { origins: ['https://a.example'] } }).get('/', handler)
      for (const origin of ['https://a.example', 'https://b.example', 'null']) {
        const { headers } = await app.inject({ path: '/', headers: { origin } })
        const vary = headers.getAll('vary').filter((value) => value === 'origin')
        assert.equal(vary.length, 1, origin)
      }
    })
})

describe('APP-43: a file that explains a status', () => {
  const app = new App({ home })
    .get('/gone', (was) => (was.response.setStatus(410), was.response.file('page.txt')))
    .post('/made', (was) => was.response.file('page.txt'))
    .get('/', (was) => (was.response.setStatus(200), was.response.file('page.txt')))

  it('has that status, whole, whatever the client has of the file', async () => {
    const headers = { range: 'bytes=1-2', 'if-none-match': '*' }
    for (const method of ['GET', 'HEAD']) {
      const response = await app.inject({ path: '/gone', method, headers })
      assert.deepEqual([response.status, response.text()], [410, method === 'GET' ? '0123456789' : ''])
      assert.equal(response.headers.get('content-length'), '10')
    }
    assert.equal((await app.inject({ path: '/', headers: { range: 'bytes=1-2' } })).status, 206)
  })

  it('is not refused behind a method that has done its work', async () => {
    const headers = { 'if-none-match': '*', range: 'bytes=1-2' }
    const response = await app.inject({ path: '/made', method: 'POST', headers })
    assert.deepEqual([response.status, response.text()], [200, '0123456789'])
  })
})
