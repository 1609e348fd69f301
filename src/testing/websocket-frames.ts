/** WebSocket frames and messages as plain data, and their octets; written by hand, not by the engine under test. */

import { concat } from './bytes.js'

/** One frame (RFC 6455 section 5.2). */
export interface WebSocketFrame {
  readonly opcode: number
  /** Whether it is the last one of its message. Default true. */
  readonly fin?: boolean
  /** The reserved bits, 0 to 7; 4 is RSV1. Default 0. */
  readonly rsv?: number
  readonly payload: Uint8Array
  /** The masking key, 32 bits, its first octet on top; without one the frame is not masked. */
  readonly key?: number | undefined
  /** Claims another length than the payload has. */
  readonly length?: number | undefined
  /** Writes the length in so many octets behind the first one, whether that is the shortest form or not. */
  readonly lengthBytes?: 0 | 2 | 8 | undefined
}

/** One message (RFC 6455 section 5.4). */
export interface WebSocketMessage {
  readonly kind: 'text' | 'binary'
  /** The content; of a text, UTF-8. */
  readonly octets: Uint8Array
  /** Where what goes over the wire is cut into frames; positions outside and doubles give empty frames. */
  readonly cuts: readonly number[]
  /** Control frames that stand between its frames: `[index of the frame behind, frame]`. */
  readonly between: readonly (readonly [index: number, frame: WebSocketFrame])[]
  /** Whether it is compressed, where that was negotiated. */
  readonly compressed: boolean
}

/** Octets of one frame. */
export function encodeWebSocketFrame(frame: WebSocketFrame): Uint8Array {
  const { opcode, fin = true, rsv = 0, payload, key } = frame
  const length = frame.length ?? payload.length
  const lengthBytes = frame.lengthBytes ?? (length < 126 ? 0 : length < 65_536 ? 2 : 8)
  const head = new Uint8Array(2 + lengthBytes + (key === undefined ? 0 : 4))
  head[0] = (fin ? 0x80 : 0) | (rsv << 4) | opcode
  head[1] = (key === undefined ? 0 : 0x80) | (lengthBytes === 0 ? length & 0x7f : lengthBytes === 2 ? 126 : 127)
  // Not by shifts: those know 32 bits only.
  for (let i = 0, left = length; i < lengthBytes; i++, left = Math.floor(left / 256))
    head[1 + lengthBytes - i] = left % 256
  if (key === undefined) return concat([head, payload])
  for (let i = 0; i < 4; i++) head[head.length - 4 + i] = key >>> (24 - 8 * i)
  return concat([head, maskedOctets(payload, key)])
}

/** Octets of frames, one behind the other. */
export function encodeWebSocketFrames(frames: readonly WebSocketFrame[]): Uint8Array {
  return concat(frames.map(encodeWebSocketFrame))
}

/** Octets masked (or unmasked) with a key (RFC 6455 section 5.3), in the plainest way. */
export function maskedOctets(octets: Uint8Array, key: number): Uint8Array {
  return octets.map((octet, i) => octet ^ (key >>> (24 - 8 * (i % 4))))
}

/** The frames of a message whose octets go over the wire as `wire`: compressed ones if the message is. */
export function webSocketMessageFrames(message: WebSocketMessage, wire: Uint8Array): WebSocketFrame[] {
  const cuts = [...message.cuts].map((cut) => Math.min(cut, wire.length)).toSorted((a, b) => a - b)
  const frames: WebSocketFrame[] = []
  let from = 0
  for (const [index, to] of [...cuts, wire.length].entries()) {
    for (const [before, frame] of message.between) if (before === index) frames.push(frame)
    const opcode = index > 0 ? 0 : message.kind === 'text' ? 1 : 2
    const rsv = index === 0 && message.compressed ? 4 : 0
    frames.push({ opcode, fin: index === cuts.length, rsv, payload: wire.subarray(from, to) })
    from = to
  }
  return frames
}
