/**
 * Arbitraries for WebSocket. They are made from the fast-check module that the caller hands in, so nothing here loads
 * it: `const arbitraries = webSocketArbitraries(fc)`.
 */

import type * as FastCheck from 'fast-check'
import { concat } from './bytes.js'
import { type FastCheckModule, http1Arbitraries } from './http1-arbitraries.js'
import {
  encodeWebSocketFrames,
  type WebSocketFrame,
  type WebSocketMessage,
  webSocketMessageFrames,
} from './websocket-frames.js'

type Arbitrary<T> = FastCheck.Arbitrary<T>

/** What a conversation may hold. */
export interface WebSocketArbitraryOptions {
  /**
   * Compresses a message on its own, without the tail (RFC 7692 section 7.2.1). Without it no message is compressed.
   */
  readonly deflate?: ((octets: Uint8Array) => Uint8Array) | undefined
}

/** What `webSocketArbitraries` makes. */
export interface WebSocketArbitraries {
  /** Any text that UTF-8 can carry, of characters of one to four octets. */
  readonly text: Arbitrary<string>
  /** Octets near UTF-8: characters, some of them cut, overlong, surrogates or behind the last one. */
  readonly nearlyText: Arbitrary<Uint8Array>
  /** A message that every endpoint must accept, with the frames that it comes in. */
  readonly message: Arbitrary<WebSocketMessage>
  /** 1..5 of them. */
  readonly messages: Arbitrary<WebSocketMessage[]>
  /** Ping or Pong. */
  readonly control: Arbitrary<WebSocketFrame>
  /** What a client may send: messages, control frames anywhere, now and then Close; frames are masked. */
  readonly clientOctets: Arbitrary<Uint8Array>
  /** What a server may send; frames are not masked. */
  readonly serverOctets: Arbitrary<Uint8Array>
  /** The same, with frames that break rules, damaged in frames and octets. */
  readonly damagedClientOctets: Arbitrary<Uint8Array>
  readonly damagedServerOctets: Arbitrary<Uint8Array>
  /** Positions to cut an input at. */
  readonly cuts: Arbitrary<number[]>
}

const CLOSE = 8
const PING = 9
const PONG = 10

/** Around the characters that have one octet more, and around what is not UTF-8. */
const EDGES = [0x00, 0x7f, 0x80, 0x7ff, 0x800, 0xd7ff, 0xe000, 0xfeff, 0xfffd, 0xffff, 0x10000, 0x10ffff] as const

const NOT_TEXT = [
  [0xc0, 0x80],
  [0xc1, 0xbf],
  [0xe0, 0x9f, 0xbf],
  [0xed, 0xa0, 0x80],
  [0xf0, 0x8f, 0xbf, 0xbf],
  [0xf4, 0x90, 0x80, 0x80],
  [0xf8, 0x88, 0x80, 0x80, 0x80],
  [0xff],
  [0x80],
] as const

const CODES = [999, 1000, 1001, 1004, 1005, 1006, 1007, 1011, 1014, 1015, 2999, 3000, 4999, 5000, 65_535] as const
const LENGTHS = [0, 1, 124, 125, 126, 127, 128, 300] as const

/** Makes the arbitraries. `fc` is the fast-check module. */
export function webSocketArbitraries(
  fc: FastCheckModule,
  options: WebSocketArbitraryOptions = {},
): WebSocketArbitraries {
  const { damaged, cuts } = http1Arbitraries(fc)
  const text = fc.string({ unit: fc.oneof(fc.nat(0x7e), fc.constantFrom(...EDGES)).map(String.fromCodePoint) })
  const control = controlArbitrary(fc)
  const message = messageArbitrary(fc, text, control, options)
  const right = framesArbitrary(fc, message, control, options)
  const wrong = fc
    .tuple(right, fc.array(fc.tuple(fc.nat(20), wrongFrame(fc)), { minLength: 0, maxLength: 2 }))
    .map(([frames, more]) =>
      more.reduce((list, [at, frame]) => list.toSpliced(at % (list.length + 1), 0, frame), frames),
    )
    .chain((frames) => damagedFrames(fc, frames))
  const client = (frames: Arbitrary<WebSocketFrame[]>): Arbitrary<Uint8Array> =>
    fc.tuple(frames, fc.integer()).map(([list, key]) => encodeWebSocketFrames(maskAll(list, key >>> 0)))
  const server = (frames: Arbitrary<WebSocketFrame[]>): Arbitrary<Uint8Array> => frames.map(encodeWebSocketFrames)
  return {
    text,
    nearlyText: nearlyText(fc),
    message,
    messages: fc.array(message, { minLength: 1, maxLength: 5 }),
    control,
    clientOctets: client(right),
    serverOctets: server(right),
    damagedClientOctets: fc.oneof(client(wrong), damaged(client(right))),
    damagedServerOctets: fc.oneof(server(wrong), damaged(server(right))),
    cuts,
  }
}

