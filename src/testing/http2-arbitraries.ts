/**
 * Arbitraries for HTTP/2. They are made from the fast-check module that the caller hands in, so nothing here loads it:
 * `const arbitraries = http2Arbitraries(fc)`.
 */

import type * as FastCheck from 'fast-check'
import { concat } from './bytes.js'
import { type FastCheckModule, http1Arbitraries } from './http1-arbitraries.js'
import {
  blockFrames,
  dataFrame,
  encodeFrames,
  encodePlainBlock,
  type Http2Frame,
  http2Preface,
  type Http2Request,
  type Http2Response,
  requestFields,
  responseFields,
  settingsAckFrame,
  settingsFrame,
  uint32,
} from './http2-frames.js'

type Arbitrary<T> = FastCheck.Arbitrary<T>

/** What `http2Arbitraries` makes. All strings are Latin-1: one character an octet. */
export interface Http2Arbitraries {
  /** A field name in lower case that neither frames content nor steers the connection. */
  readonly fieldName: Arbitrary<string>
  /** A field value; no blanks at its ends. */
  readonly fieldValue: Arbitrary<string>
  /** A request that every server must accept. */
  readonly request: Arbitrary<Http2Request>
  /** A response that every client must accept; one of 204, 205 or 304 has no content. */
  readonly response: Arbitrary<Http2Response>
  /** What a client may send, and some that it may not; in front of it preface and SETTINGS. */
  readonly clientOctets: Arbitrary<Uint8Array>
  /** What a server may send to a client with requests on the streams 1, 3, 5, and some that it may not. */
  readonly serverOctets: Arbitrary<Uint8Array>
  /** The same, damaged in frames and octets. */
  readonly damagedClientOctets: Arbitrary<Uint8Array>
  readonly damagedServerOctets: Arbitrary<Uint8Array>
  /** Positions to cut an input at. */
  readonly cuts: Arbitrary<number[]>
}

const INCREMENTS = [0, 1, 100, 65_535, 0x7f_ff_00_00, 0x7f_ff_ff_ff] as const
const METHODS = ['GET', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'HEAD', 'BREW'] as const
const AUTHORITIES = ['example.com', 'a', '[::1]:8080', '127.0.0.1:1'] as const
const ODD_FIELDS = [
  ['connection', 'close'],
  ['te', 'gzip'],
  ['Upper', 'case'],
  ['x', ' y'],
  [':path', '/late'],
  [':unknown', ''],
  ['content-length', '3'],
  ['host', 'other'],
  ['expect', '100-continue'],
  ['cookie', 'a=b'],
  ['priority', 'u=1, i'],
] as const

/** Makes the arbitraries. `fc` is the fast-check module. */
export function http2Arbitraries(fc: FastCheckModule): Http2Arbitraries {
  const { fieldName, fieldValue, target, token, damaged, cuts } = http1Arbitraries(fc)
  const name = fieldName.map((text) => text.toLowerCase())
  const fields = fc.array(fc.tuple(name, fieldValue), { maxLength: 6 }).map((list) => list.flat())
  const trailers = fc.array(fc.tuple(name, fieldValue), { maxLength: 2 }).map((list) => list.flat())
  const content = { fields, body: fc.uint8Array({ maxLength: 64 }), announced: fc.boolean(), trailers }
  const request: Arbitrary<Http2Request> = fc.record({
    method: fc.oneof(
      fc.constantFrom(...METHODS),
      token.filter((method) => method !== 'CONNECT'),
    ),
    scheme: fc.constantFrom('https', 'http'),
    authority: fc.constantFrom(...AUTHORITIES),
    target,
    ...content,
  })
  const response: Arbitrary<Http2Response> = fc
    .record({ status: fc.oneof(fc.constantFrom(200, 204, 304, 404), fc.integer({ min: 200, max: 599 })), ...content })
    .map((message) =>
      isBodiless(message.status) ? { ...message, body: new Uint8Array(0), announced: false } : message,
    )
  const client = fc.array(happening(fc, { request, response }), { maxLength: 12 })
  const clientFrames = client.map((list) => opening([2, 0, 4, 1000]).concat(framesOf(list, 'client')))
  const serverFrames = client.map((list) => opening([3, 100]).concat(framesOf(list, 'server')))
  const clientOctets = clientFrames.map((frames) => concat([http2Preface, encodeFrames(frames)]))
  return {
    fieldName: name,
    fieldValue,
    request,
    response,
    clientOctets,
    serverOctets: serverFrames.map(encodeFrames),
    damagedClientOctets: fc.oneof(
      clientFrames
        .chain((frames) => damagedFrames(fc, frames))
        .map((frames) => concat([http2Preface, encodeFrames(frames)])),
      damaged(clientOctets),
    ),
    damagedServerOctets: fc.oneof(
      serverFrames.chain((frames) => damagedFrames(fc, frames)).map(encodeFrames),
      damaged(serverFrames.map(encodeFrames)),
    ),
    cuts,
  }
}

