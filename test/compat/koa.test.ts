import path from 'node:path'
import { Readable } from 'node:stream'
import Koa from 'koa'
import { repoRoot } from '../../tools/repo.js'
import { type Case, compare, Log, type Subject } from './comparing.js'
import { withCookiesOf } from './cookies.js'
import { koaBodyParser, koaSession, koaStatic } from './untyped.js'

type Handler = (ctx: Koa.Context) => unknown

const LONG = 'x'.repeat(100_000)

const routes: Readonly<Record<string, Handler>> = {
  '/text': (ctx) => (ctx.body = 'text'),
  '/html': (ctx) => (ctx.body = '<p>html'),
  '/json': (ctx) => (ctx.body = { a: 1, list: [null, '\u2713'] }),
  '/buffer': (ctx) => (ctx.body = Buffer.from('bytes')),
  '/stream': (ctx) => (ctx.body = Readable.from(['a', LONG])),
  '/web': (ctx) => (ctx.body = new Response('web', { headers: { 'x-a': 'a' } })),
  '/blob': (ctx) => (ctx.body = new Blob(['blob'])),
  '/null': (ctx) => (ctx.body = null),
  '/status': (ctx) => {
    ctx.status = 202
    ctx.message = 'Later'
    ctx.body = 'accepted'
  },
  '/redirect': (ctx) => ctx.redirect('/text'),
  '/throw': (ctx) => ctx.throw(403, 'not for you', { headers: { 'x-reason': 'why' } }),
  '/error': () => {
    throw new Error('hidden')
  },
  '/broken': (ctx) => {
    async function* pieces(): AsyncGenerator<string> {
      yield 'begun'
      await new Promise((resolve) => setTimeout(resolve, 50))
      throw new Error('broken')
    }
    ctx.body = Readable.from(pieces())
  },
  '/cookies': (ctx) => {
    ctx.cookies.set('a', '1')
    ctx.cookies.set('b', '2', { signed: true, httpOnly: false })
    ctx.body = [ctx.cookies.get('a'), ctx.cookies.get('b', { signed: true })]
  },
  '/fresh': (ctx) => {
    ctx.etag = 'tag'
    ctx.body = 'fresh'
    if (ctx.fresh) ctx.status = 304
  },
  '/raw': (ctx) => {
    ctx.respond = false
    ctx.res.writeHead(201, { 'x-raw': 'yes' })
    ctx.res.end('raw')
  },
  '/body': (ctx) => (ctx.body = (ctx.request as unknown as { body: unknown }).body),
  '/session': (ctx) => {
    const kept = ctx['session'] as { count?: number }
    kept.count = (kept.count ?? 0) + 1
    ctx.body = String(kept.count)
  },
  '/seen': ({ request, ...ctx }) =>
    ((ctx as unknown as { response: { body: unknown } }).response.body = {
      url: [request.url, request.originalUrl, request.path, request.querystring, request.query],
      method: request.method,
      host: [request.hostname, request.protocol, request.secure, request.ip, request.subdomains],
      type: [
        request.type,
        request.length ?? 'none',
        request.is('json'),
        request.accepts('html', 'json'),
        request.idempotent,
      ],
    }),
  '/headers': (ctx) => {
    ctx.set('X-A', 'a')
    ctx.append('X-A', 'b')
    ctx.vary('Accept')
    ctx.lastModified = new Date(0)
    ctx.body = [ctx.headerSent, ctx.writable, ctx.response.get('x-a')]
  },
}

function make(): Subject {
  const app = new Koa({ keys: ['secret'] })
  app.silent = true
  app.use(async (ctx, next) => {
    await next()
    ctx.set('x-behind', 'yes')
  })
  app.use(koaSession({ signed: false }, app))
  app.use(koaBodyParser())
  app.use(koaStatic(path.join(repoRoot, 'test/compat/files')))
  app.use(async (ctx) => {
    await Promise.resolve()
    await routes[ctx.path]?.(ctx)
  })
  return { target: app, listener: app.callback(), log: new Log() }
}

const get = (where: string, more: Partial<Case> = {}): Case => ({ name: `GET ${where}`, path: where, ...more })

await compare('koa', make, [
  ...Object.keys(routes)
    .filter((where) => where !== '/body')
    .map((where) => get(where, { mask: /koa\.sess=[^;]+/g })),
  get('/missing'),
  get('/'),
  get('/digits.txt'),
  get('/.hidden'),
  get('/seen?a=b&a=c', { name: 'a query', headers: { accept: 'text/html', 'x-forwarded-proto': 'https' } }),
  get('/digits.txt', { name: 'a range', headers: { range: 'bytes=1-2' } }),
  get('/fresh', { name: 'a condition', headers: { 'if-none-match': '"tag"' } }),
  get('/session', { name: 'a session that goes on', before: withCookiesOf('/session'), mask: /koa\.sess=[^;]+/g }),
  get('/cookies', { name: 'cookies that come back', before: withCookiesOf('/cookies') }),
  ...['/text', '/json', '/stream', '/missing', '/digits.txt'].map((where): Case => ({
    name: `HEAD ${where}`,
    path: where,
    method: 'HEAD',
  })),
  { name: 'OPTIONS', path: '/text', method: 'OPTIONS' },
  {
    name: 'a JSON body',
    path: '/body',
    method: 'POST',
    body: '{"a":1}',
    headers: { 'content-type': 'application/json' },
  },
  {
    name: 'a JSON body that is none',
    path: '/body',
    method: 'POST',
    body: '{',
    headers: { 'content-type': 'application/json' },
  },
  {
    name: 'a form',
    path: '/body',
    method: 'POST',
    body: 'a=1&b=2',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  },
])