/** Each frame gets a key of its own. */
function maskAll(frames: readonly WebSocketFrame[], key: number): WebSocketFrame[] {
  return frames.map((frame, i) => ({ ...frame, key: 'key' in frame ? frame.key : (key + i * 0x9e37_79b1) >>> 0 }))
}

function nearlyText(fc: FastCheckModule): Arbitrary<Uint8Array> {
  const character = fc
    .oneof(fc.nat(0x7f), fc.integer({ min: 0x80, max: 0xd7ff }), fc.constantFrom(...EDGES))
    .map((code) => utf8Of(code))
  const part = fc.oneof(
    { weight: 12, arbitrary: character },
    { weight: 1, arbitrary: fc.constantFrom(...NOT_TEXT).map((octets) => Uint8Array.from(octets)) },
    { weight: 1, arbitrary: character.map((octets) => octets.subarray(0, -1)) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 3 }) },
    { weight: 2, arbitrary: fc.nat(40).map((size) => new Uint8Array(size).fill(0x61)) },
  )
  return fc.array(part, { maxLength: 30 }).map(concat)
}

/** The UTF-8 of a code point, written out (RFC 3629 section 3). */
function utf8Of(code: number): Uint8Array {
  const last = (shift: number): number => 0x80 | ((code >> shift) & 0x3f)
  if (code < 0x80) return Uint8Array.of(code)
  if (code < 0x800) return Uint8Array.of(0xc0 | (code >> 6), last(0))
  if (code < 0x10000) return Uint8Array.of(0xe0 | (code >> 12), last(6), last(0))
  return Uint8Array.of(0xf0 | (code >> 18), last(12), last(6), last(0))
}

function controlArbitrary(fc: FastCheckModule): Arbitrary<WebSocketFrame> {
  const payload = fc.oneof(fc.uint8Array({ maxLength: 8 }), fc.constant(new Uint8Array(125).fill(7)))
  return fc.record({ opcode: fc.constantFrom(PING, PONG), payload })
}

function messageArbitrary(
  fc: FastCheckModule,
  text: Arbitrary<string>,
  control: Arbitrary<WebSocketFrame>,
  { deflate }: WebSocketArbitraryOptions,
): Arbitrary<WebSocketMessage> {
  const long = fc.constantFrom(...LENGTHS).map((size) => new Uint8Array(size).fill(0x62))
  const texts = fc.oneof(
    { weight: 4, arbitrary: text.map((characters) => concat([...characters].map((c) => utf8Of(c.codePointAt(0)!)))) },
    { weight: 1, arbitrary: long },
  )
  const binaries = fc.oneof({ weight: 4, arbitrary: fc.uint8Array({ maxLength: 60 }) }, { weight: 1, arbitrary: long })
  return fc
    .record({
      kind: fc.constantFrom('text', 'binary'),
      texts,
      binaries,
      cuts: fc.oneof(fc.constant([]), fc.array(fc.nat(100), { maxLength: 5 })),
      between: fc.array(fc.tuple(fc.nat(5), control), { maxLength: 2 }),
      compressed: deflate === undefined ? fc.constant(false) : fc.boolean(),
    })
    .map(({ kind, texts: octets, binaries: other, ...rest }) => ({
      ...rest,
      kind,
      octets: kind === 'text' ? octets : other,
    }))
}

