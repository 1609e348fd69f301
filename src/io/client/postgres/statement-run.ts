/** One statement on one connection: prepared if need be, bound, and its rows read. */

import { UsageError } from '../../../protocols/core/errors.js'
import type { FieldDescription } from '../../../protocols/postgres/events.js'
import type { RowCursor } from '../../../protocols/postgres/row-cursor.js'
import type { ParameterValue } from '../../../protocols/postgres/writer.js'
import { Description, type FormatChoice } from './description.js'
import { type Session, TRANSACTION_ALONE } from './operation.js'
import { encodeParameters } from './parameters.js'
import { type QueryResult, readTag } from './result.js'
import { type Format, type RowMode, RowReader } from './rows.js'
import type { Prepared } from './statement-cache.js'

/** A statement with its parameters, and how its result is wanted. */
export interface Statement {
  readonly sql: string
  readonly params: readonly unknown[]
  readonly mode: RowMode
  readonly choice: FormatChoice
  /** Kept prepared on the connection. */
  readonly prepare: boolean
}

const TEXT_ONLY: readonly Format[] = []
const BINARY_ONLY: readonly Format[] = ['binary']
const NO_VALUES: readonly ParameterValue[] = []
const NO_FIELDS: readonly FieldDescription[] = []

/** SQLSTATEs of a prepared statement, or of types, that are not what they were. */
const STALE: ReadonlySet<string> = new Set(['0A000', '26000', '08P01'])
/** The class of what a statement may not say: a column is not there, or has another type. */
const STALE_CLASS = '42'
/** The class of values that their type cannot be. */
const VALUE_CLASS = '22'

/** What a connection cannot do, or cannot do for one of many. The server has the last word on what these miss. */
const COPY = /^\s*copy\b/i
const BEGIN = /^\s*(?:begin|start\s+transaction)\b/i

/** Statements whose effects are all gone when they are cancelled: a procedure may have committed some. */
const ATOMIC = /^\s*(?:select|insert|update|delete|merge|with|values|table)\b/i

/** How often a statement is tried once more that was not what it had been. */
export const STALE_TRIES = 3

function checkKind(sql: string, shared: boolean): void {
  if (COPY.test(sql)) throw new UsageError('PG_COPY', 'COPY is for copyTo and copyFrom')
  if (shared && BEGIN.test(sql)) throw new UsageError('PG_TRANSACTION', TRANSACTION_ALONE)
}

/**
 * One run. `look` comes first, then `prepare` and `bind`; with `needsTypes` the server must describe the statement before it can be bound, since
 * only the server knows the types of parameters. Once they are known, from here or another connection, all is sent at
 * once.
 */
export class StatementRun<Row> {
  readonly statement: Statement
  /** The parameters cannot be encoded before the server has told their types. */
  needsTypes = false
  /** It has failed, nothing of it was executed, and another try may do better. */
  stale = false
  #session!: Session
  #prepared: Prepared | undefined
  /** The statement, or the types of its parameters, were there before, and may be wrong by now. */
  #assumed = false
  #parsed = false
  #bound = false
  #description: Description | undefined
  #typeOids: readonly number[] = []
  #values: readonly ParameterValue[] | undefined
  /** What Bind has asked for. */
  #formats: readonly Format[] = TEXT_ONLY
  #reader: RowReader | undefined
  #rows: Row[] = []

  constructor(statement: Statement) {
    this.statement = statement
  }

  /**
   * Finds out what is known, and encodes the parameters if that can be done. Writes nothing. Throws `UsageError` for
   * parameters that do not fit.
   */
  look(session: Session): void {
    const { sql, params } = this.statement
    this.#session = session
    this.#reader = undefined
    this.#bound = false
    this.#rows = []
    const known = this.#find()?.description ?? session.descriptions.get(sql)
    this.#description = known
    this.needsTypes = known === undefined && params.length > 0
    this.#values = this.needsTypes ? undefined : this.#encode(known)
  }

