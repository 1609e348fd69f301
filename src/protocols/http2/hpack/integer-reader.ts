/** Reads integers and the beginnings of strings (RFC 7541 sections 5.1 and 5.2). */

/** In place of a number: the octets end before it does. */
export const INCOMPLETE = -1
/** In place of a number: it is above 2^31 - 1 or has more than 5 octets behind its prefix. */
export const TOO_LARGE = -2

const INTEGER_MAX = 0x7fffffff
const CONTINUATION_OCTETS_MAX = 5

/** Gives numbers, and says beside that where it stopped. */
export class IntegerReader {
  /** The position behind what was read; for `TOO_LARGE` that of the octet which is too much. */
  next = 0
  /** Whether the string that was begun is in Huffman code. */
  isHuffman = false

  /** An integer in the bits of `mask` at `at`, where there is an octet, and in what follows it. */
  integer(bytes: Uint8Array, at: number, end: number, mask: number): number {
    const prefix = bytes[at]! & mask
    this.next = at + 1
    if (prefix < mask) return prefix
    let value = mask
    let scale = 1
    const stop = Math.min(end, at + 1 + CONTINUATION_OCTETS_MAX)
    while (this.next < stop) {
      const octet = bytes[this.next]!
      value += (octet & 0x7f) * scale
      if (value > INTEGER_MAX) return TOO_LARGE
      this.next++
      if (octet < 0x80) return value
      scale *= 128
    }
    if (stop <= at + CONTINUATION_OCTETS_MAX) return INCOMPLETE
    this.next = stop - 1
    return TOO_LARGE
  }

  /** The length of the string at `at`, in octets as they are on the wire; `next` is the first of them. */
  stringSize(bytes: Uint8Array, at: number, end: number): number {
    if (at >= end) return INCOMPLETE
    this.isHuffman = bytes[at]! >= 0x80
    return this.integer(bytes, at, end, 0x7f)
  }
}
