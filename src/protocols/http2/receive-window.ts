/**
 * The window of the whole connection for content that comes (RFC 9113 section 5.2). Octets come off when they arrive
 * and are given back when they were consumed, half a window at a time, or whenever a stream gets its own.
 */

import type { OutputQueue } from '../core/output.js'
import { writeWindowUpdate } from './frames/window-update.js'
import { INITIAL_WINDOW_BYTES } from './settings.js'
import type { Stream } from './stream.js'

/** The windows that we open for the peer. */
export class ReceiveWindows {
  readonly #out: OutputQueue
  readonly #connectionBytes: number
  /** Octets that the peer may send on the connection. */
  #window: number = INITIAL_WINDOW_BYTES
  #credit = 0
  /** How often the window was shut and opened again. */
  openings = 0
  /** The window that a stream begins with, as the peer knows it. */
  initialBytes: number = INITIAL_WINDOW_BYTES

  constructor(out: OutputQueue, connectionBytes: number) {
    this.#out = out
    this.#connectionBytes = connectionBytes
  }

  /** Opens the window of the connection to its full size. */
  open(): void {
    this.#credit = this.#connectionBytes - INITIAL_WINDOW_BYTES
    if (this.#credit > 0) this.#give()
  }

  /** Octets arrive; false when the peer had no right to send them. */
  take(octets: number): boolean {
    this.#window -= octets
    return this.#window >= 0
  }

  /** Whether the peer may send anything. */
  get isOpen(): boolean {
    return this.#window > 0
  }

  /** Octets were used, or thrown away; `flush` tells the peer when it is worth a frame. */
  give(octets: number): void {
    this.#credit += octets
  }

  /**
   * Tells the peer what was given back to the connection, when it is half of the window, or `along` with a stream: else
   * that one would wait a round trip for the window of the connection with most of its own open.
   */
  flush(along: boolean): void {
    if (this.#credit > 0 && (along || this.#credit >= this.#connectionBytes >> 1)) this.#give()
  }

  /** The same for a stream, which must still expect content; gives whether the peer was told. */
  flushStream(stream: Stream): boolean {
    const { credit } = stream
    if (credit === 0 || credit < this.initialBytes >> 1) return false
    // Whoever could send nothing until now is not late.
    if (stream.receiveWindow <= 0) stream.awaitedBytes = Infinity
    stream.credit = 0
    stream.receiveWindow += credit
    writeWindowUpdate(this.#out, stream.id, credit)
    return true
  }

  #give(): void {
    if (this.#window <= 0) this.openings++
    writeWindowUpdate(this.#out, 0, this.#credit)
    this.#window += this.#credit
    this.#credit = 0
  }
}
