/**
 * Arrays in binary: dimensions, whether there are NULLs, the type of the elements; then each dimension; then the
 * elements.
 */

import { int32At, uint32At } from './octets.js'
import type { Decode, ResolveCodec, TypeCodec } from './type-codec.js'
import { ValueError } from './value-error.js'
import type { ValueWriter } from './value-writer.js'

/** As many dimensions as the server takes. */
export const DIMENSIONS_MAX = 6

const HEADER_BYTES = 12
const DIMENSION_BYTES = 8
const LENGTH_BYTES = 4

/** The two directions of one array type. */
export interface BinaryArray {
  readonly decode: Decode<unknown[]>
  /** Writes an array of these dimensions, which have been checked. */
  readonly write: (
    array: readonly unknown[],
    dimensions: readonly number[],
    element: TypeCodec,
    into: ValueWriter,
  ) => void
}

/** Arrays whose elements are of one type. `lowerBound` is the index of the first element of those that we send. */
export function binaryArray(name: string, elementOid: number, resolve: ResolveCodec, lowerBound: number): BinaryArray {
  return {
    decode: (octets, start, end) => {
      if (end - start < HEADER_BYTES) throw new ValueError(name, start, `expected at least ${HEADER_BYTES} octets`)
      const count = uint32At(octets, start)
      const first = start + HEADER_BYTES + count * DIMENSION_BYTES
      if (count > DIMENSIONS_MAX) throw new ValueError(name, start, `expected at most ${DIMENSIONS_MAX} dimensions`)
      if (first > end) throw new ValueError(name, start, 'expected the dimensions')
      if (uint32At(octets, start + 8) !== elementOid)
        throw new ValueError(name, start + 8, `expected elements of type ${elementOid}`)
      const dimensions = readDimensions(name, octets, start + HEADER_BYTES, first, end)
      const reader = new ElementReader(name, octets, first, end, resolve(elementOid))
      const array = dimensions.length === 0 ? [] : reader.array(dimensions, 0)
      if (reader.at !== end) throw new ValueError(name, reader.at, 'expected the end')
      return array
    },
    write: (array, dimensions, element, into) => {
      into.int32(dimensions.length)
      const nulls = into.beginSized()
      into.int32(elementOid)
      for (const length of dimensions) {
        into.int32(length)
        into.int32(lowerBound)
      }
      const hasNulls = writeElements(array, dimensions.length, element, into)
      into.setInt32(nulls - LENGTH_BYTES, hasNulls ? 1 : 0)
    },
  }
}

/** The lengths of the dimensions, none where one is empty. There cannot be more elements than lengths of theirs. */
function readDimensions(name: string, octets: Uint8Array, start: number, first: number, end: number): number[] {
  const dimensions: number[] = []
  let elements = 1
  for (let at = start; at < first; at += DIMENSION_BYTES) {
    const length = uint32At(octets, at)
    dimensions.push(length)
    elements *= length
    if (elements > (end - first) / LENGTH_BYTES)
      throw new ValueError(name, at, 'expected as many elements as there are')
  }
  return elements === 0 ? [] : dimensions
}

class ElementReader {
  at: number
  readonly #name: string
  readonly #octets: Uint8Array
  readonly #end: number
  readonly #decode: Decode<unknown>

  constructor(name: string, octets: Uint8Array, at: number, end: number, element: TypeCodec) {
    this.#name = name
    this.#octets = octets
    this.#end = end
    this.#decode = element.decodeBinary
    this.at = at
  }

  array(dimensions: readonly number[], level: number): unknown[] {
    const isLast = level + 1 === dimensions.length
    const array: unknown[] = []
    for (let left = dimensions[level]!; left > 0; left--)
      array.push(isLast ? this.#element() : this.array(dimensions, level + 1))
    return array
  }

  #element(): unknown {
    const start = this.at + LENGTH_BYTES
    const length = start > this.#end ? -2 : int32At(this.#octets, this.at)
    if (length < -1 || length > this.#end - start) throw new ValueError(this.#name, this.at, 'expected an element')
    this.at = length < 0 ? start : start + length
    return length < 0 ? null : this.#decode(this.#octets, start, this.at)
  }
}

/** Whether one of them was NULL. */
function writeElements(array: readonly unknown[], dimensions: number, element: TypeCodec, into: ValueWriter): boolean {
  let hasNulls = false
  for (const part of array) {
    if (dimensions > 1) hasNulls = writeElements(part as unknown[], dimensions - 1, element, into) || hasNulls
    else if (part === null || part === undefined) {
      into.int32(-1)
      hasNulls = true
    } else {
      const at = into.beginSized()
      element.encodeBinary(part, into)
      into.endSized(at)
    }
  }
  return hasNulls
}
