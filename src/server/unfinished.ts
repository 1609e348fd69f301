/** Work that goes on behind responses, and that an engine waits for before it ends. */

import { setTimeout as delay } from 'node:timers/promises'

/** What of it is under way. */
export class Unfinished {
  readonly #works: Set<Promise<unknown>> = new Set()

  /** Takes work whose failure is somebody else's to tell. */
  add(work: Promise<unknown>): void {
    const settled: Promise<unknown> = work.then(
      () => this.#works.delete(settled),
      () => this.#works.delete(settled),
    )
    this.#works.add(settled)
  }

  /** Waits until nothing is under way, for so many milliseconds at the most. */
  async settle(timeoutMs: number): Promise<void> {
    if (this.#works.size === 0) return
    const timer = new AbortController()
    const late = delay(timeoutMs, true, { signal: timer.signal }).catch(() => true)
    while (this.#works.size > 0) if ((await Promise.race([Promise.all(this.#works), late])) === true) break
    timer.abort()
  }
}
