/** ws, as its README shows it. */

import { WebSocket, WebSocketServer } from 'ws'
import { announce, task } from '../../servers/announce.js'

const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: task === 'deflate' })

server.on('connection', (socket) => {
  socket.on('error', console.error)
  socket.on('message', (data, isBinary) => {
    if (task !== 'broadcast') socket.send(data, { binary: isBinary })
    else
      for (const client of server.clients)
        if (client.readyState === WebSocket.OPEN) client.send(data, { binary: isBinary })
  })
})
server.on('listening', () => announce(server.address().port))
