/** bit and varbit (PostgreSQL documentation, section 8.10): strings of 0 and 1. */

import { native } from '../../core/native.js'
import { int32At } from './octets.js'
import { formCodec, type TextForm } from './text.js'
import type { TypeCodec } from './type-codec.js'
import { ValueError } from './value-error.js'

const ZERO = 0x30
const ONE = 0x31
const LENGTH_BYTES = 4

/** The eight bits of an octet. */
const BITS: readonly string[] = Array.from({ length: 256 }, (_, octet) => octet.toString(2).padStart(8, '0'))

function bitForm(typeName: string): TextForm {
  return {
    fromOctets: (octets, start, end) => {
      for (let at = start; at < end; at++)
        if (octets[at] !== ZERO && octets[at] !== ONE) throw new ValueError(typeName, at, 'expected 0 or 1')
      return native.latin1Slice(octets, start, end)
    },
    decodeBinary: (octets, start, end) => {
      if (end - start < LENGTH_BYTES) throw new ValueError(typeName, start, 'expected the number of bits')
      const count = int32At(octets, start)
      if (count < 0 || Math.ceil(count / 8) !== end - start - LENGTH_BYTES)
        throw new ValueError(typeName, start, 'expected as many bits as the octets hold')
      let text = ''
      for (let at = start + LENGTH_BYTES; at < end; at++) text += BITS[octets[at]!]!
      return text.slice(0, count)
    },
    write: (text, into) => {
      into.int32(text.length)
      for (let at = 0; at < text.length; at += 8) into.int8(parseInt(text.slice(at, at + 8).padEnd(8, '0'), 2))
    },
  }
}

/** bit(n). */
export const bit: TypeCodec<string> = formCodec(1560, 'bit', bitForm('bit'))

/** bit varying. */
export const varbit: TypeCodec<string> = formCodec(1562, 'varbit', bitForm('varbit'))
