/**
 * The bytes that an engine has ready. Small pieces are appended by index into a pooled block; large ones pass through
 * uncopied. A region that was handed out is never written again: a block is filled once, from front to back.
 */

import { native } from './native.js'

/** Big enough for some hundred response heads, small enough that one slow reader pins little memory. */
const BLOCK_BYTES = 65_536

/** Up to this size a copy is cheaper than a buffer of its own in the write call. */
const COPY_BYTES_MAX = 8192

/** Up to this size a loop is faster than a native call. */
const LOOP_CHARS_MAX = 24

/** Large octets leave in pieces, so that what a slow peer has not taken stays here, where it is counted and timed. */
const TAKE_BYTES_MAX = 131_072

/**
 * One block for all connections, so that an idle one owns none. Only one queue at a time has its region open at the end
 * of the block; another one that wants to append seals that region first.
 */
let block = native.allocate(BLOCK_BYTES)
let used = 0
let owner: OutputQueue | undefined

/** What a queue has sealed while that is nothing: most never seal anything, and idle ones own no list. */
const NOTHING: Uint8Array[] = []

/** A queue of output for one connection. */
export class OutputQueue {
  /** Octets queued and not yet taken. */
  bytes = 0

  #sealed: Uint8Array[] = NOTHING
  #start = 0

  /** Appends text whose characters are all below 256. */
  latin1(text: string): void {
    const size = text.length
    // Making room may open another block, so it comes before `block` is looked at; here and below.
    const at = this.#room(size)
    if (size > LOOP_CHARS_MAX) {
      native.latin1Write(block, text, at)
      return
    }
    for (let i = 0; i < size; i++) block[at + i] = text.charCodeAt(i)
  }

  /** Appends text as UTF-8; `size` is its length in octets. */
  utf8(text: string, size: number): void {
    const at = this.#room(size)
    native.utf8Write(block, text, at)
  }

  /** Appends octets. Large ones are queued as they are: the caller gives them away. */
  append(octets: Uint8Array): void {
    if (octets.length <= COPY_BYTES_MAX) {
      const at = this.#room(octets.length)
      block.set(octets, at)
      return
    }
    this.pass(octets)
  }

  /** Queues octets as they are, whatever their size: nobody writes into them any more. */
  pass(octets: Uint8Array): void {
    if (owner === this) this.#seal()
    this.#push(octets)
    this.bytes += octets.length
  }

  /**
   * Makes room for `size` octets in one piece and gives the position in `memory` from which they may be written.
   * `commit` must follow before anything else is appended anywhere.
   */
  reserve(size: number): number {
    if (owner !== this || block.length - used < size) this.#open(size)
    return used
  }

  /** The memory in which `reserve` makes room. */
  get memory(): Uint8Array {
    return block
  }

  /** Takes what was written behind `reserve` up to the position `end`. */
  commit(end: number): void {
    this.bytes += end - used
    used = end
  }

  /** The next octets in order, or undefined. They belong to the caller. */
  take(): Uint8Array | undefined {
    if (owner === this && this.#sealed.length === 0) {
      const octets = this.#cut()
      this.bytes -= octets.length
      return octets
    }
    const first = this.#sealed[0]
    if (first === undefined) return undefined
    if (first.length <= TAKE_BYTES_MAX) {
      if (this.#sealed.length === 1) this.#sealed = NOTHING
      else this.#sealed.shift()
      this.bytes -= first.length
      return first
    }
    this.#sealed[0] = first.subarray(TAKE_BYTES_MAX)
    this.bytes -= TAKE_BYTES_MAX
    return first.subarray(0, TAKE_BYTES_MAX)
  }

  /** Forgets what was not taken. */
  clear(): void {
    if (owner === this) owner = undefined
    this.#sealed = NOTHING
    this.bytes = 0
  }

  /** Makes room for `size` octets at the end of this queue and gives their position in the block. */
  #room(size: number): number {
    if (owner !== this || block.length - used < size) this.#open(size)
    const at = used
    used += size
    this.bytes += size
    return at
  }

  #open(size: number): void {
    if (owner !== undefined) owner.#seal()
    if (block.length - used < size) {
      block = native.allocate(Math.max(size, BLOCK_BYTES))
      used = 0
    }
    owner = this
    this.#start = used
  }

  #seal(): void {
    const octets = this.#cut()
    // Room may have been made and given up for larger one.
    if (octets.length > 0) this.#push(octets)
  }

  #push(octets: Uint8Array): void {
    if (this.#sealed === NOTHING) this.#sealed = [octets]
    else this.#sealed.push(octets)
  }

  #cut(): Uint8Array {
    owner = undefined
    return block.subarray(this.#start, used)
  }
}
