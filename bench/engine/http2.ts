/**
 * The HTTP/2 rows of the engine bench: a client and a server of ours, back to back in memory, each timed for itself.
 * There is no peer: no other implementation in JavaScript reads and writes the whole of HTTP/2 without sockets.
 */

import { Http2Client, Http2Server } from 'skitai/http2'
import { median } from '../machine.js'
import type { BenchOptions } from '../options.js'
import { markdownTable } from '../record.js'
import { hpackLists } from './hpack-lists.js'

/** One row of the results. */
export interface Http2Result {
  readonly name: string
  /** Of one request, or of one response. */
  readonly nsPerMessage: number
  /** Of the octets that were read or written; those of both for a server that answers. */
  readonly nsPerByte: number
}

/** Requests in a chunk. */
const REQUESTS = 64

const DATE = 'Sun, 06 Nov 1994 08:49:37 GMT'
const ANSWER = 'Hello, World!'
const ANSWER_FIELDS = ['content-type', 'text/plain; charset=utf-8']

/** The same windows as h2load has: they do not bind here. */
const WINDOW_BYTES = 2 ** 30

/** What was timed: nanoseconds, and how much was done in them. */
interface Timed {
  readonly ns: number
  readonly messages: number
  readonly bytes: number
}

/** All that an engine has to write. */
function outputOf(engine: Http2Client | Http2Server): Uint8Array[] {
  const parts: Uint8Array[] = []
  for (let part = engine.output(); part !== undefined; part = engine.output()) parts.push(part)
  return parts
}

/** One connection, whose both ends take turns. */
class Connection {
  readonly client: Http2Client = new Http2Client({
    limits: { streamWindowBytes: WINDOW_BYTES, connectionWindowBytes: WINDOW_BYTES },
  })
  readonly server: Http2Server = new Http2Server({ date: () => DATE })
  /** Requests so far; each has a number of its own. */
  requests = 0
  /** Characters of names and values that were read: nothing is optimised away. */
  characters = 0

  constructor() {
    this.client.start(0)
    this.server.start(0)
    for (let i = 0; i < 2; i++) {
      this.serve(this.takeFrom(this.client))
      this.read(this.takeFrom(this.server))
    }
  }

  /** What waits to be written, in one piece as a socket would bring it. */
  takeFrom(engine: Http2Client | Http2Server): Uint8Array {
    return Buffer.concat(outputOf(engine))
  }

  /** The server reads; gives the streams of the requests that have come. */
  serve(chunk: Uint8Array, answer?: string | Uint8Array): number[] {
    const { server } = this
    const streams: number[] = []
    server.receive(chunk, 0)
    for (let event = server.poll(); event !== undefined; event = server.poll()) {
      if (event.type === 'request') {
        const { fields } = event
        let characters = event.method.length + event.target.length + event.authority.length
        for (let i = 0; i < fields.count; i++) characters += fields.rawName(i).length + fields.value(i).length
        this.characters += characters
        if (answer === undefined) streams.push(event.streamId)
        else server.sendResponse(event.streamId, 200, ANSWER_FIELDS, answer)
      } else if (event.type !== 'settings') throw new Error(`unexpected event ${event.type}`)
    }
    return streams
  }

  /** The client reads what the server has written, and gives how many responses ended. */
  read(chunk: Uint8Array): number {
    const { client } = this
    let ended = 0
    client.receive(chunk, 0)
    for (let event = client.poll(); event !== undefined; event = client.poll()) {
      if (event.type === 'data') client.consume(event.streamId, event.bytes.length)
      else if (event.type === 'end') ended++
      else if (event.type !== 'response' && event.type !== 'settings') throw new Error(`unexpected event ${event.type}`)
    }
    return ended
  }
}

/** What a client sends. */
type Heads = 'one' | 'different'

/** A browser's request for a page. */
const [PAGE = []] = hpackLists['request'] ?? []
const PSEUDO_FIELDS = 4
const BROWSER_FIELDS = PAGE.slice(2 * PSEUDO_FIELDS)
const COOKIE = 'session=5f2b7c1e9a4d4c8e8f1d'

/** Queues a chunk of requests. Of different heads no two have the same cookie and target. */
function sendRequests(connection: Connection, heads: Heads): void {
  for (let i = 0; i < REQUESTS; i++) {
    const number = 65_536 + (connection.requests++ % 65_536)
    const fields =
      heads === 'one' ? BROWSER_FIELDS : BROWSER_FIELDS.map((text) => (text === COOKIE ? COOKIE + number : text))
    const target = heads === 'one' ? '/articles/2024/the-long-road' : `/articles/2024/${number}`
    connection.client.sendRequest({ method: 'GET', authority: 'www.example.com', target, fields })
  }
}

