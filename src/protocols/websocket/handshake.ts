/**
 * The messages that open a connection, for both roles: GET with Upgrade over HTTP/1.1 (RFC 6455 section 4), extended
 * CONNECT over HTTP/2 (RFC 8441 section 5). An engine for HTTP carries them; this says what is in them.
 */

import { UsageError } from '../core/errors.js'
import type { Fields } from '../core/fields.js'
import { isToken, listElements } from '../core/http-syntax.js'
import type { DeflateParameters } from './deflate.js'
import { type Extension, parseExtensions } from './extensions.js'
import { acceptOffer, agreed, type DeflateOptions, deflateParametersOf, offerOf } from './negotiation.js'

/** The SHA-1 digest of a text of ASCII, in base64. It proves that a server knows the protocol, and hides nothing. */
export type Sha1 = (text: string) => string

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'
const VERSION = '13'

/** 16 octets in base64: the last character before the padding has 4 bits that are zero. */
const KEY = /^[A-Za-z0-9+/]{21}[AQgw]==$/

/** The head of a request that may open a connection. */
export interface UpgradeRequest {
  readonly method: string
  /** `1.0`, `1.1` or `2.0`. */
  readonly version: string
  /** `:protocol` of extended CONNECT; empty over HTTP/1.1. */
  readonly protocol: string
  readonly fields: Fields
}

/** What a client has asked for. */
export interface Handshake {
  /** The value of Sec-WebSocket-Key; empty over HTTP/2, which needs none. */
  readonly key: string
  /** The subprotocols that it offers, in its order. */
  readonly protocols: readonly string[]
  readonly extensions: readonly Extension[]
}

/** Why a request opens no connection, and the answer that says so. */
export interface HandshakeRefusal {
  readonly status: 400 | 405 | 426
  readonly text: string
  /** Fields of the answer, a flat list. */
  readonly fields: readonly string[]
}

/** Whether a request asks for a WebSocket: then `readHandshake` says whether it does so as it should. */
export function asksForWebSocket({ protocol, fields }: UpgradeRequest): boolean {
  if (protocol !== '') return protocol.toLowerCase() === 'websocket'
  return hasElement(fields.get('upgrade'), 'websocket')
}

/** Reads what a client asks for (RFC 6455 section 4.2.1). */
export function readHandshake(request: UpgradeRequest): Handshake | HandshakeRefusal {
  const { fields } = request
  const overHttp1 = request.protocol === ''
  if (overHttp1) {
    if (request.method !== 'GET') return refuse(405, 'A WebSocket is opened by GET', ['allow', 'GET'])
    if (request.version !== '1.1') return refuse(400, 'A WebSocket needs HTTP/1.1')
    if (!hasElement(fields.get('upgrade'), 'websocket'))
      return refuse(426, 'This needs a WebSocket', ['upgrade', 'websocket'])
    if (!hasElement(fields.get('connection'), 'upgrade')) return refuse(400, 'Connection does not name upgrade')
  }
  const versions = fields.getAll('sec-websocket-version')
  if (versions.length !== 1 || versions[0] !== VERSION)
    return refuse(426, 'The version of WebSocket is 13', ['sec-websocket-version', VERSION, 'upgrade', 'websocket'])
  const keys = fields.getAll('sec-websocket-key')
  if (overHttp1 && (keys.length !== 1 || !KEY.test(keys[0]!)))
    return refuse(400, 'Sec-WebSocket-Key is not one of 16 octets in base64')
  const protocols = listElements(fields.getAll('sec-websocket-protocol').join(','))
  if (new Set(protocols).size < protocols.length || !protocols.every(isToken))
    return refuse(400, 'Sec-WebSocket-Protocol is not a list of different tokens')
  const extensions = parseExtensions(fields.getAll('sec-websocket-extensions').join(','))
  if (extensions === undefined) return refuse(400, 'Sec-WebSocket-Extensions is malformed')
  return { key: overHttp1 ? keys[0]! : '', protocols, extensions }
}

function refuse(status: HandshakeRefusal['status'], text: string, fields: readonly string[] = []): HandshakeRefusal {
  return { status, text, fields }
}

function hasElement(list: string | undefined, element: string): boolean {
  return list !== undefined && listElements(list.toLowerCase()).includes(element)
}

/** What a server agrees to. */
export interface AcceptOptions {
  /** One of the subprotocols that were offered; without it, none. */
  readonly protocol?: string | undefined
  /** What is wanted of permessage-deflate; without it, nothing is compressed. */
  readonly deflate?: DeflateOptions | undefined
}

