/** What somebody does who talks to a server: a WebSocket, alone and over HTTP/2. */

import assert from 'node:assert/strict'
import { App, Skitai } from 'skitai'
import { type ClientWebSocket, http2Session, UnexpectedResponseError, websocket } from 'skitai/client'

const app = new App()
app.websocket('/echo', { spec: 'SIMPLE' }, (_was, message) => message)
const server = new Skitai({ log: false })
server.mount('/', app)
const { port } = await server.run({ address: '127.0.0.1', port: 0 })
const url = `ws://127.0.0.1:${port}`

const session = await http2Session(url)
const sockets: ClientWebSocket[] = [await websocket(`${url}/echo`), await websocket(`${url}/echo`, { over: session })]
for (const socket of sockets) {
  await socket.send('Hello')
  assert.equal(await socket.receive(), 'Hello')
  const { code, error } = await socket.close()
  assert.deepEqual([code, error], [1000, undefined])
}
await assert.rejects(
  websocket(`${url}/nowhere`),
  (error: unknown) => error instanceof UnexpectedResponseError && error.status === 404,
)
await session.close()
await server.close({ timeoutMs: 1000 })
