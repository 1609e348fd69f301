/** Field blocks → fields (RFC 7541 section 3). */

import { native } from '../../core/native.js'
import { DynamicTable, ENTRY_OVERHEAD_BYTES } from './dynamic-table.js'
import { HpackFault } from './faults.js'
import {
  HUFFMAN_START,
  huffmanCount,
  huffmanDecode,
  huffmanMayEnd,
  huffmanOctetsMax,
  huffmanOctetsMin,
  huffmanWalk,
} from './huffman.js'
import { INCOMPLETE, IntegerReader, TOO_LARGE } from './integer-reader.js'
import { textOf } from './known-texts.js'
import { shortText } from './short-text.js'
import { SkippedLiteral } from './skipped-literal.js'
import { STATIC_COUNT, STATIC_NAMES, STATIC_VALUES } from './static-columns.js'
import { type HpackClassify, staticKindsOf, unclassified } from './static-kinds.js'

/** What a decoder is made with. */
export interface HpackDecoderOptions {
  /**
   * The table size in octets that both ends begin with. Default 4096, which it always is in HTTP/2: another
   * SETTINGS_HEADER_TABLE_SIZE holds from its acknowledgement on, see `setTableBytesMax`.
   */
  readonly tableBytesMax?: number
  /** What a section may take: names, values, and 32 octets a field (RFC 9113 section 6.5.2). Default: any. */
  readonly sectionBytesMax?: number
  /** How many fields a section may have. Default: any. */
  readonly fieldCountMax?: number
  /**
   * Called once for each literal field and each static one; the number comes with every field as its kind. Default: 0.
   */
  readonly classify?: HpackClassify
}

/** What the methods below give in place of a position when there is a fault. */
const FAULTY = -2

/** Caps above that are none. */
const CAP_MAX = 0x7fffffff

/** Nothing stays in it from one call to the next; all decoders share it. */
const reader = new IntegerReader()

/** Strings up to this length, in Huffman code, are decoded here; all decoders share it. */
const SCRATCH_INPUT_BYTES = 4096
const scratch = new Uint8Array(huffmanOctetsMax(SCRATCH_INPUT_BYTES) + 2)

/** Any index up to here takes at most one octet behind its prefix. */
const INDEX_SHORT_MAX = 0x0f + 0x7f

const ROOM: readonly string[] = Array.from({ length: 256 }, () => '')

const TAIL_BYTES_MIN = 64
const NOTHING = new Uint8Array(0)

/**
 * Decodes the field sections of one direction of a connection: `begin`, `decode` for each fragment, `finish`. Fragments
 * may be cut anywhere. Strings are Latin-1: the octets 0x80 to 0xff are U+0080 to U+00FF. After a fault the decoder
 * stays faulty: its table is no longer that of the peer.
 */
export class HpackDecoder {
  /** Names of the section, `count` of them. The arrays are the decoder's and hold the next section after `begin`. */
  readonly names: string[] = []
  /** Values of the section. */
  readonly values: string[] = []
  /** What `classify` gave for each field. */
  readonly kinds: number[] = []

  readonly #table: DynamicTable
  readonly #classify: HpackClassify
  readonly #staticKinds: readonly number[]
  readonly #sectionBytesMax: number
  readonly #fieldCountMax: number
  #count = 0
  #sectionBytes = 0
  #overflow = false
  #generation = 0
  #fault = 0
  #faultAt = 0
  /** The table size that we announced; the peer may use less. */
  #announcedBytes: number
  /** The peer has to begin its next block with a size update not above this; -1 for none. */
  #demandedBytes = -1
  /** No field of the block has come yet. */
  #opening = true
  #sizeUpdates = 0
  /** The beginning of a representation that goes on in the next fragment. */
  #tail: Uint8Array = NOTHING
  #tailBytes = 0
  /** The literal that is being skipped. */
  #skipped: SkippedLiteral | undefined

