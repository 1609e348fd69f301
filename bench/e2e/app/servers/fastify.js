/** Fastify with schemas for what comes in and for what goes out, as its manual recommends. */

import { createWriteStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import path from 'node:path'
import { pipeline } from 'node:stream/promises'
import multipart from '@fastify/multipart'
import fastify from 'fastify'
import { announce, folder, task, uploadBytesMax } from './task.js'

const app = fastify({ logger: false, keepAliveTimeout: 120_000, bodyLimit: uploadBytesMax })

const object = (properties) => ({
  type: 'object',
  properties,
  required: Object.keys(properties),
  additionalProperties: false,
})

if (task === 'typed') {
  const integer = { type: 'integer' }
  const schema = {
    params: object({ id: integer }),
    querystring: { type: 'object', properties: { num: { type: 'integer', default: 8 } }, additionalProperties: false },
    response: { 200: object({ hello: { type: 'string' }, id: integer, num: integer }) },
  }
  app.get('/hello/:id', { schema }, async ({ params, query }) => ({ hello: 'world', id: params.id, num: query.num }))
}

if (task === 'post') {
  const string = { type: 'string' }
  const person = object({ name: string, age: { type: 'integer' }, email: string, text: string })
  app.post('/echo', { schema: { body: person, response: { 200: person } } }, async ({ body }) => {
    const { name, age, email, text } = body
    return { name, age, email, text }
  })
}

if (task === 'upload') {
  app.register(multipart, { limits: { fileSize: uploadBytesMax } })
  const upload = async (request) => {
    const part = await request.file()
    const saved = path.join(folder, `fastify-${Date.now()}`)
    await pipeline(part.file, createWriteStream(saved))
    await rm(saved)
    return { size: part.file.bytesRead }
  }
  app.route({ method: 'POST', url: '/upload', handler: upload })
}

await app.listen({ host: '127.0.0.1', port: 0, backlog: 4096 })
announce(app.server.address().port)
