/** Commands that were sent and are not answered, in their order. */

import type { SubscriptionKind } from './events.js'

/** When so many answered ones stand before the others, they are dropped. */
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
    } else if (this.#head === DROP_AT * SLOTS) {
      this.#slots.splice(0, this.#head)
      this.#head = 0
    }
  }
}
