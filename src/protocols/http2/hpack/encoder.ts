/** Fields → field blocks (RFC 7541 section 6). */

import { native } from '../../core/native.js'
import { DynamicTable, ENTRY_OVERHEAD_BYTES } from './dynamic-table.js'
import { Indexing, KNOWN_NAMES, type KnownName, SECRET_CHARS_MIN } from './field-policy.js'
import { NewestEntries, NO_ENTRY } from './newest-entries.js'
import { writeInteger, writeString } from './primitives.js'
import { STATIC_COUNT, STATIC_NAMES, STATIC_VALUES } from './static-columns.js'

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

/** How many fields of a block are remembered by their place. */
const PLACES = 32
const NO_PLACES: number[] = Array.from({ length: PLACES }, () => 0)
/** How many entries of one name are compared. */
const SEARCH_DEPTH = 16

/** What `encode` writes into: small blocks share memory, which is filled once. */
const POOL_BYTES = 16_384
let pool: Uint8Array = new Uint8Array(0)
let poolAt = 0

/**
 * Encodes the field sections of one direction of a connection: `begin`, then `field` or `status` for each field. Names
 * are in lower case; a character is one octet: of those above U+00FF the lowest 8 bits are written. The caller makes
 * room: `HPACK_BEGIN_BYTES_MAX` and `fieldBytesMax` say how much. Every block that is encoded has to be sent, in order.
 */
export class HpackEncoder {
  readonly #tableBytesMax: number
  readonly #table: DynamicTable
  /** The newest entry of each name that has one, counted from the first that was ever added. */
  readonly #newest = new NewestEntries()
  /** The size that the peer knows, and the smallest since it was told. */
  #signalledBytes = INITIAL_TABLE_BYTES
  #smallestBytes: number
  /**
   * What stood at each place of the last block and had an index: blocks of one connection resemble each other. An entry
   * by its count plus 1, a static field by its index, negative; 0 for neither.
   */
  #places = NO_PLACES
  #place = 0
  #generation = 0

  constructor(options: HpackEncoderOptions = {}) {
    const { tableBytesMax = INITIAL_TABLE_BYTES } = options
    this.#tableBytesMax = tableBytesMax
    this.#smallestBytes = Math.min(tableBytesMax, INITIAL_TABLE_BYTES)
    this.#table = new DynamicTable(this.#smallestBytes)
  }

  /** Grows with each change of what a block can be: with an equal number, equal fields are an equal block. */
  get generation(): number {
    return this.#generation
  }