function framesArbitrary(
  fc: FastCheckModule,
  message: Arbitrary<WebSocketMessage>,
  control: Arbitrary<WebSocketFrame>,
  { deflate }: WebSocketArbitraryOptions,
): Arbitrary<WebSocketFrame[]> {
  const some = message.map((each) =>
    webSocketMessageFrames(each, each.compressed && deflate !== undefined ? deflate(each.octets) : each.octets),
  )
  const one = control.map((frame) => [frame])
  const close = fc
    .tuple(fc.constantFrom(1000, 1001, 1011, 3000, 4999), fc.constantFrom('', 'bye'))
    .map(([code, reason]) => [closeFrame(code, reason)])
  const empty = fc.constant([{ opcode: CLOSE, payload: new Uint8Array(0) }])
  const body = fc.array(fc.oneof({ weight: 3, arbitrary: some }, { weight: 1, arbitrary: one }), { maxLength: 6 })
  return fc.tuple(body, fc.option(fc.oneof(close, empty), { nil: [] })).map(([list, last]) => [...list.flat(), ...last])
}

function closeFrame(code: number, reason: string): WebSocketFrame {
  return {
    opcode: CLOSE,
    payload: concat([Uint8Array.of(code >> 8, code & 0xff), ...[...reason].map((c) => utf8Of(c.codePointAt(0)!))]),
  }
}

/** A frame that mostly must not come. */
function wrongFrame(fc: FastCheckModule): Arbitrary<WebSocketFrame> {
  const payload = fc.uint8Array({ maxLength: 10 })
  return fc.oneof(
    fc.record({ opcode: fc.nat(15), payload }),
    fc.record({ opcode: fc.constantFrom(0, 1, 2, CLOSE, PING, PONG), fin: fc.boolean(), rsv: fc.nat(7), payload }),
    fc.record({ opcode: fc.constantFrom(1, 2), payload: nearlyText(fc) }),
    fc.constantFrom(...CODES).map((code) => closeFrame(code, '')),
    payload.map((octets) => ({ opcode: CLOSE, payload: octets })),
    nearlyText(fc).map((octets) => ({
      opcode: CLOSE,
      payload: concat([Uint8Array.of(3, 0xe8), octets.subarray(0, 123)]),
    })),
    fc.record({ opcode: fc.constantFrom(1, 2, PING), payload, lengthBytes: fc.constantFrom(2, 8) }),
    fc.record({
      opcode: fc.constantFrom(0, 1, 2, PING),
      payload,
      length: fc.constantFrom(126, 65_536, 2 ** 32, 2 ** 53),
    }),
    fc.constantFrom(PING, CLOSE).map((opcode) => ({ opcode, payload: new Uint8Array(126) })),
    fc.record({ opcode: fc.constantFrom(1, 2, PING), payload, key: fc.constantFrom(undefined, 0, 0x01020304) }),
    // Compressed, or so it says.
    fc.record({ opcode: fc.constantFrom(1, 2), rsv: fc.constant(4), payload }),
  )
}

/** Frames that are left out, repeated, moved or changed. */
function damagedFrames(fc: FastCheckModule, frames: readonly WebSocketFrame[]): Arbitrary<WebSocketFrame[]> {
  const damage = fc.record({
    how: fc.constantFrom('drop', 'repeat', 'swap', 'fin', 'opcode', 'rsv', 'octet', 'shorten'),
    at: fc.nat(0xffff),
    value: fc.nat(255),
  })
  return fc.array(damage, { maxLength: 2 }).map((damages) => {
    const list = [...frames]
    for (const { how, at, value } of damages) {
      const index = at % list.length
      const frame = list[index]
      if (frame === undefined) continue
      const { payload } = frame
      if (how === 'drop') list.splice(index, 1)
      else if (how === 'repeat') list.splice(index, 0, frame)
      else if (how === 'swap') list.push(...list.splice(index, 1))
      else if (how === 'fin') list[index] = { ...frame, fin: !(frame.fin ?? true) }
      else if (how === 'opcode') list[index] = { ...frame, opcode: value & 15 }
      else if (how === 'rsv') list[index] = { ...frame, rsv: value & 7 }
      else if (how === 'octet')
        list[index] = { ...frame, payload: payload.map((o, i) => (i === value % payload.length ? value : o)) }
      else list[index] = { ...frame, payload: payload.subarray(0, -1) }
    }
    return list
  })
}
