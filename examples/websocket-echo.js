// A WebSocket server on a bare socket: sends back what comes. The engine of HTTP/1.1 takes the request, that of
// WebSocket all that follows; this file moves the bytes. `node examples/websocket-echo.js [port]`
import { createHash } from 'node:crypto'
import { createServer } from 'node:net'
import { Http1Server } from 'skitai/http1'
import { acceptHandshake, asksForWebSocket, readHandshake, WebSocketServer } from 'skitai/websocket'

const sha1 = (/** @type {string} */ text) => createHash('sha1').update(text).digest('base64')

const server = createServer({ allowHalfOpen: true }, (socket) => {
  const http = new Http1Server({ date: () => new Date().toUTCString() })
  const webSocket = new WebSocketServer()
  /** @type {Http1Server | WebSocketServer} */
  let engine = http
  /** @type {Uint8Array | undefined} */
  let rest
  /** @type {NodeJS.Timeout | undefined} */
  let timer
  let over = false
  /** @param {import('skitai/http1').RequestEvent} event */
  const answer = (event) => {
    const request = { ...event, protocol: '' }
    if (!asksForWebSocket(request)) return http.sendResponse(200, [], 'This is a WebSocket server\n')
    const handshake = readHandshake(request)
    if ('status' in handshake) http.sendResponse(handshake.status, handshake.fields, handshake.text)
    else http.sendHead(101, acceptHandshake(handshake, {}, sha1).fields)
  }
  /** @param {import('skitai/http1').Http1ServerEvent | import('skitai/websocket').WebSocketEvent} event */
  const onEvent = (event) => {
    if (event.type === 'request') answer(event)
    else if (event.type === 'handover') rest = event.rest
    else if (event.type === 'text') webSocket.sendText(event.text)
    else if (event.type === 'binary') webSocket.sendBinary(event.bytes)
    else if (event.type === 'closed' || event.type === 'fatal') over = true
  }
  // The drain rule: events until there is none, then output, then the deadline.
  /** @param {() => void} mutate */
  const after = (mutate) => {
    mutate()
    for (let event = engine.poll(); event !== undefined; event = engine.poll()) onEvent(event)
    for (let bytes = engine.output(); bytes !== undefined; bytes = engine.output()) socket.write(bytes)
    clearTimeout(timer)
    if (over) socket.end()
    else if (engine === http && rest !== undefined) begin(rest)
    else timer = setTimeout(() => after(() => engine.advance(performance.now())), engine.deadline() - performance.now())
  }
  /** @param {Uint8Array} behind what came behind the request */
  const begin = (behind) => {
    engine = webSocket
    after(() => webSocket.start(performance.now()))
    after(() => webSocket.receive(behind, performance.now()))
  }
  after(() => http.start(performance.now()))
  socket.on('data', (chunk) => after(() => engine.receive(chunk, performance.now())))
  socket.on('end', () => after(() => engine.receiveEnd(performance.now())))
  socket.on('error', () => socket.destroy())
  socket.on('close', () => clearTimeout(timer))
})
server.listen(Number(process.argv[2] ?? 5001), '127.0.0.1', () => console.log(server.address()))
