/** Where values are written in binary: octets that grow. */

import { UsageError } from '../../core/errors.js'
import { native } from '../../core/native.js'

/**
 * What one value or message may take: 1 GiB - 1, the server's own bound. Beyond it a length would no longer fit its
 * field, and the octets behind would be taken for messages.
 */
export const VALUE_BYTES_MAX = 1_073_741_823

const FIRST_BYTES = 256

const scratch = new DataView(new ArrayBuffer(8))

/**
 * Octets that grow as they are written to. Throws `UsageError` (`PG_VALUE_TOO_LARGE`) before they exceed `bytesMax`.
 */
export class ValueWriter {
  /** Octets written. */
  length = 0

  readonly #bytesMax: number
  #memory: Uint8Array = native.allocate(FIRST_BYTES)

  constructor(bytesMax: number = VALUE_BYTES_MAX) {
    this.#bytesMax = bytesMax
  }

  /** What was written: a view, valid until the next write. */
  get octets(): Uint8Array {
    return this.#memory.subarray(0, this.length)
  }

  /** Gives what was written away, and goes on in other memory with room for `capacityBytes`. */
  take(capacityBytes: number): Uint8Array {
    const { octets } = this
    this.#memory = native.allocate(capacityBytes)
    this.length = 0
    return octets
  }

  /** Octets that the memory has room for before it grows. */
  get capacityBytes(): number {
    return this.#memory.length
  }

  /** Forgets what was written and keeps the memory. */
  clear(): void {
    this.length = 0
  }

  /** One octet, of which the low 8 bits count. */
  int8(value: number): void {
    const at = this.#room(1)
    this.#memory[at] = value
  }

  /** 16 bits in network order, signed or not. */
  int16(value: number): void {
    const at = this.#room(2)
    this.#memory[at] = value >> 8
    this.#memory[at + 1] = value
  }

  /** 32 bits in network order, signed or not. */
  int32(value: number): void {
    this.setInt32(this.#room(4), value)
  }

  /** 64 bits in network order. */
  int64(value: bigint): void {
    this.int32(Number(BigInt.asIntN(32, value >> 32n)))
    this.int32(Number(BigInt.asIntN(32, value)))
  }

  /** A float of 32 bits: the nearest to `value`. */
  float4(value: number): void {
    scratch.setFloat32(0, value)
    this.int32(scratch.getInt32(0))
  }

  /** A float of 64 bits. */
  float8(value: number): void {
    scratch.setFloat64(0, value)
    this.int32(scratch.getInt32(0))
    this.int32(scratch.getInt32(4))
  }

  /** Octets, copied. */
  bytes(value: Uint8Array): void {
    const at = this.#room(value.length)
    this.#memory.set(value, at)
  }

  /** Text as UTF-8. */
  utf8(text: string): void {
    const size = native.utf8Length(text)
    const at = this.#room(size)
    native.utf8Write(this.#memory.subarray(at, at + size), text, 0)
  }

  /** Begins a part that stands behind its own length; `endSized` takes what this returns. */
  beginSized(): number {
    this.int32(0)
    return this.length
  }

  /** Ends the part that began at `at` and writes its length before it. */
  endSized(at: number): void {
    this.setInt32(at - 4, this.length - at)
  }

  /** Writes 32 bits over those that stand at `at`, counted from the first octet written. */
  setInt32(at: number, value: number): void {
    const memory = this.#memory
    memory[at] = value >> 24
    memory[at + 1] = value >> 16
    memory[at + 2] = value >> 8
    memory[at + 3] = value
  }

  /** Writes 16 bits over those that stand at `at`. */
  setInt16(at: number, value: number): void {
    const memory = this.#memory
    memory[at] = value >> 8
    memory[at + 1] = value
  }

  #room(size: number): number {
    const at = this.length
    const needed = at + size
    if (needed > this.#bytesMax)
      throw new UsageError('PG_VALUE_TOO_LARGE', `values of ${needed} octets, at most ${this.#bytesMax} can be sent`)
    if (needed > this.#memory.length) {
      const memory = native.allocate(Math.max(needed, this.#memory.length * 2))
      memory.set(this.#memory.subarray(0, at))
      this.#memory = memory
    }
    this.length = needed
    return at
  }
}
