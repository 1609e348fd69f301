/** What a pool knows of time and chance. */

import { performance } from 'node:perf_hooks'
import { clock, type Timed } from './clock.js'

/** Time and chance, as a pool is given them. */
export interface PoolTime {
  /** Milliseconds. */
  now(): number
  /** A number from 0 to below 1. */
  random(): number
  /** Begins and ends to tick; ticks do not keep the process alive. */
  add(timed: Timed): void
  remove(timed: Timed): void
  /** Calls back once, and keeps the process alive until then; gives what calls that off. */
  after(ms: number, run: () => void): () => void
}

/** The real ones. */
export const realTime: PoolTime = {
  now: () => performance.now(),
  random: Math.random,
  add: (timed) => clock.add(timed),
  remove: (timed) => clock.remove(timed),
  after(ms, run) {
    const timer = setTimeout(run, ms)
    return () => clearTimeout(timer)
  },
}
