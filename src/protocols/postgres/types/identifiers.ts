/**
 * What names things of the server: regclass and its family, tid, pg_lsn (PostgreSQL documentation, sections 8.19,
 * 8.20).
 */

import { native } from '../../core/native.js'
import { integerOf } from './integers.js'
import { checkLength, uint16At, uint32At } from './octets.js'
import { formCodec, textCodec, type TextForm } from './text.js'
import { unfit, type TypeCodec } from './type-codec.js'
import { ValueError } from './value-error.js'

const UINT32_MAX = 4_294_967_295
const UINT16_MAX = 65_535

const DIGITS = /^\d{1,10}$/

/**
 * A type whose text is the name of what an oid means. In binary there is only the oid, whose digits are the value then.
 */
export function nameCodec(oid: number, name: string): TypeCodec<string> {
  const text = textCodec(oid, name)
  return {
    ...text,
    decodeBinary: (octets, start, end) => {
      checkLength(name, start, end, 4)
      return String(uint32At(octets, start))
    },
    encodeBinary: (value, into) => {
      const digits = text.encodeText(value)
      if (!DIGITS.test(digits)) throw unfit(name, 'an oid in binary; a name goes as text', value)
      into.int32(integerOf(name, digits, 0, UINT32_MAX))
    },
  }
}

const TID = /^\((\d{1,10}),(\d{1,5})\)$/
const LSN = /^([\dA-F]{1,8})\/([\dA-F]{1,8})$/i

const tidForm: TextForm = {
  fromOctets: (octets, start, end) => textLike(TID, 'tid', octets, start, end),
  decodeBinary: (octets, start, end) => {
    checkLength('tid', start, end, 6)
    return `(${uint32At(octets, start)},${uint16At(octets, start + 4)})`
  },
  write: (text, into) => {
    const [, block = '', tuple = ''] = TID.exec(text)!
    into.int32(integerOf('tid', block, 0, UINT32_MAX))
    into.int16(integerOf('tid', tuple, 0, UINT16_MAX))
  },
}

/** tid: where a row lies, `(block,tuple)`. */
export const tid: TypeCodec<string> = formCodec(27, 'tid', tidForm)

const lsnForm: TextForm = {
  fromOctets: (octets, start, end) => textLike(LSN, 'pg_lsn', octets, start, end),
  decodeBinary: (octets, start, end) => {
    checkLength('pg_lsn', start, end, 8)
    return `${upperHex(uint32At(octets, start))}/${upperHex(uint32At(octets, start + 4))}`
  },
  write: (text, into) => {
    for (const half of text.split('/')) into.int32(parseInt(half, 16))
  },
}

/** pg_lsn: a place in the write-ahead log, `16/B374D848`. */
export const pgLsn: TypeCodec<string> = formCodec(3220, 'pg_lsn', lsnForm)

function upperHex(value: number): string {
  return value.toString(16).toUpperCase()
}

/** More than any of these forms has. */
const TEXT_CHARS_MAX = 20

function textLike(form: RegExp, typeName: string, octets: Uint8Array, start: number, end: number): string {
  const text = native.latin1Slice(octets, start, Math.min(end, start + TEXT_CHARS_MAX))
  if (!form.test(text)) throw new ValueError(typeName, start, 'expected another form')
  return text
}