  constructor(options: HpackDecoderOptions = {}) {
    const { tableBytesMax = 4096, sectionBytesMax = Infinity, fieldCountMax = Infinity } = options
    this.#announcedBytes = tableBytesMax
    this.#table = new DynamicTable(tableBytesMax)
    this.#sectionBytesMax = Math.min(sectionBytesMax, CAP_MAX)
    this.#fieldCountMax = Math.min(fieldCountMax, CAP_MAX)
    this.#classify = options.classify ?? unclassified
    this.#staticKinds = staticKindsOf(this.#classify)
  }

  /** How many fields of the section have been stored. */
  get count(): number {
    return this.#count
  }

  /**
   * Whether the section has passed `sectionBytesMax` or `fieldCountMax`. Fields are no longer stored then, but the
   * table stays in step (RFC 9113 section 4.3).
   */
  get overflow(): boolean {
    return this.#overflow
  }

  /** Grows with each change of the table: with an equal number, equal octets are an equal section. */
  get generation(): number {
    return this.#generation
  }

  /** The fault that was found, one of `HpackFault`; 0 for none. */
  get fault(): number {
    return this.#fault
  }

  /**
   * Where the fault is: an index into the bytes that `decode` was given last. It is their `start` for what came with an
   * earlier fragment, their `end` for what is missing.
   */
  get faultAt(): number {
    return this.#faultAt
  }

