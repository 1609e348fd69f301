/**
 * Takes the text of arrays, ranges and composites apart. All three quote in the same way (PostgreSQL documentation,
 * sections 8.15.6, 8.16.6 and 8.17.5): what stands between double quotes is plain but for a backslash, which makes the
 * next character plain, and a doubled quote, which is one.
 */

import { native } from '../../core/native.js'
import { ValueError } from './value-error.js'

const QUOTE = 0x22
const BACKSLASH = 0x5c

/** Reads pieces from `at` on, one after the other. After `read`, the piece stands in `source` from `from` to `to`. */
export class PieceReader {
  /** Position of the next octet to be read. */
  at: number

  /** The octets in which the last piece stands: those that were given, or a copy without quotes. */
  source: Uint8Array
  /** Where it begins there. */
  from = 0
  /** Where it ends there. */
  to = 0
  /** Whether any of it was quoted: then it is neither NULL nor missing, even when it is empty. */
  quoted = false

  readonly typeName: string
  readonly end: number
  readonly #octets: Uint8Array

  constructor(typeName: string, octets: Uint8Array, start: number, end: number) {
    this.typeName = typeName
    this.#octets = octets
    this.source = octets
    this.at = start
    this.end = end
  }

  /** The next octet, or -1 at the end. */
  peek(): number {
    return this.at < this.end ? this.#octets[this.at]! : -1
  }

  /** The next octet, which is taken, or -1 at the end. */
  take(): number {
    return this.at < this.end ? this.#octets[this.at++]! : -1
  }

  /** Takes an octet that must stand here. */
  expect(octet: number): void {
    if (this.take() !== octet) throw this.fault(`expected ${String.fromCharCode(octet)}`)
  }

  /** What is wrong at the current position. */
  fault(reason: string): ValueError {
    return new ValueError(this.typeName, this.at, reason)
  }

  /** Reads up to the next octet that is one of the three and not quoted, which stays; the end is a fault. */
  read(delimiter: number, close: number, otherClose: number = close): void {
    const octets = this.#octets
    const end = this.end
    const from = this.at
    let at = from
    let quotes = 0
    let escaped = false
    for (; at < end; at++) {
      const octet = octets[at]!
      if (octet === QUOTE) quotes++
      else if (octet === BACKSLASH) {
        escaped = true
        at++
      } else if (quotes % 2 === 0 && (octet === delimiter || octet === close || octet === otherClose)) break
    }
    this.at = Math.min(at, end)
    if (at >= end) throw this.fault('expected the end of a value')
    this.quoted = quotes > 0
    if (quotes === 0 && !escaped) this.#found(octets, from, at)
    else if (quotes === 2 && !escaped && octets[from] === QUOTE && octets[at - 1] === QUOTE)
      this.#found(octets, from + 1, at - 1)
    else this.#unquote(from, at)
  }

  #found(source: Uint8Array, from: number, to: number): void {
    this.source = source
    this.from = from
    this.to = to
  }

  #unquote(from: number, to: number): void {
    const octets = this.#octets
    const plain = native.allocate(to - from)
    let length = 0
    let inQuotes = false
    for (let at = from; at < to; at++) {
      let octet = octets[at]!
      if (octet === QUOTE) {
        const doubled = inQuotes && at + 1 < to && octets[at + 1] === QUOTE
        if (!doubled) {
          inQuotes = !inQuotes
          continue
        }
        at++
      } else if (octet === BACKSLASH) octet = octets[++at]!
      plain[length++] = octet
    }
    this.#found(plain, 0, length)
  }
}

const TO_ESCAPE = /["\\]/g

/** A piece as it is written: between quotes. */
export function quotedText(text: string): string {
  return `"${text.replace(TO_ESCAPE, '\\$&')}"`
}
