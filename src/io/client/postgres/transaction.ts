/** Transactions: statements that are done together, on one connection, or not at all. */

import { UsageError } from '../../../protocols/core/errors.js'
import { runCommand, settled } from './commands.js'
import type { PostgresConnection } from './connection.js'
import type { Exclusive } from './exclusive.js'
import type { Operation } from './operation.js'
import { PostgresError, PostgresTransactionError } from './postgres-error.js'
import { Queries } from './queries.js'

/** How a transaction is begun. What is not said is as the server has it. */
export interface TransactionOptions {
  readonly isolation?: 'read uncommitted' | 'read committed' | 'repeatable read' | 'serializable' | undefined
  readonly readOnly?: boolean | undefined
  /** Waits until a serializable transaction that only reads cannot fail. */
  readonly deferrable?: boolean | undefined
  /**
   * How often all of it is done again when the server could not bring it in line with others (40001, 40P01). Default 0;
   * what is done must bear being done twice.
   */
  readonly retries?: number | undefined
  /** Gives up waiting for a connection. */
  readonly signal?: AbortSignal | undefined
}

/** What is done in a transaction. */
export type Work<Result> = (tx: Transaction) => Promise<Result> | Result

const ISOLATIONS: ReadonlySet<string> = new Set([
  'read uncommitted',
  'read committed',
  'repeatable read',
  'serializable',
])

/** The server could not bring it in line with others, and says that it may be tried again. */
const RETRIABLE: ReadonlySet<string> = new Set(['40001', '40P01'])

/**
 * One transaction. It belongs to the connection that it was begun on: once that is gone every statement fails, and none
 * is ever run elsewhere.
 */
export class Transaction extends Queries {
  readonly #connection: PostgresConnection
  readonly #prepare: boolean
  readonly #depth: number
  /** A savepoint is open: statements are its own. */
  #nested = false
  #ended = false

  /** For `runTransaction`. */
  constructor(connection: PostgresConnection, prepare: boolean, depth: number) {
    super(prepare)
    this.#connection = connection
    this.#prepare = prepare
    this.#depth = depth
  }

  /**
   * A transaction inside of this one, by a savepoint: when `work` throws, what was done in it is undone, and `begin`
   * rejects with that. This one waits meanwhile.
   */
  async begin<Result>(work: Work<Result>): Promise<Result> {
    const connection = this.#connection
    const fault = this.#fault()
    if (fault !== undefined) throw fault
    const name = `skitai_${this.#depth + 1}`
    this.#nested = true
    const inner = new Transaction(connection, this.#prepare, this.#depth + 1)
    try {
      await runCommand(connection, `savepoint ${name}`)
      const result = await work(inner)
      inner.end()
      await runCommand(connection, `release ${name}`)
      return result
    } catch (error) {
      inner.end()
      await runCommand(connection, `rollback to ${name}; release ${name}`).catch(ignore)
      throw error
    } finally {
      this.#nested = false
    }
  }

  /** For `runTransaction`: nothing can be done in it any more. */
  end(): void {
    this.#ended = true
  }

  protected run(operation: Operation): void {
    const fault = this.#fault()
    if (fault === undefined) this.#connection.run(operation)
    else operation.lose(fault)
  }

  protected async exclusive(): Promise<Exclusive> {
    const fault = this.#fault()
    if (fault !== undefined) throw fault
    return { connection: this.#connection, release: ignore }
  }

  /** Why nothing can be done. */
  #fault(): Error | undefined {
    if (this.#ended) return new UsageError('PG_TRANSACTION_ENDED', 'the transaction has ended')
    if (this.#nested) return new UsageError('PG_TRANSACTION_NESTED', 'a transaction inside of this one is open')
    const connection = this.#connection
    if (connection.isUsable && connection.transactionStatus === 'idle')
      return new PostgresTransactionError('PG_TRANSACTION_LOST', 'a statement has ended the transaction')
    return undefined
  }
}

/** The command that begins a transaction. Throws `UsageError` for options that there are not. */
export function beginText({ isolation, readOnly, deferrable }: TransactionOptions): string {
  if (isolation !== undefined && !ISOLATIONS.has(isolation))
    throw new UsageError('PG_TRANSACTION', `not an isolation: ${String(isolation)}`)
  let text = 'begin'
  if (isolation !== undefined) text += ` isolation level ${isolation}`
  if (readOnly !== undefined) text += readOnly ? ' read only' : ' read write'
  if (deferrable !== undefined) text += deferrable ? ' deferrable' : ' not deferrable'
  return text
}

/** Runs a transaction, again as often as it may be. */
export async function runTransaction<Result>(
  connection: PostgresConnection,
  options: TransactionOptions,
  prepare: boolean,
  work: Work<Result>,
): Promise<Result> {
  const begin = beginText(options)
  for (let left = options.retries ?? 0; ; left--) {
    try {
      return await runOnce(connection, begin, prepare, work)
    } catch (error) {
      const may = left > 0 && error instanceof PostgresError && RETRIABLE.has(error.code) && connection.isUsable
      if (!may) throw error
    }
  }
}

async function runOnce<Result>(
  connection: PostgresConnection,
  begin: string,
  prepare: boolean,
  work: Work<Result>,
): Promise<Result> {
  await runCommand(connection, begin)
  const transaction = new Transaction(connection, prepare, 0)
  let result: Result
  try {
    result = await work(transaction)
  } catch (error) {
    transaction.end()
    // When it cannot be rolled back the connection is gone, and the transaction with it.
    await runCommand(connection, 'rollback').catch(ignore)
    throw error
  }
  // Statements that nobody has waited for belong to it.
  transaction.end()
  await settled(connection)
  const lost = connection.isUsable && connection.transactionStatus === 'idle'
  if (lost) throw new PostgresTransactionError('PG_TRANSACTION_LOST', 'a statement has ended the transaction')
  if ((await runCommand(connection, 'commit')) === 'COMMIT') return result
  const cause = connection.lastError && new PostgresError(connection.lastError)
  throw new PostgresTransactionError('PG_ROLLED_BACK', 'a statement had failed: nothing was done', cause)
}

function ignore(): void {}
