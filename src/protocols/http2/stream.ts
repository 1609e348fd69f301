/** One stream of a connection: its state, its windows, and the content that waits to be sent. */

import type { Millis } from '../core/engine.js'
import { StreamStates } from './lifecycle.js'
import { defaultPriority, type Priority } from './priority.js'

/** What the length of content to be sent may also be. */
export const Owed = { unknown: -1, none: -2 } as const

/** A stream. All of it belongs to the engine; the parts are those that read, send, and wait. */
export class Stream {
  readonly id: number
  /** One of `StreamStates`. */
  state: number = StreamStates.idle

  /** Octets that the peer may send. */
  receiveWindow: number
  /** Octets that were delivered and not consumed. */
  unconsumed = 0
  /** Octets that were consumed and not given back to the peer yet. */
  credit = 0
  /** Octets of content that came. */
  received = 0
  /** Octets that were announced; -1 for none. */
  declared = -1
  /** The head of the peer's message has come; interim responses are none. */
  headReceived = false
  /** A connection of its own (CONNECT): only DATA, both ways. */
  tunnel = false
  /** The application has the request and may be at work on it. */
  working = false
  /** Content that still comes is thrown away: nobody wants it any more. */
  dropping = false
  /** The client waits for 100 (Continue). */
  awaitsContinue = false
  /** Interim responses that came. */
  informs = 0

  /** Octets that we may send; below 0 after the peer took some back (RFC 9113 section 6.9.2). */
  sendWindow: number
  /** The head of our message was sent; interim responses are none. */
  headSent = false
  /** HEAD: the response has no content (RFC 9110 section 9.3.2). */
  head = false
  /** Octets of content that our message still owes, or one of `Owed`. */
  owed: number = Owed.unknown
  /** Content that waits, from `pieceAt` in the first piece on. */
  pieces: Uint8Array[] | undefined
  pieceAt = 0
  queuedBytes = 0
  /** Our message ends behind what waits. */
  endQueued = false
  trailers: readonly string[] | undefined
  priority: Priority = defaultPriority
  /** It stands in the scheduler. */
  scheduled = false
  /** The number of the frame since which it waits there. */
  waitsSince = 0

  /** When the span began in which content must come, and what came since; negative while none is awaited. */
  awaitedSince: Millis = -1
  awaitedBytes = 0
  /** Which opening of the window of the connection was the last when it began. */
  awaitedOpening = 0
  /** The same for content of ours that waits for a window. */
  stalledSince: Millis = -1
  stalledBytes = 0
  /** The octets of content of all streams that were sent when it began. */
  stalledAtBytes = 0

  constructor(id: number, receiveWindow: number, sendWindow: number) {
    this.id = id
    this.receiveWindow = receiveWindow
    this.sendWindow = sendWindow
  }

  /** Whether something is left to send: content, or the end. */
  get hasOutput(): boolean {
    return this.queuedBytes > 0 || this.endQueued
  }

  /** Whether what is left needs a window: an end alone does not (section 6.9.1). */
  get isBlocked(): boolean {
    return this.queuedBytes > 0 && this.sendWindow <= 0
  }

  /** Adds content to what waits. */
  enqueue(octets: Uint8Array): void {
    if (this.pieces === undefined) this.pieces = [octets]
    else this.pieces.push(octets)
    this.queuedBytes += octets.length
  }

  /** Takes the next octets that wait, at most `size`, as they lie. There must be some. */
  dequeue(size: number): Uint8Array {
    const pieces = this.pieces!
    const piece = pieces[0]!
    const at = this.pieceAt
    const left = piece.length - at
    if (left > size) {
      this.pieceAt = at + size
      this.queuedBytes -= size
      return piece.subarray(at, at + size)
    }
    this.pieceAt = 0
    this.queuedBytes -= left
    if (pieces.length === 1) this.pieces = undefined
    else pieces.shift()
    return at === 0 ? piece : piece.subarray(at)
  }

  /** Forgets what waits. */
  drop(): void {
    this.pieces = undefined
    this.pieceAt = 0
    this.queuedBytes = 0
    this.endQueued = false
    this.trailers = undefined
  }
}