  /** Throws `UsageError` for a text that cannot be sent: what stands behind others must not fail by itself. */
  checkTexts(): void {
    for (const text of [this.statement.sql, ...(this.#values ?? [])])
      if (typeof text === 'string' && text.includes('\0')) throw new UsageError('PG_TEXT', 'a text holds a zero octet')
  }

  /**
   * Writes Parse and Describe, as far as they are needed. Throws `UsageError` for statements that are not for here; on
   * a connection that is `shared`, those that begin a transaction, too.
   */
  prepare(shared: boolean): void {
    const { engine, statements } = this.#session
    const { sql, prepare } = this.statement
    const found = this.#find()
    const known = this.#description
    this.#assumed = found !== undefined || known !== undefined
    this.#parsed = found !== undefined
    this.#prepared = found
    if (found === undefined) {
      checkKind(sql, shared)
      if (prepare && statements.enabled) this.#prepared = statements.add(sql)
    }
    for (const name of statements.takeStale()) engine.closeObject('statement', name)
    if (found?.description !== undefined) return
    if (found === undefined) engine.parse(this.#name, sql, known?.typeOids ?? [])
    engine.describe('statement', this.#name)
  }

  /** Writes Bind. Throws `UsageError` for parameters that do not fit. */
  bind(portal: string): void {
    const { choice } = this.statement
    const values = this.#values ?? this.#encode(this.#description)
    // Without a description there are no columns yet to choose a format for.
    this.#formats = this.#description?.formats(choice) ?? (choice === 'binary' ? BINARY_ONLY : TEXT_ONLY)
    this.#session.engine.bind(portal, this.#name, values, this.#formats)
    this.#values = undefined
  }

  onParsed(): void {
    this.#parsed = true
  }

  onParameters(typeOids: readonly number[]): void {
    this.#typeOids = typeOids
  }

  /** What the statement gives; of one that gives no rows, no columns. */
  onFields(fields: readonly FieldDescription[] = NO_FIELDS): void {
    const { descriptions, types } = this.#session
    const { sql } = this.statement
    const typeOids = this.#typeOids
    const known = this.#description ?? descriptions.get(sql)
    const description = known?.matches(typeOids, fields) === true ? known : new Description(typeOids, fields, types)
    if (description !== known) descriptions.set(sql, description)
    this.#description = description
    if (this.#prepared !== undefined) this.#prepared.description = description
  }

  onBound(): void {
    this.#bound = true
  }

  /** Throws `ValueError` for a value that its type cannot be. */
  onRows(rows: RowCursor): void {
    this.#reader ??= this.#makeReader()
    this.#reader.read(rows, this.#rows)
  }

  /** The rows so far, which are given once. */
  takeRows(): Row[] {
    const rows = this.#rows
    this.#rows = []
    return rows
  }

  /** What has come of it. */
  result(tag: string): QueryResult<Row> {
    const { command, rowCount } = readTag(tag)
    return { rows: this.#rows, fields: this.fields, command, rowCount }
  }

  /** The columns. */
  get fields(): readonly FieldDescription[] {
    return this.#description?.fields ?? NO_FIELDS
  }

  /** It has failed. What may be wrong with what was assumed is forgotten. */
  onFailed(code: string): void {
    const prepared = this.#prepared
    const assumed = this.#assumed && !this.#bound
    const stale = assumed && (STALE.has(code) || code.startsWith(STALE_CLASS))
    // A value that does not fit may be wrong itself, or the type be another one by now.
    const forgotten = stale || (assumed && code.startsWith(VALUE_CLASS))
    if (prepared !== undefined && (forgotten || !this.#parsed)) this.#session.statements.drop(prepared)
    if (forgotten && this.#description !== undefined)
      this.#session.descriptions.delete(this.statement.sql, this.#description)
    this.stale = stale
  }

  /** Whether the statement has a name, under which it stays on the connection. */
  get isKept(): boolean {
    return this.#prepared !== undefined
  }

  /** The server has passed over it, because of an error before. What it was to prepare is not there. */
  onSkipped(): void {
    if (this.#prepared !== undefined && !this.#parsed) this.#session.statements.drop(this.#prepared)
  }

  /** When it is cancelled nothing of it was done. */
  get isAtomic(): boolean {
    return ATOMIC.test(this.statement.sql)
  }

  get #name(): string {
    return this.#prepared?.name ?? ''
  }

  #find(): Prepared | undefined {
    const { sql, prepare } = this.statement
    const { statements } = this.#session
    return prepare && statements.enabled ? statements.get(sql) : undefined
  }

  #encode(description: Description | undefined): readonly ParameterValue[] {
    const { params } = this.statement
    return description === undefined ? NO_VALUES : encodeParameters(params, description.encoders)
  }

  #makeReader(): RowReader {
    const { choice, mode } = this.statement
    const description = this.#description!
    // Usually the formats that were asked for are those of this description.
    if (description.formats(choice) === this.#formats) return description.reader(choice, mode)
    return new RowReader(description.fields, this.#formats, this.#session.types, mode)
  }
}
