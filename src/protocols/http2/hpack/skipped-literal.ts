/** A literal that no cap has room for: its octets are checked and dropped as they come, none of them is kept. */

import { HpackFault } from './faults.js'
import { HUFFMAN_START, huffmanMayEnd, huffmanWalk } from './huffman.js'
import { INCOMPLETE, type IntegerReader, TOO_LARGE } from './integer-reader.js'

const Part = { none: 0, name: 1, valueSize: 2, value: 3 } as const
type Part = (typeof Part)[keyof typeof Part]

/** For the state of a string that is not in Huffman code. */
const PLAIN = -1

/** One literal that is being skipped. */
export class SkippedLiteral {
  /** What is wrong with it, 0 for nothing. */
  fault = 0
  /** Where the fault is. */
  faultAt = 0
  /** Whether the peer added the literal to its table. */
  readonly isIndexed: boolean
  #part: Part
  #left: number
  #state: number

  private constructor(part: Part, size: number, isHuffman: boolean, isIndexed: boolean) {
    this.isIndexed = isIndexed
    this.#part = part
    this.#left = size
    this.#state = isHuffman ? HUFFMAN_START : PLAIN
  }

  /** The name is too long: `size` octets, the first of which comes next; then follows the value. */
  static fromName(size: number, isHuffman: boolean, isIndexed: boolean): SkippedLiteral {
    return new SkippedLiteral(Part.name, size, isHuffman, isIndexed)
  }

  /** The value is too long: `size` octets, the first of which comes next. */
  static fromValue(size: number, isHuffman: boolean, isIndexed: boolean): SkippedLiteral {
    return new SkippedLiteral(Part.value, size, isHuffman, isIndexed)
  }

  /** Whether there is more of it to come. */
  get isOpen(): boolean {
    return this.#part !== Part.none
  }

  /**
   * Takes octets. Gives the position behind them: that of the first octet which has to come again with more of them,
   * when the literal is still open. Look for a fault then.
   */
  take(bytes: Uint8Array, start: number, end: number, reader: IntegerReader): number {
    let at = start
    while (this.isOpen) {
      if (this.#part === Part.valueSize) {
        const size = reader.stringSize(bytes, at, end)
        if (size === TOO_LARGE) return this.#fail(HpackFault.integerTooLarge, reader.next)
        if (size === INCOMPLETE) return at
        at = reader.next
        this.#part = Part.value
        this.#left = size
        this.#state = reader.isHuffman ? HUFFMAN_START : PLAIN
      }
      const stop = Math.min(end, at + this.#left)
      if (this.#state !== PLAIN) {
        const state = huffmanWalk(bytes, at, stop, this.#state)
        if (state < 0) return this.#fail(HpackFault.huffmanEos, -1 - state)
        this.#state = state
      }
      this.#left -= stop - at
      at = stop
      if (this.#left > 0) return at
      if (this.#state !== PLAIN && !huffmanMayEnd(this.#state)) return this.#fail(HpackFault.huffmanPadding, at - 1)
      this.#part = this.#part === Part.name ? Part.valueSize : Part.none
    }
    return at
  }

  #fail(fault: number, at: number): number {
    this.fault = fault
    this.faultAt = at
    return at
  }
}
