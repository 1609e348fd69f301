/** Writes frames (RFC 6455 section 5.2): the head and the payload, masked where the role asks for it. */

import { native } from '../core/native.js'
import type { OutputQueue } from '../core/output.js'
import { mask, maskInto, wordMemory } from './mask.js'
import { LENGTH_16, LENGTH_64, MASKED } from './reader.js'

/** Room for the longest head. */
const HEAD_BYTES_MAX = 14

/** Up to this size a payload is written behind its head in one piece; larger ones pass through, or are masked apart. */
const INLINE_BYTES_MAX = 8192

/** Up to this size a loop over the characters is faster than asking for their length and a native write. */
const LOOP_CHARS_MAX = 40

/** How many octets the head of an unmasked frame takes. */
export function headBytes(length: number): number {
  return length < LENGTH_16 ? 2 : length < 0x1_0000 ? 4 : 10
}

/** Writes first octet and length at `at`; gives the position behind. `maskBit` is 0 or `MASKED`. */
export function writeHead(into: Uint8Array, at: number, first: number, length: number, maskBit: number): number {
  into[at] = first
  if (length < LENGTH_16) {
    into[at + 1] = length | maskBit
    return at + 2
  }
  if (length < 0x1_0000) {
    into[at + 1] = LENGTH_16 | maskBit
    into[at + 2] = length >>> 8
    into[at + 3] = length
    return at + 4
  }
  into[at + 1] = LENGTH_64 | maskBit
  const high = Math.floor(length / 0x1_0000_0000)
  for (let i = 0; i < 4; i++) {
    into[at + 2 + i] = high >>> (24 - i * 8)
    into[at + 6 + i] = length >>> (24 - i * 8)
  }
  return at + 10
}

/** Writes the frames of one connection into its output. */
export class FrameWriter {
  readonly #out: OutputQueue
  readonly #maskingKey: (() => number) | undefined

  /** `maskingKey` gives 32 bits that nobody can foresee, for each frame of a client (RFC 6455 section 10.3). */
  constructor(out: OutputQueue, maskingKey: (() => number) | undefined) {
    this.#out = out
    this.#maskingKey = maskingKey
  }

  /** Whether frames are masked. */
  get masks(): boolean {
    return this.#maskingKey !== undefined
  }

  /** Writes a frame. Large octets are given away. */
  octets(first: number, payload: Uint8Array): void {
    const out = this.#out
    const length = payload.length
    if (length > INLINE_BYTES_MAX) {
      this.#large(first, payload)
      return
    }
    const start = out.reserve(HEAD_BYTES_MAX + length)
    const memory = out.memory
    const at = this.#head(memory, start, first, length)
    memory.set(payload, at)
    this.#finish(memory, at, at + length)
  }

  /** Writes a frame with text as UTF-8; a lone surrogate becomes U+FFFD. */
  text(first: number, text: string): void {
    if (text.length <= LOOP_CHARS_MAX && this.#ascii(first, text)) return
    const out = this.#out
    const length = native.utf8Length(text)
    if (length > INLINE_BYTES_MAX) {
      const payload = native.allocate(length)
      writeText(payload, text, length, 0)
      this.#large(first, payload)
      return
    }
    const start = out.reserve(HEAD_BYTES_MAX + length)
    const memory = out.memory
    const at = this.#head(memory, start, first, length)
    writeText(memory, text, length, at)
    this.#finish(memory, at, at + length)
  }

  /** Writes text whose characters are all ASCII; otherwise nothing, and gives false. */
  #ascii(first: number, text: string): boolean {
    const out = this.#out
    const length = text.length
    const start = out.reserve(HEAD_BYTES_MAX + length)
    const memory = out.memory
    const at = this.#head(memory, start, first, length)
    for (let i = 0; i < length; i++) {
      const code = text.charCodeAt(i)
      if (code > 0x7f) return false
      memory[at + i] = code
    }
    this.#finish(memory, at, at + length)
    return true
  }

  #large(first: number, payload: Uint8Array): void {
    const out = this.#out
    const start = out.reserve(HEAD_BYTES_MAX)
    const at = this.#head(out.memory, start, first, payload.length)
    out.commit(at)
    if (this.#maskingKey === undefined) {
      out.append(payload)
      return
    }
    const masked = wordMemory(payload.length, native.allocate)
    maskInto(payload, 0, payload.length, masked, 0, this.#key, 0)
    out.append(masked.octets.subarray(0, payload.length))
  }

  /** The key of the frame under way. */
  #key = 0

  #head(memory: Uint8Array, start: number, first: number, length: number): number {
    if (this.#maskingKey === undefined) return writeHead(memory, start, first, length, 0)
    const at = writeHead(memory, start, first, length, MASKED)
    const key = this.#maskingKey()
    this.#key = key
    memory[at] = key >>> 24
    memory[at + 1] = key >>> 16
    memory[at + 2] = key >>> 8
    memory[at + 3] = key
    return at + 4
  }

  /** The payload is in place from `at` to `end`. */
  #finish(memory: Uint8Array, at: number, end: number): void {
    if (this.#maskingKey !== undefined) mask(memory, at, end, memory, at, this.#key, 0)
    this.#out.commit(end)
  }
}

/** Writes text that takes `length` octets; if that is one a character, they are all ASCII, which is copied. */
function writeText(into: Uint8Array, text: string, length: number, at: number): void {
  if (length === text.length) native.latin1Write(into, text, at)
  else native.utf8Write(into, text, at)
}
