/**
 * A field block in the making: HEADERS or PUSH_PROMISE and the CONTINUATION frames behind it (RFC 9113 section 4.3).
 * Each fragment is decoded when its frame is complete, so that nothing of it is kept.
 */

import { kindOf } from './field-kinds.js'
import { HpackDecoder } from './hpack/decoder.js'
import type { Http2Limits } from './limits.js'

/** A block up to this size is compared with the one before. */
const REPEATED_BYTES_MAX = 256

/** Fields that are no regular ones: pseudo-header fields. */
const PSEUDO_COUNT_MAX = 8

const NOTHING = new Uint8Array(0)

/** The blocks of one direction of a connection. `Meaning` is what the role makes of one. */
export class FieldBlock<Meaning> {
  readonly decoder: HpackDecoder
  /** A block is under way: only CONTINUATION may follow. */
  open = false
  streamId = 0
  endStream = false
  /** The promised stream, or 0 for a block of HEADERS. */
  promisedId = 0
  /** It was said to depend on its own stream (RFC 7540 section 5.3.1). */
  selfDependent = false
  /** Where its first frame began in the connection's input. */
  offset = 0
  /** CONTINUATION frames so far. */
  continuations = 0
  /** What the block means: kept while the same one comes again, which is not decoded then. */
  meaning: Meaning | undefined

  #memory: Uint8Array | undefined
  #last: Uint8Array = NOTHING
  /** The state of the decoder's table that the last block was read with. */
  #generation = -1

  constructor(limits: Http2Limits) {
    this.decoder = new HpackDecoder({
      sectionBytesMax: limits.fieldBytesMax,
      fieldCountMax: limits.fieldCountMax + limits.crumbCountMax + PSEUDO_COUNT_MAX,
      classify: kindOf,
    })
  }

  /** Begins a block. */
  begin(streamId: number, promisedId: number, endStream: boolean, offset: number): void {
    this.open = true
    this.streamId = streamId
    this.promisedId = promisedId
    this.endStream = endStream
    this.offset = offset
    this.continuations = 0
  }

  /** Takes a fragment. Gives false when the block cannot be decoded. */
  add(bytes: Uint8Array, at: number, end: number, endHeaders: boolean): boolean {
    const { decoder } = this
    const first = this.continuations === 0
    if (first) {
      if (endHeaders && this.#isRepeated(bytes, at, end)) {
        this.open = false
        return true
      }
      this.meaning = undefined
      this.#generation = decoder.generation
      decoder.begin()
    }
    if (decoder.decode(bytes, at, end) !== 0) return false
    if (!endHeaders) {
      this.#generation = -1
      return true
    }
    this.open = false
    if (decoder.finish() !== 0) return false
    if (first) this.#keep(bytes, at, end)
    return true
  }

  #isRepeated(bytes: Uint8Array, at: number, end: number): boolean {
    const last = this.#last
    const size = end - at
    if (this.meaning === undefined || this.#generation !== this.decoder.generation || last.length !== size) return false
    for (let i = 0; i < size; i++) if (bytes[at + i] !== last[i]) return false
    return true
  }

  /** Keeps a block that did not change the table: the same octets will mean the same again. */
  #keep(bytes: Uint8Array, at: number, end: number): void {
    const size = end - at
    if (size > REPEATED_BYTES_MAX || this.#generation !== this.decoder.generation) {
      this.#generation = -1
      return
    }
    this.#memory ??= new Uint8Array(REPEATED_BYTES_MAX)
    const memory = this.#memory
    for (let i = 0; i < size; i++) memory[i] = bytes[at + i]!
    if (this.#last.length !== size) this.#last = memory.subarray(0, size)
  }
}