  /**
   * Our SETTINGS_HEADER_TABLE_SIZE, in octets, was acknowledged. If it is below what the peer uses, its next block has
   * to begin with a size update (RFC 7541 section 4.2, RFC 9113 section 4.3.1).
   */
  setTableBytesMax(bytes: number): void {
    this.#announcedBytes = bytes
    if (bytes >= this.#table.bytesMax || (this.#demandedBytes >= 0 && bytes >= this.#demandedBytes)) return
    this.#demandedBytes = bytes
    this.#generation++
  }

  /** Begins a field section. */
  begin(): void {
    this.#count = 0
    this.#sectionBytes = 0
    this.#overflow = false
    this.#opening = true
    this.#sizeUpdates = 0
    this.#faultAt = 0
  }

  /** Decodes one fragment, the bytes from `start` to `end`, and keeps none of them. Gives 0 or the fault. */
  decode(bytes: Uint8Array, start: number, end: number): number {
    if (this.#fault !== 0) return this.#fault
    if (this.#tailBytes === 0) {
      const rest = this.#read(bytes, start, end)
      if (this.#fault !== 0) return this.#fault
      this.#faultAt = end
      if (rest < end) this.#keep(bytes, rest, end)
      return 0
    }
    const before = this.#tailBytes
    this.#keep(bytes, start, end)
    const rest = this.#read(this.#tail, 0, this.#tailBytes)
    if (this.#fault !== 0) {
      this.#faultAt = Math.max(start, start + this.#faultAt - before)
      return this.#fault
    }
    this.#faultAt = end
    if (rest > 0) this.#tail.copyWithin(0, rest, this.#tailBytes)
    this.#tailBytes -= rest
    return 0
  }

  /** Ends the section. Gives 0 or the fault. */
  finish(): number {
    if (this.#fault !== 0) return this.#fault
    if (this.#tailBytes > 0 || this.#skipped !== undefined) this.#fault = HpackFault.truncated
    else if (this.#opening && this.#demandedBytes >= 0) this.#fault = HpackFault.sizeUpdateMissing
    this.#tail = NOTHING
    this.#tailBytes = 0
    return this.#fault
  }

  /** The fields of the section from the index `from` on as a fresh flat list: name, value, name, value. */
  takeList(from = 0): string[] {
    const count = 2 * (this.#count - from)
    // A copy of what has the size already costs half of a list that grows.
    const list = count <= ROOM.length ? ROOM.slice(0, count) : []
    let size = 0
    for (let i = from; i < this.#count; i++) {
      list[size++] = this.names[i]!
      list[size++] = this.values[i]!
    }
    return list
  }

  /** Reads representations. Gives where the first one begins that is not complete; `end` when all are. */
  #read(bytes: Uint8Array, start: number, end: number): number {
    let at = this.#skipped === undefined ? start : this.#skip(this.#skipped, bytes, start, end)
    if (at < 0) return start
    while (at < end && this.#skipped === undefined) {
      const octet = bytes[at]!
      const isSizeUpdate = (octet & 0xe0) === 0x20
      if (this.#opening && !isSizeUpdate) {
        if (this.#demandedBytes >= 0) return this.#fail(HpackFault.sizeUpdateMissing, at)
        this.#opening = false
      }
      if (octet >= 0x80) {
        at = this.#indexedRun(bytes, at, end)
        if (at === end || bytes[at]! < 0x80) continue
      }
      const next =
        octet >= 0x80
          ? this.#indexed(bytes, at, end)
          : isSizeUpdate
            ? this.#sizeUpdate(bytes, at, end)
            : this.#shortLiteral(bytes, at, end) || this.#literal(bytes, at, end)
      if (next < 0) return at
      at = next
    }
    return at
  }

  /** Indexed fields of one octet each, as long as nothing is special. Gives the position behind them. */
  #indexedRun(bytes: Uint8Array, start: number, end: number): number {
    const { names, values, kinds } = this
    const table = this.#table
    const staticKinds = this.#staticKinds
    const sectionBytesMax = this.#overflow ? 0 : this.#sectionBytesMax
    let sectionBytes = this.#sectionBytes
    let count = this.#count
    let at = start
    for (; at < end && count < this.#fieldCountMax; at++) {
      const index = bytes[at]! - 0x80
      const age = index - STATIC_COUNT
      if (index <= 0 || index === 0x7f || age > table.count) break
      const slot = (table.added - age) & table.mask
      const name = age > 0 ? table.names[slot]! : STATIC_NAMES[index]!
      const value = age > 0 ? table.values[slot]! : STATIC_VALUES[index]!
      const bytesAfter = sectionBytes + name.length + value.length + ENTRY_OVERHEAD_BYTES
      if (bytesAfter > sectionBytesMax) break
      names[count] = name
      values[count] = value
      kinds[count] = age > 0 ? table.numbers[slot]! : staticKinds[index]!
      sectionBytes = bytesAfter
      count++
    }
    this.#sectionBytes = sectionBytes
    this.#count = count
    return at
  }

  /** A literal field of short strings, all of which is there. 0 if it is not that or is special. */
  #shortLiteral(bytes: Uint8Array, at: number, end: number): number {
    if (end - at < 3) return 0
    const octet = bytes[at]!
    const isIndexed = octet >= 0x40
    const mask = isIndexed ? 0x3f : 0x0f
    const isLong = (octet & mask) === mask
    const index = isLong ? mask + bytes[at + 1]! : octet & mask
    if (index > INDEX_SHORT_MAX || index > STATIC_COUNT + this.#table.count) return 0
    let sizeAt = isLong ? at + 2 : at + 1
    const nameSize = index === 0 ? bytes[sizeAt]! : 0
    if (index === 0) {
      sizeAt = at + 2 + (nameSize & 0x7f)
      if ((nameSize & 0x7f) === 0x7f || sizeAt >= end) return 0
    }
    const size = bytes[sizeAt]!
    const valueEnd = sizeAt + 1 + (size & 0x7f)
    if ((size & 0x7f) === 0x7f || valueEnd > end) return 0
    const cap = this.#cap(isIndexed)
    const name = index > 0 ? this.#nameAt(index) : shortText(bytes, at + 2, sizeAt, nameSize, cap, undefined)
    if (name === undefined) return 0
    const before = this.values[this.#count]
    const value = shortText(bytes, sizeAt + 1, valueEnd, size, cap - name.length, before)
    if (value === undefined) return 0
    this.#field(name, value, isIndexed)
    return valueEnd
  }

  /** An indexed field (section 6.1). Like the methods below it gives the position behind, INCOMPLETE or FAULTY. */
  #indexed(bytes: Uint8Array, at: number, end: number): number {
    const index = this.#integer(bytes, at, end, 0x7f)
    if (index < 0) return index
    if (index === 0) return this.#fail(HpackFault.indexZero, at)
    const table = this.#table
    const age = index - STATIC_COUNT
    const { next } = reader
    if (age <= 0) {
      this.#store(STATIC_NAMES[index]!, STATIC_VALUES[index]!, this.#staticKinds[index]!)
      return next
    }
    if (age > table.count) return this.#fail(HpackFault.indexBeyond, at)
    const slot = (table.added - age) & table.mask
    this.#store(table.names[slot]!, table.values[slot]!, table.numbers[slot]!)
    return next
  }

  /** A dynamic table size update (section 6.3). */
  #sizeUpdate(bytes: Uint8Array, at: number, end: number): number {
    if (!this.#opening) return this.#fail(HpackFault.sizeUpdateMisplaced, at)
    if (this.#sizeUpdates === 2) return this.#fail(HpackFault.sizeUpdateRepeated, at)
    const size = this.#integer(bytes, at, end, 0x1f)
    if (size < 0) return size
    const demanded = this.#demandedBytes
    if (size > (demanded >= 0 ? demanded : this.#announcedBytes)) return this.#fail(HpackFault.sizeUpdateTooLarge, at)
    this.#sizeUpdates++
    this.#demandedBytes = -1
    const table = this.#table
    if (size !== table.bytesMax || demanded >= 0) this.#generation++
    table.bytesMax = size
    while (table.bytes > size) table.evict()
    return reader.next
  }

  /** A literal field (section 6.2). Nothing is decoded or stored before all of it is there. */
  #literal(bytes: Uint8Array, at: number, end: number): number {
    const isIndexed = bytes[at]! >= 0x40
    const index = this.#integer(bytes, at, end, isIndexed ? 0x3f : 0x0f)
    if (index < 0) return index
    if (index > STATIC_COUNT + this.#table.count) return this.#fail(HpackFault.indexBeyond, at)
    const cap = this.#cap(isIndexed)
    let known: string | undefined
    let nameStart = 0
    let nameEnd = 0
    let isNameHuffman = false
    let least = 0
    if (index > 0) {
      known = this.#nameAt(index)
      least = known.length
    } else {
      const size = this.#stringSize(bytes, reader.next, end)
      if (size < 0) return size
      nameStart = reader.next
      nameEnd = nameStart + size
      isNameHuffman = reader.isHuffman
      least = isNameHuffman ? huffmanOctetsMin(size) : size
      if (least > cap) return this.#skip(SkippedLiteral.fromName(size, isNameHuffman, isIndexed), bytes, nameStart, end)
      if (nameEnd > end) return INCOMPLETE
      reader.next = nameEnd
    }
    const size = this.#stringSize(bytes, reader.next, end)
    if (size < 0) return size
    const valueStart = reader.next
    const valueEnd = valueStart + size
    const isValueHuffman = reader.isHuffman
    if (least + (isValueHuffman ? huffmanOctetsMin(size) : size) > cap) {
      if (isNameHuffman && !this.#isHuffman(bytes, nameStart, nameEnd)) return FAULTY
      return this.#skip(SkippedLiteral.fromValue(size, isValueHuffman, isIndexed), bytes, valueStart, end)
    }
    if (valueEnd > end) return INCOMPLETE
    const name = known ?? this.#text(bytes, nameStart, nameEnd, isNameHuffman, cap)
    if (this.#fault !== 0) return FAULTY
    const value = this.#text(bytes, valueStart, valueEnd, isValueHuffman, name === undefined ? -1 : cap - name.length)
    if (this.#fault !== 0) return FAULTY
    if (name === undefined || value === undefined) this.#dropped(isIndexed)
    else this.#field(name, value, isIndexed)
    return valueEnd
  }

  /** Keeps octets for the next fragment. */
  #keep(bytes: Uint8Array, start: number, end: number): void {
    const size = this.#tailBytes + end - start
    if (size > this.#tail.length) {
      const tail = native.allocate(Math.max(TAIL_BYTES_MIN, 2 * this.#tail.length, size))
      tail.set(this.#tail.subarray(0, this.#tailBytes))
      this.#tail = tail
    }
    this.#tail.set(bytes.subarray(start, end), this.#tailBytes)
    this.#tailBytes = size
  }

  /** The most octets that name and value of a literal may have together and still be of use; negative for none. */
  #cap(isIndexed: boolean): number {
    const isFull = this.#overflow || this.#count >= this.#fieldCountMax
    const stored = isFull ? -1 : this.#sectionBytesMax - this.#sectionBytes - ENTRY_OVERHEAD_BYTES
    return isIndexed ? Math.max(stored, this.#table.bytesMax - ENTRY_OVERHEAD_BYTES) : stored
  }

  /** The name of an index that is in one of the tables. */
  #nameAt(index: number): string {
    const table = this.#table
    return index <= STATIC_COUNT
      ? STATIC_NAMES[index]!
      : table.names[(table.added - (index - STATIC_COUNT)) & table.mask]!
  }

  /** A literal field that is complete. */
  #field(name: string, value: string, isIndexed: boolean): void {
    const kind = this.#classify(name, value)
    this.#store(name, value, kind)
    if (!isIndexed) return
    const table = this.#table
    const bytes = name.length + value.length + ENTRY_OVERHEAD_BYTES
    this.#generation++
    while (table.count > 0 && table.bytes + bytes > table.bytesMax) table.evict()
    // An entry that is larger than the table only empties it (section 4.4).
    if (bytes <= table.bytesMax) table.add(name, value, kind)
  }

  #store(name: string, value: string, kind: number): void {
    const bytes = this.#sectionBytes + name.length + value.length + ENTRY_OVERHEAD_BYTES
    const count = this.#count
    if (this.#overflow || bytes > this.#sectionBytesMax || count >= this.#fieldCountMax) {
      this.#overflow = true
      return
    }
    this.names[count] = name
    this.values[count] = value
    this.kinds[count] = kind
    this.#count = count + 1
    this.#sectionBytes = bytes
  }

  /** A literal was skipped: neither the section nor the table had room for it. */
  #dropped(isIndexed: boolean): void {
    this.#overflow = true
    if (!isIndexed) return
    this.#generation++
    while (this.#table.count > 0) this.#table.evict()
  }

  /** The string from `start` to `end`, undefined if it is longer than `cap` octets or faulty. */
  #text(bytes: Uint8Array, start: number, end: number, isHuffman: boolean, cap: number): string | undefined {
    if (!isHuffman) return end - start > cap ? undefined : textOf(bytes, start, end)
    const isShort = end - start <= SCRATCH_INPUT_BYTES
    const size = isShort ? huffmanDecode(bytes, start, end, scratch) : huffmanCount(bytes, start, end)
    if (size < 0) {
      this.#isHuffman(bytes, start, end)
      return undefined
    }
    if (size > cap) return undefined
    if (isShort) return textOf(scratch, 0, size)
    const room = native.allocate(size + 2)
    huffmanDecode(bytes, start, end, room)
    return native.latin1Slice(room, 0, size)
  }

  /** Checks Huffman code that is not decoded. */
  #isHuffman(bytes: Uint8Array, start: number, end: number): boolean {
    const state = huffmanWalk(bytes, start, end, HUFFMAN_START)
    if (state < 0) this.#fail(HpackFault.huffmanEos, -1 - state)
    else if (!huffmanMayEnd(state)) this.#fail(HpackFault.huffmanPadding, end - 1)
    return this.#fault === 0
  }

  /** Goes on with a literal that is skipped. */
  #skip(skipped: SkippedLiteral, bytes: Uint8Array, at: number, end: number): number {
    this.#overflow = true
    const next = skipped.take(bytes, at, end, reader)
    if (skipped.fault !== 0) return this.#fail(skipped.fault, skipped.faultAt)
    this.#skipped = skipped.isOpen ? skipped : undefined
    if (!skipped.isOpen) this.#dropped(skipped.isIndexed)
    return next
  }

  #integer(bytes: Uint8Array, at: number, end: number, mask: number): number {
    const value = reader.integer(bytes, at, end, mask)
    return value === TOO_LARGE ? this.#fail(HpackFault.integerTooLarge, reader.next) : value
  }

  #stringSize(bytes: Uint8Array, at: number, end: number): number {
    const size = reader.stringSize(bytes, at, end)
    return size === TOO_LARGE ? this.#fail(HpackFault.integerTooLarge, reader.next) : size
  }

  #fail(fault: number, at: number): typeof FAULTY {
    this.#fault = fault
    this.#faultAt = at
    return FAULTY
  }
}
