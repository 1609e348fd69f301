/** Our own server, as docs/server.md shows it. */

import { App, Skitai } from '../../../../dist/server/index.js'
import { announce, task } from '../../servers/announce.js'

const app = new App()
if (task === 'broadcast') app.websocket('/?<room>', { spec: 'GROUPCHAT' }, (_was, message) => message)
else app.websocket('/', { deflate: task === 'deflate' }, (_was, message) => message)
const server = new Skitai({ log: false })
server.mount('/', app)
const { port } = await server.run({ address: '127.0.0.1', port: 0 })
announce(port)
