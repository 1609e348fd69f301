/** The Huffman code of HPACK (RFC 7541 section 5.2). Decoding takes an octet a step, by a table of states. */

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
    const step = STEPS[(state << 8) | bytes[at]!]!
    if (step >= STEP_EOS) return HUFFMAN_EOS
    into[size] = step >>> 8
    into[size + 1] = step >>> 16
    size += step >>> 24
    state = step & 255
  }
  return ENDS[state] === 1 ? size : HUFFMAN_PADDING
}

/** As `huffmanDecode`, but only counts. */
export function huffmanCount(bytes: Uint8Array, start: number, end: number): number {
  let state = HUFFMAN_START
  let size = 0
  for (let at = start; at < end; at++) {
    const step = STEPS[(state << 8) | bytes[at]!]!
    if (step >= STEP_EOS) return HUFFMAN_EOS
    size += step >>> 24
    state = step & 255
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
    const step = STEPS[(state << 8) | bytes[at]!]!
    if (step >= STEP_EOS) return -1 - at
    state = step & 255
  }
  return state
}

/** Whether a string may end in a state that `huffmanWalk` gave. */
export function huffmanMayEnd(state: number): boolean {
  return ENDS[state] === 1
}

/** Code and bits of each octet in one number, its lowest 5 bits the bits; 0 for codes of more than 24. */
const SHORT_CODES = HUFFMAN_CODES.map((code, octet) =>
  HUFFMAN_BITS[octet]! > 24 ? 0 : (code << 5) | HUFFMAN_BITS[octet]!,
)

/** How many octets `text`, one octet a character, takes in Huffman code. */
export function huffmanSize(text: string): number {
  let bits = 0
  for (let i = 0; i < text.length; i++) bits += HUFFMAN_BITS[text.charCodeAt(i) & 255]!
  return (bits + 7) >>> 3
}

/**
 * Writes `text`, one octet a character, in Huffman code at `at`; there is room for `huffmanSize(text)`. Gives the end.
 */
export function huffmanWrite(text: string, into: Uint8Array, at: number): number {
  return writeUpTo(text, into, at, into.length + 1)
}

/**
 * Writes `text` like `huffmanWrite` if the code is shorter than the text, and gives -1 if it is not. There is room for
 * the text and 3 octets more; they may be overwritten.
 */
export function huffmanWriteShorter(text: string, into: Uint8Array, at: number): number {
  return writeUpTo(text, into, at, at + text.length)
}

/** Gives -1 when the end would be at `stop` or behind it. */
function writeUpTo(text: string, into: Uint8Array, at: number, stop: number): number {
  let end = at
  // The lowest `count` bits wait to be written; what stands above them has been.
  let bits = 0
  let count = 0
  for (let i = 0; i < text.length; i++) {
    const octet = text.charCodeAt(i) & 255
    const short = SHORT_CODES[octet]!
    if (short !== 0) {
      bits = (bits << (short & 31)) | (short >>> 5)
      count += short & 31
    } else {
      // Up to 7 bits wait: with more than 24 they would not fit into a number of 32.
      const rest = HUFFMAN_BITS[octet]! - 16
      bits = (bits << rest) | (HUFFMAN_CODES[octet]! >>> 16)
      for (count += rest; count >= 8; count -= 8) into[end++] = bits >>> (count - 8)
      bits = (bits << 16) | (HUFFMAN_CODES[octet]! & 0xffff)
      count += 16
    }
    for (; count >= 8; count -= 8) into[end++] = bits >>> (count - 8)
    if (end >= stop) return -1
  }
  if (count > 0) into[end++] = (bits << (8 - count)) | (255 >>> count)
  return end < stop ? end : -1
}
