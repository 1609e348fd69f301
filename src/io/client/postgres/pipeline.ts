/** Several statements with one Sync: they are one transaction, and one round trip. */

import { UsageError } from '../../../protocols/core/errors.js'
import type {
  CopyEvent,
  FieldDescription,
  NoticeFields,
  TransactionStatus,
} from '../../../protocols/postgres/events.js'
import type { RowCursor } from '../../../protocols/postgres/row-cursor.js'
import { Operation, type Session } from './operation.js'
import { PostgresError } from './postgres-error.js'
import { isCancellation, QUERY_CANCELED } from './query.js'
import type { QueryResult } from './result.js'
import { STALE_TRIES, type Statement, StatementRun } from './statement-run.js'
import type { Waiter } from '../waiter.js'

/** All of them, or none. Inside of a transaction they are a part of it. */
export class PipelineOperation extends Operation {
  readonly #runs: readonly StatementRun<unknown>[]
  readonly #waiter: Waiter<QueryResult<unknown>[]>
  readonly #results: QueryResult<unknown>[] = []
  #session!: Session
  /** Those that are answered now, in their order, and how many of them have been. */
  #answered: readonly StatementRun<unknown>[] = []
  #at = 0
  #triesLeft = STALE_TRIES
  #error: unknown

  constructor(statements: readonly Statement[], waiter: Waiter<QueryResult<unknown>[]>) {
    super()
    this.#runs = statements.map((statement) => new StatementRun(statement))
    this.#waiter = waiter
  }

  /** Statements of which nothing is known are described first, all at once. */
  send(session: Session): void {
    this.#session = session
    this.#at = 0
    this.#results.length = 0
    try {
      const unknown = this.#findUnknown()
      this.blocks = unknown.length > 0
      this.#answered = this.blocks ? unknown : this.#runs
      if (this.blocks) for (const run of unknown) run.prepare(this.shared)
      else this.#execute()
    } catch (error) {
      this.#error = error
    }
    session.engine.sync()
  }

  override onParsed(): void {
    this.#current?.onParsed()
  }

  override onParameters(typeOids: readonly number[]): void {
    this.#current?.onParameters(typeOids)
  }

  override onFields(fields: readonly FieldDescription[]): void {
    this.#current?.onFields(fields)
    if (this.blocks) this.#at++
  }

  override onNoData(): void {
    this.#current?.onFields()
    if (this.blocks) this.#at++
  }

  override onBound(): void {
    this.#current?.onBound()
  }

  override onRows(rows: RowCursor): void {
    if (this.#error !== undefined) return
    try {
      this.#current?.onRows(rows)
    } catch (error) {
      this.#error = error
    }
  }

  override onComplete(tag: string): void {
    const run = this.#current
    if (run !== undefined) this.#results.push(run.result(tag))
    this.#at++
  }

  override onCopy({ direction }: CopyEvent): void {
    const error = new UsageError('PG_COPY', 'COPY is for copyTo and copyFrom')
    this.#error = error
    if (direction !== 'out') this.#session.destroy(error)
  }

  override onError(fields: NoticeFields): void {
    this.#error ??= new PostgresError(fields, this.#current?.statement.sql)
  }

  onReady(status: TransactionStatus): boolean {
    if (this.blocks) {
      this.blocks = false
      if (this.#error === undefined && this.#describedExecute()) return false
    }
    this.#error ??= this.transactionFault(status)
    if (this.#error === undefined) {
      this.settled()
      this.#waiter.resolve(this.#results)
    } else if (!this.#tryAgain(status)) {
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

  get #current(): StatementRun<unknown> | undefined {
    return this.#answered[this.#at]
  }

  /** One for each text that nothing is known of. Throws for parameters that do not fit what is known. */
  #findUnknown(): readonly StatementRun<unknown>[] {
    const unknown = new Map<string, StatementRun<unknown>>()
    for (const run of this.#runs) {
      run.look(this.#session)
      run.checkTexts()
      if (run.needsTypes) unknown.set(run.statement.sql, run)
    }
    return [...unknown.values()]
  }

  /** Parameters that do not fit are found before anything is written: what is written will be done. */
  #execute(): void {
    for (const run of this.#runs) {
      run.prepare(this.shared)
      run.bind('')
      this.#session.engine.execute('')
    }
  }

  /** The server has described what was not known. Gives whether all runs now. */
  #describedExecute(): boolean {
    this.#answered = this.#runs
    this.#at = 0
    try {
      for (const run of this.#runs) {
        run.look(this.#session)
        run.checkTexts()
      }
      this.#execute()
    } catch (error) {
      this.#error = error
      return false
    }
    this.#session.engine.sync()
    return true
  }

  /** A statement that was prepared is not what it was: all is undone, and is done once more. */
  #tryAgain(status: TransactionStatus): boolean {
    const error = this.#error
    const run = this.#current
    if (!(error instanceof PostgresError) || run === undefined) return false
    run.onFailed(error.code)
    for (const skipped of this.#answered.slice(this.#at + 1)) skipped.onSkipped()
    const hit = this.endangered && error.code === QUERY_CANCELED && this.#runs.every((each) => each.isAtomic)
    const stale = run.stale && this.#triesLeft > 0
    if (!(stale || hit) || status !== 'idle' || this.reason !== undefined) return false
    if (stale) this.#triesLeft--
    this.#error = undefined
    this.#session.run(this)
    return true
  }

  #fail(): void {
    this.settled()
    this.#waiter.reject(this.reason !== undefined && isCancellation(this.#error) ? this.reason : this.#error)
  }
}
