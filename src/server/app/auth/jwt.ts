/** JSON Web Tokens (RFC 7519), with the keys and algorithms of the app: nothing in a token chooses either. */

import { createPrivateKey, createPublicKey, createSecretKey, KeyObject } from 'node:crypto'
import type { JWTPayload } from 'jose'
import { keyRingOf } from '../state/key-ring.js'
import type { StateOptions } from '../state/state-options.js'

/** What a token says. */
export type JwtClaims = Readonly<Record<string, unknown>>

/** Algorithms (RFC 7518 section 3.1, RFC 8037). There is no `none`. */
export type JwtAlgorithm =
  | 'HS256'
  | 'HS384'
  | 'HS512'
  | 'RS256'
  | 'RS384'
  | 'RS512'
  | 'PS256'
  | 'PS384'
  | 'PS512'
  | 'ES256'
  | 'ES384'
  | 'ES512'
  | 'EdDSA'

interface KeyNeed {
  readonly type: 'secret' | 'rsa' | 'ec' | 'ed25519'
  readonly bytesMin?: number
  readonly curve?: string
}

/** Keys and algorithms of an app. */
export interface JwtSettings {
  /** The only ones that are accepted; the first one signs. All need the same type of key. Default `['HS256']`. */
  readonly algorithms?: readonly JwtAlgorithm[]
  /**
   * For HS: octets or a text, 32, 48 or 64 octets at the least. For all others: a key in PEM or a `KeyObject`; with a
   * private one tokens can be made, too. By default a key that comes out of `secureKey`.
   */
  readonly key?: string | Uint8Array | KeyObject
  /** A token without `exp` is refused. Default true. */
  readonly requireExp?: boolean
  /** What `iss` must be. */
  readonly issuer?: string | readonly string[]
  /** What must be in `aud`. */
  readonly audience?: string | readonly string[]
  /** By how many seconds clocks may differ. Default 0. */
  readonly toleranceSeconds?: number
}

/** How one token is made. */
export interface JwtOptions {
  /** One of the algorithms of the app. */
  readonly alg?: JwtAlgorithm
  /** Sets `exp`, unless the claims have one. Default 1200. */
  readonly expiresSeconds?: number
}

/** What verifying gives: the claims, or why there are none. */
export type JwtResult = { readonly claims: JwtClaims } | { readonly error: 'malformed' | 'invalid' | 'expired' }

/** What each algorithm needs of a key. */
const ALGORITHMS: Readonly<Record<JwtAlgorithm, KeyNeed>> = {
  HS256: { type: 'secret', bytesMin: 32 },
  HS384: { type: 'secret', bytesMin: 48 },
  HS512: { type: 'secret', bytesMin: 64 },
  RS256: { type: 'rsa' },
  RS384: { type: 'rsa' },
  RS512: { type: 'rsa' },
  PS256: { type: 'rsa' },
  PS384: { type: 'rsa' },
  PS512: { type: 'rsa' },
  ES256: { type: 'ec', curve: 'prime256v1' },
  ES384: { type: 'ec', curve: 'secp384r1' },
  ES512: { type: 'ec', curve: 'secp521r1' },
  EdDSA: { type: 'ed25519' },
}

const RSA_BITS_MIN = 2048
const TOKEN_CHARACTERS_MAX = 16_384
const EXPIRES_SECONDS = 1200

/** The settings with their keys. */
export interface JwtKeys {
  readonly algorithms: readonly JwtAlgorithm[]
  /** Undefined where there is a public key only. */
  readonly signing: KeyObject | undefined
  readonly verifying: readonly KeyObject[]
  readonly settings: JwtSettings
}

const made: WeakMap<StateOptions, JwtKeys> = new WeakMap()

/** The keys of an app, made once. Throws `TypeError` without a key, or for one that does not fit its algorithms. */
export function jwtKeysOf(options: StateOptions): JwtKeys {
  let keys = made.get(options)
  if (keys === undefined) {
    const settings = options.jwt ?? {}
    const { algorithms = ['HS256'] } = settings
    if (algorithms.length === 0) throw new TypeError('jwt.algorithms is empty')
    const given =
      settings.key === undefined
        ? keyRingOf(options)
            .keysFor('jwt')
            .map((key) => createSecretKey(key))
        : [keyObjectOf(settings.key, algorithms[0]!)]
    for (const alg of algorithms) for (const key of given) checkKey(alg, key)
    const [first] = given
    keys = {
      algorithms,
      signing: first?.type === 'public' ? undefined : first,
      verifying: given.map((key) => (key.type === 'private' ? createPublicKey(key) : key)),
      settings,
    }
    made.set(options, keys)
  }
  return keys
}

