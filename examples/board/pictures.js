// What a client says of a file is not believed: the first octets tell what it is. SVG is none of these, as it may have
// scripts in it.

import { createHash } from 'node:crypto'

/** How the files begin, in hexadecimal. */
const SIGNATURES = {
  'image/png': /^89504e470d0a1a0a/,
  'image/jpeg': /^ffd8ff/,
  'image/gif': /^474946383[79]61/,
  'image/webp': /^52494646.{8}57454250/,
}

/** @typedef {{ name: string, type: string, bytes: Uint8Array, alt: string }} Picture */

/**
 * A picture, whose name comes out of its content: an address never shows another one. Undefined for any other content.
 *
 * @param {Uint8Array} bytes
 * @param {string} alt what it shows
 * @returns {Picture | undefined}
 */
export function pictureOf(bytes, alt) {
  const head = Buffer.from(bytes.subarray(0, 16)).toString('hex')
  const type = Object.entries(SIGNATURES).find(([, signature]) => signature.test(head))?.[0]
  return type === undefined ? undefined : { name: createHash('sha256').update(bytes).digest('hex'), type, bytes, alt }
}
