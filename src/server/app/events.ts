/** Events of an app: those that the server tells of, and those that apps make up. Listeners are called at once. */

import type { App } from './app.js'
import type { Was } from './was.js'

/** What listeners of an event get: those that the server tells of. Add those of your apps to the interface. */
export interface AppEvents {
  'app:starting': [app: App]
  'app:mounted': [app: App]
  'app:started': [app: App]
  'app:restarting': [app: App]
  'app:restarted': [app: App]
  'app:unmounting': [app: App]
  'request:started': [was: Was]
  'request:success': [was: Was]
  'request:failed': [was: Was, error: unknown]
  'request:teardown': [was: Was]
  'request:finished': [was: Was]
  'template:rendering': [was: Was, name: string]
  'template:rendered': [was: Was, name: string]
}

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
