/**
 * Tokens that go into a URL or a form and come back: sealed, expiring, and revocable if they are bound to a session.
 */

import type { KeyRing } from './key-ring.js'
import { randomName } from './random.js'
import { sameSecret } from './seal.js'
import type { Session } from './session.js'

const CONTEXT = 'token'
const SECRET_BYTES = 12
/** Where a session keeps what its tokens are bound to. */
const PREFIX = '_token.'

/** What tokens need: keys, the time, and a session for those that are bound to one. */
export interface TokenOrigin {
  readonly ring: KeyRing
  readonly session: Session
  readonly nowMs: () => number
}

/**
 * A token that holds a value for `timeoutSeconds`. With a session key it is bound to the session as well: it is valid
 * only there, and until `removeToken` or the next token of that key. Throws `TypeError` for what JSON has no form for.
 */
export function makeToken(origin: TokenOrigin, value: unknown, timeoutSeconds: number, sessionKey?: string): string {
  if (!(timeoutSeconds > 0)) throw new TypeError(`a token lives for seconds above 0, not ${timeoutSeconds}`)
  const text = JSON.stringify(value) as string | undefined
  if (text === undefined) throw new TypeError(`a token cannot hold a ${typeof value}`)
  let bound = ''
  if (sessionKey !== undefined) {
    const secret = randomName(SECRET_BYTES)
    origin.session.set(PREFIX + sessionKey, secret)
    bound = `,${JSON.stringify(sessionKey)},${JSON.stringify(secret)}`
  }
  return origin.ring.sealer('token').seal(`[${text}${bound}]`, CONTEXT, origin.nowMs() + timeoutSeconds * 1000)
}

/** The value of a token; undefined for one that is none of ours, has expired, or was revoked. Never throws. */
export function readToken(origin: TokenOrigin, token: string): unknown {
  const parts = openToken(origin, token)
  if (parts === undefined) return undefined
  const [value, sessionKey, secret] = parts
  if (sessionKey === undefined) return value
  const kept = origin.session.get(PREFIX + sessionKey)
  return typeof kept === 'string' && sameSecret(kept, secret ?? '') ? value : undefined
}

/** Revokes a token that is bound to the session, or all of a session key. Gives whether there was any. */
export function removeToken(origin: TokenOrigin, token: string): boolean {
  const sessionKey = openToken(origin, token)?.[1]
  return (
    sessionKey !== undefined && readToken(origin, token) !== undefined && origin.session.remove(PREFIX + sessionKey)
  )
}

type TokenParts = readonly [value: unknown, sessionKey?: string, secret?: string]

function openToken({ ring, nowMs }: TokenOrigin, token: string): TokenParts | undefined {
  const opened = ring.sealer('token').open(String(token), CONTEXT, nowMs())
  return opened === undefined ? undefined : (JSON.parse(opened.text) as TokenParts)
}
