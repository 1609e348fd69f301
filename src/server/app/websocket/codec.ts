/** Messages as handlers see them, and as they travel. */

import type { MessagePieces } from '../../../io/message-pieces.js'
import type { MessageStream } from '../../../io/message-stream.js'
import { CloseCodes } from '../../../protocols/websocket/errors.js'
import { PreparedMessage } from '../../../protocols/websocket/prepared.js'
import { parseJson } from '../args/parse-json.js'
import type { SocketEncoding } from './options.js'
import type { EncodedMessage } from './rooms.js'

/** The peer's message is none: the connection is closed with `code`, and nobody else is to blame. */
export class MessageError extends Error {
  override readonly name = 'MessageError'
  readonly code: number

  constructor(code: number, message: string) {
    super(message)
    this.code = code
  }
}

/** One encoding. */
export interface Codec {
  /** Throws `MessageError` for a message that is none. */
  decode(message: string | Uint8Array | MessageStream): unknown
  /** Throws `TypeError` for what cannot be sent. Not for null and undefined, which are not sent. */
  encode(value: unknown): EncodedMessage | MessagePieces
}

const textCodec: Codec = {
  decode: (message) => message,
  encode: (value) => {
    if (isEncoded(value)) return value
    if (value instanceof ArrayBuffer) return new Uint8Array(value)
    if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
    if (typeof value === 'object' && value !== null && isPieces(value)) return value
    throw new TypeError(`cannot be sent as a message: ${describe(value)}`)
  },
}

const jsonCodec: Codec = {
  decode: (message) => {
    if (typeof message !== 'string') throw new MessageError(CloseCodes.UNSUPPORTED_DATA, 'JSON is text')
    try {
      return parseJson(message)
    } catch {
      throw new MessageError(CloseCodes.INVALID_PAYLOAD, 'not JSON')
    }
  },
  encode: (value) => {
    if (value instanceof PreparedMessage) return value
    const text = JSON.stringify(value) as string | undefined
    if (text === undefined) throw new TypeError(`cannot be sent as JSON: ${describe(value)}`)
    return text
  },
}

/** The encodings by name. */
export const codecs: Readonly<Record<SocketEncoding, Codec>> = { text: textCodec, json: jsonCodec }

/** A value as a message that is whole, for many. Throws `TypeError` for pieces: they can be read only once. */
export function encodeWhole(codec: Codec, value: unknown): EncodedMessage {
  const message = codec.encode(value)
  if (!isEncoded(message)) throw new TypeError('a message in pieces goes to one client only')
  return message
}

/** Whether a message is whole. */
export function isEncoded(value: unknown): value is EncodedMessage {
  return typeof value === 'string' || value instanceof Uint8Array || value instanceof PreparedMessage
}

function isPieces(value: object): value is MessagePieces {
  if (Array.isArray(value) || value instanceof Map || value instanceof Set) return false
  return Symbol.asyncIterator in value || Symbol.iterator in value || 'getReader' in value
}

function describe(value: unknown): string {
  return typeof value === 'object' && value !== null ? Object.prototype.toString.call(value) : typeof value
}
