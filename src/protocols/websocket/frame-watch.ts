/** Whether a frame that has begun goes on: a peer that lets it drip holds memory for nothing. */

import type { Millis } from '../core/engine.js'
import type { WebSocketLimits } from './limits.js'

/** No frame is incomplete. */
export const COMPLETE = -1

/** The frame under way of one connection, if it is not complete. Positions count the octets of the connection. */
export class FrameWatch {
  /** How many octets a span must bring. */
  readonly bytesMin: number
  readonly #spanMs: number
  /** Where the frame begins, or `COMPLETE`. */
  #frameAt: number = COMPLETE
  /** When the span began, and where. */
  #since: Millis = 0
  #from = 0

  constructor({ frameMs, frameBytesPerSecondMin }: WebSocketLimits) {
    this.#spanMs = frameMs
    this.bytesMin = (frameMs * frameBytesPerSecondMin) / 1000
  }

  /** Everything that came was read: the frame that begins at `frameAt` is incomplete, or `COMPLETE`. */
  watch(frameAt: number, now: Millis): void {
    if (frameAt === this.#frameAt) return
    this.#frameAt = frameAt
    this.#since = now
    this.#from = frameAt
  }

  /** The next span begins; so many octets have come. */
  again(position: number, now: Millis): void {
    this.#since = now
    this.#from = position
  }

  /** Octets that came in this span. */
  bytes(position: number): number {
    return position - this.#from
  }

  /** When the span ends. */
  deadline(): Millis {
    return this.#frameAt === COMPLETE ? Infinity : this.#since + this.#spanMs
  }
}
