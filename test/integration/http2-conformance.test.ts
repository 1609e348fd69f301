/**
 * The vectors of HTTP/2 against a running server, over a socket: what answers each broken rule, that the connection
 * ends when it has to, and only then, and that other connections are served on.
 */

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { describe, it } from 'node:test'
import { App } from '#src/server/index.js'
import { concat } from 'skitai/testing'
import { serve } from '../server/serving.js'
import { encodeLines, FramePrinter } from '../vectors/http2-notation.js'
import { readVectors, type Vector } from '../vectors/vector-file.js'

const HANDSHAKE = encodeLines(['preface', 'SETTINGS', 'SETTINGS ack'])
const PING = encodeLines(['PING "are you?"'])

/** Those that a server with its default limits and an application of its own answers in the same way. */
function fits(vector: Vector): boolean {
  const plain = vector.input.every(({ type }) => type === 'bytes') && Object.keys(vector.limits).length === 0
  return plain && vector.requests === undefined && vector.answers === undefined && vector.flags.length === 0
}

interface Seen {
  readonly lines: readonly string[]
  readonly closed: boolean
}

/** Sends the input with a PING behind it, and waits until that is answered or the connection is gone. */
async function converse(port: number, input: Uint8Array): Promise<Seen> {
  const socket: Socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  const chunks: Uint8Array[] = []
  const seen = new Promise<Seen>((resolve) => {
    const tell = (closed: boolean): void => resolve({ lines: new FramePrinter().print(concat(chunks)), closed })
    socket.on('data', (chunk) => {
      chunks.push(chunk)
      if (Buffer.concat(chunks).includes('are you?')) tell(false)
    })
    socket.on('end', () => tell(true))
    socket.on('error', () => tell(true))
  })
  socket.write(concat([HANDSHAKE, input, PING]))
  const result = await seen
  socket.destroy()
  return result
}

const FATAL = /^fatal (\S+) (\S+)/
const FAULT = /^streamFault (\d+) \S+ (\S+)/

describe('the rules of RFC 9113, over a socket', async () => {
  const app = new App()
    .route('/<path:rest>', () => 'content')
    .get('/', () => 'content')
    .post('/', () => 'content')
  const { port } = await serve((engine) => engine.mount('/', app))
  const vectors = [...readVectors('http2', encodeLines).values()].flat().filter(fits)

  it('are more than a hundred', () => assert.ok(vectors.length > 100, String(vectors.length)))

  for (const vector of vectors)
    it(`${vector.file}: ${vector.name}`, async () => {
      const input = concat(vector.input.map((step) => (step.type === 'bytes' ? step.bytes : new Uint8Array(0))))
      const { lines, closed } = await converse(port, input)
      const fatal = vector.events.map((event) => FATAL.exec(event)).find((match) => match !== null)
      if (fatal === undefined) {
        assert.ok(lines.includes('PING ack "are you?"'), lines.join('\n'))
      } else if (fatal[1] === 'H2_STREAM_ENDED' && !closed) {
        // All of it came at once: the stream was not answered yet, so that it costs the stream alone.
        assert.ok(lines.includes('RST_STREAM 1 STREAM_CLOSED'), lines.join('\n'))
      } else {
        assert.ok(closed, lines.join('\n'))
        assert.match(lines.at(-1) ?? '', new RegExp(`^GOAWAY \\d+ ${fatal[2]!}$`))
      }
      for (const event of vector.events) {
        const fault = FAULT.exec(event)
        if (fault === null) continue
        const [, streamId, code] = fault
        const answered = lines.some((line) => line.startsWith(`HEADERS ${streamId!}`))
        assert.ok(answered || lines.includes(`RST_STREAM ${streamId!} ${code!}`), lines.join('\n'))
      }
    })

  it('cost nobody else anything', async () => {
    const { lines } = await converse(
      port,
      encodeLines(['HEADERS 1 end_stream', '  :method: GET', '  :scheme: http', '  :authority: a', '  :path: /']),
    )
    assert.ok(lines.includes('  :status: 200'), lines.join('\n'))
  })
})
