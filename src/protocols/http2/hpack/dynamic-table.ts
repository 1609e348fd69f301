/** The dynamic table (RFC 7541 section 2.3.2), a ring. Whoever uses it evicts before it adds. */

/** What an entry takes beside its octets (RFC 7541 section 4.1). */
export const ENTRY_OVERHEAD_BYTES = 32

/** A browser's requests fill about so many. */
const SLOTS_MIN = 32
const NO_TEXTS: readonly string[] = Array.from({ length: SLOTS_MIN }, () => '')
const NO_NUMBERS: readonly number[] = Array.from({ length: SLOTS_MIN }, () => 0)

/** The entries of one direction of a connection. Their columns may be read directly: the hot paths do. */
export class DynamicTable {
  /** Names by slot. */
  names: string[] = []
  /** Values by slot. */
  values: string[] = []
  /** A number that the user of the table keeps with each entry, by slot. */
  numbers: number[] = []
  /** How many slots there are, less one; their number is a power of two. */
  mask = -1
  /** How many entries have ever been added. The newest is in the slot `(added - 1) & mask`. */
  added = 0
  /** How many entries there are. */
  count = 0
  /** What the entries take. */
  bytes = 0
  /** What they may take. */
  bytesMax: number

  constructor(bytesMax: number) {
    this.bytesMax = bytesMax
  }

  /** The slot of the oldest entry; there is one. */
  oldestSlot(): number {
    return (this.added - this.count) & this.mask
  }

  /** Takes the oldest entry away; there is one. Its strings are let go. */
  evict(): void {
    const slot = this.oldestSlot()
    this.bytes -= this.names[slot]!.length + this.values[slot]!.length + ENTRY_OVERHEAD_BYTES
    this.names[slot] = ''
    this.values[slot] = ''
    this.count--
  }

  /** Adds an entry; there is room for it. */
  add(name: string, value: string, number: number): void {
    if (this.count > this.mask) this.#grow()
    const slot = this.added & this.mask
    this.names[slot] = name
    this.values[slot] = value
    this.numbers[slot] = number
    this.bytes += name.length + value.length + ENTRY_OVERHEAD_BYTES
    this.added++
    this.count++
  }

  /** Doubles the slots. All of them are in use. */
  #grow(): void {
    const slots = this.mask + 1
    if (slots === 0) {
      this.names = NO_TEXTS.slice()
      this.values = NO_TEXTS.slice()
      this.numbers = NO_NUMBERS.slice()
      this.mask = SLOTS_MIN - 1
      return
    }
    // Each entry is in both halves then; it stays where its count says.
    this.names = this.names.concat(this.names)
    this.values = this.values.concat(this.values)
    this.numbers = this.numbers.concat(this.numbers)
    this.mask = 2 * slots - 1
    for (let entry = this.added - this.count; entry < this.added; entry++) {
      const other = (entry + slots) & this.mask
      this.names[other] = ''
      this.values[other] = ''
    }
  }
}
