/**
 * SCRAM-SHA-256 and SCRAM-SHA-256-PLUS for a server (RFC 5802, RFC 7677), and what a server keeps instead of a password
 * ("SCRAM-SHA-256 Authentication" of the documentation).
 */

import { UsageError } from '../core/errors.js'
import { base64Of, octetsOfBase64 } from './base64.js'
import type { Digests } from './digests.js'
import type { PostgresFaultCode } from './errors.js'
import { normalized, SCRAM, SCRAM_PLUS, utf8 } from './scram.js'

/** What a server knows of a password. */
export interface ScramSecret {
  readonly salt: Uint8Array
  readonly iterations: number
  /** 32 octets each. */
  readonly storedKey: Uint8Array
  readonly serverKey: Uint8Array
}

const VERIFIER = /^SCRAM-SHA-256\$([1-9][0-9]{0,9}):([A-Za-z0-9+/]+=*)\$([A-Za-z0-9+/]+=*):([A-Za-z0-9+/]+=*)$/
const KEY_BYTES = 32

/** Makes the secret of a password. */
export function scramSecret(password: string, salt: Uint8Array, iterations: number, digests: Digests): ScramSecret {
  const salted = digests.pbkdf2Sha256(utf8(normalized(password)), salt, iterations)
  const clientKey = digests.hmacSha256(salted, utf8('Client Key'))
  const serverKey = digests.hmacSha256(salted, utf8('Server Key'))
  return { salt, iterations, storedKey: digests.sha256(clientKey), serverKey }
}

/**
 * What to store instead of a password, in the form in which PostgreSQL does (`pg_authid.rolpassword`). `salt` is
 * random, 16 octets as a rule; `iterations` 4,096 or more.
 */
export function scramVerifier(password: string, salt: Uint8Array, iterations: number, digests: Digests): string {
  const { storedKey, serverKey } = scramSecret(password, salt, iterations, digests)
  return `${SCRAM}$${iterations}:${base64Of(salt)}$${base64Of(storedKey)}:${base64Of(serverKey)}`
}

/** Reads what `scramVerifier` makes. Throws `UsageError` for anything else. */
export function readScramVerifier(verifier: string): ScramSecret {
  const [, iterations, ...parts] = VERIFIER.exec(verifier) ?? []
  const [salt, storedKey, serverKey] = parts.map(octetsOfBase64)
  if (salt === undefined || storedKey?.length !== KEY_BYTES || serverKey?.length !== KEY_BYTES)
    throw new UsageError('PG_VERIFIER', 'a verifier is not one of SCRAM-SHA-256')
  return { salt, iterations: Number(iterations), storedKey, serverKey }
}

/** What a server knows when it begins. */
export interface ScramServerOptions {
  readonly secret: ScramSecret
  /** The secret is nobody's: the proof is wrong whatever it is. */
  readonly doomed: boolean
  /** Our part of the nonce: 18 random octets in base64. */
  readonly nonce: string
  readonly digests: Digests
  /** The hash of our certificate; without it the channel cannot be bound. */
  readonly binding: Uint8Array | undefined
}

const FIRST = /^(?:(n|y)|p=([A-Za-z0-9.-]+)),,(n=[^,]*,r=([\x21-\x2b\x2d-\x7e]+)(?:,[^,]*)*)$/
const FINAL = /^(c=([^,]+),r=([^,]+)(?:,[^,]+)*),p=([A-Za-z0-9+/]+=*)$/
const BINDING_TYPE = 'tls-server-end-point'

/** One authentication. */
export class ScramServer {
  readonly #options: ScramServerOptions
  /** What the last message of the client must say of the channel, and of the nonces. */
  #channel = ''
  #nonce = ''
  /** Both first messages. */
  #begun = ''

  constructor(options: ScramServerOptions) {
    this.#options = options
  }

  /** Our first message to the first one of the client; or the code of what is wrong with that. */
  first(mechanism: string, clientFirst: string): { readonly message: string } | { readonly fault: PostgresFaultCode } {
    const { binding, nonce, secret } = this.#options
    const [, flag, bindingType, bare, clientNonce] = FIRST.exec(clientFirst) ?? []
    const binds = mechanism === SCRAM_PLUS
    if (bare === undefined || (!binds && mechanism !== SCRAM) || (binds && binding === undefined))
      return { fault: 'PG_SCRAM' }
    // A client that could bind, and says that we have not offered it, was told so by somebody in between.
    if (binds ? bindingType !== BINDING_TYPE : flag === undefined || (flag === 'y' && binding !== undefined))
      return { fault: 'PG_SCRAM' }
    const header = utf8(binds ? `p=${BINDING_TYPE},,` : `${flag!},,`)
    const octets = new Uint8Array(header.length + (binds ? binding!.length : 0))
    octets.set(header)
    if (binds) octets.set(binding!, header.length)
    this.#channel = base64Of(octets)
    this.#nonce = `${clientNonce!}${nonce}`
    const message = `r=${this.#nonce},s=${base64Of(secret.salt)},i=${secret.iterations}`
    this.#begun = `${bare},${message}`
    return { message }
  }

  /** Our last message to the last one of the client; or the code of what is wrong with that. */
  final(clientFinal: string): { readonly message: string } | { readonly fault: PostgresFaultCode } {
    const { digests, secret, doomed } = this.#options
    const [, withoutProof, channel, nonce, proofText = ''] = FINAL.exec(clientFinal) ?? []
    const proof = octetsOfBase64(proofText)
    if (withoutProof === undefined || proof?.length !== KEY_BYTES) return { fault: 'PG_SCRAM' }
    if (channel !== this.#channel || nonce !== this.#nonce) return { fault: 'PG_SCRAM' }
    const authMessage = utf8(`${this.#begun},${withoutProof}`)
    const clientSignature = digests.hmacSha256(secret.storedKey, authMessage)
    const clientKey = proof.map((octet, index) => octet ^ clientSignature[index]!)
    const right = sameSecret(digests.sha256(clientKey), secret.storedKey)
    if (!right || doomed) return { fault: 'PG_AUTH_FAILED' }
    return { message: `v=${base64Of(digests.hmacSha256(secret.serverKey, authMessage))}` }
  }
}

/** Compares in a time that tells nothing but the lengths. */
export function sameSecret(a: Uint8Array, b: Uint8Array): boolean {
  let difference = a.length ^ b.length
  for (let i = 0; i < a.length; i++) difference |= a[i]! ^ (b[i] ?? 0)
  return difference === 0
}
