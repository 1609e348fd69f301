/**
 * The load: raw sockets, so that the client costs little. Frames are made once; what comes back is followed frame by
 * frame by its head, the first of each connection is compared octet by octet. Prints what it has counted as JSON.
 */

import { once } from 'node:events'
import { connect } from 'node:net'
import { constants, deflateRawSync, inflateRawSync } from 'node:zlib'

const order = JSON.parse(process.argv[2])
const { port, mode, connections, inFlight, bytes, kind, seconds, warmUpSeconds } = order

const KEY = Buffer.from([0x12, 0x34, 0x56, 0x78])
const OPCODES = { text: 1, binary: 2 }

/** JSON as services send it: records with some variety. */
function records(size) {
  const rows = []
  for (let i = 0; JSON.stringify(rows).length < size; i++)
    rows.push({ id: 10_000 + i * 7, name: `user-${(i * 31) % 97}`, active: i % 3 > 0, score: ((i * 7919) % 1000) / 10 })
  return JSON.stringify(rows).slice(0, size)
}

const message = mode === 'deflate' ? Buffer.from(records(bytes)) : Buffer.alloc(bytes, 'skitai ')
const payload =
  mode === 'deflate'
    ? deflateRawSync(message, { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4)
    : Buffer.from(message)

function frameOf(octets) {
  const { length } = octets
  const head = Buffer.alloc(length < 126 ? 2 : length < 65_536 ? 4 : 10)
  head[0] = 0x80 | (mode === 'deflate' ? 0x40 : 0) | OPCODES[kind]
  head[1] = 0x80 | (length < 126 ? length : length < 65_536 ? 126 : 127)
  if (head.length === 4) head.writeUInt16BE(length, 2)
  if (head.length === 10) head.writeBigUInt64BE(BigInt(length), 2)
  return Buffer.concat([head, KEY, octets.map((octet, i) => octet ^ KEY[i & 3])])
}

const frame = frameOf(payload)
const batches = Array.from({ length: inFlight + 1 }, (_, count) => Buffer.concat(Array(count).fill(frame)))

let received = 0
let ending = false

/** All sockets read into one buffer: what came is looked at before the next read. */
const shared = Buffer.allocUnsafeSlow(262_144)

class Link {
  #head = ''
  #open
  /** The head of the frame under way, and how much of its payload is to come. */
  #frame = Buffer.alloc(10)
  #frameBytes = 0
  #left = 0
  /** The first reply, until it was compared. */
  #first = []

  constructor() {
    this.opened = new Promise((resolve) => (this.#open = resolve))
    this.socket = connect({
      host: '127.0.0.1',
      port,
      noDelay: true,
      onread: { buffer: shared, callback: (size) => this.#onData(size) },
    })
    this.socket.on('error', fail)
    this.socket.on('close', () => ending || fail(new Error('the server has closed a connection')))
    const extensions = mode === 'deflate' ? `Sec-WebSocket-Extensions: ${order.extensions}\r\n` : ''
    this.socket.write(
      `GET ${order.target} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
        `Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n${extensions}\r\n`,
    )
  }

  send(count) {
    if (count > 0) this.socket.write(batches[count] ?? Buffer.concat(Array(count).fill(frame)))
  }

  #onData(size) {
    let at = 0
    if (this.#open !== undefined) {
      at = this.#readHead(size)
      if (at < 0) return true
    }
    const count = this.#frames(at, size)
    received += count
    if (count > 0 && !ending) onReceived(this, count)
    return true
  }

  /** Gives the position behind the head of the response, or -1. */
  #readHead(size) {
    const before = this.#head.length
    this.#head += shared.latin1Slice(0, size)
    const end = this.#head.indexOf('\r\n\r\n')
    if (end < 0) return -1
    if (!this.#head.startsWith('HTTP/1.1 101 ')) fail(new Error(this.#head))
    if (mode === 'deflate' && !/\r\nsec-websocket-extensions: permessage-deflate/i.test(this.#head))
      fail(new Error('permessage-deflate was not negotiated'))
    this.answer = this.#head.slice(0, end)
    this.#open()
    this.#open = undefined
    return end + 4 - before
  }

  /** Counts the messages that end between two positions. */
  #frames(from, to) {
    let count = 0
    for (let at = from; at < to;) {
      if (this.#left > 0) {
        const taken = Math.min(this.#left, to - at)
        if (this.#first !== undefined) this.#first.push(Buffer.from(shared.subarray(at, at + taken)))
        this.#left -= taken
        at += taken
        if (this.#left > 0) continue
        if (this.#first !== undefined) this.#compare()
        count++
        this.#frameBytes = 0
        continue
      }
      this.#frame[this.#frameBytes++] = shared[at++]
      const length = this.#length()
      if (length === undefined) continue
      if ((this.#frame[0] & 0x8f) !== (0x80 | OPCODES[kind])) fail(new Error(`an unexpected frame: ${this.#frame[0]}`))
      this.#left = length
    }
    return count
  }

  /** The length in the head of the frame, once it is complete. */
  #length() {
    const head = this.#frame
    const have = this.#frameBytes
    if (have < 2) return undefined
    const short = head[1]
    if (short < 126) return short
    if (short === 126) return have < 4 ? undefined : head.readUInt16BE(2)
    return have < 10 ? undefined : Number(head.readBigUInt64BE(2))
  }

  #compare() {
    const octets = Buffer.concat(this.#first)
    this.#first = undefined
    const compressed = (this.#frame[0] & 0x40) !== 0
    const tail = Buffer.from([0, 0, 0xff, 0xff])
    const options = { finishFlush: constants.Z_SYNC_FLUSH }
    const text = compressed ? inflateRawSync(Buffer.concat([octets, tail]), options) : octets
    if (!text.equals(message)) fail(new Error(`a wrong reply of ${text.length} octets`))
    link0 ??= { compressed, bytes: octets.length }
  }
}

/** What the first reply of all was. */
let link0

function fail(error) {
  console.error(error)
  process.exit(1)
}

const links = []
/** A message to all counts as many deliveries as there are connections. */
let outstanding = 0

function onReceived(link, count) {
  if (mode === 'echo' || mode === 'deflate') link.send(count)
  else if (mode === 'broadcast') {
    outstanding -= count
    publish()
  }
}

function publish() {
  let count = 0
  for (; outstanding <= (inFlight - 1) * connections; count++) outstanding += connections
  links[0].send(count)
}

for (let begun = 0; begun < connections; begun += 100) {
  const some = Array.from({ length: Math.min(100, connections - begun) }, () => new Link())
  await Promise.all(some.map(({ opened }) => opened))
  links.push(...some)
}

if (mode === 'idle') {
  console.log('open')
  await once(process.stdin, 'data')
  ending = true
  process.exit(0)
}

if (mode === 'broadcast') publish()
else for (const link of links) link.send(inFlight)
const wait = (duration) => new Promise((resolve) => setTimeout(resolve, duration * 1000))
await wait(warmUpSeconds)
// What the server has cost is asked for by who has started this, at these two moments.
console.log('begin')
const before = { received, at: performance.now(), cpu: process.cpuUsage() }
await wait(seconds)
const elapsed = (performance.now() - before.at) / 1000
const { user, system } = process.cpuUsage(before.cpu)
console.log(
  JSON.stringify({
    messages: received - before.received,
    seconds: elapsed,
    client: (user + system) / 1e6 / elapsed,
    reply: link0,
    extensions: /\r\nsec-websocket-extensions: (.*)/i.exec(links[0].answer)?.[1],
  }),
)
ending = true
process.exit(0)
