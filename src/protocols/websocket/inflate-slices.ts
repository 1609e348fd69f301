/**
 * How much one connection inflates in a span of time: a decompression bomb within all other limits would still keep the
 * processor from everybody else.
 */

import type { Millis } from '../core/engine.js'

/** The length of a span. */
const SLICE_MS = 100

/** The spans of one connection. */
export class InflateSlices {
  readonly #bytesMax: number
  #since: Millis = 0
  #bytes = 0

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  /** Octets were inflated. */
  count(bytes: number, now: Millis): void {
    if (now >= this.#since + SLICE_MS) {
      this.#since = now
      this.#bytes = 0
    }
    this.#bytes += bytes
  }

  /** When more may be inflated: `now` or before, if it may. */
  nextAt(now: Millis): Millis {
    return this.#bytes < this.#bytesMax ? now : this.#since + SLICE_MS
  }
}
