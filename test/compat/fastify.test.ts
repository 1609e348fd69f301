import path from 'node:path'
import { Readable } from 'node:stream'
import cookie from '@fastify/cookie'
import multipart from '@fastify/multipart'
import files from '@fastify/static'
import fastify, { type FastifyInstance, type FastifyRequest } from 'fastify'
import { repoRoot } from '../../tools/repo.js'
import { type Case, compare, Log, type Subject } from './comparing.js'
import { form, FORM_TYPE } from './multipart.js'

function routes(app: FastifyInstance): void {
  app.get('/text', () => 'text')
  app.get('/object', async () => ({ hello: 'world', n: 1, more: 'dropped' }))
  app.get(
    '/schema',
    { schema: { response: { 200: { type: 'object', properties: { a: { type: 'string' } } } } } },
    () => ({ a: 1, b: 2 }),
  )
  app.get(
    '/typed/:id',
    {
      schema: {
        params: { type: 'object', properties: { id: { type: 'integer' } } },
        querystring: { type: 'object', required: ['q'], properties: { q: { type: 'string' } } },
      },
    },
    ({ params, query }) => ({ params, query }),
  )
  app.get('/buffer', (_request, reply) => reply.send(Buffer.from('bytes')))
  app.get('/stream', (_request, reply) => reply.type('text/plain').send(Readable.from(['a', 'x'.repeat(100_000)])))
  app.get('/web', () => new Response('web', { status: 201, headers: { 'x-a': 'a' } }))
  app.get('/web-stream', (_request, reply) =>
    reply.send(
      new ReadableStream({ start: (controller) => (controller.enqueue(new Uint8Array([65])), controller.close()) }),
    ),
  )
  app.get('/code', (_request, reply) => reply.code(202).header('x-a', 'a').send('accepted'))
  app.get('/none', (_request, reply) => reply.code(204).send())
  app.get('/redirect', (_request, reply) => reply.redirect('/text'))
  app.get('/throws', async () => {
    throw Object.assign(new Error('thrown'), { statusCode: 418 })
  })
  app.get('/unknown', async () => {
    throw new Error('thrown')
  })
  app.get('/cookies', (request, reply) =>
    reply.setCookie('a', 'b', { path: '/', httpOnly: true }).send(request.cookies),
  )
  app.get('/hints', async (_request, reply) => {
    await new Promise<void>((resolve) => reply.raw.writeEarlyHints({ link: '</a.css>; rel=preload' }, resolve))
    return 'hinted'
  })
  app.get('/hijack', (_request, reply) => {
    reply.hijack()
    reply.raw.end('hijacked')
  })
  app.get('/trailer', (_request, reply) => reply.trailer('x-sum', async () => '42').send('content'))
  app.get('/seen', ({ method, url, originalUrl, ip, host, hostname, protocol, query, headers, is404 }) => ({
    method,
    url,
    originalUrl,
    ip,
    host: host.replace(/:\d+$/, ''),
    hostname,
    protocol,
    query,
    header: headers['x-a'],
    is404,
  }))
  app.post('/body', ({ body }) => body)
  const handler = async (request: FastifyRequest): Promise<unknown> => {
    const seen: unknown[] = []
    for await (const part of request.parts())
      seen.push(part.type === 'file' ? [part.filename, (await part.toBuffer()).length] : [part.fieldname, part.value])
    return seen
  }
  app.route({ method: 'POST', url: '/upload', handler })
}

async function make(): Promise<Subject> {
  const app = fastify()
  app.register(cookie)
  app.register(multipart, { limits: { fileSize: 100_000 } })
  app.register(files, { root: path.join(repoRoot, 'test/compat/files'), prefix: '/files/' })
  app.addHook('onSend', async (_request, reply, payload) => {
    reply.header('x-hook', 'yes')
    return payload
  })
  const log = new Log()
  app.addHook('onResponse', async () => log.note('response'))
  app.addHook('onRequestAbort', async (_request) => log.note('aborted'))
  app.get('/never', (_request, reply) => void reply.raw.write('begun'))
  routes(app)
  // Ours makes it ready itself: then a server of Node can have the same.
  return { target: app, listener: (req, res) => void app.ready().then(() => app.routing(req, res)), log }
}

const get = (where: string, more: Partial<Case> = {}): Case => ({
  name: `GET ${where}`,
  path: where,
  until: 'response',
  ...more,
})
const post = (name: string, where: string, body: string, type: string): Case => ({
  name,
  path: where,
  method: 'POST',
  body,
  headers: { 'content-type': type },
})

await compare('fastify', make, [
  ...[
    '/text',
    '/object',
    '/schema',
    '/typed/5?q=a',
    '/typed/x?q=a',
    '/typed/5',
    '/buffer',
    '/stream',
    '/web',
    '/web-stream',
    '/code',
    '/none',
    '/redirect',
    '/throws',
    '/unknown',
    '/cookies',
    '/hints',
    '/hijack',
    '/seen?a=b',
    '/missing',
    '/files/',
    '/files/digits.txt',
    '/files/nothing',
  ].map((where) => get(where)),
  get('/trailer'),
  get('/files/digits.txt', { name: 'a range', headers: { range: 'bytes=0-3' } }),
  get('/never', { name: 'a client that leaves', leaves: 'answered', until: 'aborted' }),
  ...['/text', '/object', '/stream', '/missing', '/files/digits.txt'].map((where): Case => ({
    name: `HEAD ${where}`,
    path: where,
    method: 'HEAD',
  })),
  { name: 'OPTIONS', path: '/text', method: 'OPTIONS' },
  { name: 'a method that is not there', path: '/text', method: 'DELETE' },
  post('a JSON body', '/body', '{"a":1}', 'application/json'),
  post('a JSON body that is none', '/body', '{', 'application/json'),
  post('a JSON body that pollutes', '/body', '{"__proto__":{"a":1}}', 'application/json'),
  post('an empty JSON body', '/body', '', 'application/json'),
  post('a text', '/body', 'text', 'text/plain'),
  post('another type', '/body', 'x', 'image/png'),
  post('a body that is too large', '/body', `"${'x'.repeat(1_100_000)}"`, 'application/json'),
  post(
    'an upload',
    '/upload',
    form([
      { name: 'title', text: 'A title' },
      { name: 'file', file: 'a.txt', text: 'x'.repeat(70_000) },
    ]),
    FORM_TYPE,
  ),
])
