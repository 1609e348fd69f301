/** Damages inputs: what random octets never find, small changes to good inputs do. */

import { bytesOf, concat, http1Dictionary, type Random } from 'skitai/testing'

/** Longer inputs find little more and cost much. */
const INPUT_BYTES_MAX = 8192

const WORDS: readonly Uint8Array[] = http1Dictionary.map(bytesOf)
const ODD_OCTETS: readonly number[] = [
  0, 9, 10, 11, 13, 32, 34, 44, 47, 48, 49, 57, 58, 59, 92, 127, 128, 133, 160, 255,
]

/** A member of `corpus`, or two of them joined, with 1 to 8 changes. */
export function mutate(random: Random, corpus: readonly Uint8Array[]): Uint8Array {
  let input = random.pick(corpus)
  if (random.chance(0.2)) input = concat([input, random.pick(corpus)])
  for (let changes = random.pick([1, 1, 1, 2, 2, 3, 5, 8]); changes > 0; changes--)
    input = change(random, input, corpus)
  return input.slice(0, INPUT_BYTES_MAX)
}

function change(random: Random, input: Uint8Array, corpus: readonly Uint8Array[]): Uint8Array {
  const at = random.below(input.length + 1)
  const length = random.between(1, random.pick([1, 2, 8, 64]))
  const before = input.subarray(0, at)
  const after = input.subarray(at)
  switch (random.below(8)) {
    case 0:
      return concat([before, Uint8Array.of(random.pick(ODD_OCTETS)), after.subarray(1)])
    case 1:
      return concat([before, Uint8Array.of((after[0] ?? 0) ^ (1 << random.below(8))), after.subarray(1)])
    case 2:
      return concat([before, after.subarray(length)])
    case 3:
      return concat([before, after.subarray(0, length), after])
    case 4:
      return concat([before, random.pick(WORDS), after])
    case 5:
      return concat([before, Uint8Array.of(random.pick(ODD_OCTETS)), after])
    case 6:
      return concat([before, slice(random, random.pick(corpus)), after])
    default:
      return concat([before, repeated(random, slice(random, after)), after])
  }
}

function slice(random: Random, input: Uint8Array): Uint8Array {
  const from = random.below(input.length + 1)
  return input.subarray(from, from + random.below(40))
}

function repeated(random: Random, part: Uint8Array): Uint8Array {
  return concat(Array.from({ length: random.pick([2, 10, 150]) }, () => part))
}
