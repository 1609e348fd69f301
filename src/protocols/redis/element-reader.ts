/** The elements that RESP is made of: lengths, lines, and strings of a length. What is not whole is looked at again. */

import { native } from '../core/native.js'
import type { RedisFaultCode } from './errors.js'
import type { RedisLimits } from './limits.js'

const CR = 0x0d
const LF = 0x0a
const ZERO = 0x30
const MINUS = 0x2d
const QUESTION = 0x3f

/** What stands in the place of a length. */
export const NULL_LENGTH = -1
export const STREAMED = -2
export const NO_LENGTH = -3

const LENGTH_DIGITS_MAX = 10
export const CRLF_BYTES = 2
export const OK_BYTES = 5

/** Up to here a loop is faster than a native call. */
const LOOP_BYTES_MAX = 32

/** What went wrong, and where: `at` is an index of the input. */
export interface ReadFault {
  readonly code: RedisFaultCode
  readonly at: number
  readonly limit: number
  readonly got: number
}

/** Stands for a value that is not complete, or for none. */
export const NOTHING: unique symbol = Symbol('nothing')

/** Reads elements of one connection. Positions are indexes of the input. */
export abstract class ElementReader {
  /** What is wrong with the input; undefined when nothing is. */
  fault: ReadFault | undefined

  protected readonly limits: RedisLimits
  /** Behind the element that was read; -1 when it is not whole. */
  protected next = 0
  /** Octets of an incomplete line that hold no CR. */
  protected searched = 0
  /** Where the reply or the command must have ended. */
  protected endMax: number = Infinity

  constructor(limits: RedisLimits) {
    this.limits = limits
  }

  /**
   * Whether the string of so many octets, with its CRLF, is there whose length was read at `at`; `next` is behind it
   * then.
   */
  protected hasBody(bytes: Uint8Array, at: number, length: number, end: number): boolean {
    const behind = this.next + length
    this.next = -1
    if (behind + CRLF_BYTES > this.endMax) this.failed('REDIS_REPLY_TOO_LARGE', at, this.limits.replyBytesMax)
    else if (behind < end && bytes[behind] !== CR) this.failed('REDIS_LINE', behind)
    else if (behind + 1 < end && bytes[behind + 1] !== LF) this.failed('REDIS_LINE', behind + 1)
    else if (behind + 1 < end) {
      this.next = behind + CRLF_BYTES
      return true
    }
    return false
  }

  /**
   * The number behind a type, or what stands for one; NO_LENGTH with a fault, or when more octets are needed. `next`
   * is behind it then.
   */
  protected length(bytes: Uint8Array, at: number, end: number): number {
    // Most have one digit.
    const only = bytes[at + 1]! - ZERO
    if (only >= 0 && only <= 9 && at + 4 <= end && bytes[at + 2] === CR && bytes[at + 3] === LF) {
      this.next = at + 4
      return only
    }
    this.next = -1
    let next = at + 1
    let value = 0
    let digit = next < end ? bytes[next]! - ZERO : 0
    while (next < end && digit >= 0 && digit <= 9 && next - at <= LENGTH_DIGITS_MAX) {
      value = value * 10 + digit
      digit = bytes[++next]! - ZERO
    }
    const digits = next - at - 1
    if (digits === 0) {
      const special = this.#specialLength(bytes, at, end)
      if (special === NO_LENGTH) return NO_LENGTH
      value = special
      next = special === NULL_LENGTH ? at + 3 : at + 2
    } else if (digits > 1 && bytes[at + 1] === ZERO) return this.#noLength(at + 1)
    if (next < end && bytes[next] !== CR) return this.#noLength(next)
    if (next + 1 >= end) return NO_LENGTH
    if (bytes[next + 1] !== LF) {
      this.failed('REDIS_LINE', next + 1)
      return NO_LENGTH
    }
    this.next = next + CRLF_BYTES
    return value
  }

  /** `-1` or `?`. */
  #specialLength(bytes: Uint8Array, at: number, end: number): number {
    if (at + 1 >= end) return NO_LENGTH
    if (bytes[at + 1] === QUESTION) return STREAMED
    if (bytes[at + 1] !== MINUS) return this.#noLength(at + 1)
    if (at + 2 >= end) return NO_LENGTH
    return bytes[at + 2] === ZERO + 1 ? NULL_LENGTH : this.#noLength(at + 2)
  }

  #noLength(at: number): number {
    this.failed('REDIS_LENGTH', at)
    return NO_LENGTH
  }

  /** Where the line that begins at `at` ends; -1 with a fault, or when more octets are needed. */
  protected lineEnd(bytes: Uint8Array, at: number, end: number): number {
    this.next = -1
    const max = this.limits.lineBytesMax
    const from = at + 1 + this.searched
    const cr = carriageReturn(bytes, from, end)
    const lineEnd = cr < 0 ? end : cr
    const lf = lineFeed(bytes, from, Math.min(lineEnd, at + 1 + max))
    if (lf >= 0) this.failed('REDIS_LINE', lf)
    else if (lineEnd - at - 1 > max) this.failed('REDIS_LINE_TOO_LONG', at + 1 + max, max)
    else if (cr >= 0 && cr + 1 < end && bytes[cr + 1] !== LF) this.failed('REDIS_LINE', cr + 1)
    else if (cr >= 0 && cr + 1 < end) {
      this.next = cr + CRLF_BYTES
      this.searched = 0
      return cr
    } else this.searched = lineEnd - at - 1
    return -1
  }

  protected fail(code: RedisFaultCode, at: number, limit = -1, got = -1): typeof NOTHING {
    this.failed(code, at, limit, got)
    return NOTHING
  }

  protected failed(code: RedisFaultCode, at: number, limit = -1, got = -1): void {
    this.fault = { code, at, limit, got }
  }
}

function carriageReturn(bytes: Uint8Array, from: number, end: number): number {
  const loopEnd = Math.min(from + LOOP_BYTES_MAX, end)
  for (let at = from; at < loopEnd; at++) if (bytes[at] === CR) return at
  // Behind the input there is nothing but zeros.
  return loopEnd === end ? -1 : native.indexOf(bytes, CR, loopEnd)
}

function lineFeed(bytes: Uint8Array, from: number, end: number): number {
  for (let at = from; at < end; at++) if (bytes[at] === LF) return at
  return -1
}

/** The most frequent reply: `+OK` with its CRLF. */
export function isOk(bytes: Uint8Array, at: number, end: number): boolean {
  return (
    at + OK_BYTES <= end &&
    bytes[at + 1] === 0x4f &&
    bytes[at + 2] === 0x4b &&
    bytes[at + 3] === CR &&
    bytes[at + 4] === LF
  )
}
