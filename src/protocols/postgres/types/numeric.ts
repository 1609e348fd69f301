/** numeric (PostgreSQL documentation, section 8.1.2): a string with exactly the digits that the server has. */

import { UsageError } from '../../core/errors.js'
import { native } from '../../core/native.js'
import { fromText } from './from-text.js'
import { int16At, uint16At } from './octets.js'
import { unfit, type TypeCodec } from './type-codec.js'
import { ValueError } from './value-error.js'
import type { ValueWriter } from './value-writer.js'

/**
 * In binary: the number of base-10000 digits, the weight of the first, the sign, the decimal digits behind the point.
 */
const HEADER_BYTES = 8
const BASE_DIGITS = 4

const POSITIVE = 0x0000
const NEGATIVE = 0x4000
const SPECIAL_SIGNS: ReadonlyMap<string, number> = new Map([
  ['NaN', 0xc000],
  ['Infinity', 0xd000],
  ['-Infinity', 0xf000],
])

/** What the binary format bounds: 131,072 digits before the point and 16,383 behind it. */
const INTEGER_DIGITS_MAX = 131_072
const SCALE_MAX = 16_383

const ZERO = 0x30
const NINE = 0x39
const MINUS = 0x2d
const POINT = 0x2e

/** numeric: a string in plain decimal notation, `NaN`, `Infinity` or `-Infinity`. */
export const numeric: TypeCodec<string> = {
  oid: 1700,
  name: 'numeric',
  decodeText,
  decodeBinary,
  encodeText: (value) => (typeof value === 'string' ? value : textOf(value)),
  encodeBinary: (value, into) => writeNumeric(textOf(value), into),
}

function decodeText(octets: Uint8Array, start: number, end: number): string {
  let digits = 0
  let points = 0
  for (let at = start < end && octets[start] === MINUS ? start + 1 : start; at < end; at++) {
    const octet = octets[at]!
    if (octet >= ZERO && octet <= NINE) digits++
    else if (octet !== POINT || ++points > 1) return specialText(octets, start, end, at)
  }
  if (digits === 0) throw new ValueError('numeric', start, 'expected a digit')
  return native.latin1Slice(octets, start, end)
}

/** One of the values that are no number, of which none is longer than the last. */
function specialText(octets: Uint8Array, start: number, end: number, at: number): string {
  const text = native.latin1Slice(octets, start, Math.min(end, start + '-Infinity'.length + 1))
  if (!SPECIAL_SIGNS.has(text)) throw new ValueError('numeric', at, 'expected a digit')
  return text
}

function decodeBinary(octets: Uint8Array, start: number, end: number): string {
  if (end - start < HEADER_BYTES) throw new ValueError('numeric', start, `expected at least ${HEADER_BYTES} octets`)
  const count = uint16At(octets, start)
  const weight = int16At(octets, start + 2)
  const sign = uint16At(octets, start + 4)
  const scale = uint16At(octets, start + 6)
  if (end - start !== HEADER_BYTES + count * 2) throw new ValueError('numeric', start, `expected ${count} digits`)
  if (sign !== POSITIVE && sign !== NEGATIVE) {
    for (const [text, special] of SPECIAL_SIGNS) if (special === sign) return text
    throw new ValueError('numeric', start + 4, 'expected a sign')
  }
  if (scale > SCALE_MAX) throw new ValueError('numeric', start + 6, `expected a scale of at most ${SCALE_MAX}`)
  const first = start + HEADER_BYTES
  const integer = integerOf(octets, first, end, weight + 1)
  const fraction = scale === 0 ? '' : `.${fractionOf(octets, first, end, weight + 1, scale)}`
  // Zero has no sign.
  const negative = sign === NEGATIVE && (integer !== '0' || /[1-9]/.test(fraction))
  return `${negative ? '-' : ''}${integer}${fraction}`
}

/** The decimal digits of the groups from `from` to `to`, as far as they are there. */
function groups(octets: Uint8Array, first: number, end: number, from: number, to: number): string {
  let text = ''
  for (let at = first + from * 2; at < Math.min(first + to * 2, end); at += 2) {
    const value = uint16At(octets, at)
    if (value > 9999) throw new ValueError('numeric', at, 'expected a digit of base 10000')
    text += String(value).padStart(BASE_DIGITS, '0')
  }
  return text
}

/**
 * The first `count` groups. Those that are not there are zeros; `repeat` makes no copy of these as long as nobody looks
 * at them, so that eight octets cannot claim the memory of 131,072 digits.
 */
