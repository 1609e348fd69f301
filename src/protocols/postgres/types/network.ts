/** inet, cidr, macaddr, macaddr8 (PostgreSQL documentation, section 8.9): strings as the server writes them. */

import { native } from '../../core/native.js'
import { hexOctets, hexText } from './bytea.js'
import { addressOf, addressText } from './ip-address.js'
import { checkLength } from './octets.js'
import { formCodec, type TextForm } from './text.js'
import type { TypeCodec } from './type-codec.js'
import { ValueError } from './value-error.js'

/** Octets before the address in binary: family, length of the mask, whether it is a cidr, length of the address. */
const HEADER_BYTES = 4

/** The families as PostgreSQL numbers them everywhere. */
const IPV4 = 2
const IPV6 = 3

function networkForm(typeName: 'inet' | 'cidr'): TextForm {
  const maskAlways = typeName === 'cidr'
  return {
    fromOctets: native.latin1Slice,
    decodeBinary: (octets, start, end) => {
      const bytes = end - start - HEADER_BYTES
      if (bytes !== 4 && bytes !== 16) throw new ValueError(typeName, start, 'expected 8 or 20 octets')
      if (octets[start] !== (bytes === 4 ? IPV4 : IPV6)) throw new ValueError(typeName, start, 'expected a family')
      const maskBits = octets[start + 1]!
      if (maskBits > bytes * 8) throw new ValueError(typeName, start + 1, `expected a mask up to ${bytes * 8}`)
      if (octets[start + 3] !== bytes) throw new ValueError(typeName, start + 3, `expected ${bytes}`)
      const address = addressText(octets, start + HEADER_BYTES, end)
      return maskAlways || maskBits < bytes * 8 ? `${address}/${maskBits}` : address
    },
    write: (text, into) => {
      const { octets, maskBits } = addressOf(typeName, text)
      into.int8(octets.length === 4 ? IPV4 : IPV6)
      into.int8(maskBits)
      into.int8(maskAlways ? 1 : 0)
      into.int8(octets.length)
      into.bytes(octets)
    },
  }
}

/** inet: a host with or without its network, `192.0.2.1`, `2001:db8::1/64`. */
export const inet: TypeCodec<string> = formCodec(869, 'inet', networkForm('inet'))

/** cidr: a network, always with its length, `192.0.2.0/24`. */
export const cidr: TypeCodec<string> = formCodec(650, 'cidr', networkForm('cidr'))

const COLON = 0x3a

function macForm(typeName: string, bytes: number): TextForm {
  return {
    fromOctets: (octets, start, end) => {
      checkLength(typeName, start, end, bytes * 3 - 1)
      for (let at = start; at < end; at += 3) {
        hexOctets(typeName, octets, at, at + 2)
        if (at + 2 < end && octets[at + 2] !== COLON) throw new ValueError(typeName, at + 2, 'expected a colon')
      }
      return native.latin1Slice(octets, start, end).toLowerCase()
    },
    decodeBinary: (octets, start, end) => {
      checkLength(typeName, start, end, bytes)
      let text = hexText(octets, start, start + 1)
      for (let at = start + 1; at < end; at++) text += `:${hexText(octets, at, at + 1)}`
      return text
    },
    write: (text, into) => {
      for (const digits of text.split(':')) into.int8(parseInt(digits, 16))
    },
  }
}

/** macaddr: `08:00:2b:01:02:03`. */
export const macaddr: TypeCodec<string> = formCodec(829, 'macaddr', macForm('macaddr', 6))

/** macaddr8: `08:00:2b:01:02:03:04:05`. */
export const macaddr8: TypeCodec<string> = formCodec(774, 'macaddr8', macForm('macaddr8', 8))
