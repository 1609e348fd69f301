/** `was.session`: what the server remembers of a client. */

import { type KeyRing, keyRingOf } from './key-ring.js'
import { changedNames, mergeValues } from './late-changes.js'
import { tooLate } from './late.js'
import { type SessionCarrier, sessionCarrier, type SessionOrigin } from './session-carrier.js'
import { emptySession, type SessionData, valuesText } from './session-data.js'
import { type SessionOptions, type SessionSettings, sessionSettings } from './session-options.js'

/** How much a session may live beyond its time-out before it is held to be none of ours: clocks differ. */
const SKEW_MS = 60_000

/**
 * Values by name, for one client. Names are strings, and values whatever JSON has a form for. A session begins when
 * something is set, is saved when the request has succeeded, and ends `timeoutSeconds` after the last change; reading
 * changes nothing. Of requests that run side by side, the one that ends last has the last word on all of the session.
 * Behind the head of the response, in a stream or a WebSocket, a session that was there before and is kept in a store
 * is saved at once, name by name; any other change throws `UsageError`.
 */
export class Session implements Iterable<readonly [name: string, value: unknown]> {
  readonly #settings: SessionSettings
  readonly #origin: SessionOrigin
  readonly #ring: KeyRing
  readonly #carrier: SessionCarrier
  #data: SessionData | undefined
  #existed = false
  #changed = false
  #touched = false
  #ended = false
  #renew = false
  /** Set in this request: nothing else moves the end then. */
  #expirySet = false
  /** The values as they were before objects of them were handed out. */
  #before: string | undefined
  #told = false
  /** Names that have changed behind the head of the response. */
  #late: Set<string> | undefined
  /** The saving of those, one after the other. */
  #lateSaving: Promise<void> | undefined
  #lateWaits = false
  /** Somebody compares what was lent when the response is over. */
  #watched = false
  #mounted: Map<string, Session> | undefined

  constructor(settings: SessionSettings, ring: KeyRing, origin: SessionOrigin) {
    this.#settings = settings
    this.#origin = origin
    this.#ring = ring
    this.#carrier = sessionCarrier(settings, ring, origin)
  }

  /**
   * The name of the session in its store, for ending it from elsewhere (`store.destroy(id)`); it is of no use to a
   * client. Undefined without a store, and before a new session is saved.
   */
  get id(): string | undefined {
    this.#load()
    return this.#carrier.id
  }

  /** How many values there are. */
  get size(): number {
    return this.#load().values.size
  }

  /** When the session ends unless it changes: milliseconds since 1970; 0 for one that has not begun. */
  get expiresAtMs(): number {
    return this.#load().expiresAtMs
  }

  /**
   * A value, or `fallback`. An object or array that was changed in place is saved, too.
   */
  get<Value = unknown>(name: string): Value | undefined
  get<Value = unknown>(name: string, fallback: Value): Value
  get(name: string, fallback?: unknown): unknown {
    const data = this.#load()
    const value = data.values.get(name)
    if (typeof value === 'object' && value !== null) this.#lend(data)
    return value === undefined ? fallback : value
  }

  /** The same as `get`, but from another address than at the last write it gives `fallback` and ends the session. */
  getv<Value = unknown>(name: string): Value | undefined
  getv<Value = unknown>(name: string, fallback: Value): Value
  getv(name: string, fallback?: unknown): unknown {
    if (this.sourceVerified()) return this.get(name, fallback)
    if (this.exists()) this.expire()
    return fallback
  }

  /** Sets a value. Throws `TypeError` for a name that is no string, and for a value that JSON has no form for. */
  set(name: string, value: unknown): this {
    if (typeof name !== 'string') throw new TypeError(`names in a session are strings, not ${typeof name}`)
    if (value === undefined || typeof value === 'function' || typeof value === 'symbol' || typeof value === 'bigint')
      throw new TypeError(`a session cannot keep a ${typeof value} as ${JSON.stringify(name)}`)
    const { values } = this.#toChange([name])
    values.set(name, value)
    return this
  }

