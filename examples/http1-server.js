// An HTTP/1.1 server on a bare socket: the engine does the protocol, this file moves the bytes. `node
// examples/http1-server.js [port]`
import { createServer } from 'node:net'
import { Http1Server } from 'skitai/http1'

const server = createServer({ allowHalfOpen: true }, (socket) => {
  const engine = new Http1Server({ date: () => new Date().toUTCString() })
  /** @type {NodeJS.Timeout | undefined} */
  let timer
  let over = false

  // The drain rule: events until there is none, then output, then the deadline.
  const drain = () => {
    for (let event = engine.poll(); event !== undefined; event = engine.poll()) {
      if (event.type === 'request')
        engine.sendResponse(200, ['content-type', 'text/plain'], `${event.method} ${event.target}\n`)
      else if (event.type === 'closed' || event.type === 'fatal' || event.type === 'handover') over = true
    }
    for (let bytes = engine.output(); bytes !== undefined; bytes = engine.output()) socket.write(bytes)
    clearTimeout(timer)
    if (over) {
      socket.end()
      return
    }
    const wait = engine.deadline() - performance.now()
    if (wait < Infinity) timer = setTimeout(() => after(() => engine.advance(performance.now())), Math.max(wait, 0))
  }
  /** @param {() => void} mutate */
  const after = (mutate) => {
    mutate()
    drain()
  }

  after(() => engine.start(performance.now()))
  socket.on('data', (chunk) => after(() => engine.receive(chunk, performance.now())))
  socket.on('end', () => after(() => engine.receiveEnd(performance.now())))
  socket.on('error', () => socket.destroy())
  socket.on('close', () => clearTimeout(timer))
})

server.listen(Number(process.argv[2] ?? 5001), '127.0.0.1', () => console.log(server.address()))
