import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { HpackDecoder, HpackEncoder } from 'skitai/hpack'
import { HpackModel } from './hpack-model.js'
import { cuts, type Decoded, decodeBlock, section, tableBytes } from './hpack-support.js'
import { check } from './run.js'

const octet = fc.nat(255)
/** Octets that begin what is worth trying. */
const telling = fc.constantFrom(
  0x00,
  0x0f,
  0x10,
  0x1f,
  0x20,
  0x3f,
  0x40,
  0x7f,
  0x80,
  0x82,
  0xbe,
  0xbf,
  0xff,
  0x81,
  0xe1,
)

const noise = fc.uint8Array({ maxLength: 40 })
const shaped = fc.array(fc.oneof(telling, octet), { maxLength: 40 }).map((octets) => Uint8Array.from(octets))

/** A good block with some octets changed, and perhaps cut off. */
const damaged = fc
  .tuple(section, fc.array(fc.tuple(fc.nat(200), octet), { maxLength: 3 }), fc.nat(400))
  .map(([list, changes, length]) => {
    const block = new HpackEncoder().encode(list).slice(0, length)
    for (const [at, to] of changes) if (at < block.length) block[at] = to
    return block
  })

const block = fc.oneof(noise, shaped, damaged)
const announcements = fc.array(tableBytes, { maxLength: 2 })

/** What the model says, in the form of ours. */
function modelled(model: HpackModel, octets: Uint8Array): Decoded {
  const result = model.decode(octets)
  return 'fault' in result ? result.fault : result.fields.flat()
}

test('any octets get the verdict of the plain model, cut anywhere', () => {
  check(
    10_000,
    fc.property(fc.array(fc.tuple(announcements, block, cuts), { minLength: 1, maxLength: 4 }), (blocks) => {
      const decoder = new HpackDecoder()
      const model = new HpackModel(4096)
      for (const [announced, octets, at] of blocks) {
        for (const bytes of announced) {
          decoder.setTableBytesMax(bytes)
          model.announce(bytes)
        }
        const expected = modelled(model, octets)
        assert.deepEqual(decodeBlock(decoder, octets, at), expected)
        if (typeof expected === 'string') return
      }
    }),
  )
})

test('caps change what is stored, and nothing else', () => {
  check(
    5000,
    fc.property(
      fc.array(fc.tuple(block, cuts), { minLength: 1, maxLength: 4 }),
      fc.constantFrom(0, 40, 100, 400, 2000),
      fc.constantFrom(0, 1, 3, 100),
      tableBytes,
      (blocks, sectionBytesMax, fieldCountMax, tableBytesMax) => {
        const capped = new HpackDecoder({ sectionBytesMax, fieldCountMax, tableBytesMax })
        const free = new HpackDecoder({ tableBytesMax })
        for (const [octets, at] of blocks) {
          const expected = decodeBlock(free, octets)
          const got = decodeBlock(capped, octets, at)
          assert.equal(typeof got, typeof expected)
          if (typeof expected === 'string' || typeof got === 'string') {
            assert.ok(sameFault(got, expected), `${String(got)} instead of ${String(expected)}`)
            return
          }
          const fits = kept(expected, sectionBytesMax, fieldCountMax)
          assert.deepEqual(got, fits)
          assert.equal(capped.overflow, fits.length < expected.length)
        }
      },
    ),
  )
})

/** A literal that is skipped is checked from its beginning on, one that is read only when all of it is there. */
function sameFault(got: Decoded, expected: Decoded): boolean {
  const late = 'HPACK_TRUNCATED HPACK_INTEGER_TOO_LARGE'
  return got === expected || (String(got).startsWith('HPACK_HUFFMAN') && late.includes(String(expected)))
}

/** The fields before the first that has no room. */
function kept(list: readonly string[], sectionBytesMax: number, fieldCountMax: number): string[] {
  let bytes = 0
  for (let i = 0; i < list.length; i += 2) {
    bytes += list[i]!.length + list[i + 1]!.length + 32
    if (bytes > sectionBytesMax || i / 2 >= fieldCountMax) return list.slice(0, i)
  }
  return [...list]
}
