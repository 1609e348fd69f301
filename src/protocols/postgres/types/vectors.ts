/**
 * int2vector and oidvector, the arrays of the catalog: numbers with spaces between them in text, an array in binary.
 */

import { arrayCodec } from './arrays.js'
import { fromText } from './from-text.js'
import { unfit, type ResolveCodec, type TypeCodec } from './type-codec.js'

const SPACE = 0x20

/**
 * A vector of a type: an array of one dimension without NULL, counted from 0. In binary the server takes no empty one.
 */
export function vectorCodec(
  oid: number,
  name: string,
  elementOid: number,
  resolve: ResolveCodec,
): TypeCodec<unknown[]> {
  const array = arrayCodec(oid, name, elementOid, resolve, 0)
  const decodeText = (octets: Uint8Array, start: number, end: number): unknown[] => {
    const { decodeText: decodeElement } = resolve(elementOid)
    const values: unknown[] = []
    for (let from = start, at = start; from < end; from = at + 1) {
      for (at = from; at < end && octets[at] !== SPACE;) at++
      values.push(decodeElement(octets, from, at))
    }
    return values
  }
  return {
    ...array,
    decodeText,
    encodeText: (value) => {
      if (typeof value === 'string') return value
      if (!Array.isArray(value)) throw unfit(name, 'an array', value)
      const { encodeText } = resolve(elementOid)
      return value.map((element: unknown) => encodeText(element)).join(' ')
    },
    encodeBinary: (value, into) =>
      array.encodeBinary(typeof value === 'string' ? fromText(decodeText, value) : value, into),
  }
}
