/** `was.cookie`: the cookies of a request, and those that its response sets. */

import { parseCookie } from 'cookie'
import { checkOptions } from '../../option-table.js'
import { type CookieOptions, cookieOptions, isCookieName, setCookieText } from './cookie-text.js'

/** What a jar must know of the request. */
export interface CookieOrigin {
  /** The Cookie field; undefined without one. */
  readonly header: string | undefined
  /** Where the app is mounted: a path that begins with a slash. */
  readonly path: string
  readonly nowMs: () => number
  /** Called before each change; throws where it could not reach the client. */
  readonly onChange: () => void
}

/** Where a cookie was set: to remove one, both must be the same. */
export interface CookiePlace {
  readonly path?: string | undefined
  readonly domain?: string | undefined
  /** Clients refuse to change a cookie from outside of TLS that was set with it. */
  readonly secure?: boolean | undefined
}

/**
 * Cookies by name, as they came and as they were set since. A request is read when somebody asks; of several cookies of
 * one name the first counts, which is that of the longest path (RFC 6265 section 5.4). What is set here is sent when
 * the request has succeeded, and forgotten when it has not.
 */
export class CookieJar implements Iterable<readonly [name: string, value: string]> {
  readonly #origin: CookieOrigin
  #came: Map<string, string> | undefined
  /** Lines to send; by name, domain and path, so that the last word counts. */
  #lines: Map<string, string> | undefined

  constructor(origin: CookieOrigin) {
    this.#origin = origin
  }

  /** The value of a cookie, or `fallback`. */
  get(name: string): string | undefined
  get(name: string, fallback: string): string
  get(name: string, fallback?: string): string | undefined {
    return this.#values().get(name) ?? fallback
  }

  has(name: string): boolean {
    return this.#values().has(name)
  }

  /** How many there are. */
  get size(): number {
    return this.#values().size
  }

  /**
   * Sets a cookie; it is there at once. The value is percent-encoded, and may be any text. Throws `TypeError` or
   * `RangeError` for what clients would not keep, and for an option that there is not.
   */
  set(name: string, value: string | number, options: CookieOptions = {}): this {
    checkOptions(`the cookie ${name}`, cookieOptions, options)
    const path = options.path ?? this.#origin.path
    const text = setCookieText(name, String(value), { ...options, path }, this.#origin.nowMs())
    this.#origin.onChange()
    this.#lines ??= new Map()
    this.#lines.set(`${name}\n${options.domain ?? ''}\n${path}`, text)
    if (options.expires === 0 || options.expires === 'now') this.#values().delete(name)
    else this.#values().set(name, String(value))
    return this
  }

  /** Removes a cookie. `path` and `domain` must be those that it was set with. */
  remove(name: string, place: CookiePlace = {}): this {
    const secure = place.secure ?? /^__(?:host|secure)-/i.test(name)
    // There is one place only for such a name.
    const own = /^__host-/i.test(name) ? { path: '/', domain: undefined, secure: true } : { ...place, secure }
    return this.set(name, '', { ...own, expires: 'now' })
  }

  /** Removes all cookies that there are; those with a name that cannot be set are left to whoever set them. */
  clear(place: CookiePlace = {}): this {
    // The list is made first: to remove a name takes it out of what is gone through.
    const names = Array.from(this.#values().keys())
    for (const name of names) if (isCookieName(name)) this.remove(name, place)
    return this
  }

  keys(): MapIterator<string> {
    return this.#values().keys()
  }

  values(): MapIterator<string> {
    return this.#values().values()
  }

  /** Names and values, in the order they came or were set. */
  entries(): MapIterator<[name: string, value: string]> {
    return this.#values().entries()
  }

  [Symbol.iterator](): MapIterator<[name: string, value: string]> {
    return this.entries()
  }

  /** For the server: whether anything was set. */
  get hasLines(): boolean {
    return this.#lines !== undefined
  }

  /** For the server: the values of Set-Cookie, once. */
  takeLines(): readonly string[] {
    const lines = this.#lines === undefined ? [] : [...this.#lines.values()]
    this.#lines = undefined
    return lines
  }

  #values(): Map<string, string> {
    if (this.#came === undefined) {
      this.#came = new Map()
      if (this.#origin.header !== undefined) {
        const parsed = parseCookie(this.#origin.header)
        for (const name of Object.keys(parsed)) this.#came.set(name, parsed[name] ?? '')
      }
    }
    return this.#came
  }
}
