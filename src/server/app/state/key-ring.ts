/** The keys of an app: one secret that is never used itself, and one key a purpose that is derived from it. */

import { hkdfSync } from 'node:crypto'
import { Sealer, Signer } from './seal.js'

/**
 * A secret of 16 octets or more (a string counts in UTF-8), or several: the first one seals, all of them open, so that
 * a new one can be put in front while what the old ones sealed is still out there.
 */
export type SecureKey = string | Uint8Array | readonly (string | Uint8Array)[]

/** What a key is for. No two purposes share one. */
export type KeyPurpose = 'session' | 'session-id' | 'mbox' | 'token' | 'jwt'

const SECRET_BYTES_MIN = 16
/** Each of them is tried for whatever a client sends. */
const SECRETS_MAX = 8
const KEY_BYTES = 32
/** Changes with the form of what is sealed, so that an old form is never read as a new one. */
const VERSION = 'skitai v1 '

/** Derived keys (HKDF with SHA-256, RFC 5869), made when first asked for. */
export class KeyRing {
  readonly #secrets: readonly Uint8Array[]
  readonly #keys: Map<string, readonly Buffer[]> = new Map()
  readonly #sealers: Map<string, Sealer> = new Map()
  readonly #signers: Map<string, Signer> = new Map()

  /** Throws `TypeError` for a secret that is too short, none at all, or more than 8. */
  constructor(secureKey: SecureKey) {
    const secrets = typeof secureKey === 'string' || secureKey instanceof Uint8Array ? [secureKey] : secureKey
    if (!Array.isArray(secrets) || secrets.length === 0 || secrets.length > SECRETS_MAX)
      throw new TypeError(`secureKey is one secret or a list of 1 to ${SECRETS_MAX}`)
    this.#secrets = secrets.map((secret: unknown) => {
      if (typeof secret !== 'string' && !(secret instanceof Uint8Array))
        throw new TypeError('secureKey is a string or octets')
      const octets = typeof secret === 'string' ? Buffer.from(secret) : Uint8Array.from(secret)
      if (octets.length < SECRET_BYTES_MIN)
        throw new TypeError(
          `secureKey has ${octets.length} octets; ${SECRET_BYTES_MIN} are the least, and 32 random ones are right`,
        )
      return octets
    })
  }

  /** The keys for a purpose, the one that seals first. */
  keysFor(purpose: string): readonly Buffer[] {
    let keys = this.#keys.get(purpose)
    if (keys === undefined) {
      keys = this.#secrets.map((secret) => Buffer.from(hkdfSync('sha256', secret, '', VERSION + purpose, KEY_BYTES)))
      this.#keys.set(purpose, keys)
    }
    return keys
  }

  /** Seals what nobody may read or change. */
  sealer(purpose: KeyPurpose): Sealer {
    let sealer = this.#sealers.get(purpose)
    if (sealer === undefined) this.#sealers.set(purpose, (sealer = new Sealer(this.keysFor(purpose))))
    return sealer
  }

  /** Signs what may be read. */
  signer(purpose: KeyPurpose): Signer {
    let signer = this.#signers.get(purpose)
    if (signer === undefined) this.#signers.set(purpose, (signer = new Signer(this.keysFor(purpose))))
    return signer
  }
}

const rings: WeakMap<object, KeyRing> = new WeakMap()

/** The keys of an app, or of whatever else has a `secureKey`; made once. Throws `TypeError` without a secret. */
export function keyRingOf(owner: { readonly secureKey?: SecureKey | undefined }): KeyRing {
  const known = rings.get(owner)
  if (known !== undefined) return known
  if (owner.secureKey === undefined) throw new TypeError('the app has no secureKey, which sessions and tokens need')
  const ring = new KeyRing(owner.secureKey)
  rings.set(owner, ring)
  return ring
}
