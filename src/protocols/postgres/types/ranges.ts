/** Ranges and multiranges (PostgreSQL documentation, section 8.17). */

import { fromText } from './from-text.js'
import { int32At } from './octets.js'
import { PieceReader, quotedText } from './piece-reader.js'
import { unfit, type ResolveCodec, type TypeCodec } from './type-codec.js'
import { ValueError } from './value-error.js'
import type { ValueWriter } from './value-writer.js'

/** A range of values. */
export interface Range<Value = unknown> {
  /** Holds nothing; then the other members say nothing. */
  readonly empty: boolean
  /** Null where it has no lower end. */
  readonly lower: Value | null
  /** Null where it has no upper end. */
  readonly upper: Value | null
  /** Whether `lower` itself belongs to it. */
  readonly lowerInclusive: boolean
  /** Whether `upper` itself belongs to it. */
  readonly upperInclusive: boolean
}

/** The range that holds nothing. */
export const EMPTY_RANGE: Range<never> = Object.freeze({
  empty: true,
  lower: null,
  upper: null,
  lowerInclusive: false,
  upperInclusive: false,
})

const OPEN = 0x28
const OPEN_INCLUSIVE = 0x5b
const CLOSE = 0x29
const CLOSE_INCLUSIVE = 0x5d
const COMMA = 0x2c
const BRACE = 0x7b
const CLOSE_BRACE = 0x7d
const LOWER_E = 0x65

/** The flags of a range in binary. */
const IS_EMPTY = 0x01
const LOWER_INCLUSIVE = 0x02
const UPPER_INCLUSIVE = 0x04
const LOWER_INFINITE = 0x08
const UPPER_INFINITE = 0x10

const LENGTH_BYTES = 4

/** Ranges of a type. `resolve` is asked for the codec of the subtype at each use. */
export function rangeCodec(oid: number, name: string, subtypeOid: number, resolve: ResolveCodec): TypeCodec<Range> {
  const decodeText = (octets: Uint8Array, start: number, end: number): Range => {
    const reader = new PieceReader(name, octets, start, end)
    const range = readRange(reader, resolve(subtypeOid))
    if (reader.at !== end) throw reader.fault('expected the end')
    return range
  }
  return {
    oid,
    name,
    decodeText,
    decodeBinary: (octets, start, end) => decodeBinary(name, octets, start, end, resolve(subtypeOid)),
    encodeText: (value) => (typeof value === 'string' ? value : rangeText(rangeOf(name, value), resolve(subtypeOid))),
    encodeBinary: (value, into) => {
      const range = typeof value === 'string' ? fromText(decodeText, value) : rangeOf(name, value)
      writeRange(range, resolve(subtypeOid), into)
    },
  }
}

/** The letters of `empty`. */
const EMPTY = [LOWER_E, 0x6d, 0x70, 0x74, 0x79]

function readRange(reader: PieceReader, subtype: TypeCodec): Range {
  if (reader.peek() === LOWER_E) {
    for (const letter of EMPTY) reader.expect(letter)
    return EMPTY_RANGE
  }
  const open = reader.take()
  if (open !== OPEN && open !== OPEN_INCLUSIVE) throw reader.fault('expected [, ( or empty')
  const lower = readBound(reader, subtype)
  reader.expect(COMMA)
  const upper = readBound(reader, subtype)
  const close = reader.take()
  if (close === COMMA) throw reader.fault('expected two bounds')
  // Without a bound there is nothing that could belong to the range.
  const lowerInclusive = open === OPEN_INCLUSIVE && lower !== null
  return { empty: false, lower, upper, lowerInclusive, upperInclusive: close === CLOSE_INCLUSIVE && upper !== null }
}

function readBound(reader: PieceReader, subtype: TypeCodec): unknown {
  reader.read(COMMA, CLOSE, CLOSE_INCLUSIVE)
  const { source, from, to } = reader
  return from === to && !reader.quoted ? null : subtype.decodeText(source, from, to)
}

function decodeBinary(name: string, octets: Uint8Array, start: number, end: number, subtype: TypeCodec): Range {
  if (start === end) throw new ValueError(name, start, 'expected flags')
  const flags = octets[start]!
  let at = start + 1
  const bound = (isMissing: boolean): unknown => {
    if (isMissing) return null
    const from = at + LENGTH_BYTES
    const length = from > end ? -1 : int32At(octets, at)
    if (length < 0 || length > end - from) throw new ValueError(name, at, 'expected a bound')
    at = from + length
    return subtype.decodeBinary(octets, from, at)
  }
  const empty = (flags & IS_EMPTY) !== 0
  const lower = bound(empty || (flags & LOWER_INFINITE) !== 0)
  const upper = bound(empty || (flags & UPPER_INFINITE) !== 0)
  if (at !== end) throw new ValueError(name, at, 'expected the end')
  if (empty) return EMPTY_RANGE
  // No bound is never inclusive, as in text.
  const lowerInclusive = lower !== null && (flags & LOWER_INCLUSIVE) !== 0
  const upperInclusive = upper !== null && (flags & UPPER_INCLUSIVE) !== 0
  return { empty, lower, upper, lowerInclusive, upperInclusive }
}

