/** Huffman code: any octets as code, and the same octets as a text. */

import { HUFFMAN_EOS, HUFFMAN_PADDING, huffmanDecode, huffmanOctetsMax, huffmanSize, huffmanWrite } from 'skitai/hpack'
import { latin1Of, sameBytes } from 'skitai/testing'

/** Octets of memory around what a function may write. */
const MARGIN = 4
const FREE = 0xee

/** Decodes the octets and encodes what came; encodes the octets and decodes what came. */
export function fuzz(data: Uint8Array): void {
  const decoded = decode(data)
  if (decoded !== undefined) {
    // No text has two codes: padding apart, which is all ones in both.
    ensure(sameBytes(encode(latin1Of(decoded)), data), 'another code for the same text')
  }
  const back = decode(encode(latin1Of(data)))
  ensure(back !== undefined && sameBytes(back, data), 'another text for the same code')
}

/** The decoded octets; undefined for a fault. */
function decode(code: Uint8Array): Uint8Array | undefined {
  const room = huffmanOctetsMax(code.length) + 2
  const into = new Uint8Array(room + MARGIN).fill(FREE)
  const size = huffmanDecode(code, 0, code.length, into)
  for (let at = room; at < into.length; at++) ensure(into[at] === FREE, 'octets behind the room')
  if (size < 0) {
    ensure(size === HUFFMAN_EOS || size === HUFFMAN_PADDING, `fault ${size}`)
    return undefined
  }
  ensure(size <= room - 2, 'more octets than there can be')
  return into.subarray(0, size)
}

function encode(text: string): Uint8Array {
  const size = huffmanSize(text)
  const into = new Uint8Array(size + 2 * MARGIN).fill(FREE)
  const end = huffmanWrite(text, into, MARGIN)
  ensure(end === MARGIN + size, 'another size than was said')
  for (let i = 0; i < MARGIN; i++) ensure(into[i] === FREE && into[end + i] === FREE, 'octets around the room')
  return into.subarray(MARGIN, end)
}

function ensure(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Error(what)
}
