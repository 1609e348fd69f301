/** Values that an app keeps in its process, for a while or as long as it runs (APP-09). */

interface Kept {
  readonly value: unknown
  /** In milliseconds of `performance`. */
  readonly until: number
}

/** Values by name. */
export class AppStore {
  readonly #values: Map<string, Kept> = new Map()

  /** Keeps a value, for so many seconds; without them as long as the app runs. */
  set(name: string, value: unknown, timeoutSeconds: number = Infinity): void {
    this.#values.set(name, { value, until: performance.now() + timeoutSeconds * 1000 })
  }

  /** The value of a name, or `fallback` when there is none any more. */
  get<Value = unknown>(name: string): Value | undefined
  get<Value = unknown>(name: string, fallback: Value): Value
  get(name: string, fallback?: unknown): unknown {
    const kept = this.#values.get(name)
    if (kept === undefined) return fallback
    if (kept.until > performance.now()) return kept.value
    this.#values.delete(name)
    return fallback
  }

  has(name: string): boolean {
    return this.get<unknown>(name, NOTHING) !== NOTHING
  }

  delete(name: string): boolean {
    return this.#values.delete(name)
  }

  /** Takes the values of some names over from another one, with the time that they have left. */
  take(other: AppStore, names: readonly string[]): void {
    for (const name of names) {
      const kept = other.#values.get(name)
      if (kept !== undefined) this.#values.set(name, kept)
    }
  }
}

const NOTHING: unique symbol = Symbol('nothing')
