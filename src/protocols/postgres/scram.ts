/**
 * SCRAM-SHA-256 and SCRAM-SHA-256-PLUS for a client (RFC 5802, RFC 7677), as PostgreSQL speaks it ("SCRAM-SHA-256
 * Authentication"): the name of the user is left empty, because the server knows it already.
 */

import { native } from '../core/native.js'
import type { PostgresFaultCode } from './errors.js'
import type { Digests } from './digests.js'
import { base64Of, octetsOfBase64 } from './base64.js'

/** The mechanisms. */
export const SCRAM = 'SCRAM-SHA-256'
export const SCRAM_PLUS = 'SCRAM-SHA-256-PLUS'

/** What a client knows when it begins. */
export interface ScramOptions {
  readonly password: string
  /** Random text of printable ASCII without a comma: 18 octets in base64, as a rule. */
  readonly nonce: string
  readonly digests: Digests
  /** The hash of the server's certificate (`tls-server-end-point`, RFC 5929); with it SCRAM-SHA-256-PLUS is spoken. */
  readonly binding: Uint8Array | undefined
  /** We could bind to the channel, and the server has not offered it. */
  readonly couldBind: boolean
  readonly iterationsMax: number
}

/** An attribute has a letter and a value. */
const ATTRIBUTES = /^r=([\x21-\x2b\x2d-\x7e]+),s=([A-Za-z0-9+/]+=*),i=([1-9][0-9]{0,9})(?:,|$)/
const FINAL = /^v=([A-Za-z0-9+/]+=*)(?:,|$)/

/** One authentication. */
export class ScramClient {
  readonly #options: ScramOptions
  readonly #header: string
  #signature: Uint8Array | undefined

  constructor(options: ScramOptions) {
    this.#options = options
    this.#header = options.binding !== undefined ? 'p=tls-server-end-point,,' : options.couldBind ? 'y,,' : 'n,,'
  }

  /** The client's first message. */
  first(): string {
    return `${this.#header}n=,r=${this.#options.nonce}`
  }

  /** The client's final message to the first one of the server; or the code of what is wrong with that. */
  answer(serverFirst: string): { readonly message: string } | { readonly fault: PostgresFaultCode } {
    const { nonce, password, digests, binding, iterationsMax } = this.#options
    const [, combined = '', salt = '', digits = ''] = ATTRIBUTES.exec(serverFirst) ?? []
    const saltOctets = octetsOfBase64(salt)
    // The server's part of the nonce must not be empty: else an old answer of ours could be played back.
    if (!combined.startsWith(nonce) || combined.length === nonce.length || saltOctets === undefined)
      return { fault: 'PG_SCRAM' }
    const iterations = Number(digits)
    if (iterations > iterationsMax) return { fault: 'PG_SCRAM_ITERATIONS' }
    const header = utf8(this.#header)
    const bound = new Uint8Array(header.length + (binding?.length ?? 0))
    bound.set(header)
    if (binding !== undefined) bound.set(binding, header.length)
    const withoutProof = `c=${base64Of(bound)},r=${combined}`
    const authMessage = utf8(`n=,r=${nonce},${serverFirst},${withoutProof}`)
    const salted = digests.pbkdf2Sha256(utf8(normalized(password)), saltOctets, iterations)
    const clientKey = digests.hmacSha256(salted, utf8('Client Key'))
    const clientSignature = digests.hmacSha256(digests.sha256(clientKey), authMessage)
    const proof = clientKey.map((octet, index) => octet ^ clientSignature[index]!)
    this.#signature = digests.hmacSha256(digests.hmacSha256(salted, utf8('Server Key')), authMessage)
    return { message: `${withoutProof},p=${base64Of(proof)}` }
  }

  /** Whether the server's final message proves that it knows the password; or the code of what is wrong with it. */
  verify(serverFinal: string): PostgresFaultCode | undefined {
    const [, value = ''] = FINAL.exec(serverFinal) ?? []
    const octets = octetsOfBase64(value)
    if (octets === undefined) return 'PG_SCRAM'
    const expected = this.#signature!
    let difference = octets.length ^ expected.length
    for (let i = 0; i < expected.length; i++) difference |= expected[i]! ^ (octets[i] ?? 0)
    return difference === 0 ? undefined : 'PG_SCRAM_SIGNATURE'
  }
}

/** Non-ASCII spaces, and what maps to nothing (RFC 3454 tables C.1.2 and B.1). */
const SPACES = /[\u00a0\u1680\u2000-\u200b\u202f\u205f\u3000]/gu
const NOTHING = /[\u00ad\u1806\u2060\ufeff]|\u034f|[\u180b-\u180d]|\u200c|\u200d|[\ufe00-\ufe0f]/gu
/**
 * What a password must not hold (RFC 4013 section 2.3): controls, private use, surrogates, non-characters; and single
 * characters of RFC 3454, tables C.2.2, C.6, C.7, C.8 and C.9.
 */
const PROHIBITED = /\p{Cc}|\p{Co}|\p{Cs}|\p{Noncharacter_Code_Point}/u
const PROHIBITED_ALONE =
  /[\u06dd\u070f\u180e\u200e\u200f\u2028-\u202e\u2061-\u2063\u206a-\u206f\u2ff0-\u2ffb\ufff9-\uffff]/u
const PROHIBITED_BEYOND = /[\u{1d173}-\u{1d17a}\u{e0001}-\u{e007f}]/u

/**
 * A password as it is hashed (SASLprep, RFC 4013). As in PostgreSQL itself, one that cannot be prepared is used as it
 * is. We differ: code points that Unicode 3.2 did not know, and the order of right-to-left ones, are not looked at.
 */
export function normalized(password: string): string {
  const mapped = password.replaceAll(SPACES, ' ').replaceAll(NOTHING, '').normalize('NFKC')
  const prohibited = [PROHIBITED, PROHIBITED_ALONE, PROHIBITED_BEYOND].some((pattern) => pattern.test(mapped))
  return mapped === '' || prohibited ? password : mapped
}

/** The octets of a text. */
export function utf8(text: string): Uint8Array {
  const octets = new Uint8Array(native.utf8Length(text))
  native.utf8Write(octets, text, 0)
  return octets
}
