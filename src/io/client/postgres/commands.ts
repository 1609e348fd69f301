/** Commands that the client itself gives. */

import type { PostgresConnection } from './connection.js'
import { Operation, type Session } from './operation.js'
import type { QueryResult } from './result.js'
import { ScriptOperation } from './script.js'

/** A Sync alone. */
class SyncOperation extends Operation {
  readonly #done: () => void

  constructor(done: () => void) {
    super()
    this.#done = done
  }

  send({ engine }: Session): void {
    engine.sync()
  }

  onReady(): boolean {
    this.#done()
    return true
  }

  lose(): void {
    this.#done()
  }

  drop(): void {
    this.#done()
  }
}

/** Resolves when everything that a connection has been given is over. */
export async function settled(connection: PostgresConnection): Promise<void> {
  if (connection.load > 0) await new Promise<void>((resolve) => connection.run(new SyncOperation(resolve)))
}

/** Runs a command without parameters; gives what was done. */
export async function runCommand(connection: PostgresConnection, sql: string): Promise<string> {
  return (await run(connection, sql)).at(-1)?.command ?? ''
}

/** The one value that a statement gives, as text. */
export async function valueOf(connection: PostgresConnection, sql: string): Promise<string> {
  const row = (await run(connection, sql)).at(-1)?.rows[0] as readonly unknown[] | undefined
  return String(row?.[0] ?? '')
}

function run(connection: PostgresConnection, sql: string): Promise<QueryResult<unknown>[]> {
  return new Promise((resolve, reject) => connection.run(new ScriptOperation(sql, 'array', { resolve, reject })))
}
