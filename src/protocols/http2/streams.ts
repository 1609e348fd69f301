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

/** Streams of both endpoints by number. */
export class Streams {
  readonly #live: Map<number, Stream> = new Map()
  /** A ring: where a number falls, a later one takes its place. */
  #endedIds: Uint32Array | undefined
  #ends: Uint8Array | undefined
  readonly #mask: number

  /** Remembers at least `endedMax` of the streams that ended last. */
  constructor(endedMax: number) {
    let size = 1
    // Numbers of both endpoints share the ring.
    while (size < endedMax) size *= 2
    this.#mask = size - 1
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
    this.#endedIds ??= new Uint32Array(this.#mask + 1)
    this.#ends ??= new Uint8Array(this.#mask + 1)
    const place = (id >>> 1) & this.#mask
    this.#endedIds[place] = id
    this.#ends[place] = how
  }

  /** Forgets all that live. */
  clear(): void {
    this.#live.clear()
  }

  /** How a stream that does not live ended. */
  howEnded(id: number): number {
    const place = (id >>> 1) & this.#mask
    return this.#endedIds?.[place] === id ? this.#ends![place]! : Ends.forgotten
  }

  /** All that live. Ending one meanwhile is allowed. */
  values(): Iterable<Stream> {
    return this.#live.values()
  }
}