  /** Removes a value; false if there was none. */
  remove(name: string): boolean {
    if (!this.#load().values.has(name)) return false
    return this.#toChange([name]).values.delete(name)
  }

  /** Removes all values: an empty session is not kept. */
  clear(): this {
    const { values } = this.#load()
    if (values.size > 0) this.#toChange([...values.keys()]).values.clear()
    return this
  }

  has(name: string): boolean {
    return this.#load().values.has(name)
  }

  keys(): MapIterator<string> {
    return this.#load().values.keys()
  }

  values(): MapIterator<unknown> {
    const data = this.#load()
    this.#lend(data)
    return data.values.values()
  }

  /** Names and values, in the order they were set. */
  entries(): MapIterator<[name: string, value: unknown]> {
    const data = this.#load()
    this.#lend(data)
    return data.values.entries()
  }

  [Symbol.iterator](): MapIterator<[name: string, value: unknown]> {
    return this.entries()
  }

  /** Moves the end of the session as a change would. */
  touch(): this {
    if (this.#load().values.size > 0) {
      this.#checkLate()
      this.#touched = true
      this.#tell()
    }
    return this
  }

  /**
   * Lets the session end in so many seconds from now, above 0. Changes do not move the end any more until the time-out
   * would make it later.
   */
  setExpiry(seconds: number): this {
    if (!(seconds > 0) || !Number.isFinite(seconds)) throw new TypeError(`seconds above 0 are wanted, not ${seconds}`)
    const data = this.#toChange([])
    data.explicitSeconds = Math.ceil(seconds)
    data.expiresAtMs = this.#origin.nowMs() + seconds * 1000
    this.#expirySet = true
    return this
  }

  /** Ends the session now. What is set afterwards begins another one. */
  expire(): this {
    this.#toChange([])
    this.#data = emptySession()
    this.#ended = true
    return this
  }

  /**
   * Fetches the session from its store once more, for a stream or a WebSocket that goes on for long: it has been
   * changed or ended by others, perhaps. What was changed here stays, and is saved. Nothing happens before the head of
   * the response has gone, and without a store. Rejects with what the store says.
   */
  async reload(): Promise<this> {
    if (!this.#origin.answered() || this.#settings.store === undefined) return this
    await this.#lateSaving
    if (this.#data === undefined) this.#take(await this.#carrier.load())
    else await this.#commitLate()
    return this
  }

  /**
   * Gives the session another id, or another seal, and the client a new token against forgery: call it when somebody
   * has signed in, so that nobody can have given the client a session that was known before.
   */
  regenerate(): this {
    if (this.#origin.answered()) throw tooLate('a session can get another id', 'regenerate it')
    this.#toChange([CSRF_KEY]).values.delete(CSRF_KEY)
    this.#renew = true
    return this
  }

  /** Whether the request comes from the address of the last write. False where there is no session. */
  sourceVerified(): boolean {
    const { address, values } = this.#load()
    return address === '' ? values.size > 0 : address === this.#origin.address
  }

  /** Whether the client has come with a session (of that name) that holds, or has begun one in this request. */
  exists(name?: string): boolean {
    if (name !== undefined) return this.mount(name).exists()
    const { values } = this.#load()
    return values.size > 0 || (this.#existed && !this.#ended)
  }

  /**
   * A session of its own beside this one, in a cookie of its own. Without options it is one that the app has listed as
   * `named`, or one like this. Throws `TypeError` for options that cannot be, and where the store gives promises and
   * the app has not listed it.
   */
  mount(name: string, options?: SessionOptions): Session {
    const known = this.#mounted?.get(name)
    if (known !== undefined) return known
    let settings = this.#settings.named.get(name)
    if (settings === undefined || options !== undefined) {
      const { store, timeoutMs } = this.#settings
      const inherited = { timeoutSeconds: timeoutMs / 1000, ...(store !== undefined && { store }) }
      settings = sessionSettings({ ...inherited, ...options }, name)
    }
    if (settings.cookie === this.#settings.cookie) throw new TypeError(`${name} is the session itself`)
    const session = new Session(
      settings,
      settings.secureKey === undefined ? this.#ring : keyRingOf(settings),
      this.#origin,
    )
    this.#mounted ??= new Map()
    this.#mounted.set(name, session)
    return session
  }

  /** For the server: what asks a store that gives promises; undefined when there is nothing to wait for. */
  static preload(session: Session): Promise<void> | undefined {
    const waits: Promise<unknown>[] = []
    session.#preload(waits)
    for (const name of session.#settings.named.keys()) session.mount(name).#preload(waits)
    return waits.length === 0 ? undefined : all(waits)
  }

  /** For the server: saves it and those that are mounted on it. */
  static commit(session: Session): void | Promise<void> {
    const mounted = session.#mounted
    if (mounted === undefined) return session.#commit()
    // One that fails at once must not leave the others to fail with nobody there.
    return all(Array.from([session, ...mounted.values()], async (each) => each.#commit()))
  }

  /** For the server: the request has failed, and another one takes its place: what was lent is nobody's any more. */
  static abandon(session: Session): void {
    for (const each of [session, ...(session.#mounted?.values() ?? [])]) each.#before = undefined
  }

  /** For the server: whether objects of it are in other hands, so that only `commit` knows whether it has changed. */
  static isLent(session: Session): boolean {
    if (session.#before !== undefined) return true
    return session.#mounted !== undefined && [...session.#mounted.values()].some((each) => each.#before !== undefined)
  }

  #preload(waits: Promise<unknown>[]): void {
    if (this.#data !== undefined || !this.#carrier.offered) return
    const loaded = this.#carrier.load()
    if (loaded instanceof Promise) waits.push(loaded.then((data) => this.#take(data)))
    else this.#take(loaded)
  }

  #load(): SessionData {
    if (this.#data !== undefined) return this.#data
    const loaded = this.#carrier.load()
    if (loaded instanceof Promise) {
      loaded.catch(() => {})
      throw new TypeError(
        `the store of the session ${this.#settings.cookie} gives promises: list it in the options of the app`,
      )
    }
    return this.#take(loaded)
  }

  #take(loaded: SessionData | undefined): SessionData {
    this.#data = loaded !== undefined && this.#holds(loaded) ? loaded : emptySession()
    this.#existed = this.#data === loaded
    return this.#data
  }

  /** No session lives longer than its time-out, or what `setExpiry` has given it. */
  #holds({ expiresAtMs, explicitSeconds }: SessionData): boolean {
    const leftMs = expiresAtMs - this.#origin.nowMs()
    return leftMs > 0 && leftMs <= Math.max(this.#settings.timeoutMs, explicitSeconds * 1000) + SKEW_MS
  }

  /** An object goes out of our hands: only a comparison tells whether it was changed. */
  #lend({ values }: SessionData): void {
    if (this.#before !== undefined) return
    this.#before = valuesText(values)
    if (this.#origin.answered()) this.#watch()
    else this.#tell()
  }

  /** What is about to be changed under these names. Throws `UsageError` where nobody would hear of it. */
  #toChange(names: readonly string[]): SessionData {
    const data = this.#load()
    this.#checkLate()
    if (this.#origin.answered()) for (const name of names) (this.#late ??= new Set()).add(name)
    this.#changed = true
    this.#tell()
    return data
  }

  /** Behind the head there is no cookie for what begins, and none for what is in it. */
  #checkLate(): void {
    if (!this.#origin.answered() || (this.#existed && this.#carrier.id !== undefined && !this.#ended)) return
    const cookie = this.#settings.store === undefined
    const what = cookie ? 'a session in a cookie can be changed' : 'a session can begin'
    throw tooLate(what, cookie ? 'change it' : 'begin it', cookie ? ', or give the session a store' : '')
  }

  #tell(): void {
    if (this.#origin.answered()) return this.#tellLate()
    if (this.#told) return
    this.#told = true
    this.#origin.onChange()
  }

  /** All that is changed in one go is saved in one. */
  #tellLate(): void {
    if (this.#lateWaits) return
    this.#lateWaits = true
    const save = (): Promise<void> => {
      this.#lateWaits = false
      return this.#commitLate()
    }
    this.#lateSaving = (this.#lateSaving ?? Promise.resolve()).then(save).catch(this.#origin.report)
    this.#origin.finish(this.#lateSaving)
  }

  /** What was lent may change as long as the response goes on. */
  #watch(): void {
    if (this.#watched) return
    this.#watched = true
    this.#origin.onOver(() => {
      if (this.#before === undefined || this.#before === valuesText(this.#data!.values)) return
      try {
        this.#checkLate()
        this.#tellLate()
      } catch (error) {
        this.#origin.report(error)
      }
    })
  }

  #commit(): void | Promise<void> {
    const data = this.#data
    if (data === undefined) return
    const text = this.#before === undefined ? undefined : valuesText(data.values)
    const changed = this.#changed || text !== this.#before
    const touched = this.#touched
    const renew = this.#renew || this.#ended
    const existed = this.#existed
    this.#settle(text)
    if (!changed && !touched) return
    this.#existed = data.values.size > 0
    if (!this.#existed) {
      if (existed || this.#carrier.offered) return this.#carrier.destroy()
      return
    }
    this.#extend(data)
    if (!changed) return this.#carrier.touch(data)
    data.address = this.#origin.address
    return this.#carrier.save(data, renew)
  }

  /** From here on a change is another one. */
  #settle(text: string | undefined): void {
    this.#before = text
    this.#told = false
    this.#changed = false
    this.#touched = false
    this.#renew = false
    this.#ended = false
    if (text !== undefined) this.#watch()
  }

  /** What others have saved since is left as it is, but for what was changed here; what they have ended stays ended. */
  async #commitLate(): Promise<void> {
    const carrier = this.#carrier
    if (this.#ended) return carrier.destroy()
    const kept = await carrier.load()
    const mine = this.#data!
    if (kept === undefined || !this.#holds(kept)) {
      this.#data = emptySession()
      this.#existed = false
      return
    }
    // Taken now: what changes while the store is asked is among it.
    const names = this.#late ?? new Set()
    const changed = this.#changed
    this.#late = undefined
    this.#changed = false
    if (this.#before !== undefined) for (const name of changedNames(this.#before, mine.values)) names.add(name)
    mergeValues(mine.values, kept.values, names)
    if (this.#before !== undefined) this.#before = valuesText(mine.values)
    if (!this.#expirySet) mine.explicitSeconds = kept.explicitSeconds
    if (!this.#expirySet) mine.expiresAtMs = kept.expiresAtMs
    const touched = this.#touched
    this.#touched = false
    if (names.size === 0 && !changed && !touched) return
    this.#extend(mine)
    if (names.size === 0 && !changed) return carrier.touch(mine)
    if (mine.values.size === 0) return carrier.destroy()
    mine.address = this.#origin.address
    return carrier.save(mine, false)
  }

  #extend(data: SessionData): void {
    if (this.#expirySet) return
    const byTimeout = this.#origin.nowMs() + this.#settings.timeoutMs
    if (data.explicitSeconds > 0 && byTimeout <= data.expiresAtMs) return
    data.explicitSeconds = 0
    data.expiresAtMs = byTimeout
  }
}

async function all(waits: readonly Promise<unknown>[]): Promise<void> {
  await Promise.all(waits)
}

/** Where a session keeps its secret against forged requests. */
export const CSRF_KEY = '_csrf_token'
