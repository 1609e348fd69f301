/** What a client connection reports, in wire order. `id` is the number that the command has been given. */

import type { BorrowedBytes, ClosedEvent, FatalEvent } from '../core/engine.js'
import type { PostgresFaultCode } from './errors.js'
import type { RowCursor } from './row-cursor.js'

/** The server knows who we are. */
export interface AuthenticatedEvent {
  readonly type: 'authenticated'
  readonly method: AuthMethod
}

/** How a client proves who it is. */
export type AuthMethod = 'none' | 'password' | 'md5' | 'scram-sha-256' | 'scram-sha-256-plus'

/** The server speaks an older version of the protocol, or does not know some options of ours. */
export interface NegotiatedEvent {
  readonly type: 'negotiated'
  /** The minor version that is spoken. */
  readonly minor: number
  /** Options that the server does not know. */
  readonly unknown: readonly string[]
}

/** A parameter of the session has this value, or has changed. */
export interface ParameterEvent {
  readonly type: 'parameter'
  readonly name: string
  readonly value: string
}

/** What a CancelRequest must name. */
export interface KeyDataEvent {
  readonly type: 'keyData'
  readonly processId: number
  /** 4 to 256 octets of a secret; the receiver's own. */
  readonly key: Uint8Array
}

/** The state of the transaction. */
export type TransactionStatus = 'idle' | 'transaction' | 'failed'

/**
 * The server waits for the next command: behind the start (`id` 0), a simple query, or Sync. Commands of lower numbers
 * without an end of their own were skipped because of the `error` before.
 */
export interface ReadyEvent {
  readonly type: 'ready'
  readonly id: number
  readonly status: TransactionStatus
}

/** A column of a result. */
export interface FieldDescription {
  readonly name: string
  /** 0 when the column is not one of a table. */
  readonly tableOid: number
  readonly columnNumber: number
  readonly typeOid: number
  /** Octets of the type; negative when they vary. */
  readonly typeSize: number
  readonly typeModifier: number
  readonly format: 'text' | 'binary'
}

/** Rows of this form follow, or are what a statement gives. */
export interface FieldsEvent {
  readonly type: 'fields'
  readonly id: number
  readonly fields: readonly FieldDescription[]
}

/** A statement, or a portal, gives no rows. */
export interface NoDataEvent {
  readonly type: 'noData'
  readonly id: number
}

/** The types of a statement's parameters. */
export interface ParametersEvent {
  readonly type: 'parameters'
  readonly id: number
  readonly typeOids: readonly number[]
}

/** Rows: as many as have come. They are gone with the end of the handler. */
export interface RowsEvent {
  readonly type: 'rows'
  readonly id: number
  readonly rows: RowCursor
}

/** A statement is complete. */
export interface CompleteEvent {
  readonly type: 'complete'
  readonly id: number
  /** As `INSERT 0 5`. */
  readonly tag: string
}

/**
 * The text of the query was empty; a portal has more rows than were asked for; a step of the extended query was done.
 */
export interface StepEvent {
  readonly type: 'empty' | 'suspended' | 'parsed' | 'bound' | 'statementClosed'
  readonly id: number
}

/** Data is copied from now on: to the server (`in`), from it, or both ways. */
export interface CopyEvent {
  readonly type: 'copy'
  readonly id: number
  readonly direction: 'in' | 'out' | 'both'
  readonly format: 'text' | 'binary'
  readonly columnFormats: readonly ('text' | 'binary')[]
}

/** Data that the server copies out. Valid until the next `receive`. */
export interface CopyDataEvent {
  readonly type: 'copyData'
  readonly id: number
  readonly bytes: BorrowedBytes
}

/** The server has copied out everything. */
export interface CopyDoneEvent {
  readonly type: 'copyDone'
  readonly id: number
}

/** What a function has given. */
export interface FunctionResultEvent {
  readonly type: 'functionResult'
  readonly id: number
  /** The receiver's own octets, in the format that was asked for. */
  readonly value: Uint8Array | null
}

/** The fields of an error or a notice, by the names of the documentation ("Error and Notice Message Fields"). */
export interface NoticeFields {
  readonly severity: string
  /** The SQLSTATE. */
  readonly code: string
  readonly message: string
  readonly detail: string | undefined
  readonly hint: string | undefined
  readonly position: string | undefined
  readonly internalPosition: string | undefined
  readonly internalQuery: string | undefined
  readonly where: string | undefined
  readonly schema: string | undefined
  readonly table: string | undefined
  readonly column: string | undefined
  readonly dataType: string | undefined
  readonly constraint: string | undefined
  readonly file: string | undefined
  readonly line: string | undefined
  readonly routine: string | undefined
}

/** The server reports an error: of a command, or (`id` 0) of the connection. */
export interface ErrorEvent {
  readonly type: 'error'
  readonly id: number
  readonly error: NoticeFields
}

/** The server has something to say that is no error. */
export interface NoticeEvent {
  readonly type: 'notice'
  readonly notice: NoticeFields
}

/** Somebody has used NOTIFY. */
export interface NotificationEvent {
  readonly type: 'notification'
  readonly processId: number
  readonly channel: string
  readonly payload: string
}

/** The server broke a rule, a limit or a deadline. */
export type PostgresFatalEvent = FatalEvent<PostgresFaultCode>

/** All events of the client role. */
export type PostgresClientEvent =
  | AuthenticatedEvent
  | NegotiatedEvent
  | ParameterEvent
  | KeyDataEvent
  | ReadyEvent
  | FieldsEvent
  | NoDataEvent
  | ParametersEvent
  | RowsEvent
  | CompleteEvent
  | StepEvent
  | CopyEvent
  | CopyDataEvent
  | CopyDoneEvent
  | FunctionResultEvent
  | ErrorEvent
  | NoticeEvent
  | NotificationEvent
  | PostgresFatalEvent
  | ClosedEvent
