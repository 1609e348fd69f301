/** Digests, as an engine is given them: pure computation, but nothing that protocols bring along. */

/** What authentication needs. `skitai/io` has it over `node:crypto`. */
export interface Digests {
  /** MD5 in 32 hexadecimal digits, of octets. */
  md5(octets: Uint8Array): string
  /** SHA-256, 32 octets. */
  sha256(octets: Uint8Array): Uint8Array
  /** HMAC with SHA-256 (RFC 2104), 32 octets. */
  hmacSha256(key: Uint8Array, octets: Uint8Array): Uint8Array
  /** PBKDF2 with HMAC-SHA-256 (RFC 8018), 32 octets. */
  pbkdf2Sha256(password: Uint8Array, salt: Uint8Array, iterations: number): Uint8Array
}
