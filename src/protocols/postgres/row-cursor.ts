/**
 * Rows where they lie in the chunk (DataRow of "Message Formats"): no object a row or a column. The engine has looked
 * at all of them before the first one is given.
 */

import { native } from '../core/native.js'
import { int32At, uint16At } from './body-reader.js'

/** Octets before the columns: type, length, number of columns. */
const ROW_HEAD_BYTES = 7

/** What `check` gives when a row is right. */
export const ROW_OK = 0
export const ROW_MALFORMED = 1
export const ROW_COLUMNS = 2

/** A row whose values are the receiver's own octets, or null. */
export type OwnedRow = readonly (Uint8Array | null)[]

/**
 * Some rows of one result. Iteration gives all of them as copies, and leaves the cursor where it is: for logs and
 * tests.
 */
export class RowCursor implements Iterable<OwnedRow> {
  /** The memory in which values lie. Valid until the handler of the event ends. */
  bytes: Uint8Array = new Uint8Array(0)
  /** How many rows there are, and how many columns each has. */
  rowCount = 0
  columnCount = 0

  /** Where the first row begins, the next one, and where all end. */
  #begin = 0
  #next = 0
  #end = 0
  /** For each column of the row: where its value begins, and how many octets it has; -1 for null. */
  #starts: Int32Array = new Int32Array(0)
  #sizes: Int32Array = new Int32Array(0)

  /** For the engine: begins with other rows, which lie one behind the other. */
  begin(bytes: Uint8Array, at: number, end: number, rowCount: number, columnCount: number): void {
    this.bytes = bytes
    this.#begin = at
    this.#next = at
    this.#end = end
    this.rowCount = rowCount
    this.columnCount = columnCount
    if (this.#starts.length < columnCount) {
      this.#starts = new Int32Array(columnCount)
      this.#sizes = new Int32Array(columnCount)
    }
  }

  /** Goes to the next row; false when there is none. */
  next(): boolean {
    const { bytes, columnCount } = this
    if (this.#next === this.#end) return false
    const starts = this.#starts
    const sizes = this.#sizes
    let at = this.#next + ROW_HEAD_BYTES
    for (let column = 0; column < columnCount; column++) {
      const size = int32At(bytes, at)
      at += 4
      starts[column] = at
      sizes[column] = size
      if (size > 0) at += size
    }
    this.#next = at
    return true
  }

  /** Where the value of a column (0..columnCount-1) begins in `bytes`. */
  start(column: number): number {
    return this.#starts[column]!
  }

  /** Octets of the value of a column; -1 for null. */
  size(column: number): number {
    return this.#sizes[column]!
  }

  /** The value of a column as text; undefined for null. */
  text(column: number): string | undefined {
    const size = this.#sizes[column]!
    if (size < 0) return undefined
    const start = this.#starts[column]!
    return native.utf8Slice(this.bytes, start, start + size)
  }

  /** The octets of a column, where they lie; undefined for null. */
  view(column: number): Uint8Array | undefined {
    const size = this.#sizes[column]!
    if (size < 0) return undefined
    const start = this.#starts[column]!
    return this.bytes.subarray(start, start + size)
  }

  [Symbol.iterator](): Iterator<OwnedRow> {
    const rows = new RowCursor()
    rows.begin(this.bytes, this.#begin, this.#end, this.rowCount, this.columnCount)
    return { next: () => (rows.next() ? { done: false, value: rows.#copy() } : { done: true, value: undefined }) }
  }

  #copy(): OwnedRow {
    const row: (Uint8Array | null)[] = []
    for (let column = 0; column < this.columnCount; column++) {
      const view = this.view(column)
      row.push(view === undefined ? null : new Uint8Array(view))
    }
    return row
  }
}

/** How many columns a row says that it has; 0 when it is too short to say so. */
export function columnsOf(bytes: Uint8Array, at: number, end: number): number {
  return end - at < ROW_HEAD_BYTES ? 0 : uint16At(bytes, at + 5)
}

/** Whether a row that lies between two positions, its head included, is one of so many columns. */
export function checkRow(bytes: Uint8Array, at: number, end: number, columnCount: number): number {
  if (end - at < ROW_HEAD_BYTES) return ROW_MALFORMED
  if (uint16At(bytes, at + 5) !== columnCount) return ROW_COLUMNS
  let value = at + ROW_HEAD_BYTES
  for (let column = 0; column < columnCount; column++) {
    if (end - value < 4) return ROW_MALFORMED
    const size = int32At(bytes, value)
    value += 4
    if (size < -1 || size > end - value) return ROW_MALFORMED
    if (size > 0) value += size
  }
  return value === end ? ROW_OK : ROW_MALFORMED
}
