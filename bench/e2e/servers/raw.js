/** The ceiling: counts the ends of request heads and writes a constant answer for each, parsing nothing. */

import { createServer } from 'node:net'
import { announce } from './announce.js'

const END = '\r\n\r\n'
const BODY = 'Hello, World!'
let answer = Buffer.alloc(0)

function renew() {
  const head = `HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: ${BODY.length}\r\n`
  answer = Buffer.from(`${head}Date: ${new Date().toUTCString()}${END}${BODY}`)
}
renew()
setInterval(renew, 1000).unref()

const server = createServer({ noDelay: true }, (socket) => {
  socket.on('data', (chunk) => {
    let count = 0
    for (let at = chunk.indexOf(END); at >= 0; at = chunk.indexOf(END, at + END.length)) count++
    if (count === 1) socket.write(answer)
    else if (count > 1) socket.write(Buffer.concat(Array.from({ length: count }, () => answer)))
  })
  socket.on('error', () => socket.destroy())
})
server.listen(0, '127.0.0.1', 4096, () => announce(server.address().port))
