/** The newest entry of each name in the table of an encoder. */

import { KNOWN_NAMES, type KnownName } from './field-policy.js'

/** In place of an entry: there is none. */
export const NO_ENTRY = -1

const NO_ENTRIES: readonly number[] = Array.from({ length: KNOWN_NAMES.size }, () => NO_ENTRY)
const NONE: number[] = []

/** Entries are counted from the first that was ever added. Names that are well known have a place in an array. */
export class NewestEntries {
  #known = NONE
  #others: Map<string, number> | undefined

  /** The newest entry of a name, or `NO_ENTRY`. */
  get(name: string, known: KnownName | undefined): number {
    if (known === undefined) return this.#others?.get(name) ?? NO_ENTRY
    return this.#known === NONE ? NO_ENTRY : this.#known[known.id]!
  }

  /** Sets the newest entry of a name. Gives the one before. */
  replace(name: string, known: KnownName | undefined, entry: number): number {
    const before = this.get(name, known)
    if (known === undefined) {
      this.#others ??= new Map()
      this.#others.set(name, entry)
    } else {
      if (this.#known === NONE) this.#known = NO_ENTRIES.slice()
      this.#known[known.id] = entry
    }
    return before
  }

  /** An entry is evicted: if it was the newest of its name, there is none now. */
  forget(name: string, entry: number): void {
    const known = KNOWN_NAMES.get(name)
    if (this.get(name, known) !== entry) return
    if (known === undefined) this.#others?.delete(name)
    else this.#known[known.id] = NO_ENTRY
  }
}
