/** When a silent peer is asked whether it is there (RFC 6455 section 5.5.2), and when it is given up. */

import type { Millis } from '../core/engine.js'
import type { WebSocketLimits } from './limits.js'

/** The silence of one peer. */
export class HeartbeatTimes {
  readonly #limits: WebSocketLimits
  #heardAt: Millis = 0
  /** When we sent the last Ping, by itself or by command; negative before the first one. */
  #pingAt: Millis = -1
  #payload: Uint8Array | undefined
  #count = 0

  constructor(limits: WebSocketLimits) {
    this.#limits = limits
  }

  /** Something came. */
  heard(now: Millis): void {
    this.#heardAt = now
  }

  /** A Ping was sent. */
  pinged(payload: Uint8Array, now: Millis): void {
    this.#pingAt = now
    // Not `slice`: that of a Buffer shares its memory with the caller.
    this.#payload = new Uint8Array(payload)
  }

  /** A Pong came. Gives the time since the Ping that it answers, or -1. */
  ponged(payload: Uint8Array, now: Millis): Millis {
    const sent = this.#payload
    if (sent === undefined || sent.length !== payload.length || !sent.every((octet, i) => octet === payload[i]))
      return -1
    this.#payload = undefined
    return now - this.#pingAt
  }

  /** What the next Ping of the heartbeat carries: a number, so that its Pong is known. */
  nextPayload(): Uint8Array {
    this.#count++
    return Uint8Array.of(this.#count >>> 24, this.#count >>> 16, this.#count >>> 8, this.#count)
  }

  /** When something is to be done about the silence. */
  deadline(): Millis {
    return Math.min(Math.max(this.#heardAt, this.#pingAt) + this.#limits.pingEveryMs, this.#idleAt())
  }

  /** Whether the peer was silent for too long. */
  isIdle(now: Millis): boolean {
    return now >= this.#idleAt()
  }

  #idleAt(): Millis {
    return this.#heardAt + this.#limits.idleMs
  }
}
