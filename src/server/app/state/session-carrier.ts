/** Brings a session from the request, and takes it to the response: in the cookie itself, or in a store. */

import { createHash } from 'node:crypto'
import type { CookieJar } from './cookie-jar.js'
import { COOKIE_BYTES_MAX } from './cookie-text.js'
import type { KeyRing } from './key-ring.js'
import { randomName } from './random.js'
import { readSession, type SessionData, sessionText } from './session-data.js'
import type { SessionSettings } from './session-options.js'
import type { SessionStore, StoredSession } from './session-store.js'

/** What the carriers must know of a request. */
export interface SessionOrigin {
  readonly cookies: CookieJar
  readonly encrypted: boolean
  /** The client's address. */
  readonly address: string
  /** Milliseconds since 1970. */
  readonly nowMs: () => number
  /** Called with the first change: `commit` must be called before the response begins. */
  readonly onChange: () => void
  /** Whether the head of the response has gone, and with it all cookies. */
  readonly answered: () => boolean
  /** Calls a function when the response is over, a WebSocket too. */
  readonly onOver: (listener: () => void) => void
  /** Tells of what fails behind the head. */
  readonly report: (error: unknown) => void
  /** Has the engine wait for work behind the response before it ends. */
  readonly finish: (work: Promise<unknown>) => void
}

/** Carries one session. */
export interface SessionCarrier {
  /** Names it in a store; undefined in a cookie, and before it is saved. */
  readonly id: string | undefined
  /** Whether the client has sent something that may be a session. */
  readonly offered: boolean
  load(): SessionData | undefined | Promise<SessionData | undefined>
  /** Saves it under a new id if `renew` says so; behind the head of the response under the old one only. */
  save(data: SessionData, renew: boolean): void | Promise<void>
  touch(data: SessionData): void | Promise<void>
  /** Forgets it, here and at the client. */
  destroy(): void | Promise<void>
}

/** The carrier for the settings. */
export function sessionCarrier(settings: SessionSettings, ring: KeyRing, origin: SessionOrigin): SessionCarrier {
  return settings.store === undefined
    ? new CookieCarrier(settings, ring, origin)
    : new StoreCarrier(settings, ring, origin, settings.store)
}

/** What both do with the cookie. */
abstract class Carrier {
  protected readonly settings: SessionSettings
  protected readonly ring: KeyRing
  protected readonly origin: SessionOrigin

  constructor(settings: SessionSettings, ring: KeyRing, origin: SessionOrigin) {
    this.settings = settings
    this.ring = ring
    this.origin = origin
  }

  get offered(): boolean {
    return this.origin.cookies.has(this.settings.cookie)
  }

  protected get sent(): string | undefined {
    return this.origin.cookies.get(this.settings.cookie)
  }

  protected setCookie(value: string, expiresAtMs: number): void {
    // Behind the head only the store can be told: the cookie keeps the end that it had.
    if (this.origin.answered()) return
    const { cookie, place, secureByRequest } = this.settings
    const secure = place.secure === true || (secureByRequest && this.origin.encrypted)
    const expires = (expiresAtMs - this.origin.nowMs()) / 1000
    this.origin.cookies.set(cookie, value, { ...place, secure, expires: expires > 0 ? expires : 'now' })
  }

  protected removeCookie(): void {
    this.setCookie('', 0)
  }
}

/** The whole session is in the cookie, sealed. */
class CookieCarrier extends Carrier implements SessionCarrier {
  readonly id: undefined = undefined

  load(): SessionData | undefined {
    const sent = this.sent
    if (sent === undefined) return undefined
    const opened = this.ring.sealer('session').open(sent, this.settings.context, this.origin.nowMs())
    return opened === undefined ? undefined : readSession(opened.text, opened.expiresAtMs)
  }

  save(data: SessionData): void {
    const { cookie, context } = this.settings
    const sealed = this.ring.sealer('session').seal(sessionText(data), context, data.expiresAtMs)
    if (cookie.length + 1 + sealed.length > COOKIE_BYTES_MAX)
      throw new RangeError(
        `the session ${cookie} needs ${cookie.length + 1 + sealed.length} octets, and a cookie has ${COOKIE_BYTES_MAX}: keep less in it, or give it a store`,
      )
    this.setCookie(sealed, data.expiresAtMs)
  }

  touch(data: SessionData): void {
    this.save(data)
  }

  destroy(): void {
    this.removeCookie()
  }
}

const ID_BYTES = 18

/** The cookie has a signed random name, and the store all else, by the digest of that name. */
class StoreCarrier extends Carrier implements SessionCarrier {
  readonly #store: SessionStore
  #name: string | undefined
  #id: string | undefined

  constructor(settings: SessionSettings, ring: KeyRing, origin: SessionOrigin, store: SessionStore) {
    super(settings, ring, origin)
    this.#store = store
  }

  get id(): string | undefined {
    return this.#id
  }

  load(): SessionData | undefined | Promise<SessionData | undefined> {
    const sent = this.sent
    if (sent === undefined) return undefined
    const name = this.ring.signer('session-id').verify(sent, this.settings.context, this.origin.nowMs())?.text
    // A name that the store does not know is never taken over: the client could have been given it by somebody else.
    if (name === undefined) return undefined
    const id = idOf(name)
    const read = (stored: StoredSession | undefined): SessionData | undefined => {
      if (stored === undefined) return undefined
      this.#name = name
      this.#id = id
      return readSession(stored.data, stored.expiresAtMs)
    }
    const stored = this.#store.load(id)
    return stored instanceof Promise ? stored.then(read) : read(stored)
  }

  save(data: SessionData, renew: boolean): void | Promise<void> {
    const old = this.#id
    const isNew = renew || old === undefined
    const name = isNew || this.#name === undefined ? randomName(ID_BYTES) : this.#name
    const id = isNew ? idOf(name) : old
    const { expiresAtMs } = data
    const settle = (there: boolean): void | Promise<void> => {
      // Somebody has destroyed it meanwhile: it stays away, and what this request had changed with it.
      if (!there) return this.removeCookie()
      this.#name = name
      this.#id = id
      this.#sendName(name, expiresAtMs)
      if (isNew && old !== undefined) return this.#store.destroy(old)
    }
    const saved = this.#store.save(id, { data: sessionText(data), expiresAtMs }, isNew)
    return saved instanceof Promise ? saved.then(settle) : settle(saved)
  }

  touch({ expiresAtMs }: SessionData): void | Promise<void> {
    if (this.#id === undefined || this.#name === undefined) return
    this.#sendName(this.#name, expiresAtMs)
    return this.#store.touch(this.#id, expiresAtMs)
  }

  destroy(): void | Promise<void> {
    this.removeCookie()
    const id = this.#id
    this.#id = undefined
    this.#name = undefined
    if (id !== undefined) return this.#store.destroy(id)
  }

  #sendName(name: string, expiresAtMs: number): void {
    // The store says when a session ends; its name must not end before.
    this.setCookie(this.ring.signer('session-id').sign(name, this.settings.context, 0), expiresAtMs)
  }
}

function idOf(name: string): string {
  return createHash('sha256').update(name).digest('base64url')
}
