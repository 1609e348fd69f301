/** The kinds of the static fields. */

import { STATIC_FIELDS } from './static-table.js'

/** Gives a number for a field; 0 where nobody needs one. It is a function of its arguments. */
export type HpackClassify = (name: string, value: string) => number

/** For who needs no kinds. */
export const unclassified: HpackClassify = () => 0

const known = new WeakMap<HpackClassify, readonly number[]>()

/** The kinds of the static fields by index, from 1 on. They are made once for each function. */
export function staticKindsOf(classify: HpackClassify): readonly number[] {
  const before = known.get(classify)
  if (before !== undefined) return before
  const kinds = [0, ...STATIC_FIELDS.map(([name, value]) => classify(name, value))]
  known.set(classify, kinds)
  return kinds
}
