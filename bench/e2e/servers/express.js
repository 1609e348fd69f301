/** Express with what its own guide switches off for production. */

import express from 'express'
import { announce, folder, task } from './announce.js'

const app = express()
app.disable('x-powered-by')
if (task === 'static') {
  app.use(express.static(folder))
} else {
  app.disable('etag')
  app.get('/', (request, response) => {
    response.type('text/plain').send('Hello, World!')
  })
  app.post('/', express.raw({ limit: '1mb' }), (request, response) => {
    response.type('text/plain').send(String(request.body.length))
  })
}
const server = app.listen(0, '127.0.0.1', 4096, () => announce(server.address().port))
server.keepAliveTimeout = 120_000
