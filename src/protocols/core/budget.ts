/** A budget that empties by the octet or the frame and fills with time: what floods are measured by. */

import type { Millis } from './engine.js'

/** A bucket of tokens. It begins full. */
export class Budget {
  readonly burst: number
  readonly #perSecond: number
  #tokens: number
  /** When it was filled last; negative before its first use. */
  #filledAt: Millis = -1

  /** `burst` tokens at once, `perSecond` more a second. */
  constructor(burst: number, perSecond: number) {
    this.burst = burst
    this.#perSecond = perSecond
    this.#tokens = burst
  }

  /** Takes tokens; false when there are not enough. */
  spend(tokens: number, now: Millis): boolean {
    if (this.#filledAt < 0) this.#filledAt = now
    if (this.#tokens < tokens) this.#fill(now)
    this.#tokens -= tokens
    return this.#tokens >= 0
  }

  /** Gives tokens back, up to the burst. */
  earn(tokens: number): void {
    this.#tokens = Math.min(this.burst, this.#tokens + tokens)
  }

  #fill(now: Millis): void {
    this.earn(((now - this.#filledAt) * this.#perSecond) / 1000)
    this.#filledAt = now
  }
}