/** The answer to a handshake, and what was agreed on. */
export interface Acceptance {
  /** Fields of the answer (101, or 200 over HTTP/2), a flat list. */
  readonly fields: readonly string[]
  /** For the engine: what was negotiated for permessage-deflate, if it was. */
  readonly deflate: DeflateParameters | undefined
}

/**
 * Accepts a handshake (RFC 6455 section 4.2.2). Throws `UsageError` for a subprotocol that was not offered, or a window
 * that is none.
 */
export function acceptHandshake(handshake: Handshake, options: AcceptOptions, sha1: Sha1): Acceptance {
  const { key, protocols, extensions } = handshake
  const { protocol } = options
  const fields = key === '' ? [] : ['Upgrade', 'websocket', 'Sec-WebSocket-Accept', acceptValue(key, sha1)]
  if (protocol !== undefined) {
    if (!protocols.includes(protocol))
      throw new UsageError('WS_PROTOCOL', `the client has not offered the subprotocol ${protocol}`)
    fields.push('Sec-WebSocket-Protocol', protocol)
  }
  const accepted = options.deflate && acceptOffer(extensions, deflateParametersOf(options.deflate))
  if (accepted !== undefined) fields.push('Sec-WebSocket-Extensions', accepted.answer)
  return { fields, deflate: accepted?.parameters }
}

/** The value of Sec-WebSocket-Accept for a key (RFC 6455 section 4.2.2). */
export function acceptValue(key: string, sha1: Sha1): string {
  return sha1(key + GUID)
}

/** What a client asks for. */
export interface RequestOptions {
  /** 16 random octets in base64 (RFC 6455 section 4.1); empty over HTTP/2. */
  readonly key: string
  /** Subprotocols, the preferred one first: different tokens. */
  readonly protocols?: readonly string[] | undefined
  /** What is wanted of permessage-deflate; without it, nothing is offered. */
  readonly deflate?: DeflateOptions | undefined
}

/**
 * The fields of a request that opens a connection, a flat list; over HTTP/1.1 Upgrade is among them, and the engine
 * that sends it writes Connection. Throws `UsageError` for a key, a subprotocol or a window that is none.
 */
export function handshakeFields({ key, protocols = [], deflate }: RequestOptions): string[] {
  if (key !== '' && !KEY.test(key)) throw new UsageError('WS_KEY', 'a key is 16 octets in base64')
  const fields = key === '' ? [] : ['Upgrade', 'websocket', 'Sec-WebSocket-Key', key]
  fields.push('Sec-WebSocket-Version', VERSION)
  if (protocols.length > 0) {
    if (new Set(protocols).size < protocols.length || !protocols.every(isToken))
      throw new UsageError('WS_PROTOCOL', 'subprotocols are different tokens')
    fields.push('Sec-WebSocket-Protocol', protocols.join(', '))
  }
  if (deflate !== undefined) fields.push('Sec-WebSocket-Extensions', offerOf(deflateParametersOf(deflate)))
  return fields
}

/** What a server has agreed to. */
export interface Agreement {
  /** The subprotocol; empty when there is none. */
  readonly protocol: string
  readonly deflate: DeflateParameters | undefined
}

/**
 * Reads the answer to a request that was made with `options` (RFC 6455 section 4.1): its status is 101, or 2xx over
 * HTTP/2. Gives what was agreed on, or a text that says what is wrong with it.
 */
export function readAnswer(fields: Fields, options: RequestOptions, sha1: Sha1): Agreement | string {
  const { key, protocols = [], deflate } = options
  if (key !== '') {
    if (fields.get('upgrade')?.toLowerCase() !== 'websocket') return 'Upgrade does not say websocket'
    if (!hasElement(fields.get('connection'), 'upgrade')) return 'Connection does not name upgrade'
    if (fields.get('sec-websocket-accept') !== acceptValue(key, sha1))
      return 'Sec-WebSocket-Accept does not fit the key'
  }
  const protocol = fields.get('sec-websocket-protocol')
  if (protocol !== undefined && !protocols.includes(protocol)) return 'a subprotocol was chosen that was not offered'
  const value = fields.getAll('sec-websocket-extensions').join(',')
  const extensions = parseExtensions(value)
  if (extensions === undefined) return 'Sec-WebSocket-Extensions is malformed'
  if (extensions.length === 0) return { protocol: protocol ?? '', deflate: undefined }
  if (deflate === undefined) return 'an extension was chosen that was not offered'
  const parameters = agreed(extensions, deflateParametersOf(deflate))
  if (parameters === undefined) return `the extension does not fit what was offered: ${value}`
  return { protocol: protocol ?? '', deflate: parameters }
}
