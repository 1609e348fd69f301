/** Another adapter has put a class of its own in the place of `Response` before ours was asked for. */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { getRequestListener } from '@hono/node-server'
import { Hono } from 'hono'
import { compress } from 'hono/compress'
import { etag } from 'hono/etag'
import { Skitai, useLightResponse } from '#src/server/index.js'

getRequestListener(() => new Response())

describe('a fetch handler where another adapter was imported first', () => {
  it('makes responses that middleware can take over', async () => {
    const app = new Hono()
    app.use('/compressed', compress())
    app.get('/compressed', (context) => context.text('text '.repeat(1000)))
    app.use('/tagged', etag())
    app.get('/tagged', (context) => context.text('tagged'))
    const engine = new Skitai({ log: false }).mount('/', app)
    const compressed = await engine.inject({ path: '/compressed', headers: { 'accept-encoding': 'gzip' } })
    assert.deepEqual([compressed.status, compressed.headers.get('content-encoding')], [200, 'gzip'])
    const tagged = await engine.inject('/tagged')
    assert.deepEqual([tagged.status, tagged.text()], [200, 'tagged'])
    await engine.close()
  })

  it('leaves the class of the other one where it is', () => {
    const before = globalThis.Response
    useLightResponse()()
    assert.equal(globalThis.Response, before)
  })
})
