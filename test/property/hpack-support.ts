/** Arbitraries of HPACK, and our codecs brought to the form that the properties compare. */

import fc from 'fast-check'
import { type HpackDecoder, HpackFault, hpackFaults } from 'skitai/hpack'
import { STATIC_FIELDS } from '#src/protocols/http2/hpack/static-table.js'

/** What a decoder gave for a block: a flat list, or the code of the fault. */
export type Decoded = readonly string[] | string

/** A block in fragments that begin at `cuts`. */
export function decodeBlock(decoder: HpackDecoder, block: Uint8Array, cuts: readonly number[] = []): Decoded {
  decoder.begin()
  const ends = [...cuts.filter((cut) => cut <= block.length).toSorted((a, b) => a - b), block.length]
  let start = 0
  let fault: number = HpackFault.none
  for (const end of ends) {
    // A copy that is overwritten afterwards: the decoder keeps nothing of it.
    const fragment = Uint8Array.from(block.subarray(start, end))
    if (fault === HpackFault.none) fault = decoder.decode(fragment, 0, fragment.length)
    fragment.fill(0xee)
    start = end
  }
  if (fault === HpackFault.none) fault = decoder.finish()
  return fault === HpackFault.none ? decoder.takeList() : hpackFaults[fault]!.code
}

/**
 * Names on which objects of the language have properties of their own confuse hpack.js, which looks them up by name.
 */
const isOwn = (text: string): boolean => !(text in {})

const name = fc
  .oneof(
    fc.constantFrom(...STATIC_FIELDS.map(([each]) => each)),
    fc.constantFrom('x-a', 'x-b', 'sec-fetch-mode', 'x-request-id'),
    fc.string({ unit: fc.constantFrom(...'abcdefghijklmnopqrstuvwxyz-0123456789'), minLength: 1, maxLength: 40 }),
  )
  .filter(isOwn)

const octetText = fc.string({
  unit: fc.integer({ min: 0, max: 255 }).map((octet) => String.fromCharCode(octet)),
  maxLength: 60,
})
const value = fc
  .oneof(
    fc.constantFrom('', '/', 'GET', 'gzip, deflate', '200', '302', 'no-cache', 'private'),
    fc.constantFrom(...STATIC_FIELDS.map(([, each]) => each)),
    fc.string({ maxLength: 60 }),
    octetText,
    fc.tuple(fc.constantFrom('a', '9', '\u00ff', '"'), fc.integer({ min: 1, max: 700 })).map(([c, n]) => c.repeat(n)),
  )
  .filter(isOwn)

/** A flat list of fields. */
export const section: fc.Arbitrary<string[]> = fc
  .array(fc.tuple(name, value), { maxLength: 20 })
  .map((fields) => fields.flat())

/** Table sizes that differ in what fits. */
export const tableBytes: fc.Arbitrary<number> = fc.constantFrom(0, 31, 40, 64, 100, 256, 1000, 2048, 4096)

/** Places to cut at. */
export const cuts: fc.Arbitrary<number[]> = fc.array(fc.nat(300), { maxLength: 6 })
