/** Arrays (PostgreSQL documentation, section 8.15), up to the server's six dimensions. */

import { UsageError } from '../../core/errors.js'
import { binaryArray, DIMENSIONS_MAX } from './array-binary.js'
import { fromText } from './from-text.js'
import { PieceReader, quotedText } from './piece-reader.js'
import { unfit, type ResolveCodec, type TypeCodec } from './type-codec.js'

const OPEN = 0x7b
const CLOSE = 0x7d
const EQUALS = 0x3d
const BRACKET = 0x5b
const COMMA = 0x2c

/** What stands between elements, for every type but box. */
const DELIMITER = ','

/**
 * Arrays of a type: JavaScript arrays, nested for more dimensions, null for NULL. Lower bounds are read and not kept;
 * what we send begins at `lowerBound`. `resolve` is asked at each use, so that a codec that is replaced later is the
 * one that counts.
 */
export function arrayCodec(
  oid: number,
  name: string,
  elementOid: number,
  resolve: ResolveCodec,
  lowerBound: number = 1,
): TypeCodec<unknown[]> {
  const decodeText = (octets: Uint8Array, start: number, end: number): unknown[] => {
    const reader = new PieceReader(name, octets, start, end)
    if (reader.peek() === BRACKET) skipBounds(reader)
    const array = readArray(reader, resolve(elementOid), 1)
    if (reader.at !== end) throw reader.fault('expected the end')
    return array
  }
  const binary = binaryArray(name, elementOid, resolve, lowerBound)
  return {
    oid,
    name,
    decodeText,
    decodeBinary: binary.decode,
    encodeText: (value) => {
      if (typeof value === 'string') return value
      const element = resolve(elementOid)
      const dimensions = dimensionsOf(name, value, element)
      return dimensions.length === 0 ? '{}' : arrayText(value as unknown[], dimensions.length, element)
    },
    encodeBinary: (value, into) => {
      const given = typeof value === 'string' ? fromText(decodeText, value) : value
      const element = resolve(elementOid)
      const dimensions = dimensionsOf(name, given, element)
      binary.write(dimensions.length === 0 ? [] : (given as unknown[]), dimensions, element, into)
    },
    valueIsArray: true,
  }
}

/** Skips the bounds that stand before an array whose first index is not 1: `[0:2][5:6]=`. */
function skipBounds(reader: PieceReader): void {
  for (let octet = reader.take(); octet !== EQUALS; octet = reader.take())
    if (octet < 0) throw reader.fault('expected = behind the bounds')
}

function readArray(reader: PieceReader, element: TypeCodec, depth: number): unknown[] {
  if (depth > DIMENSIONS_MAX) throw reader.fault(`expected at most ${DIMENSIONS_MAX} dimensions`)
  reader.expect(OPEN)
  const array: unknown[] = []
  if (reader.peek() === CLOSE) {
    reader.at++
    return array
  }
  for (;;) {
    array.push(reader.peek() === OPEN ? readArray(reader, element, depth + 1) : readElement(reader, element))
    const octet = reader.take()
    if (octet === CLOSE) return array
    if (octet !== COMMA) throw reader.fault('expected , or }')
  }
}

function readElement(reader: PieceReader, element: TypeCodec): unknown {
  reader.read(COMMA, CLOSE)
  const { source, from, to } = reader
  if (!reader.quoted) {
    if (to === from) throw reader.fault('expected a value')
    if (isNull(source, from, to)) return null
  }
  return element.decodeText(source, from, to)
}

/** Whether the octets are `NULL`. */
function isNull(octets: Uint8Array, from: number, to: number): boolean {
  if (to - from !== 4 || octets[from] !== 0x4e || octets[from + 1] !== 0x55) return false
  return octets[from + 2] === 0x4c && octets[from + 3] === 0x4c
}

/** The lengths of a value's dimensions, none for an empty array. Throws `UsageError` for what is not rectangular. */
function dimensionsOf(typeName: string, value: unknown, element: TypeCodec): number[] {
  if (!Array.isArray(value)) throw unfit(typeName, 'an array', value)
  const dimensions: number[] = []
  for (let level: unknown = value; Array.isArray(level); level = level[0]) {
    if (level.length === 0) return []
    dimensions.push(level.length)
    if (element.valueIsArray === true) break
    if (dimensions.length > DIMENSIONS_MAX) throw unfit(typeName, `at most ${DIMENSIONS_MAX} dimensions`, value)
  }
  checkShape(typeName, value, dimensions, 0)
  return dimensions
}

function checkShape(typeName: string, array: readonly unknown[], dimensions: readonly number[], level: number): void {
  const isLast = level + 1 === dimensions.length
  if (array.length !== dimensions[level]) throw notRectangular(typeName)
  if (isLast) return
  for (const part of array) {
    if (!Array.isArray(part)) throw notRectangular(typeName)
    checkShape(typeName, part, dimensions, level + 1)
  }
}

function notRectangular(typeName: string): UsageError {
  return new UsageError('PG_VALUE_UNFIT', `${typeName} takes arrays that are all of the same length in one dimension`)
}

function arrayText(array: readonly unknown[], dimensions: number, element: TypeCodec): string {
  const parts = array.map((part) => {
    if (dimensions > 1) return arrayText(part as unknown[], dimensions - 1, element)
    return part === null || part === undefined ? 'NULL' : elementText(element.encodeText(part))
  })
  return `{${parts.join(DELIMITER)}}`
}

/** What may stand without quotes: a form that no element needs for anything else. */
const PLAIN = /^[\w.:+-]+$/

function elementText(text: string): string {
  return PLAIN.test(text) && text.toUpperCase() !== 'NULL' ? text : quotedText(text)
}
