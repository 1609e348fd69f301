import assert from 'node:assert/strict'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { describe, it } from 'node:test'
import express, { type RequestHandler, Router } from 'express'
import fastify from 'fastify'
import { Hono } from 'hono'
import Koa from 'koa'
import { App, fetchHandler, nodeHandler, type ForeignTarget } from '#src/server/index.js'
import { websocket } from '#src/io/client/index.js'
import { ask } from '../asking.js'
import { quiet, serve } from '../serving.js'

type Seen = IncomingMessage & { originalUrl?: string; baseUrl?: string }

const echo = (request: Seen, response: ServerResponse): void =>
  void response.end([request.url, request.originalUrl, request.baseUrl].join(' '))

/** A router that gives a function for whatever it is asked, as some do. */
function proxied(): { fetch: (request: Request) => Response } {
  return Object.assign(Object.create(new Proxy({}, { get: () => () => undefined })) as object, {
    fetch: () => new Response('proxied'),
  })
}

describe('what can be mounted', () => {
  const expressApp = express().get('/', (_request, response) => void response.send('express'))
  const koa = new Koa().use((context) => void (context.body = 'koa'))
  const fast = fastify().get('/', async () => 'fastify')
  const hono = new Hono().get('/', (context) => context.text('hono'))
  const router = Router().get('/', (_request, response) => void response.end('router'))
  const targets: Readonly<Record<string, ForeignTarget>> = {
    express: expressApp,
    koa,
    fastify: fast,
    hono,
    router,
    proxied: proxied(),
    'a server': createServer((_request, response) => response.end('a server')),
    'a listener': nodeHandler((_request, response) => response.end('a listener')),
    'a fetch function': fetchHandler(() => new Response('a fetch function')),
    'an object with fetch': { fetch: async () => new Response('an object with fetch') },
  }
  for (const [name, target] of Object.entries(targets))
    it(`${name}`, async () => {
      const { engine } = quiet()
      engine.mount('/', target)
      const { status, text } = await ask(engine, '/')
      assert.deepEqual([status, text], [200, name])
    })

  it('nothing else', () => {
    const { engine } = quiet()
    for (const target of [{}, [], 5, null, undefined, { use: () => {} }, { callback: () => {} }])
      assert.throws(() => engine.mount('/', target as never), TypeError)
    assert.throws(() => nodeHandler({} as never), TypeError)
    assert.throws(() => fetchHandler(undefined as never), TypeError)
  })

  it('a server that nobody listens to answers with 404', async () => {
    const { engine } = quiet()
    engine.mount('/', createServer())
    assert.equal((await ask(engine, '/')).status, 404)
  })

  it('a function is ours, however many parameters it has', async () => {
    const { engine } = quiet()
    engine.mount('/', (was, params) => `${was.request.method} ${Object.keys(params).length}`)
    assert.equal((await ask(engine, '/')).text, 'GET 0')
  })

  it('one foreign app at a point, behind the apps of ours', async () => {
    const { engine } = quiet()
    engine.mount('/', expressApp)
    engine.mount(
      '/',
      new App().get('/ours', () => 'ours'),
    )
    assert.throws(() => engine.mount('/', hono), TypeError)
    assert.throws(() => engine.mount('/', () => 'a function'), TypeError)
    assert.equal((await ask(engine, '/ours')).text, 'ours')
    assert.equal((await ask(engine, '/')).text, 'express')
  })
})

describe('a mount point', () => {
  it('is taken from the URL of a Node request', async () => {
    const { engine } = quiet()
    engine.mount('/shop', nodeHandler(echo))
    assert.equal((await ask(engine, '/shop/x%20y?a=/shop/')).text, '/x%20y?a=/shop/ /shop/x%20y?a=/shop/ /shop')
    assert.equal((await ask(engine, '/%73hop/x%20y?a')).text, '/x%20y?a /%73hop/x%20y?a /shop')
    assert.equal((await ask(engine, '/shop')).status, 308)
  })

  it('the root leaves the URL as it came', async () => {
    const { engine } = quiet()
    engine.mount('/', nodeHandler(echo))
    assert.equal((await ask(engine, '/%61?b=%20')).text, '/%61?b=%20  ')
    assert.equal((await ask(engine, 'http://example.com/x')).text, 'http://example.com/x  ')
  })

  it('leaves the prototypes to the app, also when it gets others', async () => {
    const { engine } = quiet()
    const app = express()
    const inner = express()
    const seen: unknown[] = []
    const look: RequestHandler = (request, response, next) => {
      const of = request.app as unknown as { request: object; response: object }
      seen.push(Object.getPrototypeOf(request) === of.request, Object.getPrototypeOf(response) === of.response)
      next()
    }
    inner.use(look)
    app.use(look, inner, look, (request, response) => void response.send((request as unknown as { mine: string }).mine))
    engine.mount('/', app)
    Object.defineProperty(app.request, 'mine', { value: 'mine', configurable: true })
    assert.equal((await ask(engine, '/')).text, 'mine')
    app.request = Object.create(app.request, { mine: { value: 'other' } }) as typeof app.request
    assert.equal((await ask(engine, '/')).text, 'other')
    assert.deepEqual(
      seen,
      Array.from({ length: 12 }, () => true),
    )
  })

  it('is what Express builds on', async () => {
    const { engine } = quiet()
    const app = express()
    app.use('/deep', (request, response) => void response.json([request.baseUrl, request.originalUrl, request.url]))
    engine.mount('/shop', app)
    assert.equal((await ask(engine, '/shop/deep/x?y')).text, '["/shop/deep","/shop/deep/x?y","/x?y"]')
  })

  it('stays in the URL of a web Request', async () => {
    const { engine } = quiet()
    engine.mount(
      '/shop',
      new Hono().basePath('/shop').get('/x', (context) => context.text(context.req.url)),
    )
    assert.equal((await ask(engine, '/shop/x?y')).text, 'http://example.com/shop/x?y')
  })

  it('a router goes on with 404, or 500 for an error', async () => {
    const { engine, errors } = quiet()
    engine.mount(
      '/',
      Router().get('/fails', (_request, _response, next) => next(new Error('failed'))),
    )
    assert.equal((await ask(engine, '/nothing')).status, 404)
    assert.equal((await ask(engine, '/fails')).status, 500)
    assert.equal((errors[0] as Error).message, 'failed')
  })
})

describe('a WebSocket', () => {
  it('beside a foreign app is ours', async () => {
    const app = new App()
    app.websocket('/echo', (_was, message) => message)
    const { port } = await serve((engine) => engine.mount('/', express()).mount('/', app))
    const socket = await websocket(`ws://127.0.0.1:${port}/echo`)
    await socket.send('hello')
    assert.equal(await socket.receive(), 'hello')
    await socket.close()
  })

  it('is refused by a foreign app', async () => {
    const { engine } = quiet()
    engine.mount(
      '/',
      express().use((_request, response) => void response.end('never')),
    )
    const headers = {
      Connection: 'close, Upgrade',
      Upgrade: 'websocket',
      'Sec-WebSocket-Version': '13',
      'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
    }
    const { status, text } = await ask(engine, '/', { headers })
    assert.equal(status, 400)
    assert.match(text, /Here is no WebSocket/)
  })

  it('any other Upgrade is a plain request', async () => {
    const { engine } = quiet()
    engine.mount(
      '/',
      express().use((request, response) => void response.end(request.get('upgrade'))),
    )
    assert.equal(
      (await ask(engine, '/', { headers: { Connection: 'close, Upgrade', Upgrade: 'other/1' } })).text,
      'other/1',
    )
  })
})
