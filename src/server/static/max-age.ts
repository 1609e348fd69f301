/** How long clients may keep what lies below a path without asking again. */

/** Seconds by path prefix; the longest prefix that matches on a segment boundary counts. */
export class MaxAges {
  readonly #secondsByPrefix = new Map<string, number>()
  #version = 0

  /** Changes with every `set`, so that what was made from an answer can be told from what is current. */
  get version(): number {
    return this.#version
  }

  /**
   * Sets the age for everything at or below `prefix`, which begins with `/`; `/` is for all. `seconds` is a whole
   * number; 0 sends no age at all. Throws RangeError for other values.
   */
  set(prefix: string, seconds: number): void {
    if (!prefix.startsWith('/')) throw new RangeError(`a path prefix begins with "/", but this one is "${prefix}"`)
    // RFC 9111 section 1.2.2 lets recipients cut ages at 2^31.
    if (!Number.isInteger(seconds) || seconds < 0 || seconds > 0x7fff_ffff)
      throw new RangeError(`a max age is a whole number of seconds from 0 to 2147483647, not ${seconds}`)
    this.#secondsByPrefix.set(prefix.replace(/\/+$/, ''), seconds)
    this.#version++
  }

  /** Seconds for a canonical path; 0 for none. */
  secondsOf(path: string): number {
    if (this.#secondsByPrefix.size === 0) return 0
    for (let end = path.length; end > 0; end = path.lastIndexOf('/', end - 1)) {
      const seconds = this.#secondsByPrefix.get(path.slice(0, end))
      if (seconds !== undefined) return seconds
    }
    return this.#secondsByPrefix.get('') ?? 0
  }
}
