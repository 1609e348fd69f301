/** The secret of a session against forged requests, and the tokens that stand for it in pages. */

import { timingSafeEqual } from 'node:crypto'
import { randomName, randomOctets } from './random.js'
import { CSRF_KEY, type Session } from './session.js'

/** The name of the field in forms. */
export const CSRF_FIELD = '_csrf_token'

const SECRET_BYTES = 16

/**
 * A token for the session. No two are alike, so that the size of a compressed page tells nothing of the secret
 * (BREACH): a random mask, and the secret under it.
 */
export function csrfToken(session: Session): string {
  let secret = secretOf(session)
  if (secret === undefined) {
    const name = randomName(SECRET_BYTES)
    session.set(CSRF_KEY, name)
    secret = Buffer.from(name, 'base64url')
  }
  const token = Buffer.allocUnsafe(2 * SECRET_BYTES)
  const mask = randomOctets(SECRET_BYTES)
  mask.copy(token)
  for (let i = 0; i < SECRET_BYTES; i++) token[SECRET_BYTES + i] = mask[i]! ^ secret[i]!
  return token.toString('base64url')
}

/** Whether a token stands for the secret of the session. Never throws for what a client has sent. */
export function isCsrfToken(session: Session, token: unknown): boolean {
  const secret = secretOf(session)
  if (secret === undefined || typeof token !== 'string' || token.length > 4 * SECRET_BYTES) return false
  const octets = Buffer.from(token, 'base64url')
  if (octets.length !== 2 * SECRET_BYTES) return false
  for (let i = 0; i < SECRET_BYTES; i++) octets[SECRET_BYTES + i]! ^= octets[i]!
  return timingSafeEqual(octets.subarray(SECRET_BYTES), secret)
}

function secretOf(session: Session): Buffer | undefined {
  const kept = session.get(CSRF_KEY)
  if (typeof kept !== 'string') return undefined
  const secret = Buffer.from(kept, 'base64url')
  return secret.length === SECRET_BYTES ? secret : undefined
}
