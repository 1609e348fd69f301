/** WebSocket (RFC 6455, 7692, 8441) as a pure state machine for one connection, in both roles. */

export type { ClosedEvent, Engine, FatalEvent, Millis } from '../core/engine.js'
export { InvariantError, UsageError } from '../core/errors.js'
export { Fields } from '../core/fields.js'
export { WebSocketClient, type WebSocketClientOptions } from './client.js'
export type { Compression, Deflater, Inflater } from './compression.js'
export type { DeflateParameters } from './deflate.js'
export { WebSocketEngine } from './engine.js'
export type { WebSocketOptions } from './options.js'
export { CloseCodes, isCloseCode, type WebSocketFault, type WebSocketFaultCode, webSocketFaults } from './errors.js'
export type {
  BinaryEvent,
  CloseEvent,
  DataEvent,
  EndEvent,
  MessageEvent,
  MessageKind,
  PingEvent,
  PongEvent,
  TextEvent,
  WebSocketEvent,
  WebSocketFatalEvent,
} from './events.js'
export { type DirectionState, type FrameInput, lifecycle } from './lifecycle.js'
export { webSocketLimits, type WebSocketLimits } from './limits.js'
export { PreparedMessage } from './prepared.js'
export { WebSocketServer } from './server.js'
export {
  type Acceptance,
  acceptHandshake,
  type AcceptOptions,
  acceptValue,
  type Agreement,
  asksForWebSocket,
  type Handshake,
  handshakeFields,
  type HandshakeRefusal,
  readAnswer,
  readHandshake,
  type RequestOptions,
  type Sha1,
  type UpgradeRequest,
} from './handshake.js'
export { type Extension, type ExtensionParameter, parseExtensions } from './extensions.js'
export { type DeflateOptions } from './negotiation.js'
