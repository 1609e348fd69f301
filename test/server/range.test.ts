import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import {
  contentRange,
  planMultipart,
  rangeCountMax,
  selectRanges,
  unsatisfiedRange,
  type ByteRange,
} from '#src/server/range.js'

const parts = (field: string, size: number): unknown => {
  const selected = selectRanges(field, size)
  return typeof selected === 'string' ? selected : selected.map(({ start, end }) => [start, end])
}

describe('selectRanges', () => {
  it('reads single ranges', () => {
    assert.deepEqual(parts('bytes=0-499', 10_000), [[0, 500]])
    assert.deepEqual(parts('bytes=500-999', 10_000), [[500, 1000]])
    assert.deepEqual(parts('bytes=-500', 10_000), [[9500, 10_000]])
    assert.deepEqual(parts('bytes=9500-', 10_000), [[9500, 10_000]])
    assert.deepEqual(parts('BYTES=0-0', 1), [[0, 1]])
    assert.deepEqual(parts('bytes=\t 0-3 ', 10), [[0, 4]])
  })

  it('cuts at the end of the representation', () => {
    assert.deepEqual(parts('bytes=5-99', 10), [[5, 10]])
    assert.deepEqual(parts('bytes=-99', 10), [[0, 10]])
    assert.deepEqual(parts('bytes=0-99999999999999999999999999', 10), [[0, 10]])
    assert.deepEqual(parts(`bytes=-${'9'.repeat(400)}`, 10), [[0, 10]])
  })

  it('finds what cannot be satisfied', () => {
    for (const field of ['bytes=10-', 'bytes=10-20', 'bytes=-0', 'bytes=99999999999999999999999-', 'bytes=10-,-0'])
      assert.equal(parts(field, 10), 'unsatisfiable', field)
    assert.equal(parts('bytes=0-', 0), 'unsatisfiable')
    assert.equal(parts('bytes=-0', 0), 'unsatisfiable')
  })

  it('takes a malformed set for one that cannot be satisfied', () => {
    for (const field of [
      'bytes=',
      'bytes=,',
      'bytes=-',
      'bytes=0,3',
      'bytes=3-2',
      'bytes=a-b',
      'bytes=0-1;',
      'bytes=0 -1',
      'bytes=+1-2',
      'bytes=0-1,x',
      'bytes=0-1-2',
      'bytes=--1',
      'bytes=0x0-1',
      'bytes=0-1\xa0',
    ])
      assert.equal(parts(field, 10), 'unsatisfiable', field)
  })

  it('ignores what it need not understand', () => {
    for (const field of ['', 'bytes', 'items=0-1', 'bytes =0-1', ' bytes=0-1', 'octets=a'])
      assert.equal(parts(field, 10), 'whole', field)
    assert.equal(parts(`bytes=${'0-0,'.repeat(300)}`, 10), 'whole')
    assert.equal(parts('bytes=-1', 0), 'whole')
  })

  it('caps the number of ranges', () => {
    const list = (count: number): string =>
      'bytes=' + Array.from({ length: count }, (_, i) => `${i * 3}-${i * 3}`).join(',')
    assert.equal((parts(list(rangeCountMax), 1000) as unknown[]).length, rangeCountMax)
    assert.equal(parts(list(rangeCountMax + 1), 1000), 'whole')
  })

  it('keeps the order of the request and drops what lies outside', () => {
    assert.deepEqual(parts('bytes=8-9, 0-1,, 20-30 ,4-4', 10), [
      [8, 10],
      [0, 2],
      [4, 5],
    ])
  })

  it('joins ranges that overlap or touch', () => {
    assert.deepEqual(parts('bytes=0-3,4-5', 10), [[0, 6]])
    assert.deepEqual(parts('bytes=0-,0-,0-,-1', 10), [[0, 10]])
    assert.deepEqual(parts('bytes=8-9,0-1,3-4,1-3', 10), [
      [8, 10],
      [0, 5],
    ])
  })

  it('selects exactly the octets that were asked for, each once', () => {
    const spec = fc.oneof(
      fc.tuple(fc.nat(40), fc.nat(40)).map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const),
      fc.nat(40).map((first) => [first, Infinity] as const),
      fc.nat(40).map((last) => [-Infinity, last] as const),
    )
    fc.assert(
      fc.property(
        fc.array(spec, { minLength: 1, maxLength: rangeCountMax }),
        fc.integer({ min: 1, max: 40 }),
        (specs, size) => {
          const wanted = new Set<number>()
          const texts = specs.map(([first, last]) => {
            const from = first === -Infinity ? Math.max(0, size - last) : first
            const to = first === -Infinity ? size - 1 : last
            for (let at = from; at <= Math.min(to, size - 1); at++) wanted.add(at)
            return `${first === -Infinity ? '' : first}-${last === Infinity ? '' : last}`
          })
          const selected = selectRanges(`bytes=${texts.join(',')}`, size)
          if (typeof selected === 'string') return assert.ok(selected === 'unsatisfiable' && wanted.size === 0)
          const got: number[] = []
          for (const { start, end } of selected) for (let at = start; at < end; at++) got.push(at)
          assert.equal(new Set(got).size, got.length)
          assert.deepEqual(
            got.toSorted((a, b) => a - b),
            [...wanted].toSorted((a, b) => a - b),
          )
          for (const { start, end } of selected)
            assert.ok(!selected.some((other) => other.start === end || other.end === start))
        },
      ),
      { numRuns: 1000 },
    )
  })
})

describe('Content-Range', () => {
  it('names the last octet, not the end', () => {
    assert.equal(contentRange({ start: 0, end: 500 }, 1234), 'bytes 0-499/1234')
    assert.equal(unsatisfiedRange(1234), 'bytes */1234')
  })
})

describe('planMultipart', () => {
  const build = (ranges: readonly ByteRange[], content: string): string => {
    const plan = planMultipart(ranges, content.length, 'text/plain', 'SEP')
    const text =
      ranges.map(({ start, end }, index) => (plan.heads[index] ?? '') + content.slice(start, end)).join('') + plan.tail
    assert.equal(text.length, plan.length)
    assert.equal(plan.type, 'multipart/byteranges; boundary=SEP')
    return text
  }

  it('frames the parts', () => {
    assert.equal(
      build(
        [
          { start: 1, end: 3 },
          { start: 5, end: 6 },
        ],
        '0123456789',
      ),
      '--SEP\r\nContent-Type: text/plain\r\nContent-Range: bytes 1-2/10\r\n\r\n12\r\n' +
        '--SEP\r\nContent-Type: text/plain\r\nContent-Range: bytes 5-5/10\r\n\r\n5\r\n--SEP--\r\n',
    )
  })

  it('announces its exact length', () => {
    const range = fc.tuple(fc.nat(99), fc.nat(99)).map(([a, b]) => ({ start: Math.min(a, b), end: Math.max(a, b) + 1 }))
    fc.assert(
      fc.property(fc.array(range, { minLength: 1, maxLength: 16 }), (ranges) => void build(ranges, 'x'.repeat(100))),
    )
  })
})
