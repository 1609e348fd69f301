/** The Huffman code of HPACK (RFC 7541 section 5.2). Decoding takes an octet a step, by a table of states. */

import { native } from '../../core/native.js'
import { HUFFMAN_BITS, HUFFMAN_CODES } from './huffman-code.js'

const EOS = 256

/** `huffmanDecode` found the code of EOS, which must not be there. */
export const HUFFMAN_EOS = -1
/** `huffmanDecode` found padding that is longer than 7 bits, or not the beginning of EOS. */
export const HUFFMAN_PADDING = -2

/**
 * The tree of the codes. Two numbers a node, for the bits 0 and 1: the node that follows, or -1 less the octet of a
 * leaf. A tree of 257 leaves has 256 inner nodes, so that the number of a node fits into an octet.
 */
function codeTree(): Int16Array {
  const tree = new Int16Array(2 * EOS)
  let nodes = 1
  for (let octet = 0; octet <= EOS; octet++) {
    let node = 0
    for (let bit = HUFFMAN_BITS[octet]! - 1; bit > 0; bit--) {
      const branch = 2 * node + ((HUFFMAN_CODES[octet]! >>> bit) & 1)
      if (tree[branch] === 0) tree[branch] = nodes++
      node = tree[branch]!
    }
    tree[2 * node + (HUFFMAN_CODES[octet]! & 1)] = -1 - octet
  }
  return tree
}

/** In a step: EOS ends in this octet. */
const STEP_EOS = 1 << 26

/**
 * What follows from a state and 4 bits, in the form of `stepTable`. No code is shorter than 5 bits: one octet at most.
 */
function halfSteps(tree: Int16Array): Uint32Array {
  const halves = new Uint32Array(256 * 16)
  for (let state = 0; state < 256; state++)
    for (let bits = 0; bits < 16; bits++) {
      let node = state
      let decoded = 0
      for (let bit = 3; bit >= 0; bit--) {
        node = tree[2 * node + ((bits >>> bit) & 1)]!
        if (node >= 0) continue
        decoded = node === -1 - EOS ? STEP_EOS : (1 << 24) | ((-1 - node) << 8)
        node = 0
      }
      halves[16 * state + bits] = decoded | node
    }
  return halves
}

/**
 * What follows from a state and an octet: in bits 0-7 the next state, in 8-15 and 16-23 the decoded octets, in 24-25
 * how many they are. A state is an inner node of the tree: what is left of the last octet leads to it.
 */
function stepTable(tree: Int16Array): Uint32Array {
  const halves = halfSteps(tree)
  const steps = new Uint32Array(256 * 256)
  for (let state = 0; state < 256; state++)
    for (let octet = 0; octet < 256; octet++) {
      const first = halves[16 * state + (octet >>> 4)]!
      const second = halves[16 * (first & 255) + (octet & 15)]!
      const both = first >= 1 << 24 ? first + ((second & 0xff00) << 8) : first + (second & 0xff00)
      steps[256 * state + octet] = (both & ~255) + (second & ~0xff00)
    }
  return steps
}

/** The states in which a string may end: nothing is left, or up to 7 bits of EOS, all ones. */
function endStates(tree: Int16Array): Uint8Array {
  const ends = new Uint8Array(256)
  for (let node = 0, bits = 0; bits <= 7; bits++) {
    ends[node] = 1
    node = tree[2 * node + 1]!
  }
  return ends
}

const TREE = codeTree()
const STEPS = stepTable(TREE)
/** The next states alone: a step waits for the one before, and this table stays in the fastest memory. */
const NEXT = new Uint8Array(STEPS)
const ENDS = endStates(TREE)

/** The state at the beginning of a string. */
export const HUFFMAN_START = 0

/** The most octets that `size` encoded ones can hold: no code is shorter than 5 bits. */
export function huffmanOctetsMax(size: number): number {
  return Math.floor((size * 8) / 5)
}

/** Fewer octets than that `size` encoded ones cannot hold: no code is longer than 30 bits, no padding longer than 7. */
export function huffmanOctetsMin(size: number): number {
  return size >>> 2
}

/**
 * Decodes the octets from `start` to `end` to the beginning of `into`, which has room for `huffmanOctetsMax` of them
 * and 2 more (they may be overwritten). Gives how many they are, `HUFFMAN_EOS` or `HUFFMAN_PADDING`.
 */
export function huffmanDecode(bytes: Uint8Array, start: number, end: number, into: Uint8Array): number {
  let state = HUFFMAN_START
  let size = 0
  for (let at = start; at < end; at++) {
    const place = (state << 8) | bytes[at]!
    const step = STEPS[place]!
    state = NEXT[place]!
    if (step >= STEP_EOS) return HUFFMAN_EOS
    into[size] = step >>> 8
    into[size + 1] = step >>> 16
    size += step >>> 24
  }
  return ENDS[state] === 1 ? size : HUFFMAN_PADDING
}

/** As `huffmanDecode`, but only counts. */
export function huffmanCount(bytes: Uint8Array, start: number, end: number): number {
  let state = HUFFMAN_START
  let size = 0
  for (let at = start; at < end; at++) {
    const place = (state << 8) | bytes[at]!
    const step = STEPS[place]!
    state = NEXT[place]!
    if (step >= STEP_EOS) return HUFFMAN_EOS
    size += step >>> 24
  }
  return ENDS[state] === 1 ? size : HUFFMAN_PADDING
}

