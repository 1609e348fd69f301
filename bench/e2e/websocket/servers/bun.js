/** Bun.serve, as its documentation shows it. */

import { announce, task } from '../../servers/announce.js'

const server = Bun.serve({
  hostname: '127.0.0.1',
  port: 0,
  fetch(request, upgrading) {
    return upgrading.upgrade(request) ? undefined : new Response('a WebSocket is wanted', { status: 426 })
  },
  websocket: {
    perMessageDeflate: task === 'deflate',
    open(socket) {
      if (task === 'broadcast') socket.subscribe('all')
    },
    message(socket, message) {
      if (task === 'broadcast') server.publish('all', message)
      else socket.send(message)
    },
  },
})
announce(server.port)
