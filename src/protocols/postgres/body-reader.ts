/** Reads the parts of one message. What is beyond its end, or no string, makes it `malformed`; nothing is thrown. */

import { native } from '../core/native.js'

const NOTHING = new Uint8Array(0)

/** The content of the message under way. */
export class BodyReader {
  bytes: Uint8Array = NOTHING
  at = 0
  end = 0
  /** Something that was asked for is not there. What was given for it means nothing. */
  malformed = false

  /** Begins with another message, whose content is between two positions. */
  begin(bytes: Uint8Array, at: number, end: number): void {
    this.bytes = bytes
    this.at = at
    this.end = end
    this.malformed = false
  }

  /** Whether all of the message was read, and nothing was missing. */
  get complete(): boolean {
    return !this.malformed && this.at === this.end
  }

  byte(): number {
    return this.#take(1) ? this.bytes[this.at - 1]! : 0
  }

  /** From 0 to 65,535. */
  uint16(): number {
    return this.#take(2) ? uint16At(this.bytes, this.at - 2) : 0
  }

  int16(): number {
    return (this.uint16() << 16) >> 16
  }

  int32(): number {
    return this.#take(4) ? int32At(this.bytes, this.at - 4) : 0
  }

  /** An object identifier, or a length: from 0 to 4,294,967,295. */
  uint32(): number {
    return this.int32() >>> 0
  }

  /** Text up to the zero octet that ends it. */
  string(): string {
    const end = native.indexOf(this.bytes, 0, this.at)
    if (end < 0 || end >= this.end) {
      this.malformed = true
      return ''
    }
    const text = native.utf8Slice(this.bytes, this.at, end)
    this.at = end + 1
    return text
  }

  /** The next octets as text. */
  text(size: number): string {
    if (size < 0 || !this.#take(size)) {
      this.malformed = true
      return ''
    }
    return native.utf8Slice(this.bytes, this.at - size, this.at)
  }

  /** A copy of the next octets. */
  octets(size: number): Uint8Array {
    if (size < 0 || !this.#take(size)) {
      this.malformed = true
      return NOTHING
    }
    return new Uint8Array(this.bytes.subarray(this.at - size, this.at))
  }

  /** All that is left, copied. */
  rest(): Uint8Array {
    return this.octets(this.end - this.at)
  }

  #take(size: number): boolean {
    if (this.end - this.at < size) {
      this.malformed = true
      return false
    }
    this.at += size
    return true
  }
}

/** The 16 bits at a position, without a sign. */
export function uint16At(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!
}

/** The 32 bits at a position, with a sign. */
export function int32At(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!
}
