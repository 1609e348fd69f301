/** Which requests leave no line. */

/**
 * Patterns of paths that are not logged. A pattern that begins with `*` stands for all paths that end with the rest
 * of it; any other for all paths that begin with it (a `*` at its end changes nothing). `/` itself is always logged.
 *
 * We differ: decisions are not remembered. Comparing with some patterns costs less than looking an answer up, and
 * what clients make up cannot fill a table that does not exist.
 */
export class LogFilter {
  readonly #prefixes: string[] = []
  readonly #suffixes: string[] = []

  /** Adds patterns. Throws RangeError for one that begins neither with `/` nor with `*`. */
  off(...patterns: readonly string[]): void {
    for (const pattern of patterns)
      if (typeof pattern !== 'string' || (!pattern.startsWith('/') && !pattern.startsWith('*')))
        throw new RangeError(`a pattern of paths not to log is "/prefix" or "*suffix", not "${String(pattern)}"`)
    for (const pattern of patterns) {
      if (pattern.startsWith('*')) this.#suffixes.push(pattern.slice(1))
      else this.#prefixes.push(pattern.replace(/\*$/, ''))
    }
  }

  /** Whether a request for this target is to be logged; what follows a `?` does not count. */
  logs(uri: string): boolean {
    if (this.#prefixes.length === 0 && this.#suffixes.length === 0) return true
    const mark = uri.indexOf('?')
    const path = mark < 0 ? uri : uri.slice(0, mark)
    if (path === '/') return true
    return !(
      this.#prefixes.some((prefix) => path.startsWith(prefix)) || this.#suffixes.some((suffix) => path.endsWith(suffix))
    )
  }
}
