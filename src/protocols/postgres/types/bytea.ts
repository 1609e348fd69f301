/** bytea (PostgreSQL documentation, section 8.4): hex and escape format in text, the octets themselves in binary. */

import { fromText } from './from-text.js'
import { octetsOfAnyType } from './text.js'
import { unfit, type TypeCodec } from './type-codec.js'
import { ValueError } from './value-error.js'

const BACKSLASH = 0x5c
const LOWER_X = 0x78

/** The value of a hexadecimal digit by its octet, 255 for all else. */
export const HEX_VALUE: Uint8Array = new Uint8Array(256).fill(255)
for (let digit = 0; digit < 16; digit++) {
  HEX_VALUE[digit.toString(16).charCodeAt(0)] = digit
  HEX_VALUE[digit.toString(16).toUpperCase().charCodeAt(0)] = digit
}

const HEX_PAIRS: readonly string[] = Array.from({ length: 256 }, (_, octet) => octet.toString(16).padStart(2, '0'))

/** Reads hexadecimal digits, two an octet. Throws `ValueError`. */
export function hexOctets(typeName: string, octets: Uint8Array, start: number, end: number): Uint8Array {
  if ((end - start) % 2 !== 0) throw new ValueError(typeName, end, 'expected an even number of digits')
  const value = new Uint8Array((end - start) / 2)
  for (let at = start, to = 0; at < end; at += 2, to++) {
    const high = HEX_VALUE[octets[at]!]!
    const low = HEX_VALUE[octets[at + 1]!]!
    if (high > 15 || low > 15) throw new ValueError(typeName, at, 'expected hexadecimal digits')
    value[to] = (high << 4) | low
  }
  return value
}

/** Octets as hexadecimal digits. */
export function hexText(octets: Uint8Array, start: number, end: number): string {
  let text = ''
  for (let at = start; at < end; at++) text += HEX_PAIRS[octets[at]!]!
  return text
}

/** The older format: an octet beyond ASCII is a backslash and three octal digits, a backslash is two. */
function escapedOctets(octets: Uint8Array, start: number, end: number): Uint8Array {
  const value = new Uint8Array(end - start)
  let length = 0
  for (let at = start; at < end; length++) {
    const octet = octets[at]!
    if (octet !== BACKSLASH) {
      value[length] = octet
      at++
    } else if (at + 1 < end && octets[at + 1] === BACKSLASH) {
      value[length] = BACKSLASH
      at += 2
    } else {
      value[length] = octalAt(octets, at + 1, end)
      at += 4
    }
  }
  // A copy of its own length: a value that is kept shall not keep four times its size.
  return octetsOfAnyType(value, 0, length)
}

function octalAt(octets: Uint8Array, at: number, end: number): number {
  if (at + 3 > end) throw new ValueError('bytea', at, 'expected three octal digits')
  const [high, middle, low] = [octets[at]! - 0x30, octets[at + 1]! - 0x30, octets[at + 2]! - 0x30]
  if (high < 0 || high > 3 || middle < 0 || middle > 7 || low < 0 || low > 7)
    throw new ValueError('bytea', at, 'expected three octal digits')
  return (high << 6) | (middle << 3) | low
}

function decodeText(octets: Uint8Array, start: number, end: number): Uint8Array {
  if (end - start >= 2 && octets[start] === BACKSLASH && octets[start + 1] === LOWER_X)
    return hexOctets('bytea', octets, start + 2, end)
  return escapedOctets(octets, start, end)
}

/** bytea: octets of their own, which no later read changes. */
export const bytea: TypeCodec<Uint8Array> = {
  oid: 17,
  name: 'bytea',
  decodeText,
  decodeBinary: octetsOfAnyType,
  encodeText: (value) => {
    if (typeof value === 'string') return value
    const octets = octetsOf(value)
    return `\\x${hexText(octets, 0, octets.length)}`
  },
  encodeBinary: (value, into) => into.bytes(octetsOf(value)),
}

function octetsOf(value: unknown): Uint8Array {
  if (value instanceof Uint8Array) return value
  if (typeof value !== 'string') throw unfit('bytea', 'a Uint8Array', value)
  return fromText(decodeText, value)
}
