/** Hono on its server for Node, with its own validator. */

import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import { validator } from 'hono/validator'
import { announce } from './task.js'

const app = new Hono()
const INTEGER = /^\d+$/

app.get(
  '/hello/:id',
  validator('param', ({ id }, c) => (INTEGER.test(id) ? { id: Number(id) } : c.text('id is no integer', 400))),
  validator('query', ({ num = '8' }, c) =>
    INTEGER.test(num) ? { num: Number(num) } : c.text('num is no integer', 400),
  ),
  (c) => c.json({ hello: 'world', id: c.req.valid('param').id, num: c.req.valid('query').num }),
)

serve({ fetch: app.fetch, hostname: '127.0.0.1', port: 0 }, ({ port }) => announce(port))
