/**
 * The fields of a message, in the order they came (RFC 9110 section 5). The reader hands over one string with the whole
 * section and a flat array of positions in it: names and values are cut out only when somebody asks.
 */

import { equalsIgnoreCase } from './ascii.js'

/** Positions a field: name start, name end, value start, value end. */
const STRIDE = 4

const NO_MARKS: readonly number[] = []

/**
 * Names come back in lower case, values as they came without surrounding blanks. Nothing is keyed by what a peer sent.
 */
export class Fields implements Iterable<readonly [name: string, value: string]> {
  static readonly empty: Fields = new Fields('', NO_MARKS)

  readonly #text: string
  /** Undefined when they were given up. */
  #marks: readonly number[] | undefined
  /**
   * Names and values that were cut out already: who asks once asks again, and equal sections of a connection are one
   * object.
   */
  #cuts: (string | undefined)[] | undefined
  /** How many names and values there were from the beginning, when there is no text to cut. */
  #listed = 0

  /** `text` is a whole section with its empty line; `marks` holds four positions in `text` a field: name start, name end, value start, value end. */
  constructor(text: string, marks: readonly number[]) {
    this.#text = text
    this.#marks = marks
  }

  /**
   * Fields from a flat list: name, value, name, value. The list is given away. Nothing is checked here; writers check
   * what they write.
   */
  static of(list: readonly string[]): Fields {
    const fields = new Fields('', NO_MARKS)
    fields.#listed = list.length
    // What is cut out of a text has the same form.
    fields.#cuts = list as (string | undefined)[]
    return fields
  }

  /** How many field lines there are. */
  get count(): number {
    return this.#listed / 2 + this.#positions().length / STRIDE
  }

  /** The name of field `index` (0..count-1) in lower case. */
  name(index: number): string {
    return this.rawName(index).toLowerCase()
  }

  /** The name of field `index` (0..count-1) as it was sent. */
  rawName(index: number): string {
    return this.#cut(index * STRIDE)
  }

  /** The value of field `index` (0..count-1). */
  value(index: number): string {
    return this.#cut(index * STRIDE + 2)
  }

  /**
   * All values of the field joined by a comma and a blank (RFC 9110 section 5.2), or undefined. Case does not matter.
   */
  get(name: string): string | undefined {
    let index = this.#find(name, 0)
    if (index < 0) return undefined
    let value = this.value(index)
    const separator = equalsIgnoreCase(name, 0, name.length, 'cookie') ? '; ' : ', '
    while ((index = this.#find(name, index + 1)) >= 0) value += separator + this.value(index)
    return value
  }

  /** Every value of the field, in order. */
  getAll(name: string): string[] {
    const values: string[] = []
    for (let index = this.#find(name, 0); index >= 0; index = this.#find(name, index + 1))
      values.push(this.value(index))
    return values
  }

  /** Whether there is such a field. */
  has(name: string): boolean {
    return this.#find(name, 0) >= 0
  }

  /** Name (lower case) and value of each field line, in order. */
  entries(): (readonly [name: string, value: string])[] {
    const entries: (readonly [string, string])[] = []
    for (let index = 0; index < this.count; index++) entries.push([this.name(index), this.value(index)])
    return entries
  }

  /** The fields as commands take them: a flat list of names, in lower case, and values. */
  toList(): string[] {
    return this.entries().flat()
  }

  /** Keeps no more than the text, for those that live long and are asked rarely: the rest is found again then. */
  compact(): void {
    if (this.#text === '') return
    this.#marks = undefined
    this.#cuts = undefined
  }

  [Symbol.iterator](): Iterator<readonly [name: string, value: string]> {
    return this.entries()[Symbol.iterator]()
  }

  #positions(): readonly number[] {
    this.#marks ??= marksOf(this.#text)
    return this.#marks
  }

  #cut(mark: number): string {
    const known = this.#cuts?.[mark >> 1]
    if (known !== undefined) return known
    const marks = this.#positions()
    const start = marks[mark]
    const end = marks[mark + 1]
    if (start === undefined || end === undefined) throw new RangeError(`no field ${mark / STRIDE}`)
    const text = this.#text.slice(start, end)
    this.#cuts ??= []
    this.#cuts[mark >> 1] = text
    return text
  }

  #find(name: string, from: number): number {
    if (this.#listed > 0) return this.#findListed(name, from)
    const text = this.#text
    const marks = this.#positions()
    for (let mark = from * STRIDE; mark < marks.length; mark += STRIDE)
      if (equalsIgnoreCase(text, marks[mark]!, marks[mark + 1]!, name)) return mark / STRIDE
    return -1
  }

  #findListed(name: string, from: number): number {
    const cuts = this.#cuts!
    for (let i = from * 2; i < this.#listed; i += 2) {
      const listed = cuts[i]!
      if (equalsIgnoreCase(listed, 0, listed.length, name)) return i >> 1
    }
    return -1
  }
}

/** The positions in a section that was read before: each line is a name, a colon and a value, with blanks around it. */
function marksOf(text: string): number[] {
  const marks: number[] = []
  for (let at = 0, end = text.indexOf('\r\n'); end > at; at = end + 2, end = text.indexOf('\r\n', at)) {
    const nameEnd = text.indexOf(':', at)
    let valueAt = nameEnd + 1
    let valueEnd = end
    while (valueAt < valueEnd && isBlank(text, valueAt)) valueAt++
    while (valueEnd > valueAt && isBlank(text, valueEnd - 1)) valueEnd--
    marks.push(at, nameEnd, valueAt, valueEnd)
  }
  return marks
}

function isBlank(text: string, at: number): boolean {
  const code = text.charCodeAt(at)
  return code === 0x20 || code === 0x09
}
