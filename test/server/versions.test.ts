import assert from 'node:assert/strict'
import { createReadStream } from 'node:fs'
import path from 'node:path'
import { Readable } from 'node:stream'
import { describe, it } from 'node:test'
import { App, HttpError, type HandlerValue, type Was } from '#src/server/index.js'
import { put, temporaryDirectory } from './static/site.js'
import { everyVersion, type Question, type Reply } from './versions.js'

const root = temporaryDirectory()
put(root, 'index.html', '<p>index')
put(root, 'file.txt', '0123456789'.repeat(20_000))
put(root, 'page.html', '<p>page')
put(root, 'page.html.gz', 'gzipped')

/** What a handler sees, but for what it must see: the version, the scheme and the port. */
const seen = ({ request }: Was): object => ({
  method: request.method,
  uri: request.uri,
  path: request.path,
  query: [...request.query],
  host: request.host.replace(/:\d+$/, ''),
  names: request
    .getHeaders()
    .map(([name]) => name)
    .filter((name) => !['connection', 'transfer-encoding'].includes(name))
    .sort(),
  cookie: request.getHeader('cookie'),
  hasHost: request.headers.get('host') === request.host,
  type: request.getContentType(),
})

const app = new App({ bodyBytesMax: 100_000 })
  .get('/seen', seen)
  .get('/text', () => 'h\u00e9llo')
  .get('/bytes', () => new Uint8Array(100_000))
  .get('/json', () => ({ a: [1, null] }))
  .get('/nothing', () => undefined)
  .get('/stream', () => Readable.from([Buffer.from('a'), Buffer.from('b')]))
  .get('/file', () => createReadStream(path.join(root, 'file.txt')))
  .get('/generator', async function* () {
    for (let i = 0; i < 100; i++) yield `${i} `.repeat(500)
  } as () => AsyncGenerator<string>)
  .get('/broken', async function* () {
    yield 'begun'
    await new Promise((resolve) => setImmediate(resolve))
    throw new HttpError(500, 'too late')
  } as () => AsyncGenerator<string>)
  .get('/web', () => new Response('web', { status: 203, headers: { 'x-web': 'yes', connection: 'close' } }))
  .get('/set', ({ response }) => {
    response.setHeader('X-Set', 'one')
    response.addHeader('Set-Cookie', 'a=1')
    response.addHeader('Set-Cookie', 'b=2')
    response.setHeader('Keep-Alive', 'timeout=5')
    return response('201 Created', { made: true }, { Location: '/made' })
  })
  .get('/etag', ({ response }) => response(200, 'content', { ETag: '"v1"' }))
  .get('/error', () => {
    throw new HttpError(418, 'short and stout', ['x-tea', 'yes'])
  })
  .get('/wrong', ({ response }) => response(200, 'x', { 'Content-Length': '5' }))
  .get('/hints', (was) => {
    was.earlyHints(['Link', '</a.css>; rel=preload'])
    return 'hinted'
  })
  .get('/trailers', ({ response }) => {
    response.setTrailer('X-Sum', '12')
    return 'trailed'
  })
  .post('/echo', ({ request }) => request.stream())
  .post('/text', ({ request }) => request.text())
  .post('/unread', () => 'unread')
  .post('/behind', async ({ request }) => `${await request.text()} ${request.trailers.get('x-behind')}`)
  .route('/int/<int:n>', { methods: ['GET', 'DELETE'] }, (_was, { n }) => n as HandlerValue)

const ways = await everyVersion((engine) => engine.mount('/', app).mount('/static', root))

const questions: readonly (readonly [string, string, Question?])[] = [
  ['the request', '/seen?a=b%20c', { headers: { 'x-a': 'b', cookie: 'c=d; e=f' } }],
  ['text', '/text'],
  ['HEAD', '/text', { method: 'HEAD' }],
  ['bytes', '/bytes'],
  ['JSON', '/json'],
  ['nothing', '/nothing'],
  ['a stream', '/stream'],
  ['HEAD of a stream', '/stream', { method: 'HEAD' }],
  ['a file that a handler opens', '/file'],
  ['a generator', '/generator'],
  ['what breaks off', '/broken'],
  ['a web Response', '/web'],
  ['fields that were set', '/set'],
  ['a validator', '/etag'],
  ['a validator that fits', '/etag', { headers: { 'if-none-match': '"v1"' } }],
  ['a range', '/etag', { headers: { range: 'bytes=1-3' } }],
  ['an expected error', '/error'],
  ['a field that the engine writes', '/wrong'],
  ['early hints', '/hints'],
  ['trailers', '/trailers'],
  ['a path parameter', '/int/42'],
  ['no route', '/none'],
  ['no method', '/int/42', { method: 'PUT', body: '' }],
  ['OPTIONS', '/int/42', { method: 'OPTIONS' }],
  ['a path that is refused', '/a%2fb'],
  ['a bare mount point', '/static'],
  ['a directory', '/static/'],
  ['a static file', '/static/file.txt'],
  ['HEAD of a static file', '/static/file.txt', { method: 'HEAD' }],
  ['a part of a static file', '/static/file.txt', { headers: { range: 'bytes=5-9' } }],
  ['a compressed static file', '/static/page.html', { headers: { 'accept-encoding': 'gzip' } }],
  ['no static file', '/static/none'],
  ['content', '/text', { method: 'POST', body: 'content' }],
  ['much content', '/echo', { method: 'POST', body: 'x'.repeat(500_000) }],
  ['too much content', '/text', { method: 'POST', body: 'x'.repeat(200_000) }],
  ['content that nobody reads', '/unread', { method: 'POST', body: 'x' }],
  ['trailers of the request', '/behind', { method: 'POST', body: 'content', trailers: { 'x-behind': 'yes' } }],
]

describe('nothing in an app shows which version carries it', () => {
  for (const [name, target, question] of questions)
    it(name, async () => {
      const replies = new Map<string, Reply>()
      for (const [version, ask] of ways) replies.set(version, await ask(target, question))
      const first = replies.get('HTTP/1.1')
      for (const [version, reply] of replies) assert.deepEqual(reply, first, version)
    })
})
