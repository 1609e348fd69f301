/** What a cookie may be: names, values and attributes (RFC 6265bis), checked before anything is sent. */

import { stringifySetCookie } from 'cookie'
import * as is from '../../option-table.js'
import type { OptionTable } from '../../option-table.js'

/** Where and how long a client keeps a cookie, and to whom it shows it. */
export interface CookieOptions {
  /**
   * Seconds; `'now'` or 0 removes it, `'never'` is 400 days, the longest that clients keep any (section 5.5); undefined
   * until the browser is closed.
   */
  readonly expires?: number | 'now' | 'never' | undefined
  /** Default: where the app is mounted. */
  readonly path?: string | undefined
  readonly domain?: string | undefined
  /** Sent over TLS only. */
  readonly secure?: boolean | undefined
  /** Out of reach of scripts. */
  readonly httpOnly?: boolean | undefined
  readonly sameSite?: 'strict' | 'lax' | 'none' | undefined
  /** Kept apart for each site that embeds this one (CHIPS). */
  readonly partitioned?: boolean | undefined
  readonly priority?: 'low' | 'medium' | 'high' | undefined
}

/** For `checkOptions`; how long and where is looked at when the cookie is written. */
export const cookieOptions: OptionTable<CookieOptions> = {
  expires: is.elsewhere,
  path: is.string,
  domain: is.string,
  secure: is.flag,
  httpOnly: is.flag,
  sameSite: is.word('strict', 'lax', 'none'),
  partitioned: is.flag,
  priority: is.word('low', 'medium', 'high'),
}

/** Clients drop a cookie whose name and value are longer (section 5.6). */
export const COOKIE_BYTES_MAX = 4096
const ATTRIBUTE_BYTES_MAX = 1024
const SECONDS_MAX = 400 * 24 * 60 * 60
/** A moment that is over for every clock. */
const PAST = new Date(0)

const NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/

/** The name and value of a Set-Cookie. Throws `TypeError` or `RangeError` for what clients would refuse or misread. */
export function setCookieText(name: string, value: string, options: CookieOptions, nowMs: number): string {
  checkName(name, options)
  const { expires, path = '/', domain, secure, httpOnly, sameSite, partitioned, priority } = options
  if (!path.startsWith('/')) throw new TypeError(`the path of a cookie begins with a slash: ${JSON.stringify(path)}`)
  if (path.length > ATTRIBUTE_BYTES_MAX || (domain ?? '').length > ATTRIBUTE_BYTES_MAX)
    throw new RangeError(`an attribute of the cookie ${name} is longer than ${ATTRIBUTE_BYTES_MAX} octets`)
  if (sameSite === 'none' && secure !== true) throw new TypeError(`SameSite=None of the cookie ${name} needs secure`)
  if (partitioned === true && secure !== true) throw new TypeError(`Partitioned of the cookie ${name} needs secure`)
  const seconds = secondsOf(expires)
  const text = stringifySetCookie({
    name,
    value: seconds === 0 ? '' : value,
    path,
    ...(domain !== undefined && { domain }),
    ...(seconds === 0 && { maxAge: 0, expires: PAST }),
    ...(seconds > 0 && { maxAge: seconds, expires: new Date(nowMs + seconds * 1000) }),
    ...(httpOnly === true && { httpOnly }),
    ...(secure === true && { secure }),
    ...(partitioned === true && { partitioned }),
    ...(priority !== undefined && { priority }),
    ...(sameSite !== undefined && { sameSite }),
  })
  const end = text.indexOf(';')
  const size = end < 0 ? text.length : end
  if (size > COOKIE_BYTES_MAX)
    throw new RangeError(`the cookie ${name} has ${size} octets; clients drop those of more than ${COOKIE_BYTES_MAX}`)
  return text
}

/** Seconds that a cookie lives; 0 removes it, -1 lasts until the browser is closed. Throws `TypeError`. */
function secondsOf(expires: CookieOptions['expires']): number {
  if (expires === undefined) return -1
  if (expires === 'now') return 0
  if (expires === 'never') return SECONDS_MAX
  if (typeof expires !== 'number' || !(expires >= 0))
    throw new TypeError(`expires is seconds, 'now' or 'never', not ${String(expires)}`)
  return Math.min(Math.ceil(expires), SECONDS_MAX)
}

/** Whether a text can be the name of a cookie: a token, with room for a value. */
export function isCookieName(name: string): boolean {
  return name.length < COOKIE_BYTES_MAX && NAME.test(name)
}

/** Names with a prefix promise attributes, and clients hold them to it (section 4.1.3), whatever the case. */
function checkName(name: string, { secure, domain, path = '/' }: CookieOptions): void {
  if (!isCookieName(name)) throw new TypeError(`not the name of a cookie: ${JSON.stringify(name.slice(0, 100))}`)
  const lower = name.toLowerCase()
  if (lower.startsWith('__secure-') && secure !== true) throw new TypeError(`the cookie ${name} needs secure`)
  if (lower.startsWith('__host-') && (secure !== true || domain !== undefined || path !== '/'))
    throw new TypeError(`the cookie ${name} needs secure, no domain, and the path /`)
}
