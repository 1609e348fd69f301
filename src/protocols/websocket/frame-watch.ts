/** Whether a frame that has begun goes on: a peer that lets it drip holds memory for nothing. */

import type { Millis } from '../core/engine.js'
import type { WebSocketLimits } from './limits.js'

/** The incomplete frame of one connection. Positions count the octets of the connection. */
export class FrameWatch {
  /** How many octets a span must bring. */
  readonly bytesMin: number
  readonly #spanMs: number
  /** Where the frame begins. */
  readonly frameAt: number
  /** When the span began, and where. */
  #since: Millis
  #from: number

  constructor({ frameMs, frameBytesPerSecondMin }: WebSocketLimits, frameAt: number, now: Millis) {
    this.#spanMs = frameMs
    this.bytesMin = (frameMs * frameBytesPerSecondMin) / 1000
    this.frameAt = frameAt
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
    return this.#since + this.#spanMs
  }
}
