/** int2, int4, int8 and the unsigned numbers of the catalog (PostgreSQL documentation, sections 8.1.1 and 8.19). */

import { native } from '../../core/native.js'
import { fromText } from './from-text.js'
import { checkLength, exactInt64At, int16At, int32At, int64At, int64Of, uint32At } from './octets.js'
import { unfit, type Decode, type TypeCodec } from './type-codec.js'
import { ValueError } from './value-error.js'

const MINUS = 0x2d
const ZERO = 0x30

/** The most digits that a 32-bit number has. */
const DIGITS_MAX = 10

/** Up to so many digits a number is exact. */
const EXACT_DIGITS = 15

/** The digits of the largest 64-bit number, with one more for the sign or for xid8. */
const INT64_CHARS_MAX = 20

/** Reads a decimal integer of at most 10 digits, from `min` to `max`. Throws `ValueError`. */
export function integerText(
  typeName: string,
  octets: Uint8Array,
  start: number,
  end: number,
  min: number,
  max: number,
): number {
  const negative = start < end && octets[start] === MINUS
  let at = negative ? start + 1 : start
  if (at >= end || end - at > DIGITS_MAX) throw new ValueError(typeName, at, 'expected an integer')
  let value = 0
  for (; at < end; at++) {
    const digit = octets[at]! - ZERO
    if (digit < 0 || digit > 9) throw new ValueError(typeName, at, 'expected a digit')
    value = value * 10 + digit
  }
  // Not `-value`: zero has no sign here.
  if (negative) value = 0 - value
  if (value < min || value > max) throw new ValueError(typeName, start, `expected a number from ${min} to ${max}`)
  return value
}

/** The integer that a caller gave, as number, bigint or text, held to its range. Throws `UsageError`. */
export function integerOf(typeName: string, value: unknown, min: number, max: number): number {
  let number: unknown = value
  if (typeof value === 'string')
    number = fromText((octets, start, end) => integerText(typeName, octets, start, end, min, max), value)
  else if (typeof value === 'bigint') number = Number(value)
  if (typeof number !== 'number' || !Number.isInteger(number) || number < min || number > max)
    throw unfit(typeName, `an integer from ${min} to ${max}`, value)
  return number
}

/** A codec of integers that fit 16 or 32 bits. */
function smallIntegerCodec(
  oid: number,
  name: string,
  size: 2 | 4,
  min: number,
  max: number,
  at: (octets: Uint8Array, at: number) => number,
): TypeCodec<number> {
  return {
    oid,
    name,
    decodeText: (octets, start, end) => integerText(name, octets, start, end, min, max),
    decodeBinary: (octets, start, end) => {
      checkLength(name, start, end, size)
      return at(octets, start)
    },
    encodeText: (value) => (typeof value === 'string' ? value : String(integerOf(name, value, min, max))),
    encodeBinary: (value, into) => {
      const number = integerOf(name, value, min, max)
      if (size === 2) into.int16(number)
      else into.int32(number)
    },
  }
}

/** int2: a number from -2^15. */
export const int2: TypeCodec<number> = smallIntegerCodec(21, 'int2', 2, -32_768, 32_767, int16At)

/** int4: a number from -2^31. */
export const int4: TypeCodec<number> = smallIntegerCodec(23, 'int4', 4, -2_147_483_648, 2_147_483_647, int32At)

/** An unsigned number of 32 bits: oid, xid, cid. */
export function unsignedCodec(oid: number, name: string): TypeCodec<number> {
  return smallIntegerCodec(oid, name, 4, 0, 4_294_967_295, uint32At)
}

const INT64_MIN = -(2n ** 63n)
const INT64_MAX = 2n ** 63n - 1n
const UINT64_MAX = 2n ** 64n - 1n

/**
 * Reads a decimal integer of any length that a 64-bit number may have. Below 10^15 it is a number, otherwise NaN, and
 * the digits have been checked all the same.
 */
