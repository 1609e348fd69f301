/**
 * One coarse clock for all deadlines: a single timer that ticks while anything waits. Time is read once a tick, so that
 * it costs nothing per chunk; deadlines are late by one tick at the most.
 */

import { performance } from 'node:perf_hooks'

const TICK_MS = 100
/** A tick that comes this late means that the loop was blocked: what the peers sent meanwhile is still to be read. */
const BLOCKED_MS = 1000

/** Something with a deadline. */
export interface Timed {
  /** Called on each tick with the time in milliseconds. */
  onTick(now: number): void
}

/** The clock. Its timer never keeps the process alive. */
export class Clock {
  readonly #waiting: Set<Timed> = new Set()
  #timer: NodeJS.Timeout | undefined
  #now: number = performance.now()
  #date = ''
  #dateSecond = 0

  /** Milliseconds, as of the last tick; exact while nothing waits and the clock stands still. */
  get now(): number {
    if (this.#timer === undefined) this.#read()
    return this.#now
  }

  /** Begins to tick for `timed`. */
  add(timed: Timed): void {
    this.#read()
    this.#waiting.add(timed)
    this.#timer ??= setInterval(() => this.#tick(), TICK_MS).unref()
  }

  /** Ticks no more for `timed`. */
  remove(timed: Timed): void {
    this.#waiting.delete(timed)
    if (this.#waiting.size > 0) return
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  /** The wall clock as an IMF-fixdate (RFC 9110 section 5.6.7), as of the last tick; formatted once a second. */
  readonly date = (): string => {
    if (this.#timer === undefined) this.#read()
    return this.#date
  }

  #tick(): void {
    const last = this.#now
    this.#read()
    if (this.#now - last > BLOCKED_MS) return
    for (const timed of this.#waiting) timed.onTick(this.#now)
  }

  #read(): void {
    this.#now = performance.now()
    const second = Math.floor(Date.now() / 1000)
    if (second === this.#dateSecond) return
    this.#dateSecond = second
    this.#date = new Date(second * 1000).toUTCString()
  }
}

/** The clock that everything shares. */
export const clock: Clock = new Clock()
