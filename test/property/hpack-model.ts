/**
 * HPACK written down as plainly as the standard has it (RFC 7541): bit by bit, nothing shared with `src` but the two
 * generated tables. Reads whole blocks; what must not be is the code of our fault.
 */

import { HUFFMAN_BITS, HUFFMAN_CODES } from '#src/protocols/http2/hpack/huffman-code.js'
import { STATIC_FIELDS } from '#src/protocols/http2/hpack/static-table.js'

type Field = readonly [name: string, value: string]

/** The fields of a block, or why there are none. */
export type ModelResult = { readonly fields: readonly Field[] } | { readonly fault: string }

class Fault extends Error {}

const octetsByCode = new Map(
  Array.from({ length: 257 }, (_, octet) => [`${HUFFMAN_BITS[octet]}:${HUFFMAN_CODES[octet]}`, octet]),
)

/** Decodes a string in Huffman code, bit by bit. Throws the code of a fault. */
export function modelHuffman(octets: readonly number[]): string {
  let text = ''
  let code = 0
  let bits = 0
  for (const octet of octets)
    for (let bit = 7; bit >= 0; bit--) {
      code = code * 2 + ((octet >> bit) & 1)
      bits++
      const decoded = octetsByCode.get(`${bits}:${code}`)
      if (decoded === 256) throw new Fault('HPACK_HUFFMAN_EOS')
      if (decoded === undefined) continue
      text += String.fromCharCode(decoded)
      code = 0
      bits = 0
    }
  if (bits > 7 || code !== 2 ** bits - 1) throw new Fault('HPACK_HUFFMAN_PADDING')
  return text
}

/** The decoder of one direction. */
export class HpackModel {
  /** The dynamic table, the newest first. */
  table: Field[] = []
  #tableBytesMax: number
  #announced: number
  #demanded: number | undefined
  #octets: number[] = []

  constructor(tableBytesMax: number) {
    this.#tableBytesMax = tableBytesMax
    this.#announced = tableBytesMax
  }

  /** Our setting was acknowledged. */
  announce(bytes: number): void {
    this.#announced = bytes
    if (bytes < this.#tableBytesMax) this.#demanded = Math.min(bytes, this.#demanded ?? bytes)
  }

  /** One block. */
  decode(block: Uint8Array): ModelResult {
    this.#octets = [...block]
    const fields: Field[] = []
    let updates = 0
    try {
      for (;;) {
        const first = this.#octets[0]
        const isUpdate = first !== undefined && first >= 0x20 && first < 0x40
        if (!isUpdate && fields.length === 0 && this.#demanded !== undefined)
          throw new Fault('HPACK_SIZE_UPDATE_MISSING')
        if (first === undefined) return { fields }
        if (isUpdate) this.#update(fields.length, updates++)
        else fields.push(this.#field(first))
      }
    } catch (error) {
      if (error instanceof Fault) return { fault: error.message }
      throw error
    }
  }

  #update(fields: number, updates: number): void {
    if (fields > 0) throw new Fault('HPACK_SIZE_UPDATE_MISPLACED')
    if (updates > 1) throw new Fault('HPACK_SIZE_UPDATE_REPEATED')
    const size = this.#integer(5)
    if (size > (this.#demanded ?? this.#announced)) throw new Fault('HPACK_SIZE_UPDATE_TOO_LARGE')
    this.#demanded = undefined
    this.#tableBytesMax = size
    this.#evict()
  }

  #field(first: number): Field {
    if (first >= 0x80) {
      const index = this.#integer(7)
      if (index === 0) throw new Fault('HPACK_INDEX_ZERO')
      return this.#lookUp(index)
    }
    const isIndexed = first >= 0x40
    const index = this.#integer(isIndexed ? 6 : 4)
    const known = index === 0 ? undefined : this.#lookUp(index)[0]
    // All of it has to be there before any of it is looked at.
    const name = known === undefined ? this.#string() : (): string => known
    const value = this.#string()
    const field: Field = [name(), value()]
    if (isIndexed) {
      this.table.unshift(field)
      this.#evict()
    }
    return field
  }

  #lookUp(index: number): Field {
    const field = [...STATIC_FIELDS, ...this.table][index - 1]
    if (field === undefined) throw new Fault('HPACK_INDEX_BEYOND')
    return field
  }

  #evict(): void {
    const size = (): number => this.table.reduce((sum, [name, value]) => sum + name.length + value.length + 32, 0)
    while (size() > this.#tableBytesMax) this.table.pop()
  }

  #string(): () => string {
    const isHuffman = (this.#octets[0] ?? 0) >= 0x80
    const size = this.#integer(7)
    if (size > this.#octets.length) throw new Fault('HPACK_TRUNCATED')
    const octets = this.#octets.splice(0, size)
    return () => (isHuffman ? modelHuffman(octets) : String.fromCharCode(...octets))
  }

  #integer(prefixBits: number): number {
    const mask = 2 ** prefixBits - 1
    let value = this.#octet() & mask
    if (value < mask) return value
    for (let octets = 0; ; octets++) {
      if (octets === 5) throw new Fault('HPACK_INTEGER_TOO_LARGE')
      const octet = this.#octet()
      value += (octet & 127) * 2 ** (7 * octets)
      if (value >= 2 ** 31) throw new Fault('HPACK_INTEGER_TOO_LARGE')
      if (octet < 128) return value
      if (octets === 4) throw new Fault('HPACK_INTEGER_TOO_LARGE')
    }
  }

  #octet(): number {
    const octet = this.#octets.shift()
    if (octet === undefined) throw new Fault('HPACK_TRUNCATED')
    return octet
  }
}
