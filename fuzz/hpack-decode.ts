/** Field blocks: any octets, with caps and table sizes that the first of them decide. */

import { type HpackClassify, HpackDecoder, HpackEncoder, hpackFaults } from 'skitai/hpack'

const SECTION_CAPS = [Infinity, 60, 500, 5000] as const
const FIELD_CAPS = [Infinity, 1, 5, 50] as const
const TABLE_SIZES = [4096, 0, 100, 65_536] as const

/** Changes our setting when it stands where the length of a block would: the next octet says to what. */
const SETTING = 255
const SETTING_UNIT_BYTES = 40

/** The first octet holds caps and table size, two bits each; then come blocks, each behind an octet with its length. */
export function fuzz(data: Uint8Array): void {
  const options = data[0] ?? 0
  const input = data.subarray(1)
  const whole = decodeAll(input, options, (length) => length)
  const octets = decodeAll(input, options, () => 1)
  const thirds = decodeAll(input, options, (length) => Math.floor(length / 3) + 1)
  compare(whole, octets)
  compare(whole, thirds)
  checkRoundTrip(whole.filter((section) => section.fault === 0))
}

/** What came of a block. */
interface Section {
  readonly fault: number
  readonly overflow: boolean
  readonly list: readonly string[]
  readonly kinds: readonly number[]
}

const kindOf: HpackClassify = (name, value) => name.length * 3 + value.length

function decodeAll(input: Uint8Array, options: number, fragmentSize: (length: number) => number): Section[] {
  const sectionBytesMax = SECTION_CAPS[options & 3]!
  const fieldCountMax = FIELD_CAPS[(options >> 2) & 3]!
  const tableBytesMax = TABLE_SIZES[(options >> 4) & 3]!
  const decoder = new HpackDecoder({ sectionBytesMax, fieldCountMax, tableBytesMax, classify: kindOf })
  const sections: Section[] = []
  for (let at = 0; at < input.length;) {
    const length = input[at]!
    if (length === SETTING) {
      decoder.setTableBytesMax((input[at + 1] ?? 0) * SETTING_UNIT_BYTES)
      at += 2
      continue
    }
    const end = Math.min(input.length, at + 1 + length)
    const section = decodeOne(decoder, input, at + 1, end, fragmentSize(end - at - 1))
    at = end
    sections.push(section)
    const { list, kinds, fault } = section
    const bytes = list.reduce((sum, text) => sum + text.length, 16 * list.length)
    ensure(bytes <= sectionBytesMax && decoder.count <= fieldCountMax, 'a cap was passed')
    for (let i = 0; i < decoder.count; i++)
      ensure(kinds[i] === kindOf(list[2 * i]!, list[2 * i + 1]!), 'a kind of another field')
    if (fault !== 0) return sections
  }
  return sections
}

function decodeOne(decoder: HpackDecoder, input: Uint8Array, start: number, end: number, size: number): Section {
  const before = decoder.generation
  decoder.begin()
  let at = start
  let begin = start
  do {
    begin = at
    at = Math.min(end, at + size)
    decoder.decode(input, begin, at)
  } while (at < end && decoder.fault === 0)
  const fault = decoder.finish()
  ensure(hpackFaults[fault] !== undefined && fault === decoder.fault, `fault ${fault}`)
  const inside = decoder.faultAt >= begin && decoder.faultAt <= at
  ensure(fault === 0 || inside, `a fault at ${decoder.faultAt}, outside of its fragment`)
  ensure(decoder.generation >= before, 'the generation went back')
  const kinds = decoder.kinds.slice(0, decoder.count)
  return { fault, overflow: decoder.overflow, list: decoder.takeList(), kinds }
}

function compare(whole: readonly Section[], parts: readonly Section[]): void {
  ensure(whole.length === parts.length, `${parts.length} sections instead of ${whole.length}`)
  for (const [i, section] of whole.entries()) {
    const other = parts[i]!
    ensure(section.fault === other.fault, `fault ${other.fault} instead of ${section.fault}`)
    // Behind a fault nothing of a section counts.
    if (section.fault !== 0) return
    ensure(section.overflow === other.overflow, 'overflow in one of both')
    ensure(JSON.stringify(section.list) === JSON.stringify(other.list), 'other fields')
  }
}

/** What was decoded, encoded again and decoded. */
function checkRoundTrip(sections: readonly Section[]): void {
  const encoder = new HpackEncoder()
  const decoder = new HpackDecoder()
  for (const { list } of sections) {
    const block = encoder.encode(list)
    decoder.begin()
    ensure(decoder.decode(block, 0, block.length) === 0 && decoder.finish() === 0, 'we cannot read what we write')
    ensure(JSON.stringify(decoder.takeList()) === JSON.stringify(list), 'we read something else than we write')
  }
}

function ensure(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Error(what)
}