/** Makes a chunk of requests ready, has them served, times that, and lets the client end its streams. */
function timeServing(connection: Connection, heads: Heads): Timed {
  sendRequests(connection, heads)
  const chunk = connection.takeFrom(connection.client)
  const begin = process.hrtime.bigint()
  connection.serve(chunk, ANSWER)
  const parts = outputOf(connection.server)
  const ns = Number(process.hrtime.bigint() - begin)
  const answers = Buffer.concat(parts)
  if (connection.read(answers) !== REQUESTS) throw new Error('requests without an answer')
  return { ns, messages: REQUESTS, bytes: chunk.length + answers.length }
}

/** Times a client that writes a chunk of requests. */
function timeRequests(connection: Connection, heads: Heads): Timed {
  const begin = process.hrtime.bigint()
  sendRequests(connection, heads)
  const parts = outputOf(connection.client)
  const ns = Number(process.hrtime.bigint() - begin)
  const chunk = Buffer.concat(parts)
  connection.serve(chunk, ANSWER)
  if (connection.read(connection.takeFrom(connection.server)) !== REQUESTS)
    throw new Error('requests without an answer')
  return { ns, messages: REQUESTS, bytes: chunk.length }
}

/** Times a server that writes one response of some size. */
function timeContent(connection: Connection, content: Uint8Array): Timed {
  connection.client.sendRequest({ method: 'GET', authority: 'www.example.com' })
  const [stream] = connection.serve(connection.takeFrom(connection.client))
  if (stream === undefined) throw new Error('no request')
  const begin = process.hrtime.bigint()
  connection.server.sendResponse(stream, 200, ANSWER_FIELDS, content)
  const parts = outputOf(connection.server)
  const ns = Number(process.hrtime.bigint() - begin)
  const bytes = parts.reduce((sum, part) => sum + part.length, 0)
  let ended = 0
  for (const part of parts) ended += connection.read(part)
  if (ended !== 1 || bytes < content.length) throw new Error('a response that did not end')
  return { ns, messages: 1, bytes }
}

const contentOf = (bytes: number): Uint8Array => new Uint8Array(bytes).fill(120)
const SMALL_CONTENT = contentOf(65_536)
const LARGE_CONTENT = contentOf(1_048_576)

/** The rows by name. */
const ROWS: Readonly<Record<string, (connection: Connection) => Timed>> = {
  'http2 serve, one browser head': (connection) => timeServing(connection, 'one'),
  'http2 serve, different browser heads': (connection) => timeServing(connection, 'different'),
  'http2 request, one browser head': (connection) => timeRequests(connection, 'one'),
  'http2 request, different browser heads': (connection) => timeRequests(connection, 'different'),
  'http2 respond with 64 KiB': (connection) => timeContent(connection, SMALL_CONTENT),
  'http2 respond with 1 MiB': (connection) => timeContent(connection, LARGE_CONTENT),
}

/** Runs the rows whose name holds `options.only`. */
export function benchHttp2Engine(options: BenchOptions): Http2Result[] {
  const rows = Object.entries(ROWS).filter(([name]) => name.includes(options.only))
  const subjects = rows.map(([name, time]) => ({ name, time, connection: new Connection(), samples: [] as Sample[] }))
  const milliseconds = Math.max(50, options.seconds * 100)
  for (const { time, connection } of subjects) sampleFor(4 * milliseconds, () => time(connection))
  for (let round = 0; round < options.rounds; round++)
    for (const { time, connection, samples } of subjects) samples.push(sampleFor(milliseconds, () => time(connection)))
  const results = subjects.map(({ name, samples }) => ({
    name,
    nsPerMessage: median(samples.map((sample) => sample.nsPerMessage)),
    nsPerByte: median(samples.map((sample) => sample.nsPerByte)),
  }))
  if (results.length > 0) console.log(results.map(show).join('\n'))
  return results
}

interface Sample {
  readonly nsPerMessage: number
  readonly nsPerByte: number
}

/**
 * Repeats for some time. The median over the chunks: what the other end leaves to the garbage collector counts less.
 */
function sampleFor(milliseconds: number, time: () => Timed): Sample {
  const messages: number[] = []
  const bytes: number[] = []
  for (const end = performance.now() + milliseconds; performance.now() < end;) {
    const timed = time()
    messages.push(timed.ns / timed.messages)
    bytes.push(timed.ns / timed.bytes)
  }
  return { nsPerMessage: median(messages), nsPerByte: median(bytes) }
}

function show({ name, nsPerMessage, nsPerByte }: Http2Result): string {
  const numbers = `${nsPerMessage.toFixed(0).padStart(8)} ns a message ${nsPerByte.toFixed(3).padStart(8)} ns a byte`
  return `${name.padEnd(40)} ${numbers}`
}

/** The results as a Markdown table. */
export function http2Table(results: readonly Http2Result[]): string {
  return markdownTable(
    ['HTTP/2', 'ns a message', 'ns a byte'],
    results.map(({ name, nsPerMessage, nsPerByte }) => [
      name.replace('http2 ', ''),
      nsPerMessage.toFixed(0),
      nsPerByte.toFixed(3),
    ]),
  )
}
