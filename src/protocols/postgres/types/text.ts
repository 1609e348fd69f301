/** Types whose value is their text: the text family, enums, what the server prints and a program rarely takes apart. */

import { fromText } from './from-text.js'
import { checkLength, textAt } from './octets.js'
import { unfit, type TypeCodec } from './type-codec.js'
import { ValueError } from './value-error.js'
import type { ValueWriter } from './value-writer.js'

/**
 * A type that is UTF-8 in both formats: text, varchar, bpchar, name, xml, json as text, every enum. The client has
 * asked for UTF-8; what is not UTF-8 all the same (SQL_ASCII) becomes U+FFFD.
 */
export function textCodec(oid: number, name: string): TypeCodec<string> {
  return {
    oid,
    name,
    decodeText: textAt,
    decodeBinary: textAt,
    encodeText: (value) => stringOf(name, value),
    encodeBinary: (value, into) => into.utf8(stringOf(name, value)),
  }
}

/** A string as it is; numbers, bigints and booleans as their text. Throws `UsageError` for anything else. */
function stringOf(typeName: string, value: unknown): string {
  if (typeof value === 'string') return value
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean') return String(value)
  throw unfit(typeName, 'a string', value)
}

const BACKSLASH = 0x5c

/**
 * "char", the type of one octet: a string of one character below 256, or an empty one for the octet 0. In text the
 * server writes octets beyond ASCII as a backslash and three octal digits.
 */
export const singleChar: TypeCodec<string> = {
  oid: 18,
  name: 'char',
  decodeText: (octets, start, end) => {
    if (end === start) return ''
    if (end - start === 1) return String.fromCharCode(octets[start]!)
    if (end - start !== 4 || octets[start] !== BACKSLASH) throw new ValueError('char', start, 'expected one octet')
    let code = 0
    for (let at = start + 1; at < end; at++) {
      const digit = octets[at]! - 0x30
      if (digit < 0 || digit > 7) throw new ValueError('char', at, 'expected an octal digit')
      code = code * 8 + digit
    }
    return String.fromCharCode(code & 0xff)
  },
  decodeBinary: (octets, start, end) => {
    checkLength('char', start, end, 1)
    const octet = octets[start]!
    return octet === 0 ? '' : String.fromCharCode(octet)
  },
  encodeText: (value) => {
    const code = charCode(value)
    if (code === 0) return ''
    return code < 0x80 ? String.fromCharCode(code) : `\\${code.toString(8)}`
  },
  encodeBinary: (value, into) => into.int8(charCode(value)),
}

function charCode(value: unknown): number {
  if (value === '') return 0
  if (typeof value !== 'string' || value.length !== 1 || value.charCodeAt(0) > 0xff)
    throw unfit('char', 'a string of at most one character below 256', value)
  return value.charCodeAt(0)
}

/** What a type of text must be made of, and its octets in binary. */
export interface TextForm {
  /** Throws `ValueError` for what is not of the form; gives the text. */
  readonly fromOctets: (octets: Uint8Array, start: number, end: number) => string
  /** From the binary format. Throws `ValueError`. */
  readonly decodeBinary: (octets: Uint8Array, start: number, end: number) => string
  /** Into the binary format, from a text that `fromOctets` gave. */
  readonly write: (text: string, into: ValueWriter) => void
}

/** A type whose value is a string of a strict form. */
export function formCodec(oid: number, name: string, form: TextForm): TypeCodec<string> {
  return {
    oid,
    name,
    decodeText: form.fromOctets,
    decodeBinary: form.decodeBinary,
    encodeText: (value) => strictString(name, value),
    encodeBinary: (value, into) => form.write(fromText(form.fromOctets, strictString(name, value)), into),
  }
}

function strictString(typeName: string, value: unknown): string {
  if (typeof value !== 'string') throw unfit(typeName, 'a string', value)
  return value
}

/** The text of a type that is not registered: what the server wrote. */
export const textOfAnyType: TypeCodec<string> = textCodec(705, 'unknown')

/** The octets of a type that is not registered, copied. */
export function octetsOfAnyType(octets: Uint8Array, start: number, end: number): Uint8Array {
  // Not `slice`: of a Buffer that is a view.
  return new Uint8Array(octets.subarray(start, end))
}
