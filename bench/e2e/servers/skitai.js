/** Our own server. */

import { App, Skitai } from '../../../dist/server/index.js'
import { announce, downloadBytes, folder, pieceBytes, task } from './announce.js'

async function* pieces() {
  for (let sent = 0; sent < downloadBytes; sent += pieceBytes) yield Buffer.alloc(pieceBytes, 'x')
}

const server = new Skitai({ log: false })
if (task === 'static') {
  server.mount('/', folder)
} else {
  const app = new App()
  app.get('/', () => (task === 'download' ? pieces() : 'Hello, World!'))
  app.post('/', async (was) => String((await was.request.bytes()).length))
  server.mount('/', app)
}
const { port } = await server.run({ address: '127.0.0.1', port: 0 })
announce(port)