function isBodiless(status: number): boolean {
  return status === 204 || status === 205 || status === 304
}

function opening(settings: readonly number[]): Http2Frame[] {
  return [settingsFrame(settings), settingsAckFrame]
}

/** One thing that a peer does; the numbers choose among its streams and its values. */
interface Happening {
  readonly kind: (typeof KINDS)[number]
  readonly request: Http2Request
  readonly response: Http2Response
  readonly stream: number
  readonly value: number
  readonly flag: boolean
  readonly octets: Uint8Array
}

/** Messages come more often than all else. */
const KINDS = [
  'message',
  'message',
  'head',
  'head',
  'data',
  'data',
  'data',
  'trailers',
  'reset',
  'window',
  'window',
  'priority',
  'priorityUpdate',
  'ping',
  'settings',
  'goaway',
  'push',
  'inform',
  'oddField',
  'unknown',
] as const

function happening(
  fc: FastCheckModule,
  messages: { readonly request: Arbitrary<Http2Request>; readonly response: Arbitrary<Http2Response> },
): Arbitrary<Happening> {
  return fc.record({
    kind: fc.constantFrom(...KINDS),
    ...messages,
    stream: fc.nat(7),
    value: fc.nat(255),
    flag: fc.boolean(),
    octets: fc.uint8Array({ maxLength: 40 }),
  })
}

function framesOf(list: readonly Happening[], role: 'client' | 'server'): Http2Frame[] {
  const script = new Script(role)
  return list.flatMap((each) => script.frames(each))
}

/** Frames in the order of a conversation: new streams have new numbers. */
class Script {
  readonly #role: 'client' | 'server'
  /** The next stream of a client, or the next that a server answers. */
  #next = 1
  #promised = 2

  constructor(role: 'client' | 'server') {
    this.#role = role
  }

  frames(each: Happening): Http2Frame[] {
    const { kind, stream, value, flag, octets, request, response } = each
    // Mostly a stream that was begun; now and then one that nobody knows.
    const streamId = stream === 7 ? value : Math.max(1, this.#next - 2 * ((stream % 3) + 1))
    const fragmentBytes = value < 100 ? 16_384 : value
    switch (kind) {
      case 'message':
      case 'head':
      case 'oddField':
        return this.#message(each)
      case 'data':
        return flag
          ? [dataFrame(streamId, octets, value < 80)]
          : [{ ...dataFrame(streamId, padded(octets, value % 30), value < 80), flags: 8 | (value < 80 ? 1 : 0) }]
      case 'trailers':
        return blockFrames(streamId, request.trailers, flag || value < 200, fragmentBytes)
      case 'inform':
        return blockFrames(streamId, [':status', '103', ...response.fields], false, fragmentBytes)
      case 'push':
        return this.#promise(streamId, each)
      default:
        return [control(kind, streamId, each)]
    }
  }

  #message({ kind, request, response, value, flag, octets }: Happening): Http2Frame[] {
    const odd = kind === 'oddField' ? ODD_FIELDS[value % ODD_FIELDS.length]! : []
    const message = this.#role === 'client' ? request : response
    const fields = this.#role === 'client' ? requestFields(request) : responseFields(response)
    const streamId = this.#next
    this.#next += 2
    const ends = kind !== 'message' && flag
    const head = blockFrames(streamId, [...fields, ...odd], ends, value < 200 ? 16_384 : value - 190)
    if (kind !== 'message') return head
    const rest = [dataFrame(streamId, message.body, true)]
    return octets.length > 0 ? [...head, dataFrame(streamId, new Uint8Array(0), false), ...rest] : [...head, ...rest]
  }

