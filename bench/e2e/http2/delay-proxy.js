/** Stands between a client and a server and passes everything on 20 ms later, either way, at any rate. */

import { connect, createServer } from 'node:net'

const [serverPort, delayMs] = process.argv.slice(2).map(Number)

/** Timers of the same length fire in order. What is under way is held here: a long line holds it, too. */
function pass(from, to) {
  from.on('data', (chunk) => setTimeout(() => to.write(chunk), delayMs))
  from.on('end', () => setTimeout(() => to.end(), delayMs))
  from.on('error', () => to.destroy())
  from.on('close', () => setTimeout(() => to.destroy(), 2 * delayMs))
}

const options = { noDelay: true, allowHalfOpen: true }
const proxy = createServer(options, (client) => {
  const server = connect({ port: serverPort, host: '127.0.0.1', ...options })
  pass(client, server)
  pass(server, client)
})
proxy.listen(0, '127.0.0.1', () => console.log(`port ${proxy.address().port}`))
