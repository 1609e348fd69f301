/** How many resources a pool has, how long it keeps them, and how long one waits for them. */

import { type LimitRange, limitsReader } from '../protocols/core/limits.js'

/** Times are milliseconds; `Infinity` for no limit. */
export interface PoolOptions {
  /** Resources at the most, those that are being created included. */
  readonly max: number
  /** Resources that are kept although nobody needs them. */
  readonly min: number
  /** An idle one is destroyed after this time, or up to a quarter of it before. */
  readonly idleMs: number
  /** One is replaced after this time, or up to a quarter of it before, as soon as nobody has it. */
  readonly lifetimeMs: number
  /** How long `acquire` waits. */
  readonly acquireTimeoutMs: number
  /** Callers that wait at the most; the next one is refused. */
  readonly waitingMax: number
  /** One that was idle for longer is checked before it is lent. */
  readonly checkAfterIdleMs: number
  /** How long a check may take. */
  readonly checkTimeoutMs: number
  /** How long creating pauses after a failure; twice as long after each further one, up to `backoffMaxMs`. */
  readonly backoffMs: number
  readonly backoffMaxMs: number
}

/** The defaults. */
export const poolDefaults: PoolOptions = {
  max: 10,
  min: 0,
  idleMs: 300_000,
  lifetimeMs: 3_600_000,
  acquireTimeoutMs: 30_000,
  waitingMax: 10_000,
  checkAfterIdleMs: 30_000,
  checkTimeoutMs: 5000,
  backoffMs: 100,
  backoffMaxMs: 2000,
}

const RANGES: Readonly<Partial<Record<keyof PoolOptions, LimitRange>>> = { max: [1, 10_000], min: [0, 10_000] }

/** The defaults with `options` over them. Throws `UsageError` (`POOL_OPTION`) for one that does not exist or fit. */
export const poolOptionsOf: (options: Partial<PoolOptions> | undefined) => PoolOptions = limitsReader(
  'POOL_OPTION',
  poolDefaults,
  RANGES,
)
