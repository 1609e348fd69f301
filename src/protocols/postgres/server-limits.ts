/** What a PostgreSQL engine of the server role accepts at the most, and how long it waits. */

import { type LimitRange, limitsReader } from '../core/limits.js'

/** The limits of one connection. Bytes are octets on the wire; times are milliseconds, `Infinity` for no deadline. */
export interface PostgresServerLimits {
  /** Octets of a start, and of a message before the client is authenticated. */
  readonly startupBytesMax: number
  /** Octets of a message that carries statements, values or data of COPY, up to 1,073,741,823. */
  readonly messageBytesMax: number
  /** Octets of any other message. */
  readonly smallMessageBytesMax: number
  /** Octets of the name of a statement or a portal. */
  readonly nameBytesMax: number
  /** Values that are bound to a statement, or handed to a function. */
  readonly valuesMax: number
  /** Commands that are told before the first of them is answered. */
  readonly pipelinedMax: number
  /** Octets of queued output from which nothing more is read. */
  readonly outputBytesMax: number
  /** From the start of the connection to the first ReadyForQuery. */
  readonly startupMs: number
  /** How long queued output may wait without any of it being taken. */
  readonly writeMs: number
}

/** The safe defaults; docs/limits.md gives the reason for each. */
export const postgresServerLimits: PostgresServerLimits = {
  startupBytesMax: 10_000,
  messageBytesMax: 16_777_216,
  smallMessageBytesMax: 10_000,
  nameBytesMax: 1024,
  valuesMax: 65_535,
  pipelinedMax: 1,
  outputBytesMax: 1_048_576,
  startupMs: 30_000,
  writeMs: 60_000,
}

const RANGES: Readonly<Partial<Record<keyof PostgresServerLimits, LimitRange>>> = {
  // Beyond it the first octet of TLS would be that of a length.
  startupBytesMax: [8, 100_000_000],
  messageBytesMax: [4, 1_073_741_823],
  smallMessageBytesMax: [4, 1_073_741_823],
  pipelinedMax: [1, 1_000_000],
}

/**
 * The defaults with `limits` over them. Throws `UsageError` for one that does not exist, or is not a number in its
 * range.
 */
export const serverLimitsOf: (limits: Partial<PostgresServerLimits> | undefined) => PostgresServerLimits = limitsReader(
  'PG_LIMIT',
  postgresServerLimits,
  RANGES,
)
