/** Commands in their order: first in, first out. */

import type { Command } from './command.js'

/** When so many that are done stand before the others, they are dropped. */
const DROP_AT = 1024

/** A queue. */
export class CommandQueue implements Iterable<Command> {
  readonly #commands: Command[] = []
  #head = 0

  get count(): number {
    return this.#commands.length - this.#head
  }

  get first(): Command | undefined {
    return this.#commands[this.#head]
  }

  push(command: Command): void {
    this.#commands.push(command)
  }

  shift(): Command | undefined {
    const first = this.#commands[this.#head]
    if (first === undefined) return undefined
    this.#head++
    if (this.#head === this.#commands.length) {
      this.#commands.length = 0
      this.#head = 0
    } else if (this.#head === DROP_AT) {
      this.#commands.splice(0, DROP_AT)
      this.#head = 0
    }
    return first
  }

  /** Puts some before all others. */
  putBack(commands: readonly Command[]): void {
    const all = [...commands, ...this.takeAll()]
    for (const command of all) this.#commands.push(command)
  }

  /** Takes one out, wherever it stands. */
  remove(command: Command): void {
    const at = this.#commands.indexOf(command, this.#head)
    if (at < 0) return
    this.#commands.splice(at, 1)
    if (this.#head === this.#commands.length) this.takeAll()
  }

  /** All of them, which are no longer here. */
  takeAll(): Command[] {
    const all = this.#commands.splice(this.#head)
    this.#commands.length = 0
    this.#head = 0
    return all
  }

  *[Symbol.iterator](): Iterator<Command> {
    for (let at = this.#head; at < this.#commands.length; at++) yield this.#commands[at]!
  }
}
