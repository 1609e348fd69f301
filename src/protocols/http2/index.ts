/** HTTP/2 (RFC 9113, 9218, 8441) as a pure state machine for one connection, in both roles. */

export type { BorrowedBytes, ClosedEvent, Engine, FatalEvent, Millis } from '../core/engine.js'
export { InvariantError, UsageError } from '../core/errors.js'
export { Fields } from '../core/fields.js'
export { Http2Client, type Http2ClientOptions, type RequestToSend } from './client.js'
export {
  type ErrorCodeName,
  errorCodeName,
  ErrorCodes,
  type Http2Fault,
  type Http2FaultCode,
  http2Faults,
} from './errors.js'
export type {
  DataEvent,
  EndEvent,
  GoawayEvent,
  HalfCloseEvent,
  Http2ClientEvent,
  Http2FatalEvent,
  Http2ServerEvent,
  InformEvent,
  PongEvent,
  PushEvent,
  RequestEvent,
  RequestHead,
  ResetEvent,
  ResponseEvent,
  SettingsEvent,
  StreamFaultEvent,
} from './events.js'
export type { FieldsToSend } from './fields-to-send.js'
export { Flags, FRAME_HEADER_BYTES, FrameTypes } from './frames/frame.js'
export { lifecycle, type StreamInput, type StreamState } from './lifecycle.js'
export { http2Limits, type Http2Limits } from './limits.js'
export { defaultPriority, parsePriority, type Priority } from './priority.js'
export { Http2Server, type Http2ServerOptions, type PromisedRequest, type UpgradedRequest } from './server.js'
export type { Settings } from './settings.js'
