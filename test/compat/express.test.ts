import path from 'node:path'
import { Readable } from 'node:stream'
import express, { type ErrorRequestHandler, type Express, Router } from 'express'
import { repoRoot } from '../../tools/repo.js'
import { type Case, compare, Log, type Subject } from './comparing.js'
import { withCookiesOf } from './cookies.js'
import { form, FORM_TYPE } from './multipart.js'
import { compression, connect, cookieParser, expressSession, multer, serveStatic } from './untyped.js'

const files = path.join(repoRoot, 'test/compat/files')
/** Where errors show the lines that they came from. */
const TRACE = /content-length: \d+|(?:(?:<br>|\\n)[^<"]*at [^<"]*)+/g

const LONG = 'The quick brown fox jumps over the lazy dog. '.repeat(200)

function parsers(app: Express): void {
  app.post('/json', express.json({ limit: '10kb' }), (req, res) => void res.json(req.body))
  app.post('/form', express.urlencoded({ extended: true }), (req, res) => void res.json(req.body))
  app.post('/text', express.text(), (req, res) => void res.send(req.body))
  app.post('/raw', express.raw(), (req, res) => void res.send(String((req.body as Buffer).length)))
  const upload = multer({ storage: multer.memoryStorage(), limits: { fileSize: 100_000 } })
  app.post('/upload', upload.array('files'), (req, res) => {
    const all = (req as unknown as { files: { originalname: string; size: number; mimetype: string }[] }).files
    res.json({
      body: req.body as unknown,
      files: all.map(({ originalname, size, mimetype }) => [originalname, size, mimetype]),
    })
  })
}

function responses(app: Express): void {
  app.get('/send', (_req, res) => void res.send('<p>sent'))
  app.get('/object', (_req, res) => void res.json({ a: [1, null, '\u2713'] }))
  app.get('/buffer', (_req, res) => void res.send(Buffer.from('bytes')))
  app.get('/status', (_req, res) => void res.sendStatus(404))
  app.get('/moved', (_req, res) => void res.redirect('/send'))
  app.get('/moved/for/good', (_req, res) => void res.redirect(301, '/send?a=b'))
  app.get('/cookies', (req, res) => {
    res.cookie('plain', 'a b', { httpOnly: true, sameSite: 'lax' }).cookie('signed', 'yes', { signed: true })
    res.clearCookie('old')
    res.json([req.cookies, req.signedCookies])
  })
  app.get('/file', (_req, res) => void res.sendFile(path.join(files, 'digits.txt')))
  app.get('/download', (_req, res) => void res.download(path.join(files, 'digits.txt'), 'num"bers.txt'))
  app.get('/lost', (_req, res, next) => void res.sendFile(path.join(files, 'nothing'), next))
  app.get('/attachment', (_req, res) => void res.attachment('a.csv').send('a,b'))
  app.get('/format', (_req, res) => void res.format({ html: () => res.send('<p>html'), json: () => res.json('json') }))
  app.get(
    '/links',
    (_req, res) =>
      void res.links({ next: '/2' }).vary('Accept').type('text').append('x-a', 'a').append('x-a', 'b').send('links'),
  )
  app.get('/etag', (_req, res) => void res.set('Last-Modified', 'Mon, 01 Jan 2024 00:00:00 GMT').send('tagged'))
  app.get('/stream', (_req, res) => void Readable.from(['a', 'b', LONG]).pipe(res))
  app.get('/jsonp', (_req, res) => void res.jsonp({ a: 1 }))
  app.get('/nothing', (_req, res) => void res.status(204).send('not sent'))
  app.get('/seen/:name', (req, res) => {
    const {
      method,
      path: where,
      originalUrl,
      baseUrl,
      url,
      query,
      params,
      hostname,
      protocol,
      secure,
      ip,
      subdomains,
      xhr,
      fresh,
    } = req
    res.json({
      method,
      where,
      originalUrl,
      baseUrl,
      url,
      query,
      params,
      hostname,
      protocol,
      secure,
      ip,
      subdomains,
      xhr,
      fresh,
      accepts: req.accepts(['html', 'json']),
      is: req.is('json'),
      get: req.get('X-A'),
      range: req.range(10),
    })
  })
}