function longText(typeName: string, octets: Uint8Array, start: number, end: number): number {
  const negative = start < end && octets[start] === MINUS
  const first = negative ? start + 1 : start
  if (first >= end || end - start > INT64_CHARS_MAX) throw new ValueError(typeName, first, 'expected an integer')
  let value = 0
  for (let at = first; at < end; at++) {
    const digit = octets[at]! - ZERO
    if (digit < 0 || digit > 9) throw new ValueError(typeName, at, 'expected a digit')
    value = value * 10 + digit
  }
  if (end - first > EXACT_DIGITS) return NaN
  return negative ? 0 - value : value
}

const WORD = 4_294_967_296

/** The bigint of a text, held to its range. */
function longInteger(
  typeName: string,
  octets: Uint8Array,
  start: number,
  end: number,
  min: bigint,
  max: bigint,
): bigint {
  const short = longText(typeName, octets, start, end)
  if (short >= 0) return int64Of(Math.floor(short / WORD), short | 0)
  const value = BigInt(short === short ? short : native.latin1Slice(octets, start, end))
  if (value < min || value > max) throw new ValueError(typeName, start, `expected a number from ${min} to ${max}`)
  return value
}

function longIntegerOf(typeName: string, value: unknown, min: bigint, max: bigint): bigint {
  let long: unknown = value
  if (typeof value === 'string')
    long = fromText((octets, start, end) => longInteger(typeName, octets, start, end, min, max), value)
  // A number that is not safe may have lost digits before it came here.
  else if (typeof value === 'number' && Number.isSafeInteger(value)) long = BigInt(value)
  if (typeof long !== 'bigint' || long < min || long > max)
    throw unfit(typeName, `a bigint or a safe integer from ${min} to ${max}`, value)
  return long
}

function longCodec<Value>(
  oid: number,
  name: string,
  min: bigint,
  max: bigint,
  decodeText: Decode<Value>,
  decodeBinary: Decode<Value>,
): TypeCodec<Value> {
  return {
    oid,
    name,
    decodeText,
    decodeBinary,
    encodeText: (value) => (typeof value === 'string' ? value : String(longIntegerOf(name, value, min, max))),
    encodeBinary: (value, into) => into.int64(longIntegerOf(name, value, min, max)),
  }
}

/** int8 as bigint, whatever its size. */
export const int8: TypeCodec<bigint> = longCodec(
  20,
  'int8',
  INT64_MIN,
  INT64_MAX,
  (octets, start, end) => longInteger('int8', octets, start, end, INT64_MIN, INT64_MAX),
  (octets, start, end) => {
    checkLength('int8', start, end, 8)
    return int64At(octets, start)
  },
)

function exactest(value: bigint): number | bigint {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value
}

/**
 * int8 as a number where it is a safe integer, and as bigint beyond: no digit is lost and no query fails by its data.
 */
export const int8Number: TypeCodec<number | bigint> = longCodec(
  20,
  'int8',
  INT64_MIN,
  INT64_MAX,
  (octets, start, end) => {
    const value = longText('int8', octets, start, end)
    return value === value ? value : exactest(longInteger('int8', octets, start, end, INT64_MIN, INT64_MAX))
  },
  (octets, start, end) => {
    checkLength('int8', start, end, 8)
    const value = exactInt64At(octets, start)
    return Number.isSafeInteger(value) ? value : int64At(octets, start)
  },
)

/** xid8: a transaction id of 64 bits, unsigned. */
export const xid8: TypeCodec<bigint> = longCodec(
  5069,
  'xid8',
  0n,
  UINT64_MAX,
  (octets, start, end) => longInteger('xid8', octets, start, end, 0n, UINT64_MAX),
  (octets, start, end) => {
    checkLength('xid8', start, end, 8)
    return BigInt.asUintN(64, int64At(octets, start))
  },
)
