/** The digests that a client of PostgreSQL proves with who it is. */

import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto'
import type { Digests } from '../protocols/postgres/digests.js'

/** The digests of `node:crypto`. */
export const digests: Digests = {
  md5: (octets) => createHash('md5').update(octets).digest('hex'),
  sha256: (octets) => createHash('sha256').update(octets).digest(),
  hmacSha256: (key, octets) => createHmac('sha256', key).update(octets).digest(),
  pbkdf2Sha256: (password, salt, iterations) => pbkdf2Sync(password, salt, iterations, 32, 'sha256'),
}

const NONCE_BYTES = 18

/** A nonce of SCRAM (RFC 5802 section 5.1). */
export function scramNonce(): string {
  return randomBytes(NONCE_BYTES).toString('base64')
}
