/** What a PostgreSQL engine accepts at the most, and how long it waits. */

import { type LimitRange, limitsReader } from '../core/limits.js'

/** The limits of one connection. Bytes are octets on the wire; times are milliseconds, `Infinity` for no deadline. */
export interface PostgresLimits {
  /** Octets of one message with its length, up to 1,073,741,823. */
  readonly messageBytesMax: number
  /** Octets of a message before the peer is authenticated. */
  readonly startupBytesMax: number
  /** Parameters that a server reports at its start (ParameterStatus). */
  readonly parametersMax: number
  /** Notices that a server sends before it is ready. */
  readonly startupNoticesMax: number
  /** Rounds of hashing that a server may ask for in SCRAM-SHA-256. */
  readonly scramIterationsMax: number
  /** Octets of queued output from which nothing more is read. */
  readonly outputBytesMax: number
  /** From the start to the first ReadyForQuery. */
  readonly startupMs: number
  /** How long queued output may wait without any of it being taken. */
  readonly writeMs: number
}

/** The safe defaults; docs/limits.md gives the reason for each. */
export const postgresLimits: PostgresLimits = {
  messageBytesMax: 1_073_741_823,
  startupBytesMax: 65_536,
  parametersMax: 1000,
  startupNoticesMax: 100,
  scramIterationsMax: 100_000,
  outputBytesMax: 16_777_216,
  startupMs: 30_000,
  writeMs: 60_000,
}

const RANGES: Readonly<Partial<Record<keyof PostgresLimits, LimitRange>>> = {
  messageBytesMax: [4, 1_073_741_823],
  startupBytesMax: [4, 1_073_741_823],
}

/**
 * The defaults with `limits` over them. Throws `UsageError` for one that does not exist, or is not a number in its
 * range.
 */
export const limitsOf: (limits: Partial<PostgresLimits> | undefined) => PostgresLimits = limitsReader(
  'PG_LIMIT',
  postgresLimits,
  RANGES,
)
