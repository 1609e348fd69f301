/** The smallest engine there is: each octet is an event. Its faults are planted, one by one. */

import type { Engine, Millis } from '#src/protocols/core/engine.js'
import type { MakeSubject } from 'skitai/testing'

/** The events of the fake engine. */
export interface FakeEvent {
  readonly type: 'octet' | 'closed'
  readonly value?: number
  readonly bytes?: Uint8Array
}

/** What is wrong with it. */
export interface Faults {
  /** Gives the chunk out as content, and later writes into it. */
  readonly writesIntoChunk?: boolean
  /** Keeps a view where an event should own its octets. */
  readonly keepsView?: boolean
  /** Copies by `slice`, which is no copy when the chunk is a Buffer of Node. */
  readonly slicesChunk?: boolean
  /** Tells how many octets a chunk had. */
  readonly countsChunk?: boolean
  /** Writes once a chunk. */
  readonly writesPerChunk?: boolean
  readonly eventAfterClosed?: boolean
  readonly deadlineAfterClosed?: boolean
  readonly endlessEvents?: boolean
  readonly endlessOutput?: boolean
  /** A deadline that `advance` does not move. */
  readonly deadlineStays?: boolean
  /** Changes output that was taken. */
  readonly reusesOutput?: boolean
  /** Arms its deadline by the number of chunks. */
  readonly deadlineByChunk?: boolean
}

/** Reads octets; 0xff closes. Every octet is echoed. A deadline is armed 100 ms after the start and fires once. */
export class FakeEngine implements Engine<FakeEvent> {
  wantsInput = true
  readonly #faults: Faults
  readonly #events: FakeEvent[] = []
  #output: Uint8Array[] = []
  readonly #block = new Uint8Array(1)
  #deadline: Millis = Infinity
  #chunks = 0

  constructor(faults: Faults = {}) {
    this.#faults = faults
  }

  get outputBytes(): number {
    return this.#output.reduce((sum, { length }) => sum + length, 0)
  }

  start(now: Millis): void {
    this.#deadline = now + 100
  }

  receive(chunk: Uint8Array): void {
    const faults = this.#faults
    this.#chunks++
    if (faults.writesIntoChunk === true) chunk[0] = 7
    if (faults.countsChunk === true) this.#events.push({ type: 'octet', value: chunk.length })
    if (faults.keepsView === true) this.#events.push({ type: 'octet', bytes: chunk.subarray(0, 1) })
    if (faults.slicesChunk === true) this.#events.push({ type: 'octet', bytes: chunk.slice(0, 1) })
    if (faults.writesPerChunk === true) this.#output.push(Uint8Array.of(1))
    if (faults.deadlineByChunk === true) this.#deadline = 1000 + this.#chunks
    for (const octet of chunk) {
      if (octet === 0xff) this.#close()
      else this.#events.push({ type: 'octet', value: octet })
      this.#write(octet)
    }
  }

  receiveEnd(): void {
    this.#close()
  }

  advance(now: Millis): void {
    if (now < this.#deadline || this.#faults.deadlineStays === true) return
    this.#deadline = Infinity
    this.#events.push({ type: 'octet', value: now })
  }

  poll(): FakeEvent | undefined {
    if (this.#faults.endlessEvents === true) return { type: 'octet', value: 1 }
    return this.#events.shift()
  }

  output(): Uint8Array | undefined {
    if (this.#faults.endlessOutput === true) return Uint8Array.of(1)
    return this.#output.shift()
  }

  deadline(): Millis {
    return this.#deadline
  }

  #write(octet: number): void {
    if (this.#faults.reusesOutput !== true) {
      this.#output.push(Uint8Array.of(octet))
      return
    }
    this.#block[0] ||= octet
    this.#output.push(this.#block)
  }

  #close(): void {
    this.#events.push({ type: 'closed' })
    if (this.#faults.deadlineAfterClosed !== true) this.#deadline = Infinity
    if (this.#faults.eventAfterClosed === true) this.#events.push({ type: 'octet', value: 0 })
  }
}

/** Makes a fresh fake engine for each run. */
export function faulty(faults: Faults = {}): MakeSubject<FakeEvent> {
  return () => ({ engine: new FakeEngine(faults) })
}
