/** Tasks of a process that must not run beside each other, though each waits for something in between (APP-10). */

/** Queues by name. */
export class Locks {
  /** What the next task of a name waits for: it never rejects. */
  readonly #last: Map<string, Promise<void>> = new Map()

  /** Runs a task once all others of this name that came before have ended, well or not. Gives what it gives. */
  run<Result>(name: string, task: () => Result | Promise<Result>): Promise<Result> {
    const result = (this.#last.get(name) ?? Promise.resolve()).then(task)
    const over = (): void => {
      if (this.#last.get(name) === last) this.#last.delete(name)
    }
    const last = result.then(over, over)
    this.#last.set(name, last)
    return result
  }
}
