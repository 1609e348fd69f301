import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { fieldBytesMax, HPACK_BEGIN_BYTES_MAX, HpackDecoder, HpackEncoder } from 'skitai/hpack'
import { HpackJsDecoder, HpackJsEncoder } from './hpack-js.js'
import { HpackModel } from './hpack-model.js'
import { cuts, decodeBlock, section, tableBytes } from './hpack-support.js'
import { check } from './run.js'

/** A block, and what both ends agreed on before it. */
const exchange = fc.record({
  settings: fc.array(tableBytes, { maxLength: 3 }),
  list: section,
  cuts,
  sensitive: fc.boolean(),
})

test('what was encoded decodes to the same, cut anywhere, whatever happens to the table', () => {
  check(
    2000,
    fc.property(tableBytes, fc.array(exchange, { maxLength: 12 }), (ownMax, exchanges) => {
      const encoder = new HpackEncoder({ tableBytesMax: ownMax })
      const decoder = new HpackDecoder()
      const model = new HpackModel(4096)
      for (const { settings, list, cuts: at, sensitive } of exchanges) {
        for (const bytes of settings) {
          encoder.setPeerTableBytesMax(bytes)
          decoder.setTableBytesMax(bytes)
          model.announce(bytes)
        }
        const block = written(encoder, list, sensitive)
        const modelled = model.decode(block)
        assert.deepEqual('fields' in modelled ? modelled.fields.flat() : modelled, list)
        assert.deepEqual(decodeBlock(decoder, block, at), list)
      }
    }),
  )
})

/** The block in memory that is exactly as large as we say that it may have to be. */
function written(encoder: HpackEncoder, list: readonly string[], sensitive: boolean): Uint8Array {
  let size = HPACK_BEGIN_BYTES_MAX
  for (let i = 0; i < list.length; i += 2) size += fieldBytesMax(list[i]!, list[i + 1]!)
  const into = new Uint8Array(size)
  let at = encoder.begin(into, 0)
  assert.ok(at <= HPACK_BEGIN_BYTES_MAX)
  for (let i = 0; i < list.length; i += 2) {
    const start = at
    at = encoder.field(list[i]!, list[i + 1]!, into, at, sensitive && i % 3 === 0)
    assert.ok(at - start <= fieldBytesMax(list[i]!, list[i + 1]!))
  }
  return into.subarray(0, at)
}

test('with an equal generation equal sections are equal blocks, and the other way round', () => {
  check(
    1000,
    fc.property(fc.array(section, { minLength: 1, maxLength: 4 }), fc.array(tableBytes), (lists, settings) => {
      const encoder = new HpackEncoder()
      const decoder = new HpackDecoder()
      const blocks = new Map<string, Uint8Array>()
      const sections = new Map<string, unknown>()
      for (let round = 0; round < 20; round++) {
        const list = lists[round % lists.length]!
        const bytes = settings[round]
        if (bytes !== undefined) {
          encoder.setPeerTableBytesMax(bytes)
          decoder.setTableBytesMax(bytes)
        }
        const before = encoder.generation
        const block = encoder.encode(list)
        if (before === encoder.generation) {
          const key = JSON.stringify([before, list])
          assert.deepEqual(block, blocks.get(key) ?? block)
          blocks.set(key, block)
        }
        const beforeRead = decoder.generation
        const read = decodeBlock(decoder, block)
        if (beforeRead === decoder.generation) {
          const key = JSON.stringify([beforeRead, [...block]])
          assert.deepEqual(read, sections.get(key) ?? read)
          sections.set(key, read)
        }
        assert.deepEqual(read, list)
      }
    }),
  )
})

test('hpack.js reads what we write', () => {
  check(
    500,
    fc.property(fc.array(exchange, { maxLength: 8 }), (exchanges) => {
      const encoder = new HpackEncoder()
      const other = new HpackJsDecoder(4096)
      for (const { settings, list } of exchanges) {
        for (const bytes of settings) encoder.setPeerTableBytesMax(bytes)
        assert.deepEqual(other.decode(encoder.encode(list)), list)
      }
    }),
  )
})

test('we read what hpack.js writes', () => {
  const choice = fc.record({ huffman: fc.boolean(), incremental: fc.boolean(), neverIndex: fc.boolean() })
  check(
    500,
    fc.property(
      fc.array(fc.tuple(exchange, choice, fc.constantFrom('keep', 'reset', 'shrink', 'grow')), { maxLength: 8 }),
      (exchanges) => {
        const other = new HpackJsEncoder(4096)
        const decoder = new HpackDecoder()
        for (const [{ list, cuts: at }, how, table] of exchanges) {
          if (table === 'reset') other.reset()
          // It tells nothing of a smaller table: it only refers to less of it.
          else if (table !== 'keep') other.updateTableSize(table === 'grow' ? 4096 : 200)
          assert.deepEqual(decodeBlock(decoder, other.encode(list, how), at), list)
        }
      },
    ),
  )
})
