/** How the sessions of an app are kept, and the cookie that carries them. */

import { type CookieOptions, setCookieText } from './cookie-text.js'
import type { SecureKey } from './key-ring.js'
import type { SessionStore } from './session-store.js'

/** Options of a session. */
export interface SessionOptions {
  /** The name of the cookie. Default `session`; that of a named session is its name. */
  readonly cookie?: string
  /** Seconds without a change after which a session ends. Default 1200. */
  readonly timeoutSeconds?: number
  /** Where it is kept; without one, sealed in the cookie itself. */
  readonly store?: SessionStore
  /** Default `/`; only a named session may have another one. */
  readonly path?: string
  readonly domain?: string
  /** Default: when the request came over TLS. */
  readonly secure?: boolean
  /** Default true. */
  readonly httpOnly?: boolean
  /** Default `lax`. */
  readonly sameSite?: 'strict' | 'lax' | 'none'
  readonly partitioned?: boolean
  /** Of a named session: a secret of its own. */
  readonly secureKey?: SecureKey
  /** Named sessions beside this one; those with a store that gives promises must be listed here. */
  readonly named?: Readonly<Record<string, SessionOptions>>
}

/** Options with nothing left open. */
export interface SessionSettings {
  readonly cookie: string
  readonly timeoutMs: number
  readonly store: SessionStore | undefined
  readonly secureKey: SecureKey | undefined
  readonly place: CookieOptions & { readonly path: string }
  /** `secure` is as the request is. */
  readonly secureByRequest: boolean
  /** What a sealed session belongs to. */
  readonly context: string
  readonly named: ReadonlyMap<string, SessionSettings>
}

const TIMEOUT_SECONDS = 1200

/** Settings of options; `name` is that of a named session. Throws `TypeError` for what cannot be. */
export function sessionSettings(options: SessionOptions = {}, name?: string): SessionSettings {
  const { timeoutSeconds = TIMEOUT_SECONDS, path = '/', httpOnly = true, sameSite = 'lax' } = options
  const cookie = options.cookie ?? name ?? 'session'
  if (!(timeoutSeconds > 0) || !Number.isFinite(timeoutSeconds))
    throw new TypeError(`the timeout of a session is seconds above 0, not ${timeoutSeconds}`)
  if (name === undefined && path !== '/') throw new TypeError('only a named session may have another path than /')
  if (name !== undefined && options.named !== undefined) throw new TypeError('a named session has none of its own')
  const place = {
    path,
    domain: options.domain,
    secure: options.secure ?? /^__(?:host|secure)-/i.test(cookie),
    httpOnly,
    sameSite,
    partitioned: options.partitioned,
  }
  // Whatever is wrong with the cookie is said when the app is made, not when the first client comes.
  setCookieText(cookie, '', place, 0)
  const named = new Map<string, SessionSettings>()
  for (const [each, its] of Object.entries(options.named ?? {})) named.set(each, sessionSettings(its, each))
  const cookies = new Set([...named.values()].map((settings) => settings.cookie))
  if (cookies.has(cookie) || cookies.size < named.size) throw new TypeError('two sessions have the same cookie')
  return {
    cookie,
    timeoutMs: timeoutSeconds * 1000,
    store: options.store,
    secureKey: options.secureKey,
    place,
    secureByRequest: options.secure === undefined,
    context: `${cookie} ${path}`,
    named,
  }
}
