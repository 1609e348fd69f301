/**
 * One direction of a connection, emulated: delay, fragmentation, coalescing, bounded capacity, stall and truncation.
 */

import type { Millis } from '../protocols/core/engine.js'
import { concat, copyOf } from './bytes.js'
import type { Random } from './random.js'

/** How a link treats what is sent over it. Without options it delivers each block at once and as it was. */
export interface LinkOptions {
  /** Least and greatest delay of a fragment in milliseconds; order is kept. Default 0, 0. */
  readonly delayMs?: readonly [least: Millis, greatest: Millis]
  /** Blocks are cut into fragments of 1 to so many octets. Default: not cut. */
  readonly fragmentBytesMax?: number
  /** Probability (0..1) that a fragment which has arrived is delivered together with the one before it. Default 0. */
  readonly coalesce?: number
  /** From so many octets under way the link takes nothing more. Default 65,536. */
  readonly capacityBytes?: number
  /** What is sent behind the first `afterBytes` octets comes `ms` later; `Infinity`: never. */
  readonly stall?: { readonly afterBytes: number; readonly ms: Millis }
  /** The receiver sees the end of the input after so many octets; the rest is lost. Default: it sees all. */
  readonly truncateAtBytes?: number
}

/** What arrives: octets, or the end of the input (`undefined`). */
export interface Arrival {
  readonly bytes: Uint8Array | undefined
}

interface Fragment {
  readonly at: Millis
  readonly bytes: Uint8Array | undefined
}

const CAPACITY_BYTES = 65_536

/** Carries octets one way. All chance comes from the generator that it is given, all time from its callers. */
export class Link {
  readonly #random: Random
  readonly #options: LinkOptions
  #fragments: Fragment[] = []
  /** How many of the fragments were taken. */
  #taken = 0
  #sentBytes = 0
  #underWayBytes = 0
  #lastArrival: Millis = 0
  #ended = false

  constructor(random: Random, options: LinkOptions = {}) {
    this.#random = random
    this.#options = options
  }

  /** How many octets a sender may send now. */
  get roomBytes(): number {
    return Math.max(0, (this.#options.capacityBytes ?? CAPACITY_BYTES) - this.#underWayBytes)
  }

  /** Whether the link will never again deliver anything. */
  get dead(): boolean {
    return this.#lastArrival === Infinity
  }

  /** Sends a block, which is copied. What comes behind `end` or a truncation is lost. */
  send(block: Uint8Array, now: Millis): void {
    const { truncateAtBytes = Infinity, stall } = this.#options
    for (let from = 0; from < block.length && !this.#ended;) {
      if (this.#sentBytes >= truncateAtBytes) return this.end(now)
      let size = Math.min(this.#fragmentBytes(block.length - from), truncateAtBytes - this.#sentBytes)
      const untilStall = stall === undefined ? 0 : stall.afterBytes - this.#sentBytes
      if (untilStall > 0) size = Math.min(size, untilStall)
      this.#schedule(
        copyOf(block.subarray(from, from + size)),
        now,
        untilStall === 0 && stall !== undefined ? stall.ms : 0,
      )
      from += size
    }
  }

  /** Nothing more will be sent: the receiver sees the end behind all that is under way. */
  end(now: Millis): void {
    if (this.#ended) return
    this.#ended = true
    this.#schedule(undefined, now, 0)
  }

  /** When the next arrival is due; `Infinity` when nothing is under way. */
  next(): Millis {
    return this.#fragments[this.#taken]?.at ?? Infinity
  }

  /** What has arrived by `now`, or `undefined`. */
  take(now: Millis): Arrival | undefined {
    const first = this.#shift(now)
    if (first?.bytes === undefined) return first
    const parts = [first.bytes]
    while (this.#fragments[this.#taken]?.bytes !== undefined && this.#random.chance(this.#options.coalesce ?? 0)) {
      const more = this.#shift(now)
      if (more?.bytes === undefined) break
      parts.push(more.bytes)
    }
    return { bytes: concat(parts) }
  }

  #shift(now: Millis): Arrival | undefined {
    const fragment = this.#fragments[this.#taken]
    if (fragment === undefined || fragment.at > now) return undefined
    if (++this.#taken === this.#fragments.length) {
      this.#fragments = []
      this.#taken = 0
    }
    this.#underWayBytes -= fragment.bytes?.length ?? 0
    return { bytes: fragment.bytes }
  }

  #fragmentBytes(left: number): number {
    const { fragmentBytesMax } = this.#options
    return fragmentBytesMax === undefined ? left : Math.min(left, this.#random.between(1, fragmentBytesMax))
  }

  #schedule(bytes: Uint8Array | undefined, now: Millis, extraMs: Millis): void {
    const [least, greatest] = this.#options.delayMs ?? [0, 0]
    const at = Math.max(this.#lastArrival, now + this.#random.between(least, greatest) + extraMs)
    this.#lastArrival = at
    this.#sentBytes += bytes?.length ?? 0
    this.#underWayBytes += bytes?.length ?? 0
    this.#fragments.push({ at, bytes })
  }
}
