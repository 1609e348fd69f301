/** What a connection waits for as a whole, and since when. The engine asks which wait has passed. */

import type { Millis } from '../core/engine.js'
import type { Http2Limits } from './limits.js'

const NEVER = -1

/** The waits of a connection; a negative time means that nothing is awaited. */
export class Waits {
  readonly #limits: Http2Limits
  /** The preface of the peer. */
  preface: Millis = NEVER
  /** The acknowledgement of our settings. */
  settings: Millis = NEVER
  /** The rest of a frame or of a field block. */
  frame: Millis = NEVER
  /** The answer to our PING. */
  ping: Millis = NEVER
  /** A stream. */
  idle: Millis = NEVER
  /** Anything at all, before we ask by PING. */
  input: Millis = NEVER
  /** The peer takes the output that is queued. */
  output: Millis = NEVER
  /** The half-closed peer takes what it asked for. */
  halfClosed: Millis = NEVER

  constructor(limits: Http2Limits) {
    this.#limits = limits
  }

  /** When the first of them passes; `idleMs` is shorter once the peer has said that it goes. */
  deadline(idleMs: Millis): Millis {
    const limits = this.#limits
    let next = due(this.preface, limits.prefaceMs)
    next = Math.min(next, due(this.settings, limits.settingsMs), due(this.frame, limits.frameMs))
    next = Math.min(next, due(this.ping, limits.pingMs), due(this.idle, idleMs), due(this.output, limits.writeMs))
    return Math.min(next, due(this.halfClosed, limits.halfClosedMs), this.pingDue())
  }

  /** Whether a wait that began at `since` and lasts `ms` has passed. */
  passed(since: Millis, ms: Millis, now: Millis): boolean {
    return due(since, ms) <= now
  }

  /** When a PING is to be sent. */
  pingDue(): Millis {
    return this.ping < 0 ? due(this.input, this.#limits.pingEveryMs) : Infinity
  }

  /** Nothing is awaited any more. */
  clear(): void {
    this.preface = NEVER
    this.settings = NEVER
    this.frame = NEVER
    this.ping = NEVER
    this.idle = NEVER
    this.input = NEVER
    this.output = NEVER
    this.halfClosed = NEVER
  }
}

function due(since: Millis, ms: Millis): Millis {
  return since < 0 ? Infinity : since + ms
}
