/** point (PostgreSQL documentation, section 8.8.1). */

import { float8 } from './floats.js'
import { fromText } from './from-text.js'
import { checkLength } from './octets.js'
import { unfit, type TypeCodec } from './type-codec.js'
import { ValueError } from './value-error.js'

/** A point of the plane. */
export interface Point {
  readonly x: number
  readonly y: number
}

const OPEN = 0x28
const CLOSE = 0x29
const COMMA = 0x2c

function decodeText(octets: Uint8Array, start: number, end: number): Point {
  const comma = octets.subarray(start, end).indexOf(COMMA)
  if (comma < 0 || octets[start] !== OPEN || octets[end - 1] !== CLOSE)
    throw new ValueError('point', start, 'expected (x,y)')
  return {
    x: float8.decodeText(octets, start + 1, start + comma),
    y: float8.decodeText(octets, start + comma + 1, end - 1),
  }
}

function pointOf(value: unknown): Point {
  if (typeof value === 'string') return fromText(decodeText, value)
  const { x, y } = (value ?? {}) as Partial<Record<keyof Point, unknown>>
  if (typeof x !== 'number' || typeof y !== 'number') throw unfit('point', '{ x, y }', value)
  return { x, y }
}

/** point. */
export const point: TypeCodec<Point> = {
  oid: 600,
  name: 'point',
  decodeText,
  decodeBinary: (octets, start, end) => {
    checkLength('point', start, end, 16)
    return { x: float8.decodeBinary(octets, start, start + 8), y: float8.decodeBinary(octets, start + 8, end) }
  },
  encodeText: (value) => {
    if (typeof value === 'string') return value
    const { x, y } = pointOf(value)
    return `(${float8.encodeText(x)},${float8.encodeText(y)})`
  },
  encodeBinary: (value, into) => {
    const { x, y } = pointOf(value)
    into.float8(x)
    into.float8(y)
  },
}
