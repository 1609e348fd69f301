/** What a tool maker does: both ends of a WebSocket without a socket. */

import assert from 'node:assert/strict'
import { WebSocketClient, type WebSocketEvent, WebSocketServer } from 'skitai/websocket'

const client = new WebSocketClient({ maskingKey: () => 7 })
const server = new WebSocketServer()
client.start(0)
server.start(0)
client.sendText('Hello')
client.close()
for (let octets = client.output(); octets !== undefined; octets = client.output()) server.receive(octets, 0)
const seen: WebSocketEvent['type'][] = []
for (let event = server.poll(); event !== undefined; event = server.poll()) seen.push(event.type)
assert.deepEqual(seen, ['text', 'close', 'closed'])
