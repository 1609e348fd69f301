/** Events of an app: those that the server tells of, and those that apps make up. Listeners are called at once. */

/** Called with what was emitted. */
export type Listener = (...args: never[]) => unknown

/** Names and listeners. */
export class Events {
  readonly #listeners: Map<string, Set<Listener>> = new Map()

  on(name: string, listener: Listener): void {
    if (typeof listener !== 'function') throw new TypeError(`the listener of ${name} is no function`)
    const known = this.#listeners.get(name)
    if (known === undefined) this.#listeners.set(name, new Set([listener]))
    else known.add(listener)
  }

  off(name: string, listener: Listener): void {
    const known = this.#listeners.get(name)
    if (known?.delete(listener) === true && known.size === 0) this.#listeners.delete(name)
  }

  /** Whether anybody listens to a name that begins so. */
  hears(prefix: string): boolean {
    for (const name of this.#listeners.keys()) if (name.startsWith(prefix)) return true
    return false
  }

  /** Those who listen to a name, as they are now: one may come or go while they are called. */
  of(name: string): readonly Listener[] {
    const known = this.#listeners.get(name)
    return known === undefined ? NOBODY : [...known]
  }
}

const NOBODY: readonly Listener[] = []

/** Calls a listener. What it throws goes to the caller; what it rejects with later has none, and goes to `report`. */
export function callListener(listener: Listener, args: readonly unknown[], report: (error: unknown) => void): void {
  const result = (listener as (...given: readonly unknown[]) => unknown)(...args)
  if (result instanceof Promise) result.catch(report)
}
