/**
 * permessage-deflate: any octets as compressed messages to a server, beside zlib itself; and any octets as messages
 * that a client compresses and a server must get back.
 */

import { constants, inflateRawSync } from 'node:zlib'
import { concat, encodeWebSocketFrame, sameBytes, trace, type Trace } from 'skitai/testing'
import { WebSocketClient, type WebSocketEngine, WebSocketServer } from 'skitai/websocket'
import { zlibCompression } from 'skitai/io'
import { checkAllWays, ensure } from './http1-oracles.js'
import { checkEvents, FOR_EVER } from './websocket-oracles.js'
import { deflateOf } from './websocket-subjects.js'

const TAIL = Uint8Array.of(0, 0, 0xff, 0xff)
const MESSAGE_BYTES_MAX = 100_000
const FAULTS = ['WS_DEFLATE', 'WS_UTF8', 'WS_INFLATE_RATIO', 'WS_MESSAGE_TOO_LARGE', 'WS_TRUNCATED', 'WS_CLOSE_TIMEOUT']

/**
 * The first octet: bits 0 to 2 the window, 3 no context, 4 pieces, 5 text, 6 compresses. Behind it messages, each with
 * its length before it.
 */
export function fuzz(data: Uint8Array): void {
  const options = data[0] ?? 0
  const messages: Uint8Array[] = []
  for (let at = 1; at < data.length; at += 1 + data[at]!) messages.push(data.slice(at + 1, at + 1 + data[at]!))
  if (options & 64) compress(options, messages)
  else inflate(options, messages)
}

function serverOf(options: number): WebSocketEngine {
  return new WebSocketServer({
    deflate: deflateOf(8 + (options & 7), (options & 8) !== 0),
    compression: zlibCompression,
    pieces: (options & 16) !== 0,
    limits: { messageBytesMax: MESSAGE_BYTES_MAX, inflateRatioMax: 50 },
  })
}

function inflate(options: number, messages: readonly Uint8Array[]): void {
  const opcode = options & 32 ? 1 : 2
  const frames = messages.map((payload) => encodeWebSocketFrame({ opcode, rsv: 4, payload, key: 0 }))
  const input = concat(frames)
  const whole = checkAllWays(() => ({ engine: serverOf(options) }), input, [FOR_EVER])
  checkEvents(whole, input.length)
  const last = whole.events.at(-1)!
  ensure(last.type === 'fatal' && FAULTS.includes(last['code'] as string), `${last.type} ${String(last['code'])}`)
  const contents = contentsOf(whole)
  for (const content of contents) ensure(content.length <= MESSAGE_BYTES_MAX, `${content.length} octets`)
  if (options & 8 && opcode === 2) compareWithZlib(messages, contents, 8 + (options & 7))
}

function contentsOf({ events }: Trace): Uint8Array[] {
  const contents: Uint8Array[] = []
  let parts: Uint8Array[] = []
  for (const event of events) {
    const bytes = event['bytes'] as Uint8Array
    if (event.type === 'text') contents.push(new TextEncoder().encode(event['text'] as string))
    else if (event.type === 'binary') contents.push(bytes)
    else if (event.type === 'message') parts = []
    else if (event.type === 'data') parts.push(bytes)
    else if (event.type === 'end') contents.push(concat(parts))
  }
  return contents
}

/** Each message by itself: what zlib gives for it is what came, or its beginning when a final block stands in it. */
function compareWithZlib(messages: readonly Uint8Array[], contents: readonly Uint8Array[], windowBits: number): void {
  for (const [i, content] of contents.entries()) {
    let theirs: Uint8Array
    try {
      const options = { finishFlush: constants.Z_SYNC_FLUSH, windowBits, maxOutputLength: 2 * MESSAGE_BYTES_MAX }
      theirs = inflateRawSync(concat([messages[i]!, TAIL]), options)
    } catch (error) {
      throw new Error(`message ${i} is no DEFLATE to zlib: ${String(error)}`, { cause: error })
    }
    ensure(sameBytes(theirs, content.subarray(0, theirs.length)), `message ${i} is another one to zlib`)
  }
}

/** A client sends the messages whole and in pieces; a server has them back. */
function compress(options: number, messages: readonly Uint8Array[]): void {
  const client = new WebSocketClient({
    deflate: deflateOf(8 + (options & 7), (options & 8) !== 0),
    compression: zlibCompression,
    thresholdBytes: 0,
    maskingKey: () => 0,
  })
  client.start(0)
  for (const [i, message] of messages.entries()) {
    if (i % 2 === 0) {
      client.sendBinary(message.slice())
      continue
    }
    client.beginMessage('binary')
    const half = message.length >> 1
    client.sendPiece(message.slice(0, half))
    client.sendPiece(message.slice(half))
    client.endMessage()
  }
  const parts: Uint8Array[] = []
  for (let part = client.output(); part !== undefined; part = client.output()) parts.push(part)
  client.abort()
  const back = contentsOf(trace(() => ({ engine: serverOf(options) }), [{ type: 'bytes', bytes: concat(parts) }]))
  ensure(back.length === messages.length, `${back.length} of ${messages.length} messages`)
  for (const [i, message] of messages.entries()) ensure(sameBytes(message, back[i]!), `message ${i} is another one`)
}
