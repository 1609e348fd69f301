/** Which statements a connection has prepared, and what is known of statements on any of them. */

import type { Description } from './description.js'

/** A map that forgets what was used longest ago. */
export class RecentMap<Value extends object> {
  readonly #max: number
  readonly #map: Map<string, Value> = new Map()
  /** The one that was used last: asking for it again moves nothing. */
  #lastKey: string | undefined
  #last: Value | undefined

  /** Keeps `max` of them, at least one. */
  constructor(max: number) {
    this.#max = max
  }

  get size(): number {
    return this.#map.size
  }

  get(key: string): Value | undefined {
    if (key === this.#lastKey) return this.#last
    const value = this.#map.get(key)
    if (value === undefined) return undefined
    // A map keeps its order of insertion: the first one is the one to go.
    this.#map.delete(key)
    this.#map.set(key, value)
    this.#lastKey = key
    return (this.#last = value)
  }

  /** Takes a value; gives the one that has to go for it. */
  set(key: string, value: Value): Value | undefined {
    this.#map.delete(key)
    this.#map.set(key, value)
    this.#lastKey = key
    this.#last = value
    if (this.#map.size <= this.#max) return undefined
    const [oldestKey, oldest] = this.#map.entries().next().value!
    this.#map.delete(oldestKey)
    return oldest
  }

  clear(): void {
    this.#map.clear()
    this.#lastKey = undefined
    this.#last = undefined
  }

  /** Forgets a value, if it is still the one of this key. */
  delete(key: string, value: Value): boolean {
    if (this.#map.get(key) !== value) return false
    this.#map.delete(key)
    if (this.#lastKey === key) {
      this.#lastKey = undefined
      this.#last = undefined
    }
    return true
  }
}

/** Descriptions by the text of the statement, for all connections to one database. */
export type Descriptions = RecentMap<Description>

/** A statement that a connection has prepared, or is about to. */
export interface Prepared {
  readonly sql: string
  /** Its name there. */
  readonly name: string
  /** What the server has said of it; undefined until then. */
  description: Description | undefined
}

/** The statements of one connection. */
export class StatementCache {
  readonly #prefix: string
  readonly #max: number
  readonly #statements: RecentMap<Prepared>
  /** Names that the server may forget. */
  #stale: string[] = []
  #lastNumber = 0

  /** Keeps `max` statements, 0 for none; their names begin with `prefix`. */
  constructor(max: number, prefix: string) {
    this.#max = max
    this.#prefix = prefix
    this.#statements = new RecentMap(max)
  }

  /** Whether statements are kept at all. */
  get enabled(): boolean {
    return this.#max > 0
  }

  get size(): number {
    return this.#statements.size
  }

  get(sql: string): Prepared | undefined {
    return this.#statements.get(sql)
  }

  /** A name for a statement, which is kept from now on. */
  add(sql: string): Prepared {
    const prepared: Prepared = { sql, name: this.#prefix + ++this.#lastNumber, description: undefined }
    const oldest = this.#statements.set(sql, prepared)
    if (oldest !== undefined) this.#stale.push(oldest.name)
    return prepared
  }

  /** Forgets a statement with which something is wrong; the server is to forget it, too. */
  drop(prepared: Prepared): void {
    if (this.#statements.delete(prepared.sql, prepared)) this.#stale.push(prepared.name)
  }

  /** The server has forgotten all of them. */
  clear(): void {
    this.#statements.clear()
    this.#stale = []
  }

  /** Names to close before the next statement; they are given once. */
  takeStale(): readonly string[] {
    if (this.#stale.length === 0) return this.#stale
    const stale = this.#stale
    this.#stale = []
    return stale
  }
}