/** A caller's range: what is missing is null or false. */
function rangeOf(typeName: string, value: unknown): Range {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw unfit(typeName, '{ lower, upper, lowerInclusive, upperInclusive } or { empty: true }', value)
  const { empty, lower, upper, lowerInclusive, upperInclusive } = value as Partial<Range>
  return {
    empty: empty === true,
    lower: lower ?? null,
    upper: upper ?? null,
    lowerInclusive: lowerInclusive === true,
    upperInclusive: upperInclusive === true,
  }
}

function rangeText(range: Range, subtype: TypeCodec): string {
  if (range.empty) return 'empty'
  const lower = boundText(range.lower, subtype)
  const upper = boundText(range.upper, subtype)
  return `${range.lowerInclusive ? '[' : '('}${lower},${upper}${range.upperInclusive ? ']' : ')'}`
}

function boundText(bound: unknown, subtype: TypeCodec): string {
  return bound === null ? '' : quotedText(subtype.encodeText(bound))
}

function writeRange(range: Range, subtype: TypeCodec, into: ValueWriter): void {
  if (range.empty) {
    into.int8(IS_EMPTY)
    return
  }
  into.int8(
    (range.lower === null ? LOWER_INFINITE : range.lowerInclusive ? LOWER_INCLUSIVE : 0) |
      (range.upper === null ? UPPER_INFINITE : range.upperInclusive ? UPPER_INCLUSIVE : 0),
  )
  for (const bound of [range.lower, range.upper]) {
    if (bound === null) continue
    const at = into.beginSized()
    subtype.encodeBinary(bound, into)
    into.endSized(at)
  }
}

/** Multiranges: arrays of ranges. `subtypeOid` is the type of the bounds, as in the range. */
export function multirangeCodec(
  oid: number,
  name: string,
  subtypeOid: number,
  resolve: ResolveCodec,
): TypeCodec<Range[]> {
  const decodeText = (octets: Uint8Array, start: number, end: number): Range[] => {
    const reader = new PieceReader(name, octets, start, end)
    const ranges = readRanges(reader, resolve(subtypeOid))
    if (reader.at !== end) throw reader.fault('expected the end')
    return ranges
  }
  const rangesOf = (value: unknown): Range[] => {
    if (!Array.isArray(value)) throw unfit(name, 'an array of ranges', value)
    return value.map((range: unknown) => rangeOf(name, range))
  }
  return {
    oid,
    name,
    decodeText,
    decodeBinary: (octets, start, end) => decodeRanges(name, octets, start, end, resolve(subtypeOid)),
    encodeText: (value) => {
      if (typeof value === 'string') return value
      return `{${rangesOf(value)
        .map((range) => rangeText(range, resolve(subtypeOid)))
        .join(',')}}`
    },
    encodeBinary: (value, into) => {
      const ranges = typeof value === 'string' ? fromText(decodeText, value) : rangesOf(value)
      into.int32(ranges.length)
      for (const range of ranges) {
        const at = into.beginSized()
        writeRange(range, resolve(subtypeOid), into)
        into.endSized(at)
      }
    },
    valueIsArray: true,
  }
}

function readRanges(reader: PieceReader, subtype: TypeCodec): Range[] {
  reader.expect(BRACE)
  const ranges: Range[] = []
  if (reader.peek() === CLOSE_BRACE) {
    reader.at++
    return ranges
  }
  for (;;) {
    ranges.push(readRange(reader, subtype))
    const octet = reader.take()
    if (octet === CLOSE_BRACE) return ranges
    if (octet !== COMMA) throw reader.fault('expected , or }')
  }
}

function decodeRanges(name: string, octets: Uint8Array, start: number, end: number, subtype: TypeCodec): Range[] {
  if (end - start < LENGTH_BYTES) throw new ValueError(name, start, 'expected the number of ranges')
  const ranges: Range[] = []
  let at = start + LENGTH_BYTES
  for (let left = int32At(octets, start); left > 0; left--) {
    const from = at + LENGTH_BYTES
    const length = from > end ? -1 : int32At(octets, at)
    if (length < 0 || length > end - from) throw new ValueError(name, at, 'expected a range')
    at = from + length
    ranges.push(decodeBinary(name, octets, from, at, subtype))
  }
  if (at !== end) throw new ValueError(name, at, 'expected the end')
  return ranges
}
