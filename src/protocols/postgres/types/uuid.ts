/** uuid (PostgreSQL documentation, section 8.12): its text in lower case. */

import { native } from '../../core/native.js'
import { HEX_VALUE } from './bytea.js'
import { checkLength } from './octets.js'
import { formCodec, type TextForm } from './text.js'
import type { TypeCodec } from './type-codec.js'
import { ValueError } from './value-error.js'

const DASH = 0x2d
const TEXT_CHARS = 36

const HEX_DIGITS = '0123456789abcdef'

/** Where the dashes stand. */
const DASHES: readonly number[] = [8, 13, 18, 23]

function uuidText(octets: Uint8Array, start: number, end: number): string {
  checkLength('uuid', start, end, TEXT_CHARS)
  let flags = 0
  let from = start
  for (let place = 0; place < DASHES.length; place++) {
    const dash = start + DASHES[place]!
    if (octets[dash] !== DASH) throw new ValueError('uuid', dash, 'expected a dash')
    flags |= digitFlags(octets, from, dash)
    from = dash + 1
  }
  flags |= digitFlags(octets, from, end)
  if ((flags & NO_DIGIT) !== 0) throw new ValueError('uuid', start, 'expected hexadecimal digits')
  const text = native.latin1Slice(octets, start, end)
  return (flags & CAPITAL) === 0 ? text : text.toLowerCase()
}

/** A digit has a value below 16; all that is none has 255. */
const NO_DIGIT = 0xf0
const CAPITAL = 0x200

/** What the octets are together: one that is no digit, a capital letter. Without a branch, a third of the time. */
function digitFlags(octets: Uint8Array, from: number, to: number): number {
  let flags = 0
  for (let at = from; at < to; at++) {
    const octet = octets[at]!
    // Digits and small letters have the bit 0x20, capital letters have not.
    flags |= HEX_VALUE[octet]! | ((~octet & 0x20) << 4)
  }
  return flags
}

/** Where the text of a uuid is put together; its dashes stay. */
const scratch = new Uint8Array(TEXT_CHARS).fill(DASH)

const form: TextForm = {
  fromOctets: uuidText,
  decodeBinary: (octets, start, end) => {
    checkLength('uuid', start, end, 16)
    for (let at = start, to = 0; at < end; at++, to += 2) {
      if (to === 8 || to === 13 || to === 18 || to === 23) to++
      const octet = octets[at]!
      scratch[to] = HEX_DIGITS.charCodeAt(octet >> 4)
      scratch[to + 1] = HEX_DIGITS.charCodeAt(octet & 15)
    }
    return native.latin1Slice(scratch, 0, TEXT_CHARS)
  },
  write: (text, into) => {
    const digits = text.replaceAll('-', '')
    for (let at = 0; at < digits.length; at += 2) into.int8(parseInt(digits.slice(at, at + 2), 16))
  },
}

/** uuid: `a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11`. */
export const uuid: TypeCodec<string> = formCodec(2950, 'uuid', form)
