/** The same app of Hono on one server or another. */

import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import { fetchHandler, Skitai } from '../../../../dist/server/index.js'
import { announce } from '../../servers/announce.js'

const app = new Hono()
app.get('/', (context) => context.text('Hello, World!'))

if (process.argv[2] === '@hono/node-server') {
  // It puts a Response of its own in the place of the global one, unless told otherwise.
  const server = serve({ fetch: app.fetch, hostname: '127.0.0.1', port: 0 }, ({ port }) => announce(port))
  server.keepAliveTimeout = 120_000
} else {
  const server = new Skitai({ log: false })
  server.mount('/', process.argv[2] === 'skitai' ? app : fetchHandler(app.fetch, { lightResponse: false }))
  const { port } = await server.run({ address: '127.0.0.1', port: 0 })
  announce(port)
}
