/** Clients: they connect, speak the protocols, and give promises. */

export { UsageError } from '../../protocols/core/errors.js'
export type { Fields } from '../../protocols/core/fields.js'
export type { Http2Limits } from '../../protocols/http2/limits.js'
export type { WebSocketLimits } from '../../protocols/websocket/limits.js'
export type { DeflateOptions } from '../../protocols/websocket/negotiation.js'
export { PreparedMessage } from '../../protocols/websocket/prepared.js'
export type { PemSource } from '../certificate.js'
export type { ClientTlsOptions } from '../connector.js'
export type { MessagePieces } from '../message-pieces.js'
export { MessageStream } from '../message-stream.js'
export { type Endpoint, type Transport, TransportError } from '../transport.js'
export {
  type CloseInfo,
  type Message,
  type SendOptions,
  WebSocketClosedError,
  type WebSocketListener,
} from '../websocket-link.js'
export { Http2Session, http2Session, type Http2SessionOptions, type TunnelRequest } from './http2-session.js'
export type { Tunnel } from './http2-tunnel.js'
export type { RequestFields } from './request-fields.js'
export { UnexpectedResponseError } from './unexpected-response.js'
export { ClientWebSocket, type ClientWebSocketOptions, websocket } from './websocket.js'
