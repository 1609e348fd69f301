/**
 * What a server connection reports, in wire order. `id` is the number of a command, counted from 1; commands are
 * answered in their order.
 */

import type { BorrowedBytes, ClosedEvent } from '../core/engine.js'
import type { AuthMethod, CopyDoneEvent, PostgresFatalEvent } from './events.js'
import type { ParameterValue } from './writer.js'

/**
 * The client asks for TLS: write what is in the output, begin TLS on the transport, and go on with another engine over
 * it, whose `encryption` is `active`.
 */
export interface TlsRequestedEvent {
  readonly type: 'handover'
  /** The client has begun TLS without asking; `rest` has its first octets. */
  readonly direct: boolean
  /** What belongs to TLS. Empty unless it is `direct`: nothing may come before the answer. */
  readonly rest: Uint8Array
}

/** Somebody wants to cancel what a connection runs whose key this is. The connection that says so ends. */
export interface CancelEvent {
  readonly type: 'cancel'
  readonly processId: number
  /** 4 to 256 octets. Compare them in constant time, and answer nothing in either case. */
  readonly key: Uint8Array
}

/** A client introduces itself; `authenticate` answers it. */
export interface StartupEvent {
  readonly type: 'startup'
  readonly user: string
  /** That of the user by default. */
  readonly database: string
  /** What else was asked for, by name; the last of two values. Take what you know, and nothing else. */
  readonly parameters: ReadonlyMap<string, string>
  /** The minor version that is spoken from now on: 0 to 2. */
  readonly minor: number
  /** Options of the protocol that we do not know. The client was told so. */
  readonly unknown: readonly string[]
}

/** A password that was asked for by `askPassword`. */
export interface PasswordEvent {
  readonly type: 'password'
  readonly password: string
}

/** The client has proved who it is, or has not been asked to. Parameters, key and the first `sendReady` follow. */
export interface ClientAuthenticatedEvent {
  readonly type: 'authenticated'
  readonly method: AuthMethod
}

/** Statements as text. */
export interface QueryEvent {
  readonly type: 'query'
  readonly id: number
  readonly sql: string
}

/** A statement is prepared under a name. */
export interface ParseEvent {
  readonly type: 'parse'
  readonly id: number
  readonly name: string
  readonly sql: string
  /** Of its first parameters; 0 for one that is not told. */
  readonly typeOids: readonly number[]
}

/** A portal is made of a statement and values. */
export interface BindEvent {
  readonly type: 'bind'
  readonly id: number
  readonly portal: string
  readonly statement: string
  /** A string for one in text, octets of your own for one in binary. */
  readonly values: readonly ParameterValue[]
  /** One for all columns, one each, or none: text. */
  readonly resultFormats: readonly ('text' | 'binary')[]
}

/** What a statement takes and gives, or what a portal gives, is asked for; or it is closed. */
export interface ObjectEvent {
  readonly type: 'describe' | 'close'
  readonly id: number
  readonly what: 'statement' | 'portal'
  readonly name: string
}

/** A portal is run. */
export interface ExecuteEvent {
  readonly type: 'execute'
  readonly id: number
  readonly portal: string
  /** 0 for all. */
  readonly rowsMax: number
}

/** A part of the pipeline ends; `sendReady` answers it. */
export interface SyncEvent {
  readonly type: 'sync'
  readonly id: number
}

/** A function is called by its object identifier. */
export interface FunctionCallEvent {
  readonly type: 'functionCall'
  readonly id: number
  readonly oid: number
  readonly values: readonly ParameterValue[]
  readonly resultFormat: 'text' | 'binary'
}

/** The client wants to see now what there is of answers. Output leaves at every drain: only a proxy has to do more. */
export interface FlushEvent {
  readonly type: 'flush'
}

/** Data of COPY. Valid until the next `receive`. */
export interface ClientCopyDataEvent {
  readonly type: 'copyData'
  readonly id: number
  readonly bytes: BorrowedBytes
}

/** The client breaks COPY off; `sendError` answers it. */
export interface CopyFailEvent {
  readonly type: 'copyFail'
  readonly id: number
  readonly reason: string
}

/** All events of the server role. */
export type PostgresServerEvent =
  | TlsRequestedEvent
  | CancelEvent
  | StartupEvent
  | PasswordEvent
  | ClientAuthenticatedEvent
  | QueryEvent
  | ParseEvent
  | BindEvent
  | ObjectEvent
  | ExecuteEvent
  | SyncEvent
  | FunctionCallEvent
  | FlushEvent
  | ClientCopyDataEvent
  | CopyDoneEvent
  | CopyFailEvent
  | PostgresFatalEvent
  | ClosedEvent
