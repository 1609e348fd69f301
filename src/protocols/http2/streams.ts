/** The streams of a connection: those that live, and a bounded memory of those that are over. */

import type { Stream } from './stream.js'

/** How a stream ended: what a late frame means depends on it (RFC 9113 section 5.1). */
export const Ends = {
  /** Long ago, or never begun. */
  forgotten: 0,
  /** Both sides ended it. */
  ended: 1,
  /** The peer reset it. */
  peerReset: 2,
  /** We reset it: the peer may not know yet. */
  reset: 3,
} as const

/** How the streams of one endpoint ended: where a number falls, a later one takes its place. */
class Ring {
  readonly #ids: Uint32Array
  readonly #ends: Uint8Array

  constructor(size: number) {
    this.#ids = new Uint32Array(size)
    this.#ends = new Uint8Array(size)
  }

  set(id: number, how: number): void {
    const place = (id >>> 1) & (this.#ids.length - 1)
    this.#ids[place] = id
    this.#ends[place] = how
  }

  get(id: number): number {
    const place = (id >>> 1) & (this.#ids.length - 1)
    return this.#ids[place] === id ? this.#ends[place]! : Ends.forgotten
  }
}

/** Streams of both endpoints by number. */
export class Streams {
  readonly #live: Map<number, Stream> = new Map()
  /** Even and odd numbers apart: promises must not make requests forgotten. */
  #even: Ring | undefined
  #odd: Ring | undefined
  readonly #size: number

  /** Remembers at least `endedMax` of the streams of each endpoint that ended last. */
  constructor(endedMax: number) {
    let size = 1
    while (size < endedMax) size *= 2
    this.#size = size
  }

  /** How many live. */
  get size(): number {
    return this.#live.size
  }

  /** The stream, if it lives. */
  get(id: number): Stream | undefined {
    return this.#live.get(id)
  }

  /** Adds a new one. */
  add(stream: Stream): void {
    this.#live.set(stream.id, stream)
  }

  /** Forgets one but for how it ended. */
  end(stream: Stream, how: number): void {
    this.#live.delete(stream.id)
    this.remember(stream.id, how)
  }

  /** Remembers how one ended, or that it never lived. */
  remember(id: number, how: number): void {
    if (id % 2 === 0) (this.#even ??= new Ring(this.#size)).set(id, how)
    else (this.#odd ??= new Ring(this.#size)).set(id, how)
  }

  /** Forgets all that live. */
  clear(): void {
    this.#live.clear()
  }

  /** How a stream that does not live ended. */
  howEnded(id: number): number {
    const ring = id % 2 === 0 ? this.#even : this.#odd
    return ring?.get(id) ?? Ends.forgotten
  }

  /** All that live. Ending one meanwhile is allowed. */
  values(): Iterable<Stream> {
    return this.#live.values()
  }
}
