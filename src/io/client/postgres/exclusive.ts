/** A connection that one caller has alone. */

import type { PostgresConnection } from './connection.js'
import { ScriptOperation } from './script.js'

/** The connection, until it is given back. */
export interface Exclusive {
  readonly connection: PostgresConnection
  /** Gives it back. One that is broken, or in a transaction, is ended then, unless the transaction is around it. */
  release(): void
}

/** Gets one. */
export type Acquire = (signal: AbortSignal | undefined) => Promise<Exclusive>

/** Runs a command that has neither parameters nor rows; gives the tag without its number. */
export function runCommand(connection: PostgresConnection, sql: string): Promise<string> {
  return new Promise((resolve, reject) => {
    connection.run(
      new ScriptOperation(sql, 'array', { resolve: (results) => resolve(results.at(-1)?.command ?? ''), reject }),
    )
  })
}
