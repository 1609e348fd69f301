/** Commands that were sent and are not answered, in their order. */

import type { SubscriptionKind } from './events.js'

/** When so many answered ones stand before the others, and no fewer than these, they are dropped. */
const DROP_AT = 1024

/** Numbers a command: its number, how its reply is read, what it waits for, and which confirmations. */
const SLOTS = 4

const KINDS: readonly SubscriptionKind[] = ['channel', 'pattern', 'shard']

/** The commands of one connection. */
export class PendingReplies {
  #slots: number[] = []
  #head = 0

  get count(): number {
    return (this.#slots.length - this.#head) / SLOTS
  }

  /** Whether there is none. */
  get empty(): boolean {
    return this.#head === this.#slots.length
  }

  /** The number of the one that is answered next; 0 for none. */
  get id(): number {
    return this.#slots[this.#head] ?? 0
  }

  /** How its reply is read. */
  get flags(): number {
    return this.#slots[this.#head + 1] ?? 0
  }

  /** What it waits for: a number of `WaitStates`. */
  get state(): number {
    return this.#slots[this.#head + 2]!
  }

  /** How many confirmations it waits for; 0 where that depends on what was subscribed to. */
  get confirmations(): number {
    return Math.floor(this.#slots[this.#head + 3]! / KINDS.length)
  }

  /** What its confirmations are to. */
  get kind(): SubscriptionKind {
    return KINDS[this.#slots[this.#head + 3]! % KINDS.length]!
  }

  /** `kind` and `confirmations` are those of a command that subscribes to something, or ends that. */
  add(id: number, flags: number, state: number, kind?: SubscriptionKind, confirmations = 0): void {
    const slot = kind === undefined ? 0 : confirmations * KINDS.length + KINDS.indexOf(kind)
    this.#slots.push(id, flags, state, slot)
  }

  /** The first one is answered. */
  shift(): void {
    this.#head += SLOTS
    if (this.#head === this.#slots.length) {
      this.#slots.length = 0
      this.#head = 0
    } else if (this.#head >= DROP_AT * SLOTS && this.#head * 2 >= this.#slots.length) {
      // Not with splice, which makes an array of what it removes.
      this.#slots = this.#slots.slice(this.#head)
      this.#head = 0
    }
  }
}
