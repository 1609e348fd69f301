/** What can be asked of a database, whichever connection it goes to. */

import { UsageError } from '../../../protocols/core/errors.js'
import { Cursor } from './cursor.js'
import { type CopySource, runCopyFrom } from './copy-from.js'
import { CopyOut } from './copy-to.js'
import type { Exclusive } from './exclusive.js'
import type { Operation } from './operation.js'
import { checkParameters } from './parameters.js'
import { PipelineOperation } from './pipeline.js'
import { RowCountError } from './postgres-error.js'
import { QueryOperation } from './query.js'
import type { CopyOptions, CursorOptions, PipelineOptions, QueryOptions, QueryResult } from './result.js'
import type { RowMode } from './rows.js'
import { ScriptOperation } from './script.js'
import { bindSql, identifier, SqlFragment } from './sql.js'
import type { Statement } from './statement-run.js'
import type { Waiter } from '../waiter.js'

/** A statement of a pipeline: a text, a fragment, or a text with parameters. */
export type PipelineItem =
  string | SqlFragment | { readonly sql: string; readonly params?: readonly unknown[] | undefined }

const NO_PARAMS: readonly unknown[] = []

/** Queries, of a client, of a transaction, or of a connection that was reserved. */
export abstract class Queries {
  readonly #prepare: boolean

  /** `prepare` is what statements do that do not say. */
  protected constructor(prepare: boolean) {
    this.#prepare = prepare
  }

  /** Gives an operation to a connection. */
  protected abstract run(operation: Operation): void

  /** A connection for something that takes more than one operation. */
  protected abstract exclusive(signal: AbortSignal | undefined): Promise<Exclusive>

  /**
   * Runs one statement. Rejects with `PostgresError` when the server refuses, `PostgresConnectionError` when there is
   * no connection any more, `UsageError` for parameters that do not fit, `ValueError` for a value that its type cannot
   * be, `QueryTimeoutError`, and the reason of the signal.
   */
  query<Row extends readonly unknown[] = unknown[]>(
    sql: string | SqlFragment,
    params: readonly unknown[] | undefined,
    options: QueryOptions & { readonly rowMode: 'array' },
  ): Promise<QueryResult<Row>>
  query<Row = Record<string, unknown>>(
    sql: string | SqlFragment,
    params?: readonly unknown[],
    options?: QueryOptions,
  ): Promise<QueryResult<Row>>
  query<Row>(
    sql: string | SqlFragment,
    params?: readonly unknown[],
    options: QueryOptions = {},
  ): Promise<QueryResult<Row>> {
    return new Promise((resolve, reject) => {
      const statement = this.#statement(sql, params, options)
      this.#start(new QueryOperation<Row>(statement, { resolve, reject }), options)
    })
  }

  /** Runs one statement as a template: `` db.sql`select ${x}` ``. Values are only ever bound. */
  sql<Row = Record<string, unknown>>(
    texts: TemplateStringsArray,
    ...values: readonly unknown[]
  ): Promise<QueryResult<Row>> {
    return this.query<Row>(new SqlFragment(texts, values))
  }

  /** The name of a table, a column or another object, quoted, for a template. */
  identifier(...names: readonly string[]): SqlFragment {
    return identifier(...names)
  }

  /** The one row that there must be. Rejects with `RowCountError` for none and for more, besides what `query` does. */
  async one<Row = Record<string, unknown>>(
    sql: string | SqlFragment,
    params?: readonly unknown[],
    options?: QueryOptions,
  ): Promise<Row> {
    const { rows } = await this.query<Row>(sql, params, options)
    if (rows.length !== 1) throw new RowCountError('exactly one row', rows.length)
    return rows[0]!
  }

  /** The one row, or undefined when there is none. Rejects with `RowCountError` for more. */
  async oneOrNone<Row = Record<string, unknown>>(
    sql: string | SqlFragment,
    params?: readonly unknown[],
    options?: QueryOptions,
  ): Promise<Row | undefined> {
    const { rows } = await this.query<Row>(sql, params, options)
    if (rows.length > 1) throw new RowCountError('at most one row', rows.length)
    return rows[0]
  }

  /** The rows, of which there must be some. Rejects with `RowCountError` for none. */
  async many<Row = Record<string, unknown>>(
    sql: string | SqlFragment,
    params?: readonly unknown[],
    options?: QueryOptions,
  ): Promise<Row[]> {
    const { rows } = await this.query<Row>(sql, params, options)
    if (rows.length === 0) throw new RowCountError('at least one row', 0)
    return rows
  }

