/** Sessions in the memory of this process: they end with it, and other processes know nothing of them. */

import { LRUCache } from 'lru-cache'
import * as is from '../../option-table.js'
import { checkOptions, type OptionTable } from '../../option-table.js'
import type { SessionStore, StoredSession } from './session-store.js'

/** Bounds of a memory store. */
export interface MemoryStoreOptions {
  /** Sessions at the most; the one that was used longest ago goes first. Default 100,000. */
  readonly sessionsMax?: number
  /** Characters of all of them together. Default 64 Mi. */
  readonly charactersMax?: number
  /** Characters of one. Default 256 Ki. */
  readonly sessionCharactersMax?: number
  /** Milliseconds since 1970. */
  readonly now?: () => number
}

const memoryStoreOptions: OptionTable<MemoryStoreOptions> = {
  sessionsMax: is.whole(1),
  charactersMax: is.whole(1),
  sessionCharactersMax: is.whole(1),
  now: is.callback,
}

/** A bounded store in memory. */
export class MemoryStore implements SessionStore {
  readonly synchronous = true
  readonly #sessions: LRUCache<string, StoredSession>
  readonly #sessionCharactersMax: number
  readonly #now: () => number

  constructor(options: MemoryStoreOptions = {}) {
    checkOptions('new MemoryStore', memoryStoreOptions, options)
    const { sessionsMax = 100_000, charactersMax = 64 * 1024 * 1024, sessionCharactersMax = 256 * 1024 } = options
    this.#sessions = new LRUCache({
      max: sessionsMax,
      maxSize: charactersMax,
      // A small one takes memory, too: its id, and what holds it.
      sizeCalculation: ({ data }) => data.length + 200,
    })
    this.#sessionCharactersMax = sessionCharactersMax
    this.#now = options.now ?? Date.now
  }

  /** How many sessions there are; some of them may have expired. */
  get size(): number {
    return this.#sessions.size
  }

  load(id: string): StoredSession | undefined {
    const session = this.#sessions.get(id)
    if (session === undefined || session.expiresAtMs > this.#now()) return session
    this.#sessions.delete(id)
    return undefined
  }

  /** Throws `RangeError` for a session that is too large. */
  save(id: string, session: StoredSession, isNew: boolean): boolean {
    if (session.data.length > this.#sessionCharactersMax)
      throw new RangeError(
        `a session has ${session.data.length} characters; ${this.#sessionCharactersMax} are the most`,
      )
    if (!isNew && this.load(id) === undefined) return false
    this.#sessions.set(id, session)
    return true
  }

  touch(id: string, expiresAtMs: number): void {
    const session = this.load(id)
    if (session !== undefined) this.#sessions.set(id, { ...session, expiresAtMs })
  }

  destroy(id: string): void {
    this.#sessions.delete(id)
  }
}
