/** Fields → field blocks (RFC 7541 section 6). */

import { native } from '../../core/native.js'
import { DynamicTable, ENTRY_OVERHEAD_BYTES } from './dynamic-table.js'
import { Indexing, KNOWN_NAMES, type KnownName, SECRET_CHARS_MIN } from './field-policy.js'
import { huffmanSize, huffmanWrite } from './huffman.js'
import { STATIC_FIELDS } from './static-table.js'

/** What an encoder is made with. */
export interface HpackEncoderOptions {
  /** The most octets that the table takes, however much the peer allows. Default 4096. */
  readonly tableBytesMax?: number
}

/** What `begin` writes at most, in octets: two size updates. */
export const HPACK_BEGIN_BYTES_MAX = 12

/** What a field takes at most, in octets. */
export function fieldBytesMax(name: string, value: string): number {
  return name.length + value.length + 16
}

/** What both ends begin with (RFC 9113 section 6.5.2). */
const INITIAL_TABLE_BYTES = 4096

const STATIC_COUNT = STATIC_FIELDS.length

/** Bits that begin a representation, and those that its integer has (section 6). */
const INDEXED = 0x80
const INDEXED_MASK = 0x7f
const INCREMENTAL = 0x40
const INCREMENTAL_MASK = 0x3f
const SIZE_UPDATE = 0x20
const SIZE_UPDATE_MASK = 0x1f
const NEVER = 0x10
const WITHOUT = 0x00
const LITERAL_MASK = 0x0f
const HUFFMAN = 0x80
const STRING_MASK = 0x7f

/** How many fields of a block are remembered by their place. */
const PLACES = 32
/** How many entries of one name are compared. */
const SEARCH_DEPTH = 16
/** Shorter strings are written octet by octet, without a call of the runtime. */
const NATIVE_CHARS_MIN = 32

const UNKNOWN_NAME: KnownName = { index: 0, values: [], indexing: Indexing.incremental }
const NO_ENTRY = -1

/**
 * Encodes the field sections of one direction of a connection: `begin`, then `field` or `status` for each field. Names
 * are in lower case; a character is one octet: of those above U+00FF the lowest 8 bits are written. The caller makes
 * room: `HPACK_BEGIN_BYTES_MAX` and `fieldBytesMax` say how much. Every block that is encoded has to be sent, in order.
 */
export class HpackEncoder {
  readonly #tableBytesMax: number
  readonly #table: DynamicTable
  /** The newest entry of each name that has one, counted from the first that was ever added. */
  readonly #newest = new Map<string, number>()
  /** The size that the peer knows, and the smallest since it was told. */
  #signalledBytes = INITIAL_TABLE_BYTES
  #smallestBytes: number
  #resizes = 0
  /**
   * What stood at each place of the last block and had an index: blocks of one connection resemble each other. An entry
   * by its count, a static field by its index, negative.
   */
  readonly #placeNames: string[] = []
  readonly #placeValues: string[] = []
  readonly #placeEntries: number[] = []
  #place = 0

  constructor(options: HpackEncoderOptions = {}) {
    const { tableBytesMax = INITIAL_TABLE_BYTES } = options
    this.#tableBytesMax = tableBytesMax
    this.#smallestBytes = Math.min(tableBytesMax, INITIAL_TABLE_BYTES)
    this.#table = new DynamicTable(this.#smallestBytes)
  }

