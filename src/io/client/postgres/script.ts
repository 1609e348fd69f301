/** Statements without parameters, as many as a text has (the simple query of the documentation). */

import { UsageError } from '../../../protocols/core/errors.js'
import type {
  CopyEvent,
  FieldDescription,
  NoticeFields,
  TransactionStatus,
} from '../../../protocols/postgres/events.js'
import type { RowCursor } from '../../../protocols/postgres/row-cursor.js'
import { Description } from './description.js'
import { Operation, type Session } from './operation.js'
import { PostgresError } from './postgres-error.js'
import { isCancellation } from './query.js'
import { type QueryResult, readTag } from './result.js'
import type { RowMode } from './rows.js'
import type { Waiter } from '../waiter.js'

const NO_FIELDS: readonly FieldDescription[] = []

/** One text. It gives a result for each of its statements. */
export class ScriptOperation extends Operation {
  readonly #sql: string
  readonly #mode: RowMode
  readonly #waiter: Waiter<QueryResult<unknown>[]>
  readonly #results: QueryResult<unknown>[] = []
  #session!: Session
  #description: Description | undefined
  #rows: unknown[] = []
  #error: unknown

  constructor(sql: string, mode: RowMode, waiter: Waiter<QueryResult<unknown>[]>) {
    super()
    this.#sql = sql
    this.#mode = mode
    this.#waiter = waiter
  }

  send(session: Session): void {
    this.#session = session
    try {
      session.engine.query(this.#sql)
    } catch (error) {
      this.#error = error
      session.engine.sync()
    }
  }

  override onFields(fields: readonly FieldDescription[]): void {
    this.#description = new Description([], fields, this.#session.types)
  }

  override onRows(rows: RowCursor): void {
    if (this.#error !== undefined) return
    try {
      this.#description!.reader('text', this.#mode).read(rows, this.#rows)
    } catch (error) {
      this.#error = error
    }
  }

  override onComplete(tag: string): void {
    const { command, rowCount } = readTag(tag)
    this.#results.push({ rows: this.#rows, fields: this.#description?.fields ?? NO_FIELDS, command, rowCount })
    this.#rows = []
    this.#description = undefined
  }

  override onCopy({ direction }: CopyEvent): void {
    this.#error ??= new UsageError('PG_COPY', 'COPY is for copyTo and copyFrom')
    if (direction !== 'out') this.#session.engine.copyFail('no data')
  }

  override onError(fields: NoticeFields): void {
    this.#error ??= new PostgresError(fields, this.#sql)
  }

  onReady(status: TransactionStatus): boolean {
    this.#error ??= this.transactionFault(status)
    if (this.#error === undefined) {
      this.settled()
      this.#waiter.resolve(this.#results)
    } else {
      this.#fail()
    }
    return true
  }

  lose(error: Error): void {
    this.#error ??= error
    this.#fail()
  }

  drop(): void {
    this.settled()
    this.#waiter.reject(this.reason)
  }

  #fail(): void {
    this.settled()
    this.#waiter.reject(this.reason !== undefined && isCancellation(this.#error) ? this.reason : this.#error)
  }
}
