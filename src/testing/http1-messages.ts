/**
 * HTTP/1.1 messages as plain data, and their encoding. Written apart from the engine's own writer, so that the one can
 * be held against the other.
 */

import { bytesOf, concat } from './bytes.js'

/** The part that requests and responses share. Fields and trailers are flat lists: name, value, name, value. */
export interface Http1Content {
  /** All fields but those that frame the content, which the encoder writes. */
  readonly fields: readonly string[]
  readonly body: Uint8Array
  /** `none` writes no framing field and no content; `close` is for responses. */
  readonly framing: 'none' | 'length' | 'chunked' | 'close'
  /** Lengths into which a chunked body is cut; what is left goes into one last chunk. Each is at least 1. */
  readonly chunkBytes: readonly number[]
  /** The extension of each chunk, such as `;a=b`; the last one is used again when there are too few. */
  readonly chunkExtensions: readonly string[]
  /** Sent with `chunked` only. */
  readonly trailers: readonly string[]
}

/** A request. A 1.1 request needs a Host among its fields. */
export interface Http1Request extends Http1Content {
  readonly method: string
  readonly target: string
  readonly version: '1.0' | '1.1'
}

/** A response. */
export interface Http1Response extends Http1Content {
  readonly status: number
  readonly reason: string
  readonly version: '1.0' | '1.1'
}

/** A response and the method of the request that it answers; the method decides whether content may follow. */
export interface Http1Exchange {
  readonly method: string
  readonly response: Http1Response
}

const CRLF = '\r\n'

/** A request as octets. */
export function encodeRequest(request: Http1Request): Uint8Array {
  const { method, target, version } = request
  return encode(`${method} ${target} HTTP/${version}${CRLF}`, request)
}

/** A response as octets; with `headOnly` (an answer to HEAD) without its content. */
export function encodeResponse(response: Http1Response, headOnly = false): Uint8Array {
  const { status, reason, version } = response
  return encode(`HTTP/${version} ${status} ${reason}${CRLF}`, response, headOnly)
}

function encode(startLine: string, message: Http1Content, headOnly = false): Uint8Array {
  let head = startLine + encodeFields(message.fields)
  if (message.framing === 'length') head += `Content-Length: ${message.body.length}${CRLF}`
  if (message.framing === 'chunked') head += `Transfer-Encoding: chunked${CRLF}`
  const parts = [bytesOf(head + CRLF)]
  if (headOnly || message.framing === 'none') return concat(parts)
  if (message.framing === 'chunked') parts.push(...encodeChunks(message))
  else parts.push(message.body)
  return concat(parts)
}

function encodeFields(fields: readonly string[]): string {
  let lines = ''
  for (let i = 0; i + 1 < fields.length; i += 2) lines += `${fields[i]}: ${fields[i + 1]}${CRLF}`
  return lines
}

function encodeChunks({ body, chunkBytes, chunkExtensions, trailers }: Http1Content): Uint8Array[] {
  const parts: Uint8Array[] = []
  let at = 0
  for (let index = 0; at < body.length; index++) {
    const size = Math.min(chunkBytes[index] ?? body.length, body.length - at)
    const extension = chunkExtensions[Math.min(index, chunkExtensions.length - 1)] ?? ''
    parts.push(bytesOf(`${size.toString(16)}${extension}${CRLF}`), body.subarray(at, at + size), bytesOf(CRLF))
    at += size
  }
  parts.push(bytesOf(`0${CRLF}${encodeFields(trailers)}${CRLF}`))
  return parts
}

/** Pieces that matter to an HTTP/1.1 parser; mutations insert them. */
export const http1Dictionary: readonly string[] = [
  CRLF,
  '\n',
  '\r',
  '\r\r\n',
  CRLF + CRLF,
  '\0',
  ' ',
  '\t',
  ':',
  ',',
  ';',
  '"',
  '\\',
  '\x7f',
  '\x80',
  '\x85',
  '\xa0',
  '\xff',
  'GET / HTTP/1.1\r\nHost: a\r\n\r\n',
  'HTTP/1.1 200 OK\r\n',
  'HTTP/1.0 ',
  'HTTP/2.0',
  'Host: b\r\n',
  'Content-Length: 5\r\n',
  'Content-Length: 0\r\n',
  'Content-Length: +1\r\n',
  'Transfer-Encoding: chunked\r\n',
  'Transfer-Encoding: gzip, chunked\r\n',
  'Transfer-Encoding:\x0bchunked\r\n',
  'transfer-encoding : chunked\r\n',
  'Connection: close\r\n',
  'Connection: keep-alive\r\n',
  'Connection: upgrade\r\nUpgrade: websocket\r\n',
  'Expect: 100-continue\r\n',
  ' folded\r\n',
  '0\r\n\r\n',
  '5\r\nhello\r\n',
  '5;a=b\r\nhello\r\n',
  'ffffffff\r\n',
  '100000000\r\n',
  '-1\r\n',
  '0x5\r\n',
  '__proto__: x\r\n',
]
