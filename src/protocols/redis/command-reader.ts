/** Octets into commands: arrays of bulk strings, or lines that somebody has typed. */

import type { Input } from '../core/input.js'
import { native } from '../core/native.js'
import { ElementReader, NO_LENGTH, NOTHING } from './element-reader.js'
import { inlineWords } from './inline-command.js'
import { ReplyTypes } from './reply-types.js'

/** What `read` gives. */
export const READ_MORE = 0
export const READ_COMMAND = 1
export const READ_FAULT = 2

const LF = 0x0a

/** As many words as our own client sends. Each takes memory of its own, and so much more than it has on the wire. */
const WORDS_MAX = 1_048_576

/** Reads the commands of one connection. */
export class CommandReader extends ElementReader {
  /** The words of a command, behind `READ_COMMAND`. */
  words: Uint8Array[] = []

  /** Words of an array that are still to come. */
  #left = 0
  /** Where the command must have ended: an absolute position. */
  #endMax = 0

  /** Whether a part of a command was read. */
  get inside(): boolean {
    return this.#left > 0
  }

  /** Reads on, up to the end of a command. Empty ones are passed over. */
  read(input: Input): number {
    const { bytes, end } = input
    const origin = input.position(0)
    this.endMax = this.#endMax - origin
    while (input.at < end) {
      const { at } = input
      const word = this.#left > 0 ? this.#word(bytes, at, end) : this.#begin(bytes, at, end, origin)
      if (this.fault !== undefined) return READ_FAULT
      if (word === NOTHING && this.next < 0) return READ_MORE
      input.at = this.next
      if (word !== NOTHING) this.words.push(word)
      if (this.#left === 0 && this.words.length > 0) return READ_COMMAND
    }
    return READ_MORE
  }

  /** The words of the command; the reader keeps them no longer. */
  take(): Uint8Array[] {
    const { words } = this
    this.words = []
    return words
  }

  /** The length of an array, or a whole line. */
  #begin(bytes: Uint8Array, at: number, end: number, origin: number): typeof NOTHING {
    if (bytes[at] !== ReplyTypes.array) return this.#line(bytes, at, end)
    const count = this.length(bytes, at, end)
    if (count === NO_LENGTH) return NOTHING
    const max = Math.min(this.limits.elementsMax, WORDS_MAX)
    if (count > max) return this.fail('REDIS_ELEMENTS', at, max, count)
    if (count < -1) return this.fail('REDIS_LENGTH', at + 1)
    this.endMax = at + this.limits.replyBytesMax
    this.#endMax = origin + this.endMax
    this.#left = Math.max(count, 0)
    return NOTHING
  }

  #word(bytes: Uint8Array, at: number, end: number): Uint8Array | typeof NOTHING {
    if (bytes[at] !== ReplyTypes.bulk) return this.fail('REDIS_COMMAND', at, -1, bytes[at])
    const length = this.length(bytes, at, end)
    if (length === NO_LENGTH) return NOTHING
    if (length < 0) return this.fail('REDIS_LENGTH', at + 1)
    const { bulkBytesMax, lineBytesMax } = this.limits
    // The name is a text.
    const max = this.words.length === 0 ? Math.min(bulkBytesMax, lineBytesMax) : bulkBytesMax
    if (length > max) return this.fail('REDIS_BULK_TOO_LARGE', at, max, length)
    const start = this.next
    if (!this.hasBody(bytes, at, length, end)) return NOTHING
    this.#left--
    return new Uint8Array(bytes.subarray(start, start + length))
  }

  /** A line, which may end in LF alone. */
  #line(bytes: Uint8Array, at: number, end: number): typeof NOTHING {
    this.next = -1
    const { lineBytesMax } = this.limits
    const found = native.indexOf(bytes, LF, at + this.searched)
    // Behind the input there is nothing but zeros.
    const lineEnd = found < 0 ? end : found
    if (lineEnd - at > lineBytesMax) return this.fail('REDIS_INLINE_TOO_LONG', at + lineBytesMax, lineBytesMax)
    if (lineEnd === end) {
      this.searched = end - at
      return NOTHING
    }
    this.searched = 0
    const words = inlineWords(native.latin1Slice(bytes, at, lineEnd))
    if (words === undefined) return this.fail('REDIS_INLINE', at)
    this.next = lineEnd + 1
    this.words = words
    return NOTHING
  }
}
