/** What a Redis engine accepts at the most, and how long it waits. */

import { type LimitRange, limitsReader } from '../core/limits.js'

/** The limits of one connection. Bytes are octets on the wire; times are milliseconds, `Infinity` for no deadline. */
export interface RedisLimits {
  /** Octets of one string of a reply or a command. */
  readonly bulkBytesMax: number
  /** Octets of one reply, or one command, with all of its elements. */
  readonly replyBytesMax: number
  /** Elements of one reply, all levels together, or words of one command, of which there are 1,048,576 at the most. */
  readonly elementsMax: number
  /** How deep aggregates may be nested; attributes count like other ones. */
  readonly depthMax: number
  /** Octets of a simple string, an error or a number; for a server, of an inline command and of the name of any. */
  readonly lineBytesMax: number
  /** Octets of queued output from which a server reads nothing more. A client reads whatever it has to send. */
  readonly outputBytesMax: number
  /** From the start until the server has accepted how the connection begins. */
  readonly startupMs: number
  /** How long queued output may wait without any of it being taken. */
  readonly writeMs: number
}

/** The safe defaults; docs/limits.md gives the reason for each. */
export const redisLimits: RedisLimits = {
  bulkBytesMax: 536_870_912,
  replyBytesMax: 1_073_741_824,
  elementsMax: 16_777_216,
  depthMax: 128,
  lineBytesMax: 65_536,
  outputBytesMax: 16_777_216,
  startupMs: 30_000,
  writeMs: 60_000,
}

const RANGES: Readonly<Partial<Record<keyof RedisLimits, LimitRange>>> = {
  depthMax: [1, 1024],
}

/**
 * The defaults with `limits` over them. Throws `UsageError` for one that does not exist, or is not a number in its
 * range.
 */
export const limitsOf: (limits: Partial<RedisLimits> | undefined) => RedisLimits = limitsReader(
  'REDIS_LIMIT',
  redisLimits,
  RANGES,
)
