import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  bytesOf,
  concat,
  escapeBytes,
  formatEvent,
  latin1Of,
  mergeData,
  Random,
  sameBytes,
  snapshot,
  unescapeBytes,
} from 'skitai/testing'

describe('octets and text', () => {
  const every = Uint8Array.from({ length: 256 }, (_, octet) => octet)

  test('Latin-1 there and back', () => {
    assert.deepEqual(bytesOf(latin1Of(every)), every)
    assert.throws(() => bytesOf('a\u{100}'), /^RangeError: character 1 \(U\+100\) is not one octet$/)
  })

  test('the escaped form there and back', () => {
    assert.deepEqual(unescapeBytes(escapeBytes(every)), every)
    assert.equal(escapeBytes(bytesOf('a\r\n\t\0\\"\x7f\xff ~')), 'a\\r\\n\\t\\0\\\\\\"\\x7f\\xff ~')
    assert.match(escapeBytes(every), /^[ -~]+$/)
  })

  test('an escape that is not known', () => {
    for (const text of ['\\q', '\\x1', '\\xg0', '\\'])
      assert.throws(() => unescapeBytes(text), /^RangeError: unknown escape at 0/, text)
  })

  test('concat and sameBytes', () => {
    assert.deepEqual(concat([]), new Uint8Array(0))
    assert.deepEqual(concat([bytesOf('a'), bytesOf(''), bytesOf('bc')]), bytesOf('abc'))
    assert.ok(sameBytes(bytesOf('ab'), bytesOf('ab')))
    assert.ok(!sameBytes(bytesOf('ab'), bytesOf('abc')))
    assert.ok(!sameBytes(bytesOf('ab'), bytesOf('ac')))
  })
})

describe('snapshots', () => {
  test('are copies, deep ones', () => {
    const bytes = bytesOf('ab')
    const event = { type: 'x', bytes, nested: { list: [1, { two: 2 }], nothing: null }, map: new Map([['k', 'v']]) }
    const copy = snapshot(event)
    bytes[0] = 0
    assert.equal(formatEvent(copy), 'x bytes="ab" nested={list: [1, {two: 2}], nothing: null} map=[["k", "v"]]')
  })

  test('copy the octets of a Buffer, whose slice would share them', () => {
    const bytes = Buffer.from('ab')
    const copy = snapshot({ type: 'x', bytes } as { type: string })
    bytes[0] = 0
    assert.equal(formatEvent(copy), 'x bytes="ab"')
  })

  test('adjacent content is merged, of one stream only', () => {
    const data = (text: string, stream: number): { type: string } =>
      ({ type: 'data', stream, bytes: bytesOf(text) }) as { type: string }
    const extra = { ...data('e', 1), more: true } as { type: string }
    const events = [data('a', 1), data('b', 1), data('c', 2), { type: 'end' }, data('d', 2), extra].map(snapshot)
    assert.deepEqual(mergeData(events).map(formatEvent), [
      'data stream=1 bytes="ab"',
      'data stream=2 bytes="c"',
      'end',
      'data stream=2 bytes="d"',
      'data stream=1 bytes="e" more=true',
    ])
  })

  test('a data event without octets is left alone', () => {
    assert.deepEqual(mergeData([snapshot({ type: 'data' })]).map(formatEvent), ['data'])
  })
})

describe('Random', () => {
  test('repeats itself for a seed, and only for it', () => {
    const sequence = (seed: number): number[] => {
      const random = new Random(seed)
      return Array.from({ length: 20 }, () => random.uint32())
    }
    assert.deepEqual(sequence(5), sequence(5))
    assert.notDeepEqual(sequence(5), sequence(6))
    assert.equal(new Set(sequence(5)).size, 20)
  })

  test('keeps to its bounds and reaches them', () => {
    const random = new Random(1)
    const seen = new Set(Array.from({ length: 500 }, () => random.between(3, 7)))
    assert.deepEqual([...seen].sort(), [3, 4, 5, 6, 7])
    assert.ok(Array.from({ length: 500 }, () => random.below(1)).every((value) => value === 0))
    assert.equal(random.chance(0), false)
    assert.equal(random.chance(1), true)
    assert.ok(['a', 'b'].includes(random.pick(['a', 'b'])))
    assert.equal(random.bytes(9).length, 9)
    assert.throws(() => random.pick([]), /^RangeError/)
  })

  test('is about even', () => {
    const random = new Random(2)
    const counts = Array.from({ length: 10 }, () => 0)
    for (let i = 0; i < 10_000; i++) counts[random.below(10)]! += 1
    assert.ok(
      counts.every((count) => count > 900 && count < 1100),
      String(counts),
    )
  })
})
