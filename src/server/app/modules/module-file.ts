/** A JavaScript module that can be imported anew when its file has changed. */

import { statSync } from 'node:fs'
import { pathToFileURL } from 'node:url'

/** What a module exports, by name. */
export type Exports = Readonly<Record<string, unknown>>

/** One file. What it imports itself is loaded once and stays as it is. */
export class ModuleFile {
  readonly file: string
  #state = ''
  #loads = 0
  /** Another number for whoever shares the module with nobody. */
  #apart = 0

  constructor(file: string) {
    this.file = file
  }

  /** Whether the file is another one than that which was loaded last; false while there is none. */
  get changed(): boolean {
    const state = stateOf(this.file)
    return state !== undefined && state !== this.#state
  }

  /** Imports the file as it is now. Rejects with what it throws; then it counts as loaded, until it changes again. */
  load(): Promise<Exports> {
    this.#state = stateOf(this.file) ?? ''
    const url = pathToFileURL(this.file)
    // The first import is the one that other modules see, too.
    if (this.#loads++ > 0) url.searchParams.set('reload', String(this.#loads))
    if (this.#apart > 0) url.searchParams.set('apart', String(this.#apart))
    return import(url.href) as Promise<Exports>
  }

  /** The same as a module of its own, beside the one that others have: now, and whenever it is loaded anew. */
  loadApart(): Promise<Exports> {
    this.#apart = ++lastApart
    return this.load()
  }
}

let lastApart = 0

function stateOf(file: string): string | undefined {
  const found = statSync(file, { throwIfNoEntry: false })
  return found === undefined ? undefined : `${found.mtimeMs} ${found.size} ${found.ino}`
}

/** Looks after files, no more than once a second. */
export abstract class Watcher {
  #checkedAt = -Infinity
  #pending: Promise<void> | undefined

  /** Loads what has changed since the last look; undefined when that is nothing, or it is too early to look. */
  check(): Promise<void> | undefined {
    if (this.#pending !== undefined) return this.#pending
    const now = performance.now()
    if (now - this.#checkedAt < CHECK_MS) return undefined
    this.#checkedAt = now
    try {
      if (!this.isStale()) return undefined
    } catch (error) {
      // A folder that is gone is as a module that cannot be loaded.
      return Promise.reject(error as Error)
    }
    this.#pending = this.reload().finally(() => (this.#pending = undefined))
    return this.#pending
  }

  protected abstract isStale(): boolean
  /** Rejects when something cannot be loaded; all stays as it was then. */
  protected abstract reload(): Promise<void>
}

const CHECK_MS = 1000
