/** Something that is asked of one connection, from its first message to the ReadyForQuery that ends it. */

import { UsageError } from '../../../protocols/core/errors.js'
import type { PostgresClient } from '../../../protocols/postgres/client.js'
import type {
  CopyEvent,
  FieldDescription,
  NoticeFields,
  TransactionStatus,
} from '../../../protocols/postgres/events.js'
import type { RowCursor } from '../../../protocols/postgres/row-cursor.js'
import type { TypeRegistry } from '../../../protocols/postgres/types/registry.js'
import { QueryTimeoutError } from './postgres-error.js'
import type { Descriptions, StatementCache } from './statement-cache.js'

/** What is said to who begins a transaction where others are. */
export const TRANSACTION_ALONE = 'a transaction has a connection of its own: use begin(), not a statement'

/** What an operation may use of its connection. */
export interface Session {
  readonly engine: PostgresClient
  readonly statements: StatementCache
  readonly descriptions: Descriptions
  readonly types: TypeRegistry
  /** Call before a command outside of the methods of an operation. */
  enter(): void
  /** The operation is to be done, behind those before. */
  run(operation: Operation): void
  /** The operation was given up: what was not sent is dropped, what runs is cancelled. */
  cancel(operation: Operation): void
  /** Ends the connection at once. */
  destroy(error: Error): void
}

/**
 * One operation. The connection calls `send` once its turn has come, and then the methods for what the server answers,
 * in the order of the wire: everything up to the ReadyForQuery of which `onReady` says that it was the last belongs to
 * it. Exactly one of `onReady` (giving true), `lose` and `drop` is the last call.
 */
export abstract class Operation {
  /** Nothing else is sent while this is the last one that was. */
  blocks = false
  /** Something of it was sent. */
  sent = false
  /** Whoever waits for it has been told. */
  over = false
  /** The connection that has it; undefined before it has one. */
  session: Session | undefined
  /** Why the caller has given up. */
  reason: unknown
  /** A CancelRequest that was meant for the one before may have hit this one. */
  endangered = false
  /** The connection is shared with others: a transaction that is begun must be ended, too. */
  shared = false
  /** Data are going over the wire for as long as their reader or writer likes: nothing else can be done meanwhile. */
  streams = false
  /** When it began to wait for a connection, on the clock of the driver. */
  waitsSince = 0
  /** Takes the signal and the timer away. */
  #unwatch: (() => void) | undefined

  /** Writes its messages, the last one being a Sync or a simple Query. Must not throw. */
  abstract send(session: Session): void

  /** The server is ready. Gives whether the operation is over. */
  abstract onReady(status: TransactionStatus): boolean

  /** The connection is gone, or there will be none. */
  abstract lose(error: Error): void

  /** It was given up before anything of it was sent. */
  abstract drop(): void

  onError(_error: NoticeFields): void {}
  onFields(_fields: readonly FieldDescription[]): void {}
  onParameters(_typeOids: readonly number[]): void {}
  onNoData(): void {}
  onParsed(): void {}
  onBound(): void {}
  onRows(_rows: RowCursor): void {}
  /** A statement is complete; the tag of one without text is empty. */
  onComplete(_tag: string): void {}
  onSuspended(): void {}
  onCopy(_event: CopyEvent): void {}
  /** Valid during the call only. */
  onCopyData(_bytes: Uint8Array): void {}
  /** There are no more events for now. Gives whether there may be, because of what was done here. */
  onPolled(): boolean {
    return false
  }

  /** Output has left. */
  onFlushed(): void {}

  /** Gives up when the signal aborts, or the time is over. */
  watch(signal: AbortSignal | undefined, timeoutMs: number = Infinity): void {
    if (signal === undefined && timeoutMs === Infinity) return
    if (signal?.aborted === true) return this.giveUp(signal.reason)
    const onAbort = (): void => this.giveUp(signal!.reason)
    const timer =
      timeoutMs < Infinity ? setTimeout(() => this.giveUp(new QueryTimeoutError(timeoutMs)), timeoutMs) : undefined
    signal?.addEventListener('abort', onAbort)
    this.#unwatch = () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', onAbort)
    }
  }

  /** Nobody waits for it any more: it is dropped, or cancelled. */
  giveUp(reason: unknown): void {
    if (this.over || this.reason !== undefined) return
    this.reason = reason
    if (this.session === undefined) this.drop()
    else this.session.cancel(this)
  }

  /** What is wrong with the state in which the operation leaves a connection. */
  protected transactionFault(status: TransactionStatus): UsageError | undefined {
    if (!this.shared || status === 'idle') return undefined
    return new UsageError('PG_TRANSACTION', TRANSACTION_ALONE)
  }

  /** Whoever waits is told now. */
  protected settled(): void {
    this.over = true
    this.#unwatch?.()
    this.#unwatch = undefined
  }
}
