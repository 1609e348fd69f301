/** Integers and strings as they are written (RFC 7541 section 5). */

import { native } from '../../core/native.js'
import { huffmanSize, huffmanWrite, huffmanWriteShorter } from './huffman.js'

const HUFFMAN = 0x80
const STRING_MASK = 0x7f

/** Shorter strings are written octet by octet, without a call of the runtime. */
const NATIVE_CHARS_MIN = 32

/** Writes an integer (section 5.1) behind the bits `first`, which share its first octet. Gives the position behind. */
export function writeInteger(value: number, first: number, mask: number, into: Uint8Array, at: number): number {
  if (value < mask) {
    into[at] = first | value
    return at + 1
  }
  into[at] = first | mask
  let end = at + 1
  let rest = value - mask
  for (; rest >= 0x80; rest >>>= 7) into[end++] = rest | 0x80
  into[end] = rest
  return end + 1
}

/**
 * Writes a string, one octet a character, in Huffman code if that is shorter (section 5.2). Gives the position behind.
 * There is room for 6 octets more than it has characters.
 */
export function writeString(text: string, into: Uint8Array, at: number): number {
  const { length } = text
  if (length < STRING_MASK) {
    // Whatever the code takes, if it is shorter, then its length takes one octet.
    const end = huffmanWriteShorter(text, into, at + 1)
    if (end > 0) {
      into[at] = HUFFMAN | (end - at - 1)
      return end
    }
  } else {
    const size = huffmanSize(text)
    if (size < length) return huffmanWrite(text, into, writeInteger(size, HUFFMAN, STRING_MASK, into, at))
  }
  const start = writeInteger(length, 0, STRING_MASK, into, at)
  if (length >= NATIVE_CHARS_MIN) native.latin1Write(into, text, start)
  else for (let i = 0; i < length; i++) into[start + i] = text.charCodeAt(i)
  return start + length
}
