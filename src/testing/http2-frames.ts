/**
 * HTTP/2 frames and messages as plain data, and their encoding. Written apart from the engine's own writer, so that the
 * one can be held against the other.
 */

import { bytesOf, concat } from './bytes.js'

/** One frame (RFC 9113 section 4.1); whatever is in it, right or wrong. */
export interface Http2Frame {
  /** 0..255. */
  readonly type: number
  /** 0..255. */
  readonly flags: number
  /** 0..2^31-1. */
  readonly streamId: number
  readonly payload: Uint8Array
}

/** A request over HTTP/2. Fields and trailers are flat lists: name, value, name, value; names in lower case. */
export interface Http2Request {
  readonly method: string
  readonly scheme: string
  readonly authority: string
  /** `:path`. */
  readonly target: string
  /** All regular fields but content-length. */
  readonly fields: readonly string[]
  readonly body: Uint8Array
  /** Whether content-length says how long the body is. */
  readonly announced: boolean
  readonly trailers: readonly string[]
}

/** A response over HTTP/2. */
export interface Http2Response {
  readonly status: number
  /** All regular fields but content-length. */
  readonly fields: readonly string[]
  readonly body: Uint8Array
  readonly announced: boolean
  readonly trailers: readonly string[]
}

/** What a client sends before its first frame (RFC 9113 section 3.4). */
export const http2Preface: Uint8Array = bytesOf('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')

const DATA = 0
const HEADERS = 1
const SETTINGS = 4
const CONTINUATION = 9
const END_STREAM = 1
const ACK = 1
const END_HEADERS = 4

/** A frame as octets. */
export function encodeFrame({ type, flags, streamId, payload }: Http2Frame): Uint8Array {
  const { length } = payload
  const header = [length >>> 16, length >>> 8, length, type, flags, ...uint32(streamId)]
  return concat([Uint8Array.from(header), payload])
}

/** Frames as octets. */
export function encodeFrames(frames: readonly Http2Frame[]): Uint8Array {
  return concat(frames.map(encodeFrame))
}

/** 32 bits, most significant octet first. */
export function uint32(value: number): number[] {
  return [(value >>> 24) & 0xff, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff]
}

/** SETTINGS as a frame: a flat list of identifiers and values. */
export function settingsFrame(list: readonly number[]): Http2Frame {
  const octets: number[] = []
  for (let i = 0; i < list.length; i += 2) octets.push(list[i]! >>> 8, list[i]! & 0xff, ...uint32(list[i + 1]!))
  return { type: SETTINGS, flags: 0, streamId: 0, payload: Uint8Array.from(octets) }
}

/** The acknowledgement of SETTINGS. */
export const settingsAckFrame: Http2Frame = { type: SETTINGS, flags: ACK, streamId: 0, payload: new Uint8Array(0) }

/** A field block without table and Huffman code (RFC 7541 section 6.2.2). */
export function encodePlainBlock(fields: readonly string[]): Uint8Array {
  const parts: Uint8Array[] = []
  for (let i = 0; i < fields.length; i += 2)
    parts.push(Uint8Array.of(0), encodeString(fields[i]!), encodeString(fields[i + 1]!))
  return concat(parts)
}

function encodeString(text: string): Uint8Array {
  const octets = bytesOf(text)
  const size: number[] = []
  if (octets.length < 127) {
    size.push(octets.length)
  } else {
    size.push(127)
    let rest = octets.length - 127
    for (; rest >= 128; rest >>>= 7) size.push((rest & 127) | 128)
    size.push(rest)
  }
  return concat([Uint8Array.from(size), octets])
}

/** A field block as HEADERS, and CONTINUATION where it is longer than `fragmentBytes`. */
export function blockFrames(
  streamId: number,
  fields: readonly string[],
  endStream: boolean,
  fragmentBytes = 16_384,
): Http2Frame[] {
  const block = encodePlainBlock(fields)
  const frames: Http2Frame[] = []
  for (let at = 0; at === 0 || at < block.length; at += fragmentBytes) {
    const last = at + fragmentBytes >= block.length ? END_HEADERS : 0
    const end = endStream && at === 0 ? END_STREAM : 0
    const payload = block.subarray(at, at + fragmentBytes)
    frames.push({ type: at === 0 ? HEADERS : CONTINUATION, flags: last | end, streamId, payload })
  }
  return frames
}

/** DATA as a frame. */
export function dataFrame(streamId: number, payload: Uint8Array, endStream: boolean): Http2Frame {
  return { type: DATA, flags: endStream ? END_STREAM : 0, streamId, payload }
}

/** The header section of a request. */
export function requestFields({ method, scheme, authority, target, ...rest }: Http2Request): string[] {
  const pseudo = [':method', method, ':scheme', scheme, ':authority', authority, ':path', target]
  return [...pseudo, ...rest.fields, ...announcement(rest)]
}

/** The header section of a response. */
export function responseFields({ status, ...rest }: Http2Response): string[] {
  return [':status', String(status), ...rest.fields, ...announcement(rest)]
}

function announcement({ announced, body }: Pick<Http2Request, 'announced' | 'body'>): string[] {
  return announced ? ['content-length', String(body.length)] : []
}

/** A message on a stream; its content in DATA frames of at most `pieceBytes` octets. */
export function messageFrames(
  streamId: number,
  fields: readonly string[],
  { body, trailers }: Pick<Http2Request, 'body' | 'trailers'>,
  pieceBytes = 16_384,
): Http2Frame[] {
  const withTrailers = trailers.length > 0
  const frames = blockFrames(streamId, fields, body.length === 0 && !withTrailers)
  for (let at = 0; at < body.length; at += pieceBytes)
    frames.push(dataFrame(streamId, body.slice(at, at + pieceBytes), at + pieceBytes >= body.length && !withTrailers))
  if (withTrailers) frames.push(...blockFrames(streamId, trailers, true))
  return frames
}
