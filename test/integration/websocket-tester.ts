/** The other end of a WebSocket that is tested: it knows sockets and frames, and nothing of the engine. */

import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { encodeWebSocketFrame, type WebSocketFrame } from 'skitai/testing'

/** A frame that came. */
export interface Came {
  readonly opcode: number
  readonly fin: boolean
  readonly rsv: number
  readonly payload: Buffer
}

const HOST = '127.0.0.1'
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'

/** One connection behind its handshake. */
export class Tester {
  readonly #socket: Socket
  /** It plays the client: what it sends is masked. */
  readonly #client: boolean
  #chunks: Buffer[] = []
  #bytes = 0
  #ended = false
  #tell: (() => void) | undefined

  constructor(socket: Socket, client: boolean, rest: Buffer) {
    this.#socket = socket
    this.#client = client
    socket.setNoDelay(true)
    this.#take(rest)
    socket.on('data', (chunk: Buffer) => this.#take(chunk))
    socket.on('end', () => this.#end())
    socket.on('close', () => this.#end())
    socket.on('error', () => this.#end())
    socket.resume()
  }

  /** Opens a connection to a server. */
  static async connect(port: number, target: string): Promise<Tester> {
    const socket = connect(port, HOST)
    await once(socket, 'connect')
    const key = randomBytes(16).toString('base64')
    socket.write(
      `GET ${target} HTTP/1.1\r\nHost: ${HOST}:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
        `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n\r\n`,
    )
    const { head, rest } = await headOf(socket)
    if (!head.startsWith('HTTP/1.1 101 ') || !head.includes(acceptOf(key))) throw new Error(head)
    return new Tester(socket, true, rest)
  }

  /** Waits for a client: `open` is told where. */
  static async accept(open: (url: string) => Promise<unknown>): Promise<Tester> {
    const server = createServer()
    server.listen(0, HOST)
    await once(server, 'listening')
    const { port } = server.address() as { port: number }
    const opening = open(`ws://${HOST}:${port}/`)
    const [socket] = (await once(server, 'connection')) as [Socket]
    server.close()
    const { head, rest } = await headOf(socket)
    const key = /^sec-websocket-key: (.*)$/im.exec(head)?.[1] ?? ''
    socket.write(
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
        `Sec-WebSocket-Accept: ${acceptOf(key)}\r\n\r\n`,
    )
    await opening
    return new Tester(socket, false, rest)
  }

  /** Sends frames, cut into chunks of `chop` octets; gives up when the other end is gone. */
  async send(frames: readonly WebSocketFrame[], chop: number = Infinity): Promise<void> {
    for (const frame of frames) {
      const octets = encodeWebSocketFrame(this.#client ? { key: 0x3d5a_b1c7, ...frame } : frame)
      for (let at = 0; at < octets.length && this.#socket.writable; at += chop) {
        const more = this.#socket.write(octets.subarray(at, at + chop))
        if (!more && this.#socket.writable)
          await Promise.race([once(this.#socket, 'drain'), once(this.#socket, 'close')])
      }
    }
  }

  /** The next frame; undefined at the end. */
  async next(): Promise<Came | undefined> {
    for (;;) {
      const frame = this.#read()
      if (frame !== undefined || this.#ended) return frame
      await new Promise<void>((resolve) => (this.#tell = resolve))
    }
  }

  /** The next message or control frame: fragments are put together. */
  async nextMessage(): Promise<Came | undefined> {
    const first = await this.next()
    if (first === undefined || first.fin) return first
    const parts = [first.payload]
    for (let fin = false; !fin;) {
      const frame = await this.next()
      if (frame?.opcode !== 0) throw new Error(`a message is not continued, but ${frame?.opcode} comes`)
      parts.push(frame.payload)
      fin = frame.fin
    }
    return { ...first, fin: true, payload: Buffer.concat(parts) }
  }

  /** A server ends the connection first (RFC 6455 section 7.1.1); a client waits for it. Then nothing may come. */
  async end(): Promise<void> {
    if (!this.#client) this.#socket.end()
    const frame = await this.next()
    if (frame !== undefined) throw new Error(`a frame of ${frame.opcode} came behind the end`)
    this.#socket.destroy()
  }

  destroy(): void {
    this.#socket.destroy()
  }

  #take(chunk: Buffer): void {
    this.#chunks.push(chunk)
    this.#bytes += chunk.length
    this.#tell?.()
  }

  #end(): void {
    this.#ended = true
    this.#tell?.()
  }

  #read(): Came | undefined {
    if (this.#bytes < 2) return undefined
    let all = this.#chunks[0]!
    if (all.length < 14 && this.#chunks.length > 1) all = this.#join()
    const first = all[0]!
    const short = all[1]! & 0x7f
    const head = (short < 126 ? 2 : short === 126 ? 4 : 10) + (all[1]! >= 0x80 ? 4 : 0)
    if (all[1]! >= 0x80 === this.#client) throw new Error('a mask against the role')
    if (all.length < head) return undefined
    const length = short < 126 ? short : short === 126 ? all.readUInt16BE(2) : Number(all.readBigUInt64BE(2))
    if (this.#bytes < head + length) return undefined
    if (all.length < head + length) all = this.#join()
    const payload = Buffer.from(all.subarray(head, head + length))
    if (!this.#client) for (let i = 0; i < length; i++) payload[i]! ^= all[head - 4 + (i & 3)]!
    this.#chunks[0] = all.subarray(head + length)
    this.#bytes -= head + length
    if (this.#chunks[0].length === 0) this.#chunks.shift()
    return { opcode: first & 0xf, fin: first >= 0x80, rsv: (first >> 4) & 7, payload }
  }

  #join(): Buffer {
    const all = Buffer.concat(this.#chunks)
    this.#chunks = [all]
    return all
  }
}

function acceptOf(key: string): string {
  return createHash('sha1')
    .update(key + GUID)
    .digest('base64')
}

/** A head of HTTP, and what came behind it. */
async function headOf(socket: Socket): Promise<{ head: string; rest: Buffer }> {
  let all = Buffer.alloc(0)
  for (;;) {
    const [chunk] = (await once(socket, 'data')) as [Buffer]
    all = Buffer.concat([all, chunk])
    const end = all.indexOf('\r\n\r\n')
    if (end < 0) continue
    socket.pause()
    return { head: all.toString('latin1', 0, end), rest: all.subarray(end + 4) }
  }
}
