/** What a statement gives, and how it is asked for. */

import type { FieldDescription } from '../../../protocols/postgres/events.js'
import type { FormatChoice } from './description.js'
import type { RowMode } from './rows.js'

/** What one statement has given. */
export interface QueryResult<Row = Record<string, unknown>> {
  readonly rows: Row[]
  /** The columns, in their order. */
  readonly fields: readonly FieldDescription[]
  /** What was done, as `SELECT` or `CREATE TABLE`; empty for a statement without text. */
  readonly command: string
  /** How many rows were given or changed; 0 where that is no question. */
  readonly rowCount: number
}

/** How a statement is run. */
export interface QueryOptions {
  /**
   * Cancels the statement. When the server has cancelled it, the promise rejects with the reason of the signal; when it
   * was done before that, with what it has given.
   */
  readonly signal?: AbortSignal | undefined
  /** Cancels the statement after so many milliseconds: rejects with `QueryTimeoutError`. */
  readonly timeoutMs?: number | undefined
  /** Rows as objects (the default), or as arrays. Of several columns with one name, an object has the last. */
  readonly rowMode?: RowMode | undefined
  /** Asks for all columns in one format. By default each comes in the faster one; the values are the same. */
  readonly format?: FormatChoice | undefined
  /** Keeps the statement prepared on the connection. By default as the options of the client say. */
  readonly prepare?: boolean | undefined
}

/** Splits a CommandComplete tag (`INSERT 0 5`, `CREATE TABLE`) into what was done, and to how many rows. */
export function readTag(tag: string): { readonly command: string; readonly rowCount: number } {
  const last = tag.lastIndexOf(' ')
  const count = last < 0 ? NaN : Number(tag.slice(last + 1))
  if (count !== count) return { command: tag, rowCount: 0 }
  // INSERT has an oid before the number, which is always 0 by now.
  return { command: tag.startsWith('INSERT ') ? 'INSERT' : tag.slice(0, last), rowCount: count }
}

/** How a pipeline is run. */
export interface PipelineOptions extends QueryOptions {
  /** All of it is done, or nothing (the default). */
  readonly atomic?: boolean | undefined
}

/** How a cursor is run. */
export interface CursorOptions extends Omit<QueryOptions, 'timeoutMs'> {
  /** How many rows are asked for at a time. Default 1000. */
  readonly batch?: number | undefined
}

/** How data are copied. */
export interface CopyOptions {
  /** Breaks off: the promise rejects with the reason of the signal. */
  readonly signal?: AbortSignal | undefined
}
