/** What an app shares with its handlers and those of its parts, by name (APP-08). */

/** Values by name. */
export class Shares {
  readonly #own: Map<string, unknown> = new Map()
  /** Of the app that this one has been loaded in place of: what it shares itself counts more. */
  readonly #inherited: Map<string, unknown> = new Map()

  /** Whether there is nothing. */
  get empty(): boolean {
    return this.#own.size === 0 && this.#inherited.size === 0
  }

  /** Throws `TypeError` for a name that is taken. */
  add(name: string, value: unknown): void {
    if (this.#own.has(name)) throw new TypeError(`${name} is shared already`)
    this.#inherited.delete(name)
    this.#own.set(name, value)
  }

  /** Gives whether it was there. */
  remove(name: string): boolean {
    return this.#own.delete(name) || this.#inherited.delete(name)
  }

  /** Takes over what the app before this one shared and this one does not. */
  inherit(before: Shares): void {
    for (const [name, value] of before.#all()) if (!this.#own.has(name)) this.#inherited.set(name, value)
  }

  /** Puts the values into an object, over those that are there. */
  copyTo(values: Record<string, unknown>): void {
    for (const [name, value] of this.#all()) values[name] = value
  }

  #all(): [string, unknown][] {
    return [...this.#inherited, ...this.#own]
  }
}