function integerOf(octets: Uint8Array, first: number, end: number, count: number): string {
  const digits = stripZeros(groups(octets, first, end, 0, count))
  const missing = count - (end - first) / 2
  return digits === '0' || missing <= 0 ? digits : digits + '0'.repeat(missing * BASE_DIGITS)
}

/**
 * The digits behind the point: those of the groups from `from` on, which may begin before the first one that is there.
 */
function fractionOf(octets: Uint8Array, first: number, end: number, from: number, scale: number): string {
  const leading = Math.min(Math.max(0, -from) * BASE_DIGITS, scale)
  const count = Math.ceil((scale - leading) / BASE_DIGITS)
  const begin = Math.max(from, 0)
  const digits = groups(octets, first, end, begin, begin + count).slice(0, scale - leading)
  return '0'.repeat(leading) + digits + '0'.repeat(scale - leading - digits.length)
}

function stripZeros(digits: string): string {
  let zeros = 0
  while (digits.charCodeAt(zeros) === ZERO) zeros++
  return zeros === digits.length ? '0' : digits.slice(zeros)
}

/** The text of a caller's value. A number stands for its shortest decimal text. */
function textOf(value: unknown): string {
  if (typeof value === 'string') return value
  if (typeof value !== 'number' && typeof value !== 'bigint')
    throw unfit('numeric', 'a string, number or bigint', value)
  return String(value)
}

function writeNumeric(text: string, into: ValueWriter): void {
  const special = SPECIAL_SIGNS.get(text)
  if (special !== undefined) {
    writeHeader(into, 0, 0, special, 0)
    return
  }
  const { negative, integer, fraction } = partsOf(text)
  if (integer.length > INTEGER_DIGITS_MAX || fraction.length > SCALE_MAX)
    throw new UsageError(
      'PG_VALUE_UNFIT',
      `numeric takes at most ${INTEGER_DIGITS_MAX} digits before the point and ${SCALE_MAX} behind it`,
    )
  const padded =
    '0'.repeat((BASE_DIGITS - (integer.length % BASE_DIGITS)) % BASE_DIGITS) +
    integer +
    fraction +
    '0'.repeat((BASE_DIGITS - (fraction.length % BASE_DIGITS)) % BASE_DIGITS)
  const digits: number[] = []
  for (let at = 0; at < padded.length; at += BASE_DIGITS) digits.push(Number(padded.slice(at, at + BASE_DIGITS)))
  let weight = Math.ceil(integer.length / BASE_DIGITS) - 1
  let first = 0
  while (first < digits.length && digits[first] === 0) first++
  let last = digits.length
  while (last > first && digits[last - 1] === 0) last--
  weight = first === digits.length ? 0 : weight - first
  writeHeader(into, last - first, weight, negative && last > first ? NEGATIVE : POSITIVE, fraction.length)
  for (let at = first; at < last; at++) into.int16(digits[at]!)
}

function writeHeader(into: ValueWriter, count: number, weight: number, sign: number, scale: number): void {
  into.int16(count)
  into.int16(weight)
  into.int16(sign)
  into.int16(scale)
}

/** A decimal number taken apart, its exponent carried out. */
interface DecimalParts {
  readonly negative: boolean
  readonly integer: string
  readonly fraction: string
}

const EXPONENT = /e([+-]?\d{1,6})$/i

function partsOf(text: string): DecimalParts {
  const exponent = EXPONENT.exec(text)
  const mantissa = exponent === null ? text : text.slice(0, exponent.index)
  const shift = Number(exponent?.[1] ?? 0)
  const plain = fromText(decodeText, mantissa.startsWith('+') ? mantissa.slice(1) : mantissa)
  if (SPECIAL_SIGNS.has(plain)) throw new UsageError('PG_VALUE_UNFIT', 'numeric takes no exponent behind a name')
  const negative = plain.startsWith('-')
  const [whole = '', behind = ''] = (negative ? plain.slice(1) : plain).split('.')
  if (shift >= 0) {
    const moved = behind.slice(0, shift).padEnd(shift, '0')
    return { negative, integer: stripZeros(whole + moved), fraction: behind.slice(shift) }
  }
  const padded = whole.padStart(-shift, '0')
  return {
    negative,
    integer: stripZeros(padded.slice(0, padded.length + shift)),
    fraction: padded.slice(shift) + behind,
  }
}
