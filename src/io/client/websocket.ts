/** WebSocket as a client opens it: over HTTP/1.1 (RFC 6455), or on an HTTP/2 connection (RFC 8441). */

import { randomBytes } from 'node:crypto'
import { UsageError } from '../../protocols/core/errors.js'
import type { Fields } from '../../protocols/core/fields.js'
import { WebSocketClient } from '../../protocols/websocket/client.js'
import {
  type Agreement,
  handshakeFields,
  readAnswer,
  type RequestOptions,
} from '../../protocols/websocket/handshake.js'
import { limitsOf, type WebSocketLimits } from '../../protocols/websocket/limits.js'
import type { DeflateOptions } from '../../protocols/websocket/negotiation.js'
import { type ClientTlsOptions, connect } from '../connector.js'
import { zlibCompression } from '../deflate.js'
import { maskingKey } from '../masking-key.js'
import { sha1 } from '../sha1.js'
import { TransportError } from '../transport.js'
import { WebSocketLink, type WebSocketListener } from '../websocket-link.js'
import { type Upgraded, upgradeHttp1 } from './http1-upgrade.js'
import type { Http2Session } from './http2-session.js'
import { type Origin, originOf, urlOf } from './origin.js'
import { fieldList, type RequestFields } from './request-fields.js'
import { within } from './within.js'

/** How to open a WebSocket. */
export interface ClientWebSocketOptions {
  /** Further fields of the request, as `origin` or `authorization`. Those of the handshake are not among them. */
  readonly headers?: RequestFields | undefined
  /** Subprotocols that are offered, the preferred one first; `protocol` is what the server has chosen. */
  readonly protocols?: string | readonly string[] | undefined
  /** TLS, for `wss`. Certificates are verified unless it says otherwise. */
  readonly tls?: ClientTlsOptions | undefined
  /** Offers compression of messages (RFC 7692). Default false. */
  readonly deflate?: boolean | DeflateOptions | undefined
  /** Messages of fewer octets are sent without compression. Default 1024. */
  readonly thresholdBytes?: number | undefined
  /** Gives up when it aborts before the WebSocket is open. It has no part in it afterwards. */
  readonly signal?: AbortSignal | undefined
  /** For all of it: name, TLS, and the answer, in milliseconds; `Infinity` for no limit. Default 10,000. */
  readonly connectTimeoutMs?: number | undefined
  readonly limits?: Partial<WebSocketLimits> | undefined
  /** Gives messages as streams instead of whole. Default false. */
  readonly pieces?: boolean | undefined
  /** Gets the messages; without it the WebSocket is iterated over. */
  readonly listener?: WebSocketListener | undefined
  /** An HTTP/2 connection to the same origin that carries it; without it there is a new one over HTTP/1.1. */
  readonly over?: Http2Session | undefined
  /** A connection that is lost is lost: nothing connects anew. */
  readonly reconnect?: false | undefined
}

/** An open WebSocket. */
export class ClientWebSocket extends WebSocketLink {
  /** The subprotocol that the server has chosen; empty when there is none. */
  readonly protocol: string
  /** Whether messages are compressed. */
  readonly compressed: boolean
  /** The fields of the server's answer. */
  readonly fields: Fields

  /** For `websocket`: on what was opened, as it was agreed. */
  constructor({ transport, fields }: Upgraded, agreement: Agreement, options: ClientWebSocketOptions) {
    const { limits, pieces, thresholdBytes, listener } = options
    const { deflate } = agreement
    const engine = new WebSocketClient({
      limits,
      pieces,
      thresholdBytes,
      deflate,
      compression: zlibCompression,
      maskingKey,
    })
    super(transport, engine, listener)
    this.protocol = agreement.protocol
    this.compressed = deflate !== undefined
    this.fields = fields
  }
}

const CONNECT_TIMEOUT_MS = 10_000
const NOTHING: Uint8Array = new Uint8Array(0)

/** What the handshake says itself. */
const HANDSHAKE_FIELD = /^(?:connection|upgrade|sec-websocket-.*)$/i

/**
 * Opens a WebSocket: `ws` and `wss`, or `http` and `https`. Redirects are not followed. Rejects with
 * `UnexpectedResponseError` when the server answers something else, with `TransportError` when there is no connection
 * (its codes are those of `connect`, of the engines, and `WS_HANDSHAKE` for an answer that is none), with the reason of
 * `signal`, and with `UsageError` for what cannot be asked for. Then nothing of it is left.
 */
export async function websocket(url: string | URL, options: ClientWebSocketOptions = {}): Promise<ClientWebSocket> {
  const { signal, connectTimeoutMs = CONNECT_TIMEOUT_MS, over } = options
  // What cannot be is refused before there is a connection.
  limitsOf(options.limits)
  const parsed = urlOf(url)
  const origin = originOf(parsed)
  const request = requestOf(options)
  const fields = requestFields(parsed, request, options)
  const target = parsed.pathname + parsed.search
  const upgraded = await within(signal, connectTimeoutMs, origin.expired(connectTimeoutMs), (inner) =>
    over === undefined
      ? openHttp1(origin, options.tls, target, fields, inner)
      : openHttp2(over, origin, target, fields, inner),
  )
  const agreement = readAnswer(upgraded.fields, request, sha1)
  if (typeof agreement === 'string') {
    upgraded.transport.destroy(true)
    throw new TransportError('WS_HANDSHAKE', upgraded.transport.peer, agreement)
  }
  const socket = new ClientWebSocket(upgraded, agreement, options)
  socket.start(upgraded.rest)
  return socket
}

function requestOf({ protocols = [], deflate = false, over }: ClientWebSocketOptions): RequestOptions {
  return {
    key: over === undefined ? randomBytes(16).toString('base64') : '',
    protocols: typeof protocols === 'string' ? [protocols] : protocols,
    deflate: deflate === true ? {} : deflate === false ? undefined : deflate,
  }
}

/** A flat list. */
function requestFields(
  { username, password }: URL,
  request: RequestOptions,
  options: ClientWebSocketOptions,
): string[] {
  const given = fieldList(options.headers ?? {})
  for (let i = 0; i < given.length; i += 2)
    if (HANDSHAKE_FIELD.test(given[i]!))
      throw new UsageError('WS_FIELD', `the handshake says itself what ${given[i]!} is`)
  const user = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  const credentials = user === ':' ? [] : ['Authorization', `Basic ${Buffer.from(user).toString('base64')}`]
  return [...handshakeFields(request), ...credentials, ...given]
}

async function openHttp1(
  origin: Origin,
  tls: ClientTlsOptions = {},
  target: string,
  fields: readonly string[],
  signal: AbortSignal,
): Promise<Upgraded> {
  const how = { tls: origin.secure && tls, alpn: ['http/1.1'], timeoutMs: Infinity, signal }
  const transport = await connect(origin.place, how)
  return upgradeHttp1(transport, target, ['Host', origin.authority, ...fields], signal)
}

async function openHttp2(
  session: Http2Session,
  origin: Origin,
  target: string,
  fields: readonly string[],
  signal: AbortSignal,
): Promise<Upgraded> {
  // Its certificate says nothing of any other host.
  if (session.origin !== origin.text)
    throw new UsageError('WS_ORIGIN', `the connection is to ${session.origin}, not to ${origin.text}`)
  const tunnel = await session.openTunnel({ protocol: 'websocket', target, fields, signal })
  return { ...tunnel, rest: NOTHING }
}
