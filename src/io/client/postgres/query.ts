/** One statement with its own Sync: what it does wrong concerns no other. */

import { UsageError } from '../../../protocols/core/errors.js'
import type {
  CopyEvent,
  FieldDescription,
  NoticeFields,
  TransactionStatus,
} from '../../../protocols/postgres/events.js'
import type { RowCursor } from '../../../protocols/postgres/row-cursor.js'
import { Operation, type Session } from './operation.js'
import { PostgresConnectionError, PostgresError } from './postgres-error.js'
import type { QueryResult } from './result.js'
import { STALE_TRIES, type Statement, StatementRun } from './statement-run.js'
import type { Waiter } from '../waiter.js'

/** The SQLSTATE of a statement that was cancelled. */
export const QUERY_CANCELED: string = '57014'

/** Whether this is what has come of giving up: the server has cancelled, or would not, and the connection ended. */
export function isCancellation(error: unknown): boolean {
  if (error instanceof PostgresError) return error.code === QUERY_CANCELED
  return error instanceof PostgresConnectionError
}

/** One statement, from its first message to its ReadyForQuery. */
export class QueryOperation<Row> extends Operation {
  readonly #run: StatementRun<Row>
  readonly #waiter: Waiter<QueryResult<Row>>
  #session!: Session
  /** What was prepared may change again while it is prepared again. */
  #triesLeft = STALE_TRIES
  #tag = ''
  #error: unknown

  constructor(statement: Statement, waiter: Waiter<QueryResult<Row>>) {
    super()
    this.#run = new StatementRun(statement)
    this.#waiter = waiter
  }

  send(session: Session): void {
    this.#session = session
    const run = this.#run
    try {
      run.look(session)
      run.prepare(this.shared)
      this.blocks = run.needsTypes
      if (!this.blocks) this.#execute()
    } catch (error) {
      this.#error = error
    }
    session.engine.sync()
  }

  onReady(status: TransactionStatus): boolean {
    if (this.blocks) {
      this.blocks = false
      if (this.#error === undefined && this.#describedExecutes()) return false
    }
    this.#error ??= this.transactionFault(status)
    if (this.#error === undefined) {
      this.settled()
      this.#waiter.resolve(this.#run.result(this.#tag))
    } else if (!this.#tryAgain(status)) {
      this.#fail()
    }
    return true
  }

  override onError(fields: NoticeFields): void {
    this.#error ??= new PostgresError(fields, this.#run.statement.sql)
  }

  override onParsed(): void {
    this.#run.onParsed()
  }

  override onParameters(typeOids: readonly number[]): void {
    this.#run.onParameters(typeOids)
  }

  override onFields(fields: readonly FieldDescription[]): void {
    this.#run.onFields(fields)
  }

  override onNoData(): void {
    this.#run.onFields()
  }

  override onBound(): void {
    this.#run.onBound()
  }

  override onRows(rows: RowCursor): void {
    if (this.#error !== undefined) return
    try {
      this.#run.onRows(rows)
    } catch (error) {
      this.#error = error
    }
  }

  override onComplete(tag: string): void {
    this.#tag = tag
  }

  override onCopy({ direction }: CopyEvent): void {
    this.#error = new UsageError('PG_COPY', 'COPY is for copyTo and copyFrom')
    // The server has passed over the Sync behind it: nothing that follows would be answered as it was counted.
    if (direction !== 'out') this.#session.destroy(this.#error as UsageError)
  }

  lose(error: Error): void {
    this.#error ??= error
    this.#fail()
  }

  /**
   * The server has described the statement. Gives whether it runs now. One without a name is prepared once more: behind
   * each ReadyForQuery a pooler may go on with another connection, where there is none, or a stranger's.
   */
  #describedExecutes(): boolean {
    try {
      if (!this.#run.isKept) {
        this.#run.look(this.#session)
        this.#run.prepare(this.shared)
      }
      this.#execute()
    } catch (error) {
      this.#error = error
      return false
    }
    this.#session.engine.sync()
    return true
  }

  #execute(): void {
    this.#run.bind('')
    this.#session.engine.execute('')
  }

  /** Runs it once more where nothing of it was done by no fault of its own. Inside a transaction nothing is left. */
  #tryAgain(status: TransactionStatus): boolean {
    const error = this.#error
    if (!(error instanceof PostgresError)) return false
    this.#run.onFailed(error.code)
    const hit = this.endangered && error.code === QUERY_CANCELED && this.#run.isAtomic
    const stale = this.#run.stale && this.#triesLeft > 0
    if (!(stale || hit) || status !== 'idle' || this.reason !== undefined) return false
    if (stale) this.#triesLeft--
    this.#error = undefined
    this.#session.run(this)
    return true
  }

  #fail(): void {
    this.settled()
    const error = this.#error
    this.#waiter.reject(this.reason !== undefined && isCancellation(error) ? this.reason : error)
  }

  drop(): void {
    this.settled()
    this.#waiter.reject(this.reason)
  }
}
