/** Fastify, and @fastify/static for files. */

import fastifyStatic from '@fastify/static'
import fastify from 'fastify'
import { announce, folder, task } from './announce.js'

const app = fastify({ logger: false, keepAliveTimeout: 120_000 })
if (task === 'static') {
  app.register(fastifyStatic, { root: folder })
} else {
  app.get('/', (request, reply) => {
    reply.type('text/plain; charset=utf-8')
    return 'Hello, World!'
  })
  app.addContentTypeParser('application/octet-stream', { parseAs: 'buffer' }, (request, body, done) => done(null, body))
  app.post('/', (request, reply) => {
    reply.type('text/plain; charset=utf-8')
    return String(request.body.length)
  })
}
await app.listen({ host: '127.0.0.1', port: 0, backlog: 4096 })
announce(app.server.address().port)
