/**
 * Where a message is put together. Memory grows with what came, never with what was announced, and never beyond what
 * the frame under way can still bring.
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

/** A message of which not everything is there. */
export class MessageBuffer {
  /** Octets so far. */
  size = 0
  #memory: WordMemory | undefined

  /** The octets so far, at the beginning of what `octets` gives. */
  get octets(): Uint8Array {
    return this.#memory!.octets
  }

  /** Adds octets that are masked with `key`; `more` is how many the frame will still bring. */
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
    const memory = this.#memory
    const octets = memory === undefined ? ownedMemory(0) : memory.octets.subarray(0, this.size)
    this.clear()
    return octets
  }

  /** Forgets the message. */
  clear(): void {
    this.#memory = undefined
    this.size = 0
  }

  #room(size: number, more: number): WordMemory {
    const memory = this.#memory
    const needed = this.size + size
    if (memory !== undefined && memory.octets.length >= needed) return memory
    const grown = wordMemory(Math.min(needed * 2, needed + more), native.allocate)
    if (memory !== undefined) grown.octets.set(memory.octets.subarray(0, this.size))
    this.#memory = grown
    return grown
  }
}
