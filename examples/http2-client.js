// An HTTP/2 client on a bare socket, over TLS or plain: prints a response, and what the server pushes with it.
// `node examples/http2-client.js https://localhost:5000/ [--insecure]`
import { connect } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { Http2Client } from 'skitai/http2'

const url = new URL(process.argv[2] ?? 'http://127.0.0.1:5000/')
const secure = url.protocol === 'https:'
const place = { host: url.hostname, port: Number(url.port || (secure ? 443 : 80)) }
// Whoever takes any certificate talks to anybody: for development only.
const tls = { ALPNProtocols: ['h2'], rejectUnauthorized: process.argv[3] !== '--insecure' }
const socket = secure ? connectTls({ ...place, ...tls }) : connect(place)

const engine = new Http2Client({ push: true })
let awaited = 1
let over = false
/** @type {NodeJS.Timeout | undefined} */
let timer

/** @param {import('skitai/http2').Http2ClientEvent} event */
const onEvent = (event) => {
  if (event.type === 'push') awaited++
  if (event.type === 'push') console.log(`stream ${event.promisedId} is promised: ${event.target}`)
  if (event.type === 'response') console.log(`stream ${event.streamId}: ${event.status}`)
  if (event.type === 'data') {
    process.stdout.write(event.bytes.slice())
    engine.consume(event.streamId, event.bytes.length) // the server may send as much again
  }
  if (event.type === 'streamFault' || event.type === 'fatal') console.error(event.code)
  if (event.type === 'fatal' || event.type === 'closed') over = true
  const ended = event.type === 'response' ? event.endStream : ['end', 'reset', 'streamFault'].includes(event.type)
  if (ended && --awaited === 0) engine.close()
}

// The drain rule: events until there is none, then output, then the deadline.
/** @param {() => void} mutate */
const after = (mutate) => {
  mutate()
  for (let event = engine.poll(); event !== undefined; event = engine.poll()) onEvent(event)
  for (let bytes = engine.output(); bytes !== undefined; bytes = engine.output()) socket.write(bytes)
  clearTimeout(timer)
  const wait = engine.deadline() - performance.now()
  if (over) socket.end()
  else if (wait < Infinity) timer = setTimeout(() => after(() => engine.advance(performance.now())), Math.max(wait, 0))
}

socket.on(secure ? 'secureConnect' : 'connect', () =>
  after(() => {
    engine.start(performance.now())
    const scheme = secure ? 'https' : 'http'
    engine.sendRequest({ method: 'GET', scheme, authority: url.host, target: url.pathname + url.search })
  }),
)
socket.on('data', (chunk) => after(() => engine.receive(chunk, performance.now())))
socket.on('end', () => after(() => engine.receiveEnd(performance.now())))
socket.on('error', (error) => console.error(error.message))
socket.on('close', () => clearTimeout(timer))
