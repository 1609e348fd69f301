import type { RequestListener } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import { Hono } from 'hono'
import { basicAuth } from 'hono/basic-auth'
import { bodyLimit } from 'hono/body-limit'
import { compress } from 'hono/compress'
import { deleteCookie, getCookie, setCookie } from 'hono/cookie'
import { cors } from 'hono/cors'
import { etag } from 'hono/etag'
import { HTTPException } from 'hono/http-exception'
import { requestId } from 'hono/request-id'
import { secureHeaders } from 'hono/secure-headers'
import { stream, streamSSE, streamText } from 'hono/streaming'
import { timeout } from 'hono/timeout'
import { fetchHandler, type ForeignTarget, useLightResponse } from '#src/server/index.js'
import { type Case, compare, Log, type Subject } from './comparing.js'
import { form, FORM_TYPE } from './multipart.js'

const LONG = 'x'.repeat(100_000)

function responses(app: Hono): void {
  app.get('/text', (c) => c.text('text \u2713'))
  app.get('/html', (c) => c.html('<p>html'))
  app.get('/json', (c) => c.json({ a: 1 }, 201, { 'x-a': 'a' }))
  app.get('/body', (c) => c.body(new Uint8Array([1, 2, 3]), 200, { 'content-type': 'application/octet-stream' }))
  app.get('/buffer', () => new Response(new ArrayBuffer(5)))
  app.get('/blob', () => new Response(new Blob(['blob'], { type: 'text/x-blob' })))
  app.get('/form', () => new Response(new URLSearchParams({ a: 'b' })))
  app.get('/null', () => new Response(null, { status: 204 }))
  app.get('/empty', () => new Response(''))
  app.get('/no-type', () => new Response('x', { headers: [['x-a', 'a']] }))
  app.get('/headers', () => {
    const headers = new Headers({ 'x-a': 'a' })
    headers.append('x-a', 'b')
    headers.append('set-cookie', 'a=1')
    headers.append('set-cookie', 'b=2')
    return new Response('headers', { headers, status: 299 })
  })
  app.get('/later-headers', (c) => {
    c.header('x-before', 'yes')
    const response = c.text('later')
    response.headers.set('x-later', 'yes')
    return response
  })
  app.get('/static-json', () => Response.json({ a: 1 }))
  app.get('/static-redirect', () => Response.redirect('http://example.com/', 307))
  app.get('/redirect', (c) => c.redirect('/text'))
  app.get('/clone', async (c) => {
    const response = new Response('cloned', { headers: { 'x-a': 'a' } })
    return c.text((await response.clone().text()) + (await response.text()) + String(response.bodyUsed))
  })
  app.get('/wrapped', (c) => {
    const inner = c.text('wrapped')
    return new Response(inner.body, inner)
  })
  app.get('/instance', (c) => {
    const text = c.text('x')
    return c.json([
      text instanceof Response,
      text.ok,
      text.status,
      text.type,
      text.redirected,
      c.req.raw instanceof Request,
    ])
  })
  app.get('/not-modified', () => new Response(null, { status: 304, headers: { etag: '"a"' } }))
  app.get('/status-text', () => new Response('x', { status: 201 }))
  app.get('/cookies', (c) => {
    setCookie(c, 'a', 'b', { httpOnly: true, path: '/' })
    deleteCookie(c, 'old')
    return c.json(getCookie(c))
  })
}

function streams(app: Hono): void {
  app.get('/stream', (c) => stream(c, async (out) => void (await out.write(LONG), await out.write('end'))))
  app.get('/stream-text', (c) =>
    streamText(c, async (out) => {
      for (let i = 0; i < 3; i++) await out.writeln(String(i))
    }),
  )
  app.get('/events', (c) =>
    streamSSE(c, async (out) => void (await out.writeSSE({ data: 'one\ntwo', event: 'e', id: '1' }))),
  )
  app.get('/late-error', () => {
    let sent = false
    return new Response(
      new ReadableStream({
        async pull(controller) {
          if (sent) await new Promise((resolve) => setTimeout(resolve, 50))
          if (sent) throw new Error('late')
          sent = true
          controller.enqueue(new TextEncoder().encode('begun'))
        },
      }),
    )
  })
}

function requests(app: Hono): void {
  app.all('/seen/:id', (c) => {
    const { method, path } = c.req
    const url = new URL(c.req.url)
    return c.json({
      method,
      path,
      search: url.search,
      pathname: url.pathname,
      id: c.req.param('id'),
      query: c.req.queries(),
      header: c.req.header('x-a'),
      used: c.req.raw.bodyUsed,
    })
  })
  app.post('/echo-text', async (c) => c.text(await c.req.text()))
  app.post('/echo-json', async (c) => c.json(await c.req.json()))
  app.post('/echo-buffer', async (c) => c.body(await c.req.arrayBuffer()))
  app.post('/echo-blob', async (c) => c.text(await (await c.req.blob()).text()))
  app.post('/echo-stream', (c) => new Response(c.req.raw.body))
  app.post('/form', async (c) => {
    const all = await c.req.parseBody({ all: true })
    return c.json(
      Object.entries(all).map(([name, value]) => [name, value instanceof File ? [value.name, value.size] : value]),
    )
  })
  app.post('/clone', async (c) => {
    const copy = c.req.raw.clone()
    return c.text(`${await copy.text()} ${await c.req.text()}`)
  })
  app.post('/request-init', async (c) => c.text(await new Request('http://example.com/', c.req.raw).text()))
  app.post('/twice', async (c) => {
    await c.req.raw.text()
    return c.text(await c.req.raw.text().then(String, (error: Error) => error.name))
  })
  app.post('/limited', bodyLimit({ maxSize: 10 }), async (c) => c.text(await c.req.text()))
  app.post('/unread', (c) => c.text('unread'))
  app.mount('/mounted', (request: Request) => new Response(new URL(request.url).pathname))
}

