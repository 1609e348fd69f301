/** Numbers as RESP writes them, in their strict forms. */

const MINUS = 0x2d
const PLUS = 0x2b
const ZERO = 0x30

/** As many digits fit into a number exactly. */
const EXACT_DIGITS = 15

const INT64_MIN = -(2n ** 63n)
const INT64_MAX = 2n ** 63n - 1n

const BIG_NUMBER = /^[+-]?\d+$/
const DOUBLE = /^[+-]?(?:\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|inf)$|^-?nan$/

/** What is no number. */
export const NOT_A_NUMBER = undefined

/** An integer of 64 bits that stands from `start` to `end`. A number where that is exact, else a bigint. */
export function integerAt(bytes: Uint8Array, start: number, end: number): number | bigint | undefined {
  const first = bytes[start]
  const digitsAt = first === MINUS || first === PLUS ? start + 1 : start
  const digits = end - digitsAt
  if (digits === 0 || digits > 19) return NOT_A_NUMBER
  let value = 0
  for (let at = digitsAt; at < end; at++) {
    const digit = bytes[at]! - ZERO
    if (digit < 0 || digit > 9) return NOT_A_NUMBER
    value = value * 10 + digit
  }
  if (digits > 1 && bytes[digitsAt] === ZERO) return NOT_A_NUMBER
  if (digits > EXACT_DIGITS) return longIntegerAt(bytes, digitsAt, end, first === MINUS)
  // Not by a sign: that would make -0 of 0.
  return first === MINUS ? 0 - value : value
}

function longIntegerAt(bytes: Uint8Array, start: number, end: number, negative: boolean): number | bigint | undefined {
  let text = ''
  for (let at = start; at < end; at++) text += String.fromCharCode(bytes[at]!)
  const value = negative ? -BigInt(text) : BigInt(text)
  if (value < INT64_MIN || value > INT64_MAX) return NOT_A_NUMBER
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value
}

/** A double, as `,` has it. */
export function doubleOf(text: string): number | undefined {
  if (!DOUBLE.test(text)) return NOT_A_NUMBER
  if (text.endsWith('inf')) return text.startsWith('-') ? -Infinity : Infinity
  return text.endsWith('nan') ? Number.NaN : Number(text)
}

/** An integer of any size, as `(` has it. */
export function bigNumberOf(text: string): bigint | undefined {
  if (!BIG_NUMBER.test(text)) return NOT_A_NUMBER
  return BigInt(text.startsWith('+') ? text.slice(1) : text)
}
