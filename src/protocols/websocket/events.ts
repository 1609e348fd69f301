/** What a WebSocket connection reports, in wire order. One shape a variant. */

import type { ClosedEvent, FatalEvent } from '../core/engine.js'
import type { WebSocketFaultCode } from './errors.js'

/** A text message (RFC 6455 section 5.6). */
export interface TextEvent {
  readonly type: 'text'
  readonly text: string
}

/** A binary message. The octets are the receiver's own. */
export interface BinaryEvent {
  readonly type: 'binary'
  readonly bytes: Uint8Array
}

/** A message begins whose content comes in pieces: `data`*, then `end`. Only where pieces were asked for. */
export interface MessageEvent {
  readonly type: 'message'
  readonly kind: MessageKind
}

/** What a message holds. */
export type MessageKind = 'text' | 'binary'

/**
 * A piece of a message; of a text, octets of valid UTF-8, cut anywhere. The octets are the receiver's own. Adjacent
 * ones may differ in cut.
 */
export interface DataEvent {
  readonly type: 'data'
  readonly bytes: Uint8Array
}

/** The message that came in pieces is complete. */
export interface EndEvent {
  readonly type: 'end'
}

/** A Ping came; its Pong is in `output` already (RFC 6455 section 5.5.2). The octets are the receiver's own. */
export interface PingEvent {
  readonly type: 'ping'
  readonly bytes: Uint8Array
}

/** A Pong came, asked for or not (RFC 6455 section 5.5.3). The octets are the receiver's own. */
export interface PongEvent {
  readonly type: 'pong'
  readonly bytes: Uint8Array
  /** Since the Ping of ours with the same octets, in milliseconds; -1 when there was none. */
  readonly roundTripMs: number
}

/**
 * The peer's Close came (RFC 6455 section 5.5.1); ours, if it had not been sent, is in `output`. No message follows,
 * `closed` does.
 */
export interface CloseEvent {
  readonly type: 'close'
  /** The code that came; 1005 when none did. */
  readonly code: number
  readonly reason: string
}

/** The peer broke a rule, a limit or a deadline; the Close that answers it is in `output`. */
export type WebSocketFatalEvent = FatalEvent<WebSocketFaultCode>

/** All events of a connection, in both roles. */
export type WebSocketEvent =
  | TextEvent
  | BinaryEvent
  | MessageEvent
  | DataEvent
  | EndEvent
  | PingEvent
  | PongEvent
  | CloseEvent
  | WebSocketFatalEvent
  | ClosedEvent