const make = (dress: (app: Hono) => ForeignTarget) => (): Subject => {
  const app = new Hono()
  app.use('/cors/*', cors())
  app.use('/tagged/*', etag())
  app.use('/packed/*', compress({ threshold: 10 }))
  app.use('/secure/*', secureHeaders())
  app.use('/id/*', requestId({ generator: () => 'an-id' }))
  app.use('/auth/*', basicAuth({ username: 'a', password: 'b' }))
  app.use('/slow/*', timeout(30))
  app.get('/slow/x', async (c) => {
    await new Promise((resolve) => setTimeout(resolve, 200))
    return c.text('slow')
  })
  for (const where of ['/cors/x', '/tagged/x', '/packed/x', '/secure/x', '/id/x', '/auth/x'])
    app.get(where, (c) => c.text(LONG))
  app.get('/throws', () => {
    throw new HTTPException(418, { message: 'short' })
  })
  app.get('/rejects', async () => {
    throw new Error('unexpected')
  })
  app.onError((error, c) => (error instanceof HTTPException ? error.getResponse() : c.text('an error', 500)))
  responses(app)
  streams(app)
  requests(app)
  return {
    target: dress(app),
    listener: getRequestListener(app.fetch, { overrideGlobalObjects: false }) as RequestListener,
    log: new Log(),
  }
}

const get = (where: string, more: Partial<Case> = {}): Case => ({ name: `GET ${where}`, path: where, ...more })
const post = (where: string, body = 'a body', type = 'text/plain'): Case => ({
  name: `POST ${where} ${type}`,
  path: where,
  method: 'POST',
  body,
  headers: { 'content-type': type },
})

const cases: Case[] = [
  ...[
    '/text',
    '/html',
    '/json',
    '/body',
    '/buffer',
    '/blob',
    '/form',
    '/null',
    '/empty',
    '/no-type',
    '/headers',
    '/later-headers',
    '/static-json',
    '/static-redirect',
    '/redirect',
    '/clone',
    '/wrapped',
    '/instance',
    '/not-modified',
    '/status-text',
    '/cookies',
    '/stream',
    '/stream-text',
    '/events',
    '/late-error',
    '/seen/a%20b?x=1&x=2&y',
    '/cors/x',
    '/tagged/x',
    '/secure/x',
    '/id/x',
    '/auth/x',
    '/slow/x',
    '/throws',
    '/rejects',
    '/missing',
    '/mounted/deep',
  ].map((where) => get(where)),
  get('/packed/x', { headers: { 'accept-encoding': 'gzip' } }),
  get('/tagged/x', { name: 'a condition', headers: { 'if-none-match': '*' } }),
  get('/auth/x', { name: 'credentials', headers: { authorization: `Basic ${btoa('a:b')}` } }),
  get('/cookies', { name: 'cookies', headers: { cookie: 'a=1; b=2', origin: 'http://example.com' } }),
  get('/cors/x', { name: 'an origin', headers: { origin: 'http://example.com' } }),
  {
    name: 'preflight',
    path: '/cors/x',
    method: 'OPTIONS',
    headers: { origin: 'http://example.com', 'access-control-request-method': 'PUT' },
  },
  ...['/text', '/json', '/stream', '/null', '/missing', '/redirect'].map((where): Case => ({
    name: `HEAD ${where}`,
    path: where,
    method: 'HEAD',
  })),
  ...['PUT', 'PATCH', 'DELETE', 'PROPFIND'].map((method): Case => ({
    name: method,
    path: '/seen/x',
    method,
    headers: { 'x-a': 'a' },
  })),
  ...[
    '/echo-text',
    '/echo-buffer',
    '/echo-blob',
    '/echo-stream',
    '/clone',
    '/request-init',
    '/twice',
    '/limited',
    '/unread',
    '/seen/x',
  ].map((where) => post(where)),
  post('/echo-stream', LONG),
  post('/echo-text', 'h\u00e9llo \u2713'),
  post('/limited', 'short'),
  post('/echo-json', '{"a":[1]}', 'application/json'),
  post('/echo-json', '{"a"', 'application/json'),
  post('/form', 'a=1&a=2&b=3', 'application/x-www-form-urlencoded'),
  post(
    '/form',
    form([
      { name: 'title', text: 'A' },
      { name: 'file', file: 'a.txt', text: 'x'.repeat(70_000) },
    ]),
    FORM_TYPE,
  ),
]

/** The adapter gives this type to all that has none; we leave a Response as it is. */
const UNTYPED = /^content-type: text\/plain; charset=UTF-8$/

await compare(
  'hono',
  make((app) => app),
  cases,
  UNTYPED,
)
await compare(
  'hono, the Response of the runtime',
  make(({ fetch }) => fetchHandler(fetch as never, { lightResponse: false })),
  cases,
  UNTYPED,
)
useLightResponse()
await compare(
  'hono, the light Response everywhere',
  make((app) => app),
  cases,
  UNTYPED,
)
