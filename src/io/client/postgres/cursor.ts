/** Rows of a statement, some at a time: a portal with a limit ("Extended Query" of the documentation). */

import { UsageError } from '../../../protocols/core/errors.js'
import type { FieldDescription, NoticeFields } from '../../../protocols/postgres/events.js'
import type { RowCursor } from '../../../protocols/postgres/row-cursor.js'
import { runCommand } from './commands.js'
import type { Acquire, Exclusive } from './exclusive.js'
import { Operation, type Session } from './operation.js'
import { PostgresError } from './postgres-error.js'
import { isCancellation } from './query.js'
import type { CursorOptions } from './result.js'
import { type Statement, StatementRun } from './statement-run.js'
import type { Waiter } from '../waiter.js'

/** Some rows, and whether they are the last ones. */
interface Batch<Row> {
  readonly rows: Row[]
  readonly last: boolean
}

const BATCH_ROWS = 1000
const BATCH_ROWS_MAX = 1_000_000

let lastPortal = 0

/** Asks for the first rows, which makes the portal, or for further ones. */
class FetchOperation<Row> extends Operation {
  readonly #run: StatementRun<Row>
  readonly #portal: string
  readonly #batch: number
  readonly #waiter: Waiter<Batch<Row>>
  #bound: boolean
  #session!: Session
  #last = true
  #error: unknown

  constructor(run: StatementRun<Row>, portal: string, batch: number, bound: boolean, waiter: Waiter<Batch<Row>>) {
    super()
    this.#run = run
    this.#portal = portal
    this.#batch = batch
    this.#bound = bound
    this.#waiter = waiter
  }

