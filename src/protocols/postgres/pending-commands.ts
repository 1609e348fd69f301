/** Commands that were sent and are not answered, in their order. */

import { WaitStates } from './lifecycle.js'

/** When so many answered ones stand before the others, they are dropped. */
const DROP_AT = 1024

/** The commands of one connection. */
export class PendingCommands {
  #ids: number[] = []
  #states: number[] = []
  #head = 0

  /** How many there are. */
  get count(): number {
    return this.#ids.length - this.#head
  }

  /** The number of the one that is answered now; 0 for none. */
  get id(): number {
    return this.#ids[this.#head] ?? 0
  }

  /** What the one that is answered now waits for at first; `idle` for none. */
  get state(): number {
    return this.#states[this.#head] ?? WaitStates.idle
  }

  add(id: number, state: number): void {
    this.#ids.push(id)
    this.#states.push(state)
  }

  /** The first one is answered. The start of a connection is one that nobody has given. */
  shift(): void {
    if (this.#head < this.#ids.length) this.#head++
    if (this.#head === this.#ids.length) {
      this.#ids.length = 0
      this.#states.length = 0
      this.#head = 0
    } else if (this.#head === DROP_AT) {
      this.#ids.splice(0, DROP_AT)
      this.#states.splice(0, DROP_AT)
      this.#head = 0
    }
  }

  /** Drops all Syncs right behind the first one; gives whether nothing else stands there. */
  dropSyncsBehind(): boolean {
    let last = this.#head + 1
    while (this.#states[last] === WaitStates.sync) last++
    this.#ids.splice(this.#head + 1, last - this.#head - 1)
    this.#states.splice(this.#head + 1, last - this.#head - 1)
    return this.count === 1
  }

  /** Drops what the server skips behind an error: all up to the next Sync. */
  skip(): void {
    while (this.count > 0 && this.state !== WaitStates.sync) this.shift()
  }
}
