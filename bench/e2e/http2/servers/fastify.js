/** Fastify over node:http2. */

import fastify from 'fastify'
import { announce, credentials, HELLO, TEXT_TYPE } from './setup.js'

const app = fastify({ logger: false, http2: true, https: credentials })
app.get('/', (request, reply) => {
  reply.type(TEXT_TYPE)
  return HELLO
})
await app.listen({ host: '127.0.0.1', port: 0, backlog: 4096 })
announce(app.server.address().port)