  /**
   * The peer's SETTINGS_HEADER_TABLE_SIZE, in octets. The next block begins with what the peer has to know of it: the
   * smallest size since the last block, then the final one (section 4.2).
   */
  setPeerTableBytesMax(bytes: number): void {
    const size = Math.min(bytes, this.#tableBytesMax)
    this.#resizes++
    this.#table.bytesMax = size
    if (size < this.#smallestBytes) this.#smallestBytes = size
    while (this.#table.bytes > size) this.#evict()
  }

  /** Grows with each change of the table: with an equal number, equal fields are equal octets. */
  get generation(): number {
    return this.#table.added + this.#resizes
  }

  /** Begins a block at `at`: writes the size updates that are due. Gives the position behind. */
  begin(into: Uint8Array, at: number): number {
    this.#place = 0
    let end = at
    const size = this.#table.bytesMax
    if (this.#smallestBytes < Math.min(size, this.#signalledBytes))
      end = writeInteger(this.#smallestBytes, SIZE_UPDATE, SIZE_UPDATE_MASK, into, end)
    else if (size === this.#signalledBytes) return at
    this.#smallestBytes = size
    this.#signalledBytes = size
    return writeInteger(size, SIZE_UPDATE, SIZE_UPDATE_MASK, into, end)
  }

  /**
   * Writes a field at `at` and gives the position behind it. One that is `sensitive` is never indexed, like
   * `authorization`, `proxy-authorization`, and a `cookie` or `set-cookie` of less than 20 octets (section 7.1.3).
   */
  field(name: string, value: string, into: Uint8Array, at: number, sensitive = false): number {
    const place = this.#place++
    if (this.#placeNames[place] === name && this.#placeValues[place] === value && !sensitive) {
      const entry = this.#placeEntries[place]!
      if (entry < 0) {
        into[at] = INDEXED | -entry
        return at + 1
      }
      const { added, count } = this.#table
      if (entry >= added - count) return writeInteger(STATIC_COUNT + added - entry, INDEXED, INDEXED_MASK, into, at)
    }
    return this.#search(name, value, into, at, sensitive, place)
  }

  /** Writes `:status`. */
  status(code: number, into: Uint8Array, at: number): number {
    return this.field(':status', STATUS_TEXTS[code] ?? String(code), into, at)
  }

  /** A whole block of a flat list (name, value, name, value) in memory of its own. */
  encode(list: readonly string[]): Uint8Array {
    let size = HPACK_BEGIN_BYTES_MAX
    for (let i = 0; i < list.length; i += 2) size += fieldBytesMax(list[i]!, list[i + 1]!)
    const block = native.allocate(size)
    let end = this.begin(block, 0)
    for (let i = 0; i < list.length; i += 2) end = this.field(list[i]!, list[i + 1]!, block, end)
    return block.subarray(0, end)
  }

  /** Looks in both tables, and writes a literal for what is in neither. */
  #search(name: string, value: string, into: Uint8Array, at: number, sensitive: boolean, place: number): number {
    const known = KNOWN_NAMES.get(name) ?? UNKNOWN_NAME
    const newest = this.#newest.get(name) ?? NO_ENTRY
    const nameIndex = known.index > 0 ? known.index : newest === NO_ENTRY ? 0 : this.#indexOf(newest)
    if (sensitive) return literal(NEVER, LITERAL_MASK, nameIndex, name, value, into, at)
    for (let i = 0; i < known.values.length; i++)
      if (known.values[i] === value) {
        this.#remember(place, name, value, -(known.index + i))
        into[at] = INDEXED | (known.index + i)
        return at + 1
      }
    const entry = newest === NO_ENTRY ? NO_ENTRY : this.#find(newest, value)
    if (entry !== NO_ENTRY) {
      this.#remember(place, name, value, entry)
      return writeInteger(this.#indexOf(entry), INDEXED, INDEXED_MASK, into, at)
    }
    const indexing = effective(known.indexing, value)
    if (indexing === Indexing.never) return literal(NEVER, LITERAL_MASK, nameIndex, name, value, into, at)
    const bytes = name.length + value.length + ENTRY_OVERHEAD_BYTES
    // An entry that would drive out half of the others has to come again very often to be worth it.
    if (indexing === Indexing.without || 2 * bytes > this.#table.bytesMax)
      return literal(WITHOUT, LITERAL_MASK, nameIndex, name, value, into, at)
    this.#add(name, value, bytes, place)
    return literal(INCREMENTAL, INCREMENTAL_MASK, nameIndex, name, value, into, at)
  }

  #add(name: string, value: string, bytes: number, place: number): void {
    const table = this.#table
    while (table.bytes + bytes > table.bytesMax) this.#evict()
    const older = this.#newest.get(name) ?? NO_ENTRY
    this.#newest.set(name, table.added)
    this.#remember(place, name, value, table.added)
    table.add(name, value, older)
  }

  #evict(): void {
    const table = this.#table
    const name = table.names[table.oldestSlot()]!
    if (this.#newest.get(name) === table.added - table.count) this.#newest.delete(name)
    table.evict()
  }

  /** The entry with this value, among those of the name whose newest entry is given. */
  #find(newest: number, value: string): number {
    const { values, numbers, mask, added, count } = this.#table
    let entry = newest
    for (let depth = 0; depth < SEARCH_DEPTH && entry >= added - count; depth++) {
      if (values[entry & mask] === value) return entry
      entry = numbers[entry & mask]!
    }
    return NO_ENTRY
  }

  /** The index of an entry now (section 2.3.3). */
  #indexOf(entry: number): number {
    return STATIC_COUNT + this.#table.added - entry
  }

  #remember(place: number, name: string, value: string, entry: number): void {
    if (place >= PLACES) return
    this.#placeNames[place] = name
    this.#placeValues[place] = value
    this.#placeEntries[place] = entry
  }
}

/** The texts of status codes: none is made for one that comes often. */
const STATUS_TEXTS: readonly string[] = Array.from({ length: 600 }, (_, code) => String(code))

/** What to do with a value: short secrets are never indexed. */
function effective(indexing: Indexing, value: string): Indexing {
  if (indexing < Indexing.neverIfShort) return indexing
  if (value.length < SECRET_CHARS_MIN) return Indexing.never
  return indexing === Indexing.neverIfShort ? Indexing.incremental : Indexing.without
}

function literal(
  first: number,
  mask: number,
  nameIndex: number,
  name: string,
  value: string,
  into: Uint8Array,
  at: number,
): number {
  const end = writeInteger(nameIndex, first, mask, into, at)
  return writeString(value, into, nameIndex > 0 ? end : writeString(name, into, end))
}

/** Writes a string in Huffman code if that is shorter (section 5.2). */
function writeString(text: string, into: Uint8Array, at: number): number {
  const { length } = text
  const size = huffmanSize(text)
  if (size < length) return huffmanWrite(text, into, writeInteger(size, HUFFMAN, STRING_MASK, into, at))
  const start = writeInteger(length, 0, STRING_MASK, into, at)
  if (length >= NATIVE_CHARS_MIN) native.latin1Write(into, text, start)
  else for (let i = 0; i < length; i++) into[start + i] = text.charCodeAt(i)
  return start + length
}

/** Writes an integer (section 5.1) behind the bits `first`, which share its first octet. Gives the position behind. */
function writeInteger(value: number, first: number, mask: number, into: Uint8Array, at: number): number {
  if (value < mask) {
    into[at] = first | value
    return at + 1
  }
  into[at] = first | mask
  let end = at + 1
  let rest = value - mask
  for (; rest >= 0x80; rest >>>= 7) into[end++] = rest | 0x80
  into[end] = rest
  return end + 1
}