function errors(app: Express): void {
  app.get('/throws', () => {
    throw new Error('thrown')
  })
  app.get('/rejects', async () => {
    await Promise.resolve()
    throw Object.assign(new Error('rejected'), { status: 409, expose: true })
  })
  app.get('/late', (_req, res, next) => {
    res.write('begun')
    setImmediate(() => next(new Error('too late')))
  })
  const explain: ErrorRequestHandler = (error: Error, _req, res, next) => {
    if (error.message === 'mine') res.status(418).json({ error: error.message })
    else next(error)
  }
  app.get('/mine', (_req, _res, next) => next(new Error('mine')))
  app.use(explain)
}

/** An app with all that is in the books. */
function makeApp(): Subject {
  const app = express()
  app.set('env', 'test')
  app.use(cookieParser('secret'))
  app.use('/packed', compression({ threshold: 0 }), (_req, res) => void res.type('text').send(LONG))
  app.use(
    '/packed-stream',
    compression({ threshold: 0 }),
    (_req, res) => void Readable.from([LONG, LONG]).pipe(res.type('text')),
  )
  app.use('/session', expressSession({ secret: 'secret', resave: false, saveUninitialized: true }), (req, res) => {
    const { session: kept } = req as unknown as { session: { count?: number } }
    kept.count = (kept.count ?? 0) + 1
    res.json({ count: kept.count })
  })
  app.use('/files', serveStatic(files))
  app.use('/own-files', express.static(files, { dotfiles: 'allow', maxAge: 1000, index: false }))
  const router = Router({ mergeParams: true })
  router.get('/deep', (req, res) => void res.json([req.baseUrl, req.originalUrl, req.url, req.params]))
  app.use('/router/:id', router)
  const inner = express()
  inner.get('/deep', (req, res) => void res.json([req.baseUrl, req.originalUrl, inner.mountpath, req.app === inner]))
  app.use('/inner', inner)
  app.all('/all', (req, res) => void res.send(req.method))
  app
    .route('/route')
    .get((_req, res) => void res.send('get'))
    .put((_req, res) => void res.send('put'))
  parsers(app)
  responses(app)
  errors(app)
  return { target: app, listener: app, log: new Log() }
}

const JSON_TYPE = { 'content-type': 'application/json' }
const get = (where: string, more: Partial<Case> = {}): Case => ({
  name: `GET ${where} ${JSON.stringify(more.headers ?? '')}`,
  path: where,
  ...more,
})
const post = (name: string, where: string, body: string, type: string): Case => ({
  name,
  mask: TRACE,
  path: where,
  method: 'POST',
  body,
  headers: { 'content-type': type },
})

