/** HTTP/1.1 (RFC 9112 and 9110) as a pure state machine for one connection, in both roles. */

export type { BorrowedBytes, ClosedEvent, Engine, FatalEvent, Millis } from '../core/engine.js'
export { InvariantError, UsageError } from '../core/errors.js'
export { Fields } from '../core/fields.js'
export { Http1Client, type Http1ClientOptions } from './client.js'
export { type Http1Fault, type Http1FaultCode, http1Faults } from './errors.js'
export type {
  DataEvent,
  EndEvent,
  Framing,
  HalfCloseEvent,
  HandoverEvent,
  Http1ClientEvent,
  Http1FatalEvent,
  Http1ServerEvent,
  Http1Version,
  InformEvent,
  RequestEvent,
  ResponseEvent,
  TargetForm,
} from './events.js'
export { type HalfInput, type HalfState, lifecycle } from './lifecycle.js'
export { http1Limits, type Http1Limits } from './limits.js'
export { Http1Server, type Http1ServerOptions } from './server.js'
export { FieldLines, type FieldsToSend, reasonPhrase } from './writer.js'
