/** The content of a large file, read as it is taken. */

import { closeSync, read } from 'node:fs'
import type { ByteRange } from '../range.js'

/** Octets of one read: large enough to keep the trips to the thread pool few, small enough for many slow readers. */
const CHUNK_BYTES = 65_536

/** A piece of what is sent: octets of ours, or a range of the file. */
export type FilePiece = Uint8Array | ByteRange

/**
 * Owns an open descriptor and gives the pieces in order, a file range in chunks of at most 64 KiB that belong to the
 * taker. The descriptor is closed at the end, with an error, and by `return()`, which the taker calls if it stops
 * before. A file that has become shorter than announced ends it with an error; one that has grown is cut to what was
 * announced.
 */
export class FileContent implements AsyncIterableIterator<Uint8Array> {
  readonly #descriptor: number
  readonly #pieces: readonly FilePiece[]
  #piece = 0
  /** Octets of the current piece that were given out. */
  #given = 0
  #open = true
  #reading = false

  constructor(descriptor: number, pieces: readonly FilePiece[]) {
    this.#descriptor = descriptor
    this.#pieces = pieces
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  /** One call at a time. */
  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    if (this.#reading) throw new Error('the next chunk was asked for before the last one had come')
    const piece = this.#pieces[this.#piece]
    if (!this.#open || piece === undefined) return this.return()
    if (piece instanceof Uint8Array) {
      this.#piece++
      return { done: false, value: piece }
    }
    const position = piece.start + this.#given
    const chunk = Buffer.allocUnsafeSlow(Math.min(CHUNK_BYTES, piece.end - position))
    let count = 0
    this.#reading = true
    try {
      count = await this.#read(chunk, position)
      if (count === 0) throw new Error(`the file ended at ${position} while octets up to ${piece.end} were being sent`)
    } catch (error) {
      this.#open = false
      throw error
    } finally {
      this.#reading = false
      if (!this.#open) closeSync(this.#descriptor)
    }
    if (!this.#open) return { done: true, value: undefined }
    this.#given += count
    if (position + count === piece.end) {
      this.#piece++
      this.#given = 0
    }
    return { done: false, value: count === chunk.length ? chunk : chunk.subarray(0, count) }
  }

  async return(): Promise<IteratorReturnResult<undefined>> {
    if (this.#open) {
      this.#open = false
      // A descriptor that is being read from must stay ours until the read is over.
      if (!this.#reading) closeSync(this.#descriptor)
    }
    return { done: true, value: undefined }
  }

  #read(into: Uint8Array, position: number): Promise<number> {
    return new Promise((resolve, reject) => {
      read(this.#descriptor, into, 0, into.length, position, (error, count) => {
        if (error) reject(error)
        else resolve(count)
      })
    })
  }
}
