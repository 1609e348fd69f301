/** Digest authentication (RFC 7616): qop auth, with SHA-256, and MD5 for clients that know no other. */

import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { randomOctets } from '../state/random.js'
import { sameSecret } from '../state/seal.js'

/** Algorithms that are offered. */
export type DigestAlgorithm = 'SHA-256' | 'MD5'

/** What a user has for Digest: per algorithm the hex digest of `user:realm:password`. */
export type DigestSecrets = Readonly<Partial<Record<DigestAlgorithm, string>>>

/** How Digest is done. */
export interface DigestOptions {
  /** Default both, SHA-256 first. */
  readonly algorithms?: readonly DigestAlgorithm[]
  /** How long a nonce is good for. Default 300. */
  readonly nonceSeconds?: number
  /** How many nonces that are in use are remembered. Default 10,000. */
  readonly noncesMax?: number
}

const HASHES: Readonly<Record<DigestAlgorithm, string>> = { 'SHA-256': 'sha256', MD5: 'md5' }

/** The hex digest of a text. */
export function digestHex(algorithm: DigestAlgorithm, text: string): string {
  return createHash(HASHES[algorithm]).update(text).digest('hex')
}

/** What to store for a user in place of the password, for Digest in this realm. */
export function digestSecrets(name: string, realm: string, password: string): DigestSecrets {
  const text = `${name}:${realm}:${password}`
  return { 'SHA-256': digestHex('SHA-256', text), MD5: digestHex('MD5', text) }
}

const TIME_BYTES = 6
const RANDOM_BYTES = 12
const MAC_BYTES = 16
const NONCE_BYTES = TIME_BYTES + RANDOM_BYTES + MAC_BYTES
const WINDOW = 32

/** How the requests of a nonce were counted: the highest, and which of the 32 before it have come. */
interface Used {
  readonly issuedMs: number
  highest: number
  seen: number
}

/** What a nonce count is worth. */
export type NonceVerdict = 'fresh' | 'stale' | 'replayed' | 'foreign'

/**
 * Nonces that are good for some minutes and each count once. They carry when they were made and a keyed digest of it,
 * so that only those which somebody has signed in with are remembered: who cannot sign in fills no memory. When there
 * are too many the oldest is forgotten, and all that were made before are stale. Counts may come out of order by 32, as
 * they do over several connections.
 */
export class DigestNonces {
  readonly #secret: Buffer = randomBytes(32)
  readonly #used: Map<string, Used> = new Map()
  readonly #lifeMs: number
  readonly #noncesMax: number
  readonly #now: () => number
  #forgottenMs = 0

  constructor({ nonceSeconds = 300, noncesMax = 10_000 }: DigestOptions = {}, now: () => number = Date.now) {
    this.#lifeMs = nonceSeconds * 1000
    this.#noncesMax = noncesMax
    this.#now = now
  }

  /** How many are remembered. */
  get size(): number {
    return this.#used.size
  }

  /** A new one. */
  issue(): string {
    const octets = Buffer.allocUnsafe(NONCE_BYTES)
    octets.writeUIntBE(this.#now(), 0, TIME_BYTES)
    randomOctets(RANDOM_BYTES).copy(octets, TIME_BYTES)
    this.#mac(octets).copy(octets, TIME_BYTES + RANDOM_BYTES)
    return octets.toString('base64url')
  }

  /** Whether it is one of ours that is still good: asked before the password is looked at. */
  check(nonce: string): NonceVerdict {
    const issuedMs = this.#issuedMs(nonce)
    if (issuedMs < 0) return 'foreign'
    return this.#isGood(issuedMs) ? 'fresh' : 'stale'
  }

  /** Counts a request with the right password. Each count is fresh once. */
  use(nonce: string, count: number): NonceVerdict {
    const verdict = this.check(nonce)
    if (verdict !== 'fresh') return verdict
    const used = this.#used.get(nonce)
    if (used === undefined) {
      this.#remember(nonce, count)
      return 'fresh'
    }
    if (count > used.highest) {
      const by = count - used.highest
      used.seen = by >= WINDOW ? 1 : ((used.seen << by) | 1) >>> 0
      used.highest = count
      return 'fresh'
    }
    const bit = used.highest - count
    if (bit >= WINDOW || ((used.seen >>> bit) & 1) === 1) return 'replayed'
    used.seen = (used.seen | (1 << bit)) >>> 0
    return 'fresh'
  }

  #isGood(issuedMs: number): boolean {
    const ageMs = this.#now() - issuedMs
    return ageMs >= 0 && ageMs < this.#lifeMs && issuedMs > this.#forgottenMs
  }