await compare('express', makeApp, [
  ...[
    '/send',
    '/object',
    '/buffer',
    '/status',
    '/moved',
    '/moved/for/good',
    '/file',
    '/download',
    '/lost',
    '/attachment',
    '/format',
    '/links',
    '/stream',
    '/jsonp?callback=f',
    '/nothing',
    '/seen/a%20b?x=1&y[z]=2',
    '/all',
    '/route',
    '/router/5/deep?a=b',
    '/inner/deep',
    '/missing',
    '/files/',
    '/files',
    '/files/digits.txt',
    '/files/.hidden',
    '/own-files/.hidden',
    '/own-files/',
    '/files/nothing',
    '/cookies',
    '/mine',
    '/late',
  ].map((where) => get(where)),
  get('/throws', { mask: TRACE }),
  get('/rejects', { mask: TRACE }),
  get('/seen/x', {
    headers: {
      'x-a': 'a',
      accept: 'application/json',
      range: 'bytes=0-4',
      'x-requested-with': 'XMLHttpRequest',
      'x-forwarded-for': '1.2.3.4',
    },
  }),
  get('/format', { headers: { accept: 'application/json' } }),
  get('/format', { headers: { accept: 'image/png' } }),
  get('/files/digits.txt', { headers: { range: 'bytes=2-4' } }),
  get('/files/digits.txt', { headers: { range: 'bytes=20-' } }),
  get('/files/digits.txt', { headers: { range: 'bytes=0-1,3-4' } }),
  get('/files/digits.txt', { headers: { 'if-modified-since': 'Fri, 01 Jan 2100 00:00:00 GMT' } }),
  get('/etag', { headers: { 'if-none-match': '*' } }),
  get('/etag', { headers: { 'if-modified-since': 'Fri, 01 Jan 2100 00:00:00 GMT' } }),
  get('/packed', { headers: { 'accept-encoding': 'gzip' } }),
  get('/packed', { headers: { 'accept-encoding': 'br' } }),
  get('/packed'),
  get('/packed-stream', { headers: { 'accept-encoding': 'gzip' } }),
  get('/cookies', { name: 'cookies that come back', before: withCookiesOf('/cookies') }),
  get('/session', { mask: /connect\.sid=[^;]+/g }),
  get('/session', { name: 'a session that goes on', before: withCookiesOf('/session') }),
  ...['/send', '/file', '/stream', '/files/digits.txt', '/packed', '/missing', '/all'].map((where): Case => ({
    name: `HEAD ${where}`,
    path: where,
    method: 'HEAD',
  })),
  ...['/route', '/all', '/missing', '/files/digits.txt'].map((where): Case => ({
    name: `OPTIONS ${where}`,
    path: where,
    method: 'OPTIONS',
  })),
  { name: 'DELETE /route', path: '/route', method: 'DELETE' },
  { name: 'PUT /route', path: '/route', method: 'PUT' },
  post('a JSON body', '/json', '{"a":[1,"\u2713"]}', 'application/json'),
  post('a JSON body that is none', '/json', '{"a":', 'application/json'),
  post('a JSON body that is too large', '/json', JSON.stringify('x'.repeat(20_000)), 'application/json'),
  post('a JSON body that a key pollutes', '/json', '{"__proto__":{"a":1},"constructor":2}', 'application/json'),
  post('a body of another type', '/json', 'text', 'text/plain'),
  {
    name: 'a JSON body in an unknown coding',
    path: '/json',
    method: 'POST',
    body: '{}',
    headers: { ...JSON_TYPE, 'content-encoding': 'pigeon' },
  },
  { name: 'no body', path: '/json', method: 'POST', headers: { ...JSON_TYPE, 'content-length': '0' } },
  post('a form', '/form', 'a=1&b[c]=2&d=%E2%9C%93', 'application/x-www-form-urlencoded'),
  post('a text', '/text', 'some text', 'text/plain'),
  post('octets', '/raw', 'x'.repeat(50_000), 'application/octet-stream'),
  post(
    'an upload',
    '/upload',
    form([
      { name: 'title', text: 'A title' },
      { name: 'files', file: 'a.txt', text: 'first' },
      { name: 'files', file: 'b.txt', text: 'x'.repeat(70_000) },
    ]),
    FORM_TYPE,
  ),
  post(
    'an upload that is too large',
    '/upload',
    form([{ name: 'files', file: 'a.txt', text: 'x'.repeat(200_000) }]),
    FORM_TYPE,
  ),
])

function makeConnect(): Subject {
  const app = connect() as unknown as { use(...args: unknown[]): unknown } & Express
  app.use('/mounted', (req: { url: string; originalUrl: string }, res: { end(text: string): void }) =>
    res.end(`${req.url} ${req.originalUrl}`),
  )
  app.use('/fails', () => {
    throw new Error('failed')
  })
  return { target: app, listener: app, log: new Log() }
}

await compare('connect', makeConnect, [get('/mounted/x?y'), get('/fails', { mask: TRACE }), get('/nothing')])
