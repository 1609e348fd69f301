/** A connection that one caller has alone. */

import type { PostgresConnection } from './connection.js'

/** The connection, until it is given back. */
export interface Exclusive {
  readonly connection: PostgresConnection
  /** Gives it back. One on which something was left undone is ended then. */
  readonly release: () => void
}

/** Gets one. */
export type Acquire = (signal: AbortSignal | undefined) => Promise<Exclusive>
