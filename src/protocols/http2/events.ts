/**
 * What an HTTP/2 connection reports, in wire order. One shape a variant; adjacent `data` events of a stream may differ
 * in cut. Whatever happens to one stream carries its number.
 */

import type { BorrowedBytes, ClosedEvent, FatalEvent } from '../core/engine.js'
import type { Fields } from '../core/fields.js'
import type { Http2FaultCode } from './errors.js'
import type { Priority } from './priority.js'
import type { Settings } from './settings.js'

/** The head of a request, or of a promised one (RFC 9113 section 8.3.1). */
export interface RequestHead {
  readonly method: string
  /** As `https`; empty for CONNECT. */
  readonly scheme: string
  /** Host and optional port; from `:authority`, or from Host where that is missing; empty when there is none. */
  readonly authority: string
  /** `:path`: an absolute path with its query, or `*`; the authority for CONNECT. */
  readonly target: string
  /** `:protocol` of an extended CONNECT (RFC 8441); empty otherwise. */
  readonly protocol: string
  /** The regular fields; crumbs of Cookie are one field (section 8.2.3). */
  readonly fields: Fields
  /** The declared length of the content in octets; 0 without content, -1 when unknown. */
  readonly contentLength: number
  /** From the field Priority (RFC 9218), or the default. */
  readonly priority: Priority
}

/** A request head (server role). Without `endStream`, `data`* and one `end` follow. */
export interface RequestEvent extends RequestHead {
  readonly type: 'request'
  readonly streamId: number
  /** The request is complete: no `end` follows. */
  readonly endStream: boolean
  /** The client waits for 100 (Continue) before it sends the content. */
  readonly expectContinue: boolean
}

/** An interim response, 1xx but 101 (client role). */
export interface InformEvent {
  readonly type: 'inform'
  readonly streamId: number
  readonly status: number
  readonly fields: Fields
}

/** A final response head (client role). Without `endStream`, `data`* and one `end` follow. */
export interface ResponseEvent {
  readonly type: 'response'
  readonly streamId: number
  readonly status: number
  readonly fields: Fields
  /** The length of the content in octets; 0 without content, -1 when unknown. */
  readonly contentLength: number
  readonly endStream: boolean
}

/** A piece of content. Valid until the next `receive`. Tell `consume` when it was used, or the windows stay shut. */
export interface DataEvent {
  readonly type: 'data'
  readonly streamId: number
  readonly bytes: BorrowedBytes
}

/** The message of the peer is complete. Trailers stay apart from the header fields. */
export interface EndEvent {
  readonly type: 'end'
  readonly streamId: number
  readonly trailers: Fields
}

/**
 * A server promises a response (client role, RFC 9113 section 8.4): accept by doing nothing, or `reset` the promise.
 */
export interface PushEvent extends RequestHead {
  readonly type: 'push'
  /** The stream of the request that it belongs to. */
  readonly streamId: number
  readonly promisedId: number
}

/** The peer has reset a stream: nothing more can be sent on it or comes from it. */
export interface ResetEvent {
  readonly type: 'reset'
  readonly streamId: number
  readonly errorCode: number
  /** The peer has not begun to process the stream: the request may be sent anew (RFC 9113 section 8.7). */
  readonly unprocessed: boolean
}

/** The peer broke a rule, a limit or a deadline on one stream: we have reset it. The connection goes on. */
export interface StreamFaultEvent {
  readonly type: 'streamFault'
  readonly streamId: number
  readonly code: Http2FaultCode
  /** The error code of our RST_STREAM. */
  readonly errorCode: number
  /** The status of the response that went out first, or 0. */
  readonly status: number
  /** Absolute position of the frame in the connection's input; -1 for a deadline. */
  readonly offset: number
  /** The limit that was passed, or -1. */
  readonly limit: number
  /** What came instead, or -1. */
  readonly got: number
}

/** The peer's settings have changed; they are in force. */
export interface SettingsEvent {
  readonly type: 'settings'
  readonly settings: Settings
}

/** The peer answered our PING. */
export interface PongEvent {
  readonly type: 'pong'
  readonly roundTripMs: number
}

/** The peer will end the connection: it processes no stream of ours above `lastStreamId`. */
export interface GoawayEvent {
  readonly type: 'goaway'
  readonly lastStreamId: number
  readonly errorCode: number
  /** At most 1,024 octets of it; owned. */
  readonly debugData: Uint8Array
}

/** The peer has closed its side of the connection; what is complete can still be answered. Comes once. */
export interface HalfCloseEvent {
  readonly type: 'halfClose'
}

/** The peer broke a rule, a limit or a deadline that costs the connection; GOAWAY is in `output`. */
export type Http2FatalEvent = FatalEvent<Http2FaultCode>

/** Events that both roles have. */
export type CommonEvent =
  | DataEvent
  | EndEvent
  | ResetEvent
  | StreamFaultEvent
  | SettingsEvent
  | PongEvent
  | GoawayEvent
  | HalfCloseEvent
  | Http2FatalEvent
  | ClosedEvent

/** All events of the server role. */
export type Http2ServerEvent = RequestEvent | CommonEvent

/** All events of the client role. */
export type Http2ClientEvent = InformEvent | ResponseEvent | PushEvent | CommonEvent