/**
 * Checks a part of a string from a state on, which is `HUFFMAN_START` or what the part before gave. Gives the state
 * behind it; -1 less the position of the octet in which EOS ends.
 */
export function huffmanWalk(bytes: Uint8Array, start: number, end: number, from: number): number {
  let state = from
  for (let at = start; at < end; at++) {
    const place = (state << 8) | bytes[at]!
    const step = STEPS[place]!
    state = NEXT[place]!
    if (step >= STEP_EOS) return -1 - at
  }
  return state
}

/** Whether a string may end in a state that `huffmanWalk` gave. */
export function huffmanMayEnd(state: number): boolean {
  return ENDS[state] === 1
}

/** Code and bits of each octet in one number, its lowest 5 bits the bits; 0 for codes of more than 15. */
const SHORT_CODES = HUFFMAN_CODES.map((code, octet) =>
  HUFFMAN_BITS[octet]! > 15 ? 0 : (code << 5) | HUFFMAN_BITS[octet]!,
)

/** Longer texts are turned into octets by the runtime: its call costs as much as to read so many characters. */
const NATIVE_CHARS_MIN = 48

/** Texts up to this length are turned into octets here. */
const SCRATCH_BYTES = 4096
const scratch = new Uint8Array(SCRATCH_BYTES)

/** The octets of `text`, one a character, from 0 on; valid until the next call. */
function octetsOf(text: string): Uint8Array {
  const octets = text.length <= SCRATCH_BYTES ? scratch : native.allocate(text.length)
  native.latin1Write(octets, text, 0)
  return octets
}

/** How many octets `text`, one octet a character, takes in Huffman code. */
export function huffmanSize(text: string): number {
  const octets = octetsOf(text)
  let bits = 0
  for (let i = 0; i < text.length; i++) bits += HUFFMAN_BITS[octets[i]!]!
  return (bits + 7) >>> 3
}

/**
 * Writes `text`, one octet a character, in Huffman code at `at`; there is room for `huffmanSize(text)`. Gives the end.
 */
export function huffmanWrite(text: string, into: Uint8Array, at: number): number {
  return writeOctets(octetsOf(text), text.length, into, at, into.length + 1)
}

/**
 * Writes `text` like `huffmanWrite` if the code is shorter than the text, and gives -1 if it is not. There is room for
 * the text and 4 octets more; they may be overwritten.
 */
export function huffmanWriteShorter(text: string, into: Uint8Array, at: number): number {
  const end = text.length < NATIVE_CHARS_MIN ? writeShort(text, into, at, at + text.length) : RARE
  return end === RARE ? writeOctets(octetsOf(text), text.length, into, at, at + text.length) : end
}

/** From `writeShort`: the text holds a character whose code has more than 15 bits. */
const RARE = -2

/** Gives -1 when the end would be at `stop` or behind it. Waits for 16 bits before it writes: that is quickest. */
function writeShort(text: string, into: Uint8Array, at: number, stop: number): number {
  let end = at
  // The lowest `count` bits wait to be written; what stands above them has been.
  let bits = 0
  let count = 0
  for (let i = 0; i < text.length; i++) {
    const short = SHORT_CODES[text.charCodeAt(i) & 255]!
    if (short === 0) return RARE
    bits = (bits << (short & 31)) | (short >>> 5)
    count += short & 31
    if (count < 16) continue
    count -= 16
    into[end] = bits >>> (count + 8)
    into[end + 1] = bits >>> count
    end += 2
    if (end >= stop) return -1
  }
  return writeRest(bits, count, into, end, stop)
}

/** As `writeShort`, from octets, whatever they are. */
function writeOctets(octets: Uint8Array, length: number, into: Uint8Array, at: number, stop: number): number {
  let end = at
  let bits = 0
  let count = 0
  for (let i = 0; i < length; i++) {
    const octet = octets[i]!
    const short = SHORT_CODES[octet]!
    if (short !== 0) {
      bits = (bits << (short & 31)) | (short >>> 5)
      count += short & 31
      if (count < 16) continue
      count -= 16
      into[end] = bits >>> (count + 8)
      into[end + 1] = bits >>> count
      end += 2
    } else {
      // Up to 15 bits wait: with the whole code they would not fit into a number of 32.
      for (; count >= 8; count -= 8) into[end++] = bits >>> (count - 8)
      const high = HUFFMAN_BITS[octet]! - 16
      bits = (bits << high) | (HUFFMAN_CODES[octet]! >>> 16)
      for (count += high; count >= 8; count -= 8) into[end++] = bits >>> (count - 8)
      bits = (bits << 16) | (HUFFMAN_CODES[octet]! & 0xffff)
      for (count += 16; count >= 8; count -= 8) into[end++] = bits >>> (count - 8)
    }
    if (end >= stop) return -1
  }
  return writeRest(bits, count, into, end, stop)
}

/** The last bits, up to 15, and the padding behind them. */
function writeRest(bits: number, count: number, into: Uint8Array, at: number, stop: number): number {
  let end = at
  let rest = count
  if (rest >= 8) {
    rest -= 8
    into[end++] = bits >>> rest
  }
  if (rest > 0) into[end++] = (bits << (8 - rest)) | (255 >>> rest)
  return end < stop ? end : -1
}