  send(session: Session): void {
    this.#session = session
    this.#write(() => {
      if (this.#bound) return
      this.#run.look(session)
      this.#run.prepare(this.shared)
      this.blocks = this.#run.needsTypes
    })
  }

  onReady(): boolean {
    if (this.blocks) {
      this.blocks = false
      if (this.#error === undefined) {
        this.#write(() => {})
        return false
      }
    }
    this.settled()
    if (this.#error === undefined) this.#waiter.resolve({ rows: this.#run.takeRows(), last: this.#last })
    else this.#fail()
    return true
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

  override onSuspended(): void {
    this.#last = false
  }

  override onCopy(): void {
    this.#session.destroy((this.#error = new UsageError('PG_COPY', 'COPY is for copyTo and copyFrom')))
  }

  override onError(fields: NoticeFields): void {
    this.#error ??= new PostgresError(fields, this.#run.statement.sql)
    this.#run.onFailed(fields.code)
  }

  lose(error: Error): void {
    this.#error ??= error
    this.settled()
    this.#fail()
  }

  drop(): void {
    this.settled()
    this.#waiter.reject(this.reason)
  }

  /** Writes what the statement needs first, then what gives rows. */
  #write(first: () => void): void {
    const { engine } = this.#session
    try {
      first()
      if (!this.blocks) {
        if (!this.#bound) this.#run.bind(this.#portal)
        this.#bound = true
        engine.execute(this.#portal, this.#batch)
      }
    } catch (error) {
      this.#error = error
    }
    engine.sync()
  }

  #fail(): void {
    this.#waiter.reject(this.reason !== undefined && isCancellation(this.#error) ? this.reason : this.#error)
  }
}

/** Closes a portal. Nobody waits for it. */
class CloseOperation extends Operation {
  readonly #portal: string

  constructor(portal: string) {
    super()
    this.#portal = portal
  }

  send({ engine }: Session): void {
    engine.closeObject('portal', this.#portal)
    engine.sync()
  }

  onReady(): boolean {
    return true
  }

  lose(): void {}
  drop(): void {}
}

/**
 * The rows of one statement, once. `next` rejects as `query` does; then everything is given back. A portal lives in a
 * transaction: outside of one, the cursor has its own, which ends with it.
 */
export class Cursor<Row> implements AsyncIterableIterator<Row> {
  readonly #statement: Statement
  readonly #options: CursorOptions
  readonly #batch: number
  readonly #acquire: Acquire
  readonly #portal: string = `skitai_${++lastPortal}`
  #run: StatementRun<Row> | undefined
  #exclusive: Exclusive | undefined
  /** The transaction is the cursor's own. */
  #wrapped = false
  /** The rows that are being looked at. */
  #rows: readonly Row[] = []
  #at = 0
  /** The rows that come next; undefined when there are none. */
  #ahead: Promise<Batch<Row>> | undefined
  #state: 'new' | 'open' | 'over' = 'new'
  /** Calls of `next` and `return` have effect one after the other. */
  #turn: Promise<unknown> = Promise.resolve()

  /** For `Queries`. Throws `UsageError` for a batch that is none. */
  constructor(statement: Statement, options: CursorOptions, acquire: Acquire) {
    const { batch = BATCH_ROWS } = options
    if (!Number.isInteger(batch) || batch < 1 || batch > BATCH_ROWS_MAX)
      throw new UsageError('PG_BATCH', `a batch has 1 to ${BATCH_ROWS_MAX} rows, not ${batch}`)
    this.#statement = statement
    this.#options = options
    this.#batch = batch
    this.#acquire = acquire
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  /** The next row. */
  next(): Promise<IteratorResult<Row, undefined>> {
    if (this.#at < this.#rows.length) return Promise.resolve({ done: false, value: this.#rows[this.#at++]! })
    return this.#inTurn(async () => {
      while (this.#at >= this.#rows.length) {
        const rows = await this.#nextRows()
        if (rows === undefined) return { done: true, value: undefined }
      }
      return { done: false, value: this.#rows[this.#at++]! }
    })
  }

  /** Ends it early: the portal is closed, the connection is given back. */
  return(): Promise<IteratorResult<Row, undefined>> {
    return this.#inTurn(async () => {
      await this.#close()
      return { done: true, value: undefined }
    })
  }

  /** The rows as they come, `batch` at a time, from where the cursor stands. */
  async *batches(): AsyncGenerator<readonly Row[], void, undefined> {
    try {
      for (
        let rows = await this.#inTurn(() => this.#nextRows());
        rows;
        rows = await this.#inTurn(() => this.#nextRows())
      ) {
        this.#at = rows.length
        if (rows.length > 0) yield rows
      }
    } finally {
      await this.return()
    }
  }

  #inTurn<Value>(run: () => Promise<Value>): Promise<Value> {
    const turn = this.#turn.then(run)
    this.#turn = turn.catch(() => {})
    return turn
  }

  /** Goes to the next rows, and asks for those behind them. Gives undefined when there are none. */
  async #nextRows(): Promise<readonly Row[] | undefined> {
    if (this.#state === 'over') return undefined
    try {
      const { rows, last } = await (this.#ahead ?? this.#open())
      this.#rows = rows
      this.#at = 0
      if (last) await this.#end('commit')
      else this.#ahead = this.#fetch(true)
      return rows
    } catch (error) {
      await this.#end('rollback').catch(ignore)
      throw error
    }
  }

  async #open(): Promise<Batch<Row>> {
    this.#state = 'open'
    this.#exclusive = await this.#acquire(this.#options.signal)
    const { connection } = this.#exclusive
    this.#wrapped = connection.transactionStatus === 'idle'
    for (let attempt = 1; ; attempt++) {
      const begun = this.#wrapped ? runCommand(connection, 'begin') : undefined
      this.#run = new StatementRun(this.#statement)
      const first = this.#fetch(false)
      try {
        await begun
        return await first
      } catch (error) {
        if (!this.#wrapped || !this.#run.stale || attempt > 1) throw error
        await runCommand(connection, 'rollback')
      }
    }
  }

  #fetch(bound: boolean): Promise<Batch<Row>> {
    const { connection } = this.#exclusive!
    const { signal } = this.#options
    const batch = new Promise<Batch<Row>>((resolve, reject) => {
      const operation = new FetchOperation(this.#run!, this.#portal, this.#batch, bound, { resolve, reject })
      operation.watch(signal)
      if (!operation.over) connection.run(operation)
    })
    // It may be that nobody asks for it any more.
    batch.catch(ignore)
    return batch
  }

  /** The caller wants no more. */
  async #close(): Promise<void> {
    if (this.#state === 'over') return
    let failed = false
    await this.#ahead?.catch(() => (failed = true))
    await this.#end(failed ? 'rollback' : 'commit')
  }

  /** Ends the transaction, if it is our own; else the portal. */
  async #end(how: 'commit' | 'rollback'): Promise<void> {
    const exclusive = this.#exclusive
    this.#state = 'over'
    this.#exclusive = undefined
    if (exclusive === undefined) return
    const { connection } = exclusive
    try {
      if (this.#wrapped) await runCommand(connection, how)
      else if (connection.transactionStatus === 'transaction') connection.run(new CloseOperation(this.#portal))
    } finally {
      exclusive.release()
    }
  }
}

function ignore(): void {}
