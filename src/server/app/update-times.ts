/** When something was changed last, by a key: whoever keeps a copy asks before using it. */

/** The times of one process. A store that several share can take its place. */
export class UpdateTimes {
  readonly #times: Map<string, number> = new Map()

  /** Says that something has changed; two changes in one millisecond have two times. */
  set(key: string): number {
    const time = Math.max(Date.now(), (this.#times.get(key) ?? 0) + 1)
    this.#times.set(key, time)
    return time
  }

  /** The last change of any of the keys, in milliseconds since 1970; 0 for none. */
  get(...keys: readonly string[]): number {
    return Math.max(0, ...keys.map((key) => this.#times.get(key) ?? 0))
  }
}
