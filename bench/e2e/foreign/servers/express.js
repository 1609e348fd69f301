/** The same app of Express on one server or another. */

import { createServer } from 'node:http'
import express from 'express'
import { Skitai } from '../../../../dist/server/index.js'
import { announce } from '../../servers/announce.js'

const app = express()
app.disable('x-powered-by')
app.disable('etag')
app.get('/', (request, response) => {
  response.type('text/plain').send('Hello, World!')
})

if (process.argv[2] === 'skitai') {
  const server = new Skitai({ log: false })
  server.mount('/', app)
  const { port } = await server.run({ address: '127.0.0.1', port: 0 })
  announce(port)
} else {
  const server = createServer({ keepAliveTimeout: 120_000 }, app)
  server.listen(0, '127.0.0.1', 4096, () => announce(server.address().port))
}
