/** What is known of a statement: what it takes and gives, and how that is encoded and decoded. */

import type { FieldDescription } from '../../../protocols/postgres/events.js'
import type { TypeRegistry } from '../../../protocols/postgres/types/registry.js'
import { type Encode, encoderOf } from './parameters.js'
import { type Format, formatsOf, type RowMode, RowReader } from './rows.js'

/** Which formats a result is asked for in: the faster one of each column, or one for all. */
export type FormatChoice = 'auto' | Format

const ALL_TEXT: readonly Format[] = []
const ALL_BINARY: readonly Format[] = ['binary']

/** One description. It holds for a text of a statement as long as the server says the same of it. */
export class Description {
  readonly typeOids: readonly number[]
  readonly encoders: readonly Encode[]
  /** The columns; none for a statement that gives no rows. */
  readonly fields: readonly FieldDescription[]
  readonly #types: TypeRegistry
  readonly #formats: readonly Format[]
  readonly #readers: Map<string, RowReader> = new Map()
  /** The reader that was asked for last, and for what. */
  #mode: RowMode | undefined
  #choice: FormatChoice = 'auto'
  #reader: RowReader | undefined

  constructor(typeOids: readonly number[], fields: readonly FieldDescription[], types: TypeRegistry) {
    this.typeOids = typeOids
    this.fields = fields
    this.encoders = typeOids.map((oid) => encoderOf(oid, types))
    this.#types = types
    this.#formats = formatsOf(fields)
  }

  /** The formats of a choice, as in Bind. */
  formats(choice: FormatChoice): readonly Format[] {
    if (choice === 'auto') return this.#formats
    return choice === 'text' ? ALL_TEXT : ALL_BINARY
  }

  /** What reads rows in the formats of a choice. */
  reader(choice: FormatChoice, mode: RowMode): RowReader {
    if (this.#reader !== undefined && this.#choice === choice && this.#mode === mode) return this.#reader
    const key = `${choice} ${mode}`
    let reader = this.#readers.get(key)
    if (reader === undefined) {
      reader = new RowReader(this.fields, this.formats(choice), this.#types, mode)
      this.#readers.set(key, reader)
    }
    this.#choice = choice
    this.#mode = mode
    return (this.#reader = reader)
  }

  /** Whether the server has said the same again. */
  matches(typeOids: readonly number[], fields: readonly FieldDescription[]): boolean {
    return (
      typeOids.length === this.typeOids.length &&
      fields.length === this.fields.length &&
      typeOids.every((oid, index) => oid === this.typeOids[index]) &&
      fields.every((field, index) => isSame(field, this.fields[index]!))
    )
  }
}

/** Everything that a caller can see of a column, or its decoder depends on. */
function isSame(one: FieldDescription, other: FieldDescription): boolean {
  return (
    one.typeOid === other.typeOid &&
    one.name === other.name &&
    one.typeModifier === other.typeModifier &&
    one.tableOid === other.tableOid &&
    one.columnNumber === other.columnNumber
  )
}
