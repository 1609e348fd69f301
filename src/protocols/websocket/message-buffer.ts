/**
 * Where a message is put together. Memory grows with what came, never with what was announced: it doubles, so that many
 * small frames cost linear time, but not beyond what can still come.
 */

import { native } from '../core/native.js'
import { maskInto, type WordMemory, wordMemory } from './mask.js'

/** Small messages are cut from one block, like Node's own small Buffers: each of them alone would cost more. */
const SLAB_BYTES = 8192
/** Up to this size. */
export const SLABBED_BYTES_MAX = 1024

let slab = native.allocate(SLAB_BYTES)
let slabUsed = 0

/** Memory of `size` octets that nobody else has; what it holds is undefined. */
export function ownedMemory(size: number): Uint8Array {
  if (size > SLABBED_BYTES_MAX) return native.allocate(size)
  if (SLAB_BYTES - slabUsed < size) {
    slab = native.allocate(SLAB_BYTES)
    slabUsed = 0
  }
  const memory = slab.subarray(slabUsed, slabUsed + size)
  slabUsed += size
  return memory
}

/**
 * Memory of texts that became strings: nobody has it any more, so the next text may use it. Little is kept, for all
 * connections together.
 */
const spares: WordMemory[] = []
const SPARES_MAX = 8
const SPARE_BYTES_MAX = 131_072

const WORD_BYTES = 4

/** A message of which not everything is there. */
export class MessageBuffer {
  /** Octets so far. */
  size = 0
  #memory: WordMemory | undefined

  /** The memory at whose beginning the octets stand; undefined while there are none. */
  get memory(): WordMemory | undefined {
    return this.#memory
  }

  /** Adds octets that are masked with `key`; `more` is how many may still come at the most. */
  addMasked(from: Uint8Array, start: number, end: number, key: number, phase: number, more: number): void {
    const memory = this.#room(end - start, more)
    maskInto(from, start, end, memory, this.size, key, phase)
    this.size += end - start
  }

  /** Adds octets as they are. */
  add(from: Uint8Array, start: number, end: number, more: number): void {
    const { octets } = this.#room(end - start, more)
    octets.set(from.subarray(start, end), this.size)
    this.size += end - start
  }

  /** Takes the message. The octets are the caller's own. */
  take(): Uint8Array {
    const { size } = this
    const memory = this.#memory
    this.#memory = undefined
    this.size = 0
    if (memory === undefined) return ownedMemory(0)
    const octets = memory.octets.subarray(0, size)
    if (memory.octets.length <= 2 * size + WORD_BYTES) return octets
    // A spare may be far larger than what came: who keeps the message must not keep that, too.
    const copy = ownedMemory(size)
    copy.set(octets)
    keepSpare(memory)
    return copy
  }

  /** Forgets the message, whose octets nobody has. */
  clear(): void {
    if (this.#memory !== undefined) keepSpare(this.#memory)
    this.#memory = undefined
    this.size = 0
  }

  #room(size: number, more: number): WordMemory {
    const memory = this.#memory
    const needed = this.size + size
    if (memory !== undefined && memory.octets.length >= needed) return memory
    const grown = takeSpare(needed) ?? wordMemory(Math.min(needed * 2, needed + more), native.allocate)
    if (memory !== undefined) {
      grown.octets.set(memory.octets.subarray(0, this.size))
      keepSpare(memory)
    }
    this.#memory = grown
    return grown
  }
}

function keepSpare(memory: WordMemory): void {
  if (spares.length < SPARES_MAX && memory.octets.length <= SPARE_BYTES_MAX) spares.push(memory)
}

/** The spare that was kept last, if it is large enough; else it makes room for a larger one. */
function takeSpare(size: number): WordMemory | undefined {
  const spare = spares.pop()
  return spare !== undefined && spare.octets.length >= size ? spare : undefined
}
