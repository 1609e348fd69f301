/** Operations in their order: first in, first out. */

import type { Operation } from './operation.js'

/** When so many that are done stand before the others, they are dropped. */
const DROP_AT = 1024

/** A queue. */
export class OperationQueue {
  readonly #operations: Operation[] = []
  #head = 0

  get count(): number {
    return this.#operations.length - this.#head
  }

  get first(): Operation | undefined {
    return this.#operations[this.#head]
  }

  get last(): Operation | undefined {
    return this.#head < this.#operations.length ? this.#operations.at(-1) : undefined
  }

  push(operation: Operation): void {
    this.#operations.push(operation)
  }

  shift(): Operation | undefined {
    const first = this.first
    if (first === undefined) return undefined
    this.#head++
    if (this.#head === this.#operations.length) {
      this.#operations.length = 0
      this.#head = 0
    } else if (this.#head === DROP_AT) {
      this.#operations.splice(0, DROP_AT)
      this.#head = 0
    }
    return first
  }

  /** Takes one out, wherever it stands. */
  remove(operation: Operation): void {
    const at = this.#operations.indexOf(operation, this.#head)
    if (at >= 0) this.#operations.splice(at, 1)
    if (this.#head === this.#operations.length) {
      this.#operations.length = 0
      this.#head = 0
    }
  }

  /** All of them, which are no longer here. */
  takeAll(): Operation[] {
    const all = this.#operations.splice(this.#head)
    this.#operations.length = 0
    this.#head = 0
    return all
  }

  /** All but the first. */
  rest(): readonly Operation[] {
    return this.#operations.slice(this.#head + 1)
  }
}