function keyObjectOf(key: string | Uint8Array | KeyObject, alg: JwtAlgorithm): KeyObject {
  if (key instanceof KeyObject) return key
  const text = typeof key === 'string' ? key : Buffer.from(key).toString('latin1')
  const pem = text.trimStart().startsWith('-----BEGIN ')
  if (ALGORITHMS[alg]?.type !== 'secret') {
    if (!pem) throw new TypeError(`${alg} needs a key in PEM, or a KeyObject`)
    return text.includes('PRIVATE KEY-----') ? createPrivateKey(text) : createPublicKey(text)
  }
  // Who knows a public key could sign with it as if it were the secret.
  if (pem) throw new TypeError(`${alg} needs a secret, and this is a key or certificate in PEM`)
  return createSecretKey(Buffer.from(key as string))
}

/** The type of a key is bound to the algorithm: none can be used for another one. */
function checkKey(alg: JwtAlgorithm, key: KeyObject): void {
  if (!Object.hasOwn(ALGORITHMS, alg)) throw new TypeError(`not an algorithm for tokens: ${String(alg)}`)
  const need = ALGORITHMS[alg]
  const type = key.type === 'secret' ? 'secret' : key.asymmetricKeyType
  if (type !== need.type) throw new TypeError(`${alg} needs a key of type ${need.type}, not ${String(type)}`)
  if (need.bytesMin !== undefined && (key.symmetricKeySize ?? 0) < need.bytesMin)
    throw new TypeError(`${alg} needs a secret of ${need.bytesMin} octets or more`)
  const { modulusLength = 0, namedCurve } = key.asymmetricKeyDetails ?? {}
  if (type === 'rsa' && modulusLength < RSA_BITS_MIN) throw new TypeError(`${alg} needs ${RSA_BITS_MIN} bits or more`)
  if (need.curve !== undefined && namedCurve !== need.curve) throw new TypeError(`${alg} needs the curve ${need.curve}`)
}

/** Makes a token. Rejects with `TypeError` for an algorithm that is none of the app's, or without a private key. */
export async function signJwt(keys: JwtKeys, claims: JwtClaims, options: JwtOptions = {}): Promise<string> {
  const { alg = keys.algorithms[0]!, expiresSeconds = EXPIRES_SECONDS } = options
  if (!keys.algorithms.includes(alg)) throw new TypeError(`${alg} is none of the algorithms of the app`)
  if (keys.signing === undefined) throw new TypeError('tokens are made with a private key, and this one is public')
  const { SignJWT } = await import('jose')
  const exp = claims['exp'] ?? Math.floor(Date.now() / 1000) + expiresSeconds
  return new SignJWT({ ...claims, exp } as JWTPayload)
    .setProtectedHeader({ alg, typ: 'JWT' })
    .setIssuedAt()
    .sign(keys.signing)
}

/** Verifies a token. Never rejects for what a client has sent. */
export async function verifyJwt(keys: JwtKeys, token: string): Promise<JwtResult> {
  if (token.length > TOKEN_CHARACTERS_MAX) return { error: 'malformed' }
  const { errors, jwtVerify } = await import('jose')
  const { requireExp = true, issuer, audience, toleranceSeconds = 0 } = keys.settings
  const options = {
    algorithms: [...keys.algorithms],
    clockTolerance: toleranceSeconds,
    requiredClaims: requireExp ? ['exp'] : [],
    ...(issuer !== undefined && { issuer: [issuer].flat() }),
    ...(audience !== undefined && { audience: [audience].flat() }),
  }
  let result: JwtResult = { error: 'invalid' }
  for (const key of keys.verifying)
    try {
      const { payload } = await jwtVerify(token, key, options)
      return { claims: payload }
    } catch (error) {
      if (error instanceof errors.JWTExpired) return { error: 'expired' }
      if (error instanceof errors.JWTInvalid || error instanceof errors.JWSInvalid) result = { error: 'malformed' }
    }
  return result
}
