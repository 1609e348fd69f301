/** What goes wrong with a statement: the server says no, or the connection is gone. */

import type { NoticeFields } from '../../../protocols/postgres/events.js'

/**
 * The server's answer to a statement that it has refused, with all of its fields ("Error and Notice Message Fields" of
 * the documentation). Parameters are no part of it, and the text of the statement is given only to who asks: logs must
 * not get to know either by accident.
 */
export class PostgresError extends Error {
  override readonly name = 'PostgresError'
  /** The SQLSTATE: five characters, as `23505`. */
  readonly code: string
  /** `ERROR`, `FATAL` or `PANIC`, whatever the language of the server. */
  readonly severity: string
  readonly detail: string | undefined
  readonly hint: string | undefined
  /** Where in the statement: characters, counted from 1. */
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
  readonly #query: string | undefined

  constructor(fields: NoticeFields, query?: string) {
    super(fields.message)
    this.code = fields.code
    this.severity = fields.severity
    this.detail = fields.detail
    this.hint = fields.hint
    this.position = fields.position
    this.internalPosition = fields.internalPosition
    this.internalQuery = fields.internalQuery
    this.where = fields.where
    this.schema = fields.schema
    this.table = fields.table
    this.column = fields.column
    this.dataType = fields.dataType
    this.constraint = fields.constraint
    this.file = fields.file
    this.line = fields.line
    this.routine = fields.routine
    this.#query = query
  }

  /** The text of the statement, without the values of its parameters; undefined when there was none. */
  query(): string | undefined {
    return this.#query
  }
}

/** The connection is gone, or could not be had: what was to be done has no answer. */
export class PostgresConnectionError extends Error {
  override readonly name = 'PostgresConnectionError'
  /**
   * Why: a code of the system (`ECONNRESET`), of a fault of the server (`PG_TRUNCATED`), an SQLSTATE with which the
   * server has taken leave (`57P01`), or `PG_CLOSED` when it was us.
   */
  readonly code: string
  /** Whether the server may have executed the statement. False when nothing of it was sent: it can be tried again. */
  readonly mayHaveRun: boolean

  constructor(code: string, message: string, mayHaveRun: boolean, cause?: unknown) {
    super(message, { cause })
    this.code = code
    this.mayHaveRun = mayHaveRun
  }
}

/** A statement was cancelled, because it took longer than its caller would wait. */
export class QueryTimeoutError extends Error {
  override readonly name = 'QueryTimeoutError'
  readonly code = 'QUERY_TIMEOUT'
  readonly timeoutMs: number

  constructor(timeoutMs: number) {
    super(`no answer in ${timeoutMs} ms: the statement was cancelled`)
    this.timeoutMs = timeoutMs
  }
}

/** A statement has given more rows than there may be, or fewer. */
export class RowCountError extends Error {
  override readonly name = 'RowCountError'
  readonly code = 'PG_ROW_COUNT'
  /** How many rows there were. */
  readonly rowCount: number

  constructor(expected: string, rowCount: number) {
    super(`expected ${expected}, got ${rowCount}`)
    this.rowCount = rowCount
  }
}

/** A transaction has ended otherwise than it was to. */
export class PostgresTransactionError extends Error {
  override readonly name = 'PostgresTransactionError'
  /**
   * `PG_ROLLED_BACK`: the server has answered COMMIT with a rollback, because a statement before had failed; that error
   * is the cause. `PG_TRANSACTION_LOST`: a statement has ended the transaction by itself.
   */
  readonly code: 'PG_ROLLED_BACK' | 'PG_TRANSACTION_LOST'

  constructor(code: PostgresTransactionError['code'], message: string, cause?: unknown) {
    super(message, { cause })
    this.code = code
  }
}
