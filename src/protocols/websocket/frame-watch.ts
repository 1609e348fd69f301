/** Whether a frame that has begun goes on: a peer that lets it drip holds memory for nothing. */

import type { Millis } from '../core/engine.js'
import type { WebSocketLimits } from './limits.js'

/** The frame under way of one connection, if it is not complete. */
export class FrameWatch {
  /** Octets that came in this span, and how many there must be. */
  bytes = 0
  readonly bytesMin: number
  readonly #spanMs: number
  /** When the span began; negative while no frame is incomplete. */
  #since: Millis = -1

  constructor({ frameMs, frameBytesPerSecondMin }: WebSocketLimits) {
    this.#spanMs = frameMs
    this.bytesMin = (frameMs * frameBytesPerSecondMin) / 1000
  }

  /** Everything that came was read; `incomplete` tells whether a frame has begun and not ended. */
  watch(incomplete: boolean, now: Millis): void {
    if (!incomplete) this.#since = -1
    else if (this.#since < 0) this.#begin(now)
  }

  /** The span has passed, or does not count. */
  again(now: Millis): void {
    if (this.#since >= 0) this.#begin(now)
  }

  /** When the span ends. */
  deadline(): Millis {
    return this.#since < 0 ? Infinity : this.#since + this.#spanMs
  }

  #begin(now: Millis): void {
    this.#since = now
    this.bytes = 0
  }
}
