/** Field sections that were read before: the same bytes give the same fields. */

import type { Fields } from '../core/fields.js'

/** What reading a section gave. */
export interface Section {
  /** The section with its empty line. */
  readonly text: string
  readonly fields: Fields
  readonly seen: number
  readonly repeated: number
  readonly number: number
}

interface Place {
  readonly owner: SectionMemory
  readonly section: Section
}

/** Longer sections are not remembered. */
const TEXT_CHARS_MAX = 4096

/** For the connections that were read last. An idle one loses its place to busy ones, and then holds nothing. */
const PLACES = 1024
const places: (Place | undefined)[] = Array.from({ length: PLACES }, () => undefined)
let nextPlace = 0

let sections = 0

/** A number for a section that was read. One that is found again keeps its number. */
export function newSection(): number {
  return ++sections
}

/** The last section of one connection. No other finds it: nobody can find out by timing what others send. */
export class SectionMemory {
  #place = -1

  /** The last section, if it was short enough and its place was not taken. */
  recall(): Section | undefined {
    const place = places[this.#place]
    return place !== undefined && place.owner === this ? place.section : undefined
  }

  /** Remembers a section in place of the last one. */
  remember(section: Section): void {
    if (section.text.length > TEXT_CHARS_MAX) return
    if (this.recall() === undefined) {
      this.#place = nextPlace
      nextPlace = (nextPlace + 1) % PLACES
    }
    places[this.#place] = { owner: this, section }
  }
}
