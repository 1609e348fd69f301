/**
 * Text that goes to a client and comes back: sealed (AES-256-GCM, NIST SP 800-38D: nobody can read or change it) or
 * signed (HMAC with SHA-256, RFC 2104: nobody can change it). Both hold when they expire, and belong to a context; what
 * comes back is verified before anything of it is looked at. The form is base64url of octets:
 *
 *     sealed: version 1 | nonce 12 | AES-256-GCM of (expiry 6 | text in UTF-8) | tag 16
 *     signed: version 1 | expiry 6 | text in UTF-8 | HMAC 32
 *
 * The expiry is in milliseconds since 1970, 0 for never. A key with random nonces seals 2^32 texts at the most before
 * it should be changed (section 8.3 there): at a hundred a second that is more than a year.
 */

import { createCipheriv, createDecipheriv, createHmac, timingSafeEqual } from 'node:crypto'
import { randomOctets } from './random.js'

/** What was verified. */
export interface Opened {
  readonly text: string
  /** Milliseconds since 1970; 0 for never. */
  readonly expiresAtMs: number
}

const SEALED = 1
const SIGNED = 2
const NONCE_BYTES = 12
const TAG_BYTES = 16
const EXPIRY_BYTES = 6
const EXPIRY_MAX = 2 ** 48 - 1
const MAC_BYTES = 32
const SEALED_BYTES_MIN = 1 + NONCE_BYTES + EXPIRY_BYTES + TAG_BYTES
const SIGNED_BYTES_MIN = 1 + EXPIRY_BYTES + MAC_BYTES
/** Characters that are looked at: the largest token that anyone should send in a URL or a cookie, with room. */
const CHARACTERS_MAX = 16_384

/** Seals and opens. */
export class Sealer {
  readonly #keys: readonly Buffer[]

  /** Keys of 32 octets, the one that seals first. */
  constructor(keys: readonly Buffer[]) {
    this.#keys = keys
  }

  /** Seals a text for a context, as `session/name/path`: it opens in no other one. */
  seal(text: string, context: string, expiresAtMs: number): string {
    const nonce = randomOctets(NONCE_BYTES)
    const cipher = createCipheriv('aes-256-gcm', this.#keys[0]!, nonce)
    cipher.setAAD(Buffer.from(context))
    const size = Buffer.byteLength(text)
    const sealed = Buffer.allocUnsafe(SEALED_BYTES_MIN + size)
    const plain = Buffer.allocUnsafe(EXPIRY_BYTES + size)
    plain.writeUIntBE(expiryOf(expiresAtMs), 0, EXPIRY_BYTES)
    plain.write(text, EXPIRY_BYTES)
    sealed[0] = SEALED
    nonce.copy(sealed, 1)
    cipher.update(plain).copy(sealed, 1 + NONCE_BYTES)
    cipher.final()
    cipher.getAuthTag().copy(sealed, sealed.length - TAG_BYTES)
    return sealed.toString('base64url')
  }

  /** What was sealed; undefined for all that was not, here and for this context, or has expired. Never throws. */
  open(sealed: string, context: string, nowMs: number): Opened | undefined {
    const octets = octetsOf(sealed, SEALED, SEALED_BYTES_MIN)
    if (octets === undefined) return undefined
    const aad = Buffer.from(context)
    for (const key of this.#keys) {
      const plain = decrypt(octets, key, aad)
      if (plain !== undefined) return unexpired(plain, 0, plain.length, nowMs)
    }
    return undefined
  }
}

function decrypt(octets: Buffer, key: Buffer, aad: Buffer): Buffer | undefined {
  const nonceEnd = 1 + NONCE_BYTES
  const end = octets.length - TAG_BYTES
  const cipher = createDecipheriv('aes-256-gcm', key, octets.subarray(1, nonceEnd), { authTagLength: TAG_BYTES })
  cipher.setAAD(aad)
  cipher.setAuthTag(octets.subarray(end))
  const plain = cipher.update(octets.subarray(nonceEnd, end))
  try {
    cipher.final()
    return plain
  } catch {
    // The tag is another one: nothing of the text may be looked at.
    return undefined
  }
}

/** Signs and verifies. */
export class Signer {
  readonly #keys: readonly Buffer[]

  /** Keys of 32 octets, the one that signs first. */
  constructor(keys: readonly Buffer[]) {
    this.#keys = keys
  }

  /** Signs a text for a context: it is valid in no other one. */
  sign(text: string, context: string, expiresAtMs: number): string {
    const size = Buffer.byteLength(text)
    const signed = Buffer.allocUnsafe(SIGNED_BYTES_MIN + size)
    signed[0] = SIGNED
    signed.writeUIntBE(expiryOf(expiresAtMs), 1, EXPIRY_BYTES)
    signed.write(text, 1 + EXPIRY_BYTES)
    const end = signed.length - MAC_BYTES
    mac(this.#keys[0]!, context, signed.subarray(0, end)).copy(signed, end)
    return signed.toString('base64url')
  }

  /** What was signed; undefined for all that was not, here and for this context, or has expired. Never throws. */
  verify(signed: string, context: string, nowMs: number): Opened | undefined {
    const octets = octetsOf(signed, SIGNED, SIGNED_BYTES_MIN)
    if (octets === undefined) return undefined
    const end = octets.length - MAC_BYTES
    for (const key of this.#keys)
      if (timingSafeEqual(mac(key, context, octets.subarray(0, end)), octets.subarray(end)))
        return unexpired(octets, 1, end, nowMs)
    return undefined
  }
}

/** Whole milliseconds that there is room for: the end of time is in the year 10889. */
function expiryOf(expiresAtMs: number): number {
  return Math.min(Math.floor(expiresAtMs), EXPIRY_MAX)
}

/** The context is as long as it says, so that none of its end can be taken for the text. */
function mac(key: Buffer, context: string, octets: Buffer): Buffer {
  return createHmac('sha256', key).update(`${context.length}:${context}`).update(octets).digest()
}

/** The octets of a text in this form. Every text but one for the same octets is refused: none can be varied. */
function octetsOf(text: string, version: number, bytesMin: number): Buffer | undefined {
  if (text.length > CHARACTERS_MAX) return undefined
  const octets = Buffer.from(text, 'base64url')
  if (octets.length < bytesMin || octets[0] !== version || octets.toString('base64url') !== text) return undefined
  return octets
}

function unexpired(octets: Buffer, from: number, end: number, nowMs: number): Opened | undefined {
  const expiresAtMs = octets.readUIntBE(from, EXPIRY_BYTES)
  if (expiresAtMs !== 0 && expiresAtMs <= nowMs) return undefined
  return { text: octets.toString('utf8', from + EXPIRY_BYTES, end), expiresAtMs }
}

/** Whether two texts are equal, in a time that tells nothing about where they differ. */
export function sameSecret(a: string, b: string): boolean {
  const left = Buffer.from(a)
  const right = Buffer.from(b)
  return left.length === right.length && timingSafeEqual(left, right)
}
