/** bool and void (PostgreSQL documentation, sections 8.6 and 8.21). */

import { fromText } from './from-text.js'
import { checkLength } from './octets.js'
import { unfit, type TypeCodec } from './type-codec.js'
import { ValueError } from './value-error.js'

const TRUE = 0x74
const FALSE = 0x66

function boolText(octets: Uint8Array, start: number, end: number): boolean {
  checkLength('bool', start, end, 1)
  if (octets[start] === TRUE) return true
  if (octets[start] !== FALSE) throw new ValueError('bool', start, 'expected t or f')
  return false
}

/** What else the server takes for a boolean, apart from abbreviations and capitals. */
const WORDS: ReadonlyMap<string, boolean> = new Map([
  ['true', true],
  ['yes', true],
  ['on', true],
  ['1', true],
  ['false', false],
  ['no', false],
  ['off', false],
  ['0', false],
])

function boolOf(value: unknown): boolean {
  if (typeof value === 'boolean') return value
  if (typeof value !== 'string') throw unfit('bool', 'a boolean', value)
  return WORDS.get(value) ?? fromText(boolText, value)
}

/** bool. */
export const bool: TypeCodec<boolean> = {
  oid: 16,
  name: 'bool',
  decodeText: boolText,
  decodeBinary: (octets, start, end) => {
    checkLength('bool', start, end, 1)
    const octet = octets[start]!
    if (octet > 1) throw new ValueError('bool', start, 'expected 0 or 1')
    return octet === 1
  },
  encodeText: (value) => (boolOf(value) ? 't' : 'f'),
  encodeBinary: (value, into) => into.int8(boolOf(value) ? 1 : 0),
}

/** void, what a function gives that gives nothing: null. */
export const nothing: TypeCodec<null> = {
  oid: 2278,
  name: 'void',
  decodeText: decodeNothing,
  decodeBinary: decodeNothing,
  encodeText: () => '',
  encodeBinary: () => {},
}

function decodeNothing(_octets: Uint8Array, start: number, end: number): null {
  checkLength('void', start, end, 0)
  return null
}
