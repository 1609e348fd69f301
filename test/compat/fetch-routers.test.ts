/** Other routers that are a `fetch` handler: h3 and itty-router, unchanged. */

import { getRequestListener } from '@hono/node-server'
import { createEventStream, defineHandler, getQuery, getRouterParam, H3, HTTPError, readBody, setCookie } from 'h3'
import { AutoRouter, cors, error, json, type IRequest, status, withCookies } from 'itty-router'
import type { FetchFunction } from '#src/server/index.js'
import { type Case, compare, Log, type Subject } from './comparing.js'

const LONG = 'x'.repeat(100_000)

function h3(): H3 {
  const app = new H3()
  app.use((event) => void event.res.headers.set('x-behind', 'yes'))
  app.get('/text', () => 'text \u2713')
  app.get('/json', () => ({ a: 1 }))
  app.get('/user/:id', (event) => ({ id: getRouterParam(event, 'id'), query: getQuery(event) }))
  app.get('/status', (event) => {
    event.res.status = 201
    event.res.headers.append('x-a', 'a')
    return 'made'
  })
  app.get('/cookie', (event) => {
    setCookie(event, 'a', 'b', { httpOnly: true, path: '/' })
    setCookie(event, 'c', 'd')
    return 'ok'
  })
  app.get('/later', async () => {
    await new Promise((resolve) => setImmediate(resolve))
    return new Response('later', { headers: { 'x-later': 'yes' } })
  })
  app.get('/throws', () => {
    throw new HTTPError({ status: 409, statusText: 'Taken' })
  })
  app.get('/none', () => new Response(null, { status: 204 }))
  app.get('/stream', () => {
    let left = 20
    return new ReadableStream<Uint8Array>({
      pull(controller) {
        if (left-- > 0) controller.enqueue(Buffer.from(LONG))
        else controller.close()
      },
    })
  })
  app.get('/events', async (event) => {
    const stream = createEventStream(event)
    void (async () => {
      for (let i = 0; i < 3; i++) await stream.push(`event ${i}`)
      await stream.close()
    })()
    return stream.send()
  })
  app.post('/echo', async (event) => ({ got: await readBody(event) }))
  app.mount(
    '/part',
    new H3().get(
      '/in',
      defineHandler((event) => event.url.pathname),
    ),
  )
  return app
}

function itty(): { readonly fetch: FetchFunction } {
  const { preflight, corsify } = cors({ origin: 'http://example.com' })
  const router = AutoRouter({ before: [preflight, withCookies], finally: [corsify] })
  router
    .get('/text', () => new Response('text \u2713'))
    .get('/json', () => ({ a: 1 }))
    .get('/user/:id', ({ params, query }: IRequest) => ({ id: params['id'], query: { ...query } }))
    .get('/status', () => status(201, { headers: { 'x-a': 'a' } }))
    .get('/cookie', ({ cookies }: IRequest) => json({ ...(cookies as object) }, { headers: { 'set-cookie': 'a=b' } }))
    .get('/later', async () => {
      await new Promise((resolve) => setImmediate(resolve))
      return new Response('later', { headers: { 'x-later': 'yes' } })
    })
    .get('/throws', () => error(409, 'Taken'))
    .get('/none', () => status(204))
    .get('/long', () => new Response(LONG))
    .post('/echo', (request: IRequest) => request.json().then((got) => ({ got })))
    .all('/part/*', ({ url, method }: IRequest) => ({ path: new URL(url).pathname, method }))
  return router as { readonly fetch: FetchFunction }
}

function make(app: { readonly fetch: FetchFunction }): Subject {
  return { target: app, listener: getRequestListener(app.fetch as (request: Request) => Response), log: new Log() }
}

const get = (path: string, rest: Partial<Case> = {}): Case => ({ name: `GET ${path}`, path, ...rest })

const shared: readonly Case[] = [
  ...['/text', '/json', '/user/a%20b?x=1&x=2&y', '/status', '/later', '/throws', '/none', '/missing', '/part/in'].map(
    (path) => get(path),
  ),
  get('/cookie', { headers: { cookie: 'one=1; two=2' } }),
  get('/json', { name: 'another origin', headers: { origin: 'http://example.com' } }),
  {
    name: 'preflight',
    path: '/json',
    method: 'OPTIONS',
    headers: { origin: 'http://example.com', 'access-control-request-method': 'PUT' },
  },
  {
    name: 'content',
    path: '/echo',
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"a":["\u2713"]}',
  },
  {
    name: 'malformed content',
    path: '/echo',
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"a"',
  },
]

/** The adapter gives this type to all that has none, and writes it in its own way; we leave a Response as it is. */
const UNTYPED = /^content-type: text\/plain; ?charset=UTF-8$/

await compare(
  'h3',
  () => make(h3()),
  [...shared, get('/stream'), get('/events'), { name: 'HEAD', path: '/text', method: 'HEAD' }],
  UNTYPED,
)
await compare('itty-router', () => make(itty()), [...shared, get('/long')], UNTYPED)
