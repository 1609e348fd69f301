/** All event streams of an engine: they would go on for ever, and end when the engine does. */

/** The open ones. */
export class OpenStreams {
  readonly #ends: Set<() => void> = new Set()
  #closing = false

  /** One is open; `end` ends it, at once when the engine is about to close. */
  add(end: () => void): void {
    if (this.#closing) end()
    else this.#ends.add(end)
  }

  /** One is gone. */
  delete(end: () => void): void {
    this.#ends.delete(end)
  }

  /** Ends all, and those that are about to begin. */
  close(): void {
    this.#closing = true
    for (const end of this.#ends) end()
    this.#ends.clear()
  }
}
