/** float4 and float8 (PostgreSQL documentation, section 8.1.3). */

import { native } from '../../core/native.js'
import { fromText } from './from-text.js'
import { checkLength, int32At } from './octets.js'
import { unfit, type TypeCodec } from './type-codec.js'
import { ValueError } from './value-error.js'

const MINUS = 0x2d
const PLUS = 0x2b
const POINT = 0x2e
const ZERO = 0x30
const NINE = 0x39
const LOWER_E = 0x65
const UPPER_E = 0x45

/**
 * Up to so many digits a decimal fraction is one exact integer divided by one exact power: rounded once, so rightly.
 */
const EXACT_DIGITS = 15
const POWERS: readonly number[] = [1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15]

/** Longer than anything that the server writes; a caller's text may be longer than that of a double need be. */
const TEXT_CHARS_MAX = 1100

const SPECIAL: Readonly<Record<string, number>> = { NaN: NaN, Infinity: Infinity, '-Infinity': -Infinity }

/** Reads a decimal number. A short one without exponent needs no string; measured, that takes half the time. */
function floatText(typeName: string, octets: Uint8Array, start: number, end: number): number {
  const negative = start < end && octets[start] === MINUS
  const first = negative ? start + 1 : start
  let digits = 0
  let point = -1
  for (let at = first; at < end; at++) {
    const octet = octets[at]!
    if (octet >= ZERO && octet <= NINE) digits = digits * 10 + octet - ZERO
    else if (octet === POINT && point < 0) point = at
    else return uncommonText(typeName, octets, start, end)
  }
  const count = end - first - (point < 0 ? 0 : 1)
  if (count === 0) throw new ValueError(typeName, start, 'expected a number')
  if (count > EXACT_DIGITS) return Number(native.latin1Slice(octets, start, end))
  const value = point < 0 ? digits : digits / POWERS[end - point - 1]!
  return negative ? -value : value
}

/** What has an exponent or is none of the numbers. */
function uncommonText(typeName: string, octets: Uint8Array, start: number, end: number): number {
  if (end - start > TEXT_CHARS_MAX) throw new ValueError(typeName, start, 'expected a number of fewer characters')
  const text = native.latin1Slice(octets, start, end)
  const special = Object.hasOwn(SPECIAL, text) ? SPECIAL[text] : undefined
  if (special !== undefined) return special
  for (let at = start; at < end; at++)
    if (!isFloatOctet(octets[at]!)) throw new ValueError(typeName, at, 'expected a digit')
  const value = Number(text)
  if (value !== value) throw new ValueError(typeName, start, 'expected a number')
  return value
}

/** Without this, `Number` would take hexadecimal digits and white space. */
function isFloatOctet(octet: number): boolean {
  if (octet >= ZERO && octet <= NINE) return true
  return octet === LOWER_E || octet === UPPER_E || octet === PLUS || octet === MINUS || octet === POINT
}

/** The text of a number; JavaScript writes the shortest that reads back as the same. */
function textOf(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value)
}

const scratch = new DataView(new ArrayBuffer(8))

/** float8: a number. */
export const float8: TypeCodec<number> = {
  oid: 701,
  name: 'float8',
  decodeText: (octets, start, end) => floatText('float8', octets, start, end),
  decodeBinary: (octets, start, end) => {
    checkLength('float8', start, end, 8)
    scratch.setInt32(0, int32At(octets, start))
    scratch.setInt32(4, int32At(octets, start + 4))
    return scratch.getFloat64(0)
  },
  encodeText: (value) => (typeof value === 'string' ? value : textOf(floatOf('float8', value))),
  encodeBinary: (value, into) => into.float8(floatOf('float8', value)),
}

/** float4: the number that the server holds, which has more digits than the server's text of it. */
export const float4: TypeCodec<number> = {
  oid: 700,
  name: 'float4',
  decodeText: (octets, start, end) => Math.fround(floatText('float4', octets, start, end)),
  decodeBinary: (octets, start, end) => {
    checkLength('float4', start, end, 4)
    scratch.setInt32(0, int32At(octets, start))
    return scratch.getFloat32(0)
  },
  encodeText: (value) => (typeof value === 'string' ? value : textOf(floatOf('float4', value))),
  encodeBinary: (value, into) => into.float4(floatOf('float4', value)),
}

function floatOf(typeName: string, value: unknown): number {
  if (typeof value === 'number') return value
  if (typeof value === 'bigint') return Number(value)
  if (typeof value !== 'string') throw unfit(typeName, 'a number', value)
  return fromText((octets, start, end) => floatText(typeName, octets, start, end), value)
}