  /**
   * Runs a text with any number of statements and no parameters, in one transaction unless it says otherwise. Gives a
   * result for each.
   */
  script(sql: string, options: QueryOptions = {}): Promise<QueryResult[]> {
    return new Promise((resolve, reject) => {
      const waiter = { resolve, reject } as Waiter<QueryResult<unknown>[]>
      this.#start(new ScriptOperation(textOf(sql), modeOf(options), waiter), options)
    })
  }

  /**
   * Runs several statements in one round trip. By default they are all done, or none; the promise rejects with the
   * first error then. With `atomic: false` each is on its own: they are given as `Promise.allSettled` does.
   */
  pipeline(
    items: readonly PipelineItem[],
    options?: PipelineOptions & { readonly atomic?: true },
  ): Promise<QueryResult[]>
  pipeline(
    items: readonly PipelineItem[],
    options: PipelineOptions & { readonly atomic: false },
  ): Promise<PromiseSettledResult<QueryResult>[]>
  pipeline(
    items: readonly PipelineItem[],
    options: PipelineOptions = {},
  ): Promise<QueryResult[] | PromiseSettledResult<QueryResult>[]> {
    if (options.atomic === false) return Promise.allSettled(items.map((item) => this.query(...partsOf(item), options)))
    return new Promise((resolve, reject) => {
      const statements = items.map((item) => this.#statement(...partsOf(item), options))
      if (statements.length === 0) return resolve([])
      const waiter = { resolve, reject } as Waiter<QueryResult<unknown>[]>
      this.#start(new PipelineOperation(statements, waiter), options)
    })
  }

  /**
   * The rows of a statement one after the other, of which `batch` are asked for at a time: the next ones while those
   * are looked at. Nothing is done before the first is asked for; whoever stops asking calls
   * `return`, as `for await` does.
   */
  cursor<Row = Record<string, unknown>>(
    sql: string | SqlFragment,
    params?: readonly unknown[],
    batch: number | CursorOptions = {},
  ): Cursor<Row> {
    const options = typeof batch === 'number' ? { batch } : batch
    const statement = this.#statement(sql, params, options)
    return new Cursor<Row>(statement, options, (signal) => this.exclusive(signal))
  }

  /** What `copy … to stdout` gives, as octets cut anywhere. Nothing is done before the first are asked for. */
  copyTo(sql: string | SqlFragment, options: CopyOptions = {}): CopyOut {
    return new CopyOut(copyTextOf(sql), options, (signal) => this.exclusive(signal))
  }

  /** Gives `copy … from stdin` its data. When anything fails, on either side, the other side is told. */
  copyFrom(
    sql: string | SqlFragment,
    source: CopySource,
    options: CopyOptions = {},
  ): Promise<{ readonly rowCount: number }> {
    return runCopyFrom(copyTextOf(sql), source, options, (signal) => this.exclusive(signal))
  }

  #start(operation: Operation, { signal, timeoutMs }: QueryOptions): void {
    operation.watch(signal, timeoutMs)
    if (!operation.over) this.run(operation)
  }

  #statement(sql: string | SqlFragment, params: readonly unknown[] | undefined, options: QueryOptions): Statement {
    const { format: choice = 'auto', prepare = this.#prepare } = options
    const mode = modeOf(options)
    if (sql instanceof SqlFragment) {
      if (params !== undefined) throw new UsageError('PG_PARAMETER', 'a template has its parameters in it')
      const bound = bindSql(sql)
      checkParameters(bound.params)
      return { sql: bound.sql, params: bound.params, mode, choice, prepare }
    }
    const values = params ?? NO_PARAMS
    if (!Array.isArray(values)) throw new UsageError('PG_PARAMETER', 'parameters are an array')
    checkParameters(values)
    return { sql: textOf(sql), params: values, mode, choice, prepare }
  }
}

function textOf(sql: unknown): string {
  if (typeof sql !== 'string') throw new UsageError('PG_TEXT', `a statement is a text or a template, not ${typeof sql}`)
  return sql
}

function modeOf({ rowMode = 'object' }: QueryOptions): RowMode {
  return rowMode
}

/** COPY takes no parameters. */
function copyTextOf(sql: string | SqlFragment): string {
  if (!(sql instanceof SqlFragment)) return textOf(sql)
  const bound = bindSql(sql)
  if (bound.params.length > 0) throw new UsageError('PG_PARAMETER', 'COPY takes no parameters')
  return bound.sql
}

function partsOf(item: PipelineItem): [sql: string | SqlFragment, params: readonly unknown[] | undefined] {
  return typeof item === 'string' || item instanceof SqlFragment ? [item, undefined] : [item.sql, item.params]
}
