/** Field blocks in the making: HPACK into memory that all connections share, which grows as a block needs. */

import { HpackEncoder } from './hpack/encoder.js'

const MEMORY_BYTES = 16_384

let memory = new Uint8Array(MEMORY_BYTES)

/** Room for what a field takes beside its octets: type, two lengths. */
const FIELD_BYTES = 16

/** Encodes the blocks of one direction of a connection. */
export class BlockEncoder {
  readonly #encoder: HpackEncoder
  #at = 0

  /** `tableBytesMax`: octets of the dynamic table that are used at the most. */
  constructor(tableBytesMax: number) {
    this.#encoder = new HpackEncoder({ tableBytesMax })
  }

  /** Grows with each change of the dynamic table. */
  get generation(): number {
    return this.#encoder.generation
  }

  /** The peer's decoder allows so much of a table. */
  setPeerTableBytesMax(bytes: number): void {
    this.#encoder.setPeerTableBytesMax(bytes)
  }

  /** Begins a block. */
  begin(): void {
    this.#at = this.#encoder.begin(memory, 0)
  }

  /** Begins a block behind 32 bits of something else. */
  beginBehind(value: number): void {
    memory[0] = value >>> 24
    memory[1] = value >>> 16
    memory[2] = value >>> 8
    memory[3] = value
    this.#at = this.#encoder.begin(memory, 4)
  }

  /** Adds `:status`. */
  status(code: number): void {
    this.#at = this.#encoder.status(code, memory, this.#at)
  }

  /** Adds a field, which was checked: a name in lower case, characters below 256. */
  field(name: string, value: string): void {
    const room = name.length + value.length + FIELD_BYTES
    if (memory.length - this.#at < room) grow(this.#at + room)
    this.#at = this.#encoder.field(name, value, memory, this.#at)
  }

  /** The block; valid until the next one begins anywhere. */
  end(): Uint8Array {
    const block = memory.subarray(0, this.#at)
    // One large block must not stay for ever.
    if (memory.length > MEMORY_BYTES) memory = new Uint8Array(MEMORY_BYTES)
    return block
  }
}

function grow(size: number): void {
  const larger = new Uint8Array(size * 2)
  larger.set(memory)
  memory = larger
}
