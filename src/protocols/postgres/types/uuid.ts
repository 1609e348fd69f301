/** uuid (PostgreSQL documentation, section 8.12): its text in lower case. */

import { native } from '../../core/native.js'
import { hexOctets, hexText } from './bytea.js'
import { checkLength } from './octets.js'
import { formCodec, type TextForm } from './text.js'
import type { TypeCodec } from './type-codec.js'
import { ValueError } from './value-error.js'

const DASH = 0x2d
const TEXT_CHARS = 36

/** Where the dashes stand. */
const DASHES: readonly number[] = [8, 13, 18, 23]

function uuidText(octets: Uint8Array, start: number, end: number): string {
  checkLength('uuid', start, end, TEXT_CHARS)
  let from = start
  for (const dash of DASHES) {
    if (octets[start + dash] !== DASH) throw new ValueError('uuid', start + dash, 'expected a dash')
    hexOctets('uuid', octets, from, start + dash)
    from = start + dash + 1
  }
  hexOctets('uuid', octets, from, end)
  return native.latin1Slice(octets, start, end).toLowerCase()
}

const form: TextForm = {
  fromOctets: uuidText,
  decodeBinary: (octets, start, end) => {
    checkLength('uuid', start, end, 16)
    const first = `${hexText(octets, start, start + 4)}-${hexText(octets, start + 4, start + 6)}`
    const second = `${hexText(octets, start + 6, start + 8)}-${hexText(octets, start + 8, start + 10)}`
    return `${first}-${second}-${hexText(octets, start + 10, end)}`
  },
  write: (text, into) => {
    const digits = text.replaceAll('-', '')
    for (let at = 0; at < digits.length; at += 2) into.int8(parseInt(digits.slice(at, at + 2), 16))
  },
}

/** uuid: `a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11`. */
export const uuid: TypeCodec<string> = formCodec(2950, 'uuid', form)
