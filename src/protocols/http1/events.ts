/**
 * What an HTTP/1.1 connection reports, in wire order. One shape a variant; adjacent `data` events may differ in cut.
 */

import type { BorrowedBytes, ClosedEvent, FatalEvent } from '../core/engine.js'
import type { Fields } from '../core/fields.js'
import type { Http1FaultCode } from './errors.js'

/** The four forms of a request target (RFC 9112 section 3.2). */
export type TargetForm = 'origin' | 'absolute' | 'authority' | 'asterisk'

/** How the content of a message is delimited (RFC 9112 section 6.3). */
export type Framing = 'none' | 'length' | 'chunked' | 'close'

/** The version that a message is treated as: a higher minor version of 1 counts as 1.1 (RFC 9110 section 2.5). */
export type Http1Version = '1.0' | '1.1'

/** A request head (server role). Followed by `data`* and one `end`, unless it is answered before they have come. */
export interface RequestEvent {
  readonly type: 'request'
  readonly method: string
  /** The request target as it came. */
  readonly target: string
  readonly form: TargetForm
  /** Host and optional port that the request is for, from the target or from Host; empty when there is none. */
  readonly authority: string
  readonly version: Http1Version
  readonly fields: Fields
  readonly framing: Framing
  /** The declared length of the content in octets; 0 without content, -1 when unknown. */
  readonly contentLength: number
  /** The client waits for 100 (Continue) before it sends the content: answer, or call `sendContinue`. */
  readonly expectContinue: boolean
  /** The protocols that the client offers to switch to, as in Upgrade; empty when it does not. */
  readonly upgrade: string
  /** Whether the client lets the connection persist. */
  readonly keepAlive: boolean
}

/** An interim response, 1xx but 101 (client role). */
export interface InformEvent {
  readonly type: 'inform'
  readonly status: number
  readonly reason: string
  readonly fields: Fields
}

/** A final response head (client role). Followed by `data`* and one `end`, or by `handover`. */
export interface ResponseEvent {
  readonly type: 'response'
  readonly status: number
  readonly reason: string
  readonly version: Http1Version
  readonly fields: Fields
  readonly framing: Framing
  /** The length of the content in octets; 0 without content, -1 when unknown. */
  readonly contentLength: number
  readonly keepAlive: boolean
}

/** A piece of content. Valid until the next `receive`. */
export interface DataEvent {
  readonly type: 'data'
  readonly bytes: BorrowedBytes
}

/**
 * The message is complete. Trailers stay apart from the header fields and never change framing, routing or identity.
 */
export interface EndEvent {
  readonly type: 'end'
  readonly trailers: Fields
}

/**
 * The client has closed its side while its last request is under way, and nothing it sent waits any more (server role).
 * It may be gone or wait for the answer, which can still be sent. Comes once.
 */
export interface HalfCloseEvent {
  readonly type: 'halfClose'
}

/**
 * The connection now belongs to another protocol (101, or 2xx to CONNECT). `rest` is what came behind the message;
 * owned.
 */
export interface HandoverEvent {
  readonly type: 'handover'
  readonly rest: Uint8Array
}

/** The peer broke a rule, a limit or a deadline; the answer is in `output`. */
export type Http1FatalEvent = FatalEvent<Http1FaultCode>

/** All events of the server role. */
export type Http1ServerEvent =
  RequestEvent | DataEvent | EndEvent | HalfCloseEvent | HandoverEvent | Http1FatalEvent | ClosedEvent

/** All events of the client role. */
export type Http1ClientEvent =
  InformEvent | ResponseEvent | DataEvent | EndEvent | HandoverEvent | Http1FatalEvent | ClosedEvent
