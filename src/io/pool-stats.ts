/** The figures of a pool. */

/** What is there now. */
export interface PoolGauges {
  /** Resources: idle, and busy ones, which are lent or being checked. */
  readonly total: number
  readonly idle: number
  readonly busy: number
  /** Callers who wait. */
  readonly waiting: number
  /** Resources that are being created. */
  readonly connecting: number
}

/** What is there now, and what has happened so far. */
export interface PoolStats extends PoolGauges {
  readonly created: number
  readonly destroyed: number
  /** Creations that have failed, and the last error since one has succeeded. */
  readonly failures: number
  readonly lastError: unknown
  /** Times that something was lent, those before which somebody had to wait, and how long in milliseconds. */
  readonly acquired: number
  readonly waited: number
  readonly waitedMs: number
  readonly waitedMsMax: number
  /** Callers who have waited in vain. */
  readonly timeouts: number
}

/** Counts. */
export class PoolFigures {
  created = 0
  destroyed = 0
  failures = 0
  lastError: unknown = undefined
  timeouts = 0
  #acquired = 0
  #waited = 0
  #waitedMs = 0
  #waitedMsMax = 0

  lent(waitedMs: number): void {
    this.#acquired++
    if (waitedMs <= 0) return
    this.#waited++
    this.#waitedMs += waitedMs
    this.#waitedMsMax = Math.max(this.#waitedMsMax, waitedMs)
  }

  with(gauges: PoolGauges): PoolStats {
    const { created, destroyed, failures, lastError, timeouts } = this
    return {
      ...gauges,
      created,
      destroyed,
      failures,
      lastError,
      acquired: this.#acquired,
      waited: this.#waited,
      waitedMs: this.#waitedMs,
      waitedMsMax: this.#waitedMsMax,
      timeouts,
    }
  }
}