  /**
   * The peer's SETTINGS_HEADER_TABLE_SIZE, in octets. The next block begins with what the peer has to know of it: the
   * smallest size since the last block, then the final one (section 4.2).
   */
  setPeerTableBytesMax(bytes: number): void {
    const size = Math.min(bytes, this.#tableBytesMax)
    if (size === this.#table.bytesMax) return
    this.#generation++
    this.#table.bytesMax = size
    if (size < this.#smallestBytes) this.#smallestBytes = size
    while (this.#table.bytes > size) this.#evict()
  }

  /** Begins a block at `at`: writes the size updates that are due. Gives the position behind. */
  begin(into: Uint8Array, at: number): number {
    this.#place = 0
    let end = at
    const size = this.#table.bytesMax
    if (this.#smallestBytes < Math.min(size, this.#signalledBytes))
      end = writeInteger(this.#smallestBytes, SIZE_UPDATE, SIZE_UPDATE_MASK, into, end)
    else if (size === this.#signalledBytes) return at
    this.#generation++
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
    const before = place < PLACES && !sensitive ? this.#places[place]! : 0
    if (before < 0) {
      if (STATIC_NAMES[-before] === name && STATIC_VALUES[-before] === value) {
        into[at] = INDEXED | -before
        return at + 1
      }
    } else if (before > 0) {
      const { names, values, mask, added, count } = this.#table
      const slot = (before - 1) & mask
      if (before > added - count && names[slot] === name && values[slot] === value)
        return writeInteger(this.#indexOf(before - 1), INDEXED, INDEXED_MASK, into, at)
    }
    return this.#search(name, value, into, at, sensitive, place)
  }

  /** Writes `:status`. */
  status(code: number, into: Uint8Array, at: number): number {
    return this.field(':status', STATUS_TEXTS[code] ?? String(code), into, at)
  }

  /**
   * A whole block of a flat list: name, value, name, value. Its octets are the caller's, the memory around them is not.
   */
  encode(list: readonly string[]): Uint8Array {
    let size = HPACK_BEGIN_BYTES_MAX
    for (let i = 0; i < list.length; i += 2) size += fieldBytesMax(list[i]!, list[i + 1]!)
    const isLarge = size > POOL_BYTES
    if (!isLarge && pool.length - poolAt < size) {
      pool = native.allocate(POOL_BYTES)
      poolAt = 0
    }
    const into = isLarge ? native.allocate(size) : pool
    const start = isLarge ? 0 : poolAt
    let end = this.begin(into, start)
    for (let i = 0; i < list.length; i += 2) end = this.field(list[i]!, list[i + 1]!, into, end)
    if (!isLarge) poolAt = end
    return into.subarray(start, end)
  }

  /** Looks in both tables, and writes a literal for what is in neither. */
  #search(name: string, value: string, into: Uint8Array, at: number, sensitive: boolean, place: number): number {
    const known = KNOWN_NAMES.get(name)
    const newest = this.#newest.get(name, known)
    const staticIndex = known === undefined ? 0 : known.index
    const nameIndex = staticIndex > 0 ? staticIndex : newest === NO_ENTRY ? 0 : this.#indexOf(newest)
    if (sensitive) return literal(NEVER, LITERAL_MASK, nameIndex, name, known, value, into, at)
    if (known !== undefined) {
      const { values } = known
      for (let i = 0; i < values.length; i++)
        if (values[i] === value) {
          this.#remember(place, -(staticIndex + i))
          into[at] = INDEXED | (staticIndex + i)
          return at + 1
        }
    }
    const entry = newest === NO_ENTRY ? NO_ENTRY : this.#find(newest, value)
    if (entry !== NO_ENTRY) {
      this.#remember(place, entry + 1)
      return writeInteger(this.#indexOf(entry), INDEXED, INDEXED_MASK, into, at)
    }
    const indexing = known === undefined ? Indexing.incremental : effective(known.indexing, value)
    if (indexing === Indexing.never) return literal(NEVER, LITERAL_MASK, nameIndex, name, known, value, into, at)
    const bytes = name.length + value.length + ENTRY_OVERHEAD_BYTES
    // An entry that would drive out half of the others has to come again very often to be worth it.
    if (indexing === Indexing.without || 2 * bytes > this.#table.bytesMax)
      return literal(WITHOUT, LITERAL_MASK, nameIndex, name, known, value, into, at)
    this.#add(name, value, bytes, place, known)
    return literal(INCREMENTAL, INCREMENTAL_MASK, nameIndex, name, known, value, into, at)
  }

  #add(name: string, value: string, bytes: number, place: number, known: KnownName | undefined): void {
    const table = this.#table
    while (table.bytes + bytes > table.bytesMax) this.#evict()
    this.#generation++
    this.#remember(place, table.added + 1)
    table.add(name, value, this.#newest.replace(name, known, table.added))
  }

  #evict(): void {
    const table = this.#table
    this.#newest.forget(table.names[table.oldestSlot()]!, table.added - table.count)
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

  #remember(place: number, before: number): void {
    if (place >= PLACES) return
    if (this.#places === NO_PLACES) this.#places = NO_PLACES.slice()
    this.#places[place] = before
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

/** Writes a literal field (section 6.2): name by index or as a string, and value. */
function literal(
  first: number,
  mask: number,
  nameIndex: number,
  name: string,
  known: KnownName | undefined,
  value: string,
  into: Uint8Array,
  at: number,
): number {
  const end = writeInteger(nameIndex, first, mask, into, at)
  if (nameIndex > 0) return writeString(value, into, end)
  if (known === undefined) return writeString(value, into, writeString(name, into, end))
  const { literal: octets } = known
  for (let i = 0; i < octets.length; i++) into[end + i] = octets[i]!
  return writeString(value, into, end + octets.length)
}
