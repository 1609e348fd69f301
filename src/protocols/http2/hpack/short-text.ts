/** Strings whose length takes one octet: nearly all of them. */

import { huffmanDecode, huffmanOctetsMax } from './huffman.js'
import { isTextAt, textOf } from './known-texts.js'

const SIZE_MAX = 0x7e

/** All decoders decode here; nothing stays in it from one call to the next. */
const scratch = new Uint8Array(huffmanOctetsMax(SIZE_MAX) + 2)

/** To make a longer string anew is faster than to compare it. */
const COMPARED_CHARS_MAX = 32

/**
 * The string from `start` to `end`, at most 126 octets, `size` being the octet in front of it (RFC 7541 section 5.2).
 * Undefined if it is faulty, or longer than `cap` octets. It is `before` if that is the same: what the last section had
 * at this place often comes again.
 */
export function shortText(
  bytes: Uint8Array,
  start: number,
  end: number,
  size: number,
  cap: number,
  before: string | undefined,
): string | undefined {
  let octets = bytes
  let from = start
  let length = end - start
  if (size >= 0x80) {
    length = huffmanDecode(bytes, start, end, scratch)
    octets = scratch
    from = 0
  }
  if (length < 0 || length > cap) return undefined
  const isCompared = before !== undefined && before.length === length && length <= COMPARED_CHARS_MAX
  return isCompared && isTextAt(octets, from, before) ? before : textOf(octets, from, from + length)
}
