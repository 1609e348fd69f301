/**
 * Field sections that were read before. Clients repeat themselves: most heads on a connection bring the very section of
 * the one before, and one comparison then takes the place of reading it (a browser's head: 0.25 of the time).
 */

import { LF } from '../core/ascii.js'
import type { Fields } from '../core/fields.js'
import { native } from '../core/native.js'
import { isText } from './known-names.js'

/** Sections up to this size are remembered. */
export const MEMO_BYTES_MAX = 4096

/** Up to this size a loop compares faster than a native conversion and comparison. */
const LOOP_BYTES_MAX = 64

/** A field section that was read: the same bytes give the same fields. */
export interface SectionMemo {
  /** Only the reader that read the section finds it again: nobody can find out by timing what others send. */
  readonly owner: object
  /** The section with its empty line. */
  readonly text: string
  readonly fields: Fields
  readonly seen: number
  readonly repeated: number
  readonly number: number
}

/** The sections of all connections that were read last. An idle one loses its place to busy ones. */
const SLOTS = 256
const memos: (SectionMemo | undefined)[] = Array.from({ length: SLOTS }, () => undefined)
let nextSlot = 0

/** Remembers a section in the place that its owner had, or in the next one. Gives the place. */
export function remember(slot: number, memo: SectionMemo): number {
  let place = slot
  if (memos[place]?.owner !== memo.owner) {
    place = nextSlot
    nextSlot = (nextSlot + 1) % SLOTS
  }
  memos[place] = memo
  return place
}

/** The section of `owner` at `slot`, if it lies whole between `start` and `end`. */
export function recognise(
  slot: number,
  owner: object,
  bytes: Uint8Array,
  start: number,
  end: number,
): SectionMemo | undefined {
  const memo = memos[slot]
  if (memo === undefined || memo.owner !== owner) return undefined
  const { text } = memo
  const behind = start + text.length
  // The middle is where a different section is most likely to differ: a look there saves most vain comparisons.
  const middle = text.length >> 1
  if (behind > end || bytes[behind - 3] !== LF || bytes[start + middle] !== text.charCodeAt(middle)) return undefined
  const same =
    text.length <= LOOP_BYTES_MAX ? isText(bytes, start, text) : native.latin1Slice(bytes, start, behind) === text
  return same ? memo : undefined
}