  #promise(streamId: number, { request, value }: Happening): Http2Frame[] {
    const promisedId = this.#promised
    this.#promised += 2
    const block = encodePlainBlock(
      requestFields({ ...request, method: value < 200 ? 'GET' : 'POST', announced: false }),
    )
    const payload = concat([Uint8Array.from(uint32(promisedId)), block])
    return [{ type: 5, flags: 4, streamId, payload }]
  }
}

function padded(octets: Uint8Array, size: number): Uint8Array {
  return concat([Uint8Array.of(size), octets, new Uint8Array(size)])
}

function control(kind: string, streamId: number, { value, flag, octets, stream }: Happening): Http2Frame {
  const frame = (type: number, flags: number, id: number, ...payload: readonly number[]): Http2Frame => ({
    type,
    flags,
    streamId: id,
    payload: Uint8Array.from(payload),
  })
  switch (kind) {
    case 'reset':
      return frame(3, 0, streamId, ...uint32(value % 16))
    case 'window':
      return frame(8, 0, flag ? 0 : streamId, ...uint32(INCREMENTS[value % INCREMENTS.length]!))
    case 'priority':
      return frame(2, 0, streamId, ...uint32(value), 15)
    case 'priorityUpdate':
      return frame(16, 0, 0, ...uint32(flag ? streamId : value), 0x75, 0x3d, 0x30 + (value % 9))
    case 'ping':
      return frame(6, flag ? 1 : 0, 0, ...uint32(0), ...uint32(value % 3))
    case 'settings':
      return settingsFrame([1 + (stream % 6), [0, 1, 100, 16_384, 65_535, 0x7f_ff_ff_ff, 0xff_ff_ff_ff][value % 7]!])
    case 'goaway':
      return frame(7, 0, 0, ...uint32(value), ...uint32(0), ...octets)
    default:
      return frame(0xa + (value % 20), value, streamId, ...octets)
  }
}

/** Frames that are left out, repeated, moved or changed in their header. */
function damagedFrames(fc: FastCheckModule, frames: readonly Http2Frame[]): Arbitrary<Http2Frame[]> {
  const damage = fc.record({
    how: fc.constantFrom('drop', 'repeat', 'swap', 'type', 'flags', 'stream', 'shorten', 'lengthen'),
    at: fc.nat(0xffff),
    value: fc.nat(255),
  })
  return fc.array(damage, { maxLength: 3 }).map((damages) => {
    const list = [...frames]
    for (const { how, at, value } of damages) {
      const index = at % list.length
      const frame = list[index]!
      const { payload } = frame
      if (how === 'drop' && list.length > 1) list.splice(index, 1)
      else if (how === 'repeat') list.splice(index, 0, frame)
      else if (how === 'swap') list.push(...list.splice(index, 1))
      else if (how === 'type') list[index] = { ...frame, type: value % 18 }
      else if (how === 'flags') list[index] = { ...frame, flags: frame.flags ^ (1 << (value % 8)) }
      else if (how === 'stream') list[index] = { ...frame, streamId: value % 20 }
      else if (how === 'shorten') list[index] = { ...frame, payload: payload.subarray(0, -1 - (value % 4)) }
      else list[index] = { ...frame, payload: concat([payload, new Uint8Array(value)]) }
    }
    return list
  })
}