  #remember(nonce: string, count: number): void {
    for (const [old, { issuedMs }] of this.#used) {
      if (this.#isGood(issuedMs) && this.#used.size < this.#noncesMax) break
      this.#used.delete(old)
      // A forgotten one could be counted anew: none that is as old is good any more.
      this.#forgottenMs = Math.max(this.#forgottenMs, issuedMs)
    }
    const issuedMs = this.#issuedMs(nonce)
    if (issuedMs > this.#forgottenMs) this.#used.set(nonce, { issuedMs, highest: count, seen: 1 })
  }

  /** When it was made; -1 for one that is none of ours. */
  #issuedMs(nonce: string): number {
    if (nonce.length !== NONCE_CHARACTERS) return -1
    const octets = Buffer.from(nonce, 'base64url')
    if (octets.length !== NONCE_BYTES || octets.toString('base64url') !== nonce) return -1
    const right = timingSafeEqual(this.#mac(octets), octets.subarray(TIME_BYTES + RANDOM_BYTES))
    return right ? octets.readUIntBE(0, TIME_BYTES) : -1
  }

  #mac(octets: Buffer): Buffer {
    const content = octets.subarray(0, TIME_BYTES + RANDOM_BYTES)
    return createHmac('sha256', this.#secret).update(content).digest().subarray(0, MAC_BYTES)
  }
}

const NONCE_CHARACTERS = Math.ceil((NONCE_BYTES * 8) / 6)

/** What a client has sent, with all parts that must be there. */
export interface DigestClaim {
  readonly name: string
  readonly algorithm: DigestAlgorithm
  readonly nonce: string
  readonly count: number
  /** Whether the response is the one for this secret of the user. */
  answers(secret: string): boolean
}

/** What a claim is compared with. */
export interface DigestRequest {
  readonly method: string
  /** The request target. */
  readonly uri: string
  readonly realm: string
  readonly opaque: string
  readonly algorithms: readonly DigestAlgorithm[]
}

/**
 * Reads the parameters of an Authorization field; undefined when one is missing or malformed, or when realm, opaque,
 * qop, algorithm or URI are not those of this challenge and this request.
 */
export function digestClaim(params: ReadonlyMap<string, string>, request: DigestRequest): DigestClaim | undefined {
  const text = (name: string): string => params.get(name) ?? ''
  const nc = text('nc')
  const response = text('response')
  const algorithm = (params.get('algorithm') ?? 'MD5').toUpperCase() as DigestAlgorithm
  const name = nameOf(params)
  if (name === undefined || !request.algorithms.includes(algorithm)) return undefined
  if (text('realm') !== request.realm || text('opaque') !== request.opaque || text('qop') !== 'auth') return undefined
  if (text('uri') !== request.uri || text('cnonce') === '' || !/^[0-9a-f]{8}$/i.test(nc)) return undefined
  const count = Number.parseInt(nc, 16)
  if (count === 0 || !/^[0-9a-f]{32}(?:[0-9a-f]{32})?$/i.test(response)) return undefined
  const asked = digestHex(algorithm, `${request.method}:${request.uri}`)
  const rest = `${text('nonce')}:${nc}:${text('cnonce')}:auth:${asked}`
  const answers = (secret: string): boolean =>
    sameSecret(digestHex(algorithm, `${secret.toLowerCase()}:${rest}`), response.toLowerCase())
  return { name, algorithm, nonce: text('nonce'), count, answers }
}

/** The name, in UTF-8 octets that came as Latin-1, or in the extended notation of RFC 5987; a field has no other. */
function nameOf(params: ReadonlyMap<string, string>): string | undefined {
  const plain = params.get('username')
  const extended = params.get('username*')
  if ((plain === undefined) === (extended === undefined)) return undefined
  if (plain !== undefined) {
    const octets = Buffer.from(plain, 'latin1')
    const decoded = octets.toString('utf8')
    return Buffer.from(decoded).equals(octets) ? decoded : plain
  }
  const [, encoded] = /^utf-8'[^']*'((?:[!#$&+\-.^_`|~0-9A-Za-z]|%[0-9A-Fa-f]{2})*)$/i.exec(extended!) ?? []
  try {
    return encoded === undefined ? undefined : decodeURIComponent(encoded)
  } catch {
    return undefined
  }
}
