import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { Fields } from '#src/protocols/core/fields.js'
import { evaluate, isConditional, parseTags, tagsMatch, type Validators } from '#src/server/conditional.js'
import { formatHttpDate } from '#src/server/http-date.js'

const nowMs = Date.UTC(2026, 0, 1)
const modifiedMs = Date.UTC(2025, 5, 1, 12)
const strong: Validators = { etag: '"v1"', lastModifiedMs: modifiedMs, length: 100 }
const weak: Validators = { ...strong, etag: 'W/"v1"' }
const at = formatHttpDate(modifiedMs)
const before = formatHttpDate(modifiedMs - 1000)
const after = formatHttpDate(modifiedMs + 1000)

const judge = (list: readonly string[], current: Validators | undefined = strong, method = 'GET'): string | number =>
  evaluate(method, Fields.of(list), current, nowMs)

const judgeAbsent = (list: readonly string[], method = 'GET'): string | number =>
  evaluate(method, Fields.of(list), undefined, nowMs)

describe('entity tags', () => {
  it('compare as in RFC 9110 section 8.8.3.2', () => {
    const rows: readonly (readonly [string, string, boolean, boolean])[] = [
      ['W/"1"', 'W/"1"', false, true],
      ['W/"1"', 'W/"2"', false, false],
      ['W/"1"', '"1"', false, true],
      ['"1"', '"1"', true, true],
    ]
    for (const [a, b, strongly, weakly] of rows) {
      assert.equal(tagsMatch(a, b, true), strongly)
      assert.equal(tagsMatch(a, b, false), weakly)
    }
  })

  it('are read from lists', () => {
    assert.deepEqual(parseTags('"a"'), ['"a"'])
    assert.deepEqual(parseTags('"a,b" ,W/"c",, "" , '), ['"a,b"', 'W/"c"', '""'])
    for (const bad of ['a', '"a', 'w/"a"', '"a" "b"', '"a"b', '*', '"a", *', 'W/ "a"', '"a\tb"'])
      assert.deepEqual(parseTags(bad), [], bad)
    assert.deepEqual(parseTags(' ,, '), [])
  })

  it('are read in linear time', () => {
    const started = process.cpuUsage().user
    for (const unit of [' ', ',', ' ,', '"', '"" ', 'W/']) assert.deepEqual(parseTags(unit.repeat(100_000) + 'x'), [])
    assert.ok(process.cpuUsage().user - started < 2_000_000)
  })

  it('survive a list of any tags', () => {
    const tag = fc
      .tuple(fc.boolean(), fc.string({ unit: fc.constantFrom('a', ',', ' ', 'é', '!', '*').filter((c) => c !== ' ') }))
      .map(([isWeak, text]) => `${isWeak ? 'W/' : ''}"${text}"`)
    fc.assert(
      fc.property(fc.array(tag), fc.constantFrom(',', ', ', ' , ', ',,\t'), (tags, comma) =>
        assert.deepEqual(parseTags(tags.join(comma)), tags),
      ),
    )
  })
})

describe('evaluate', () => {
  it('goes on without preconditions', () => {
    assert.equal(judge([]), 'proceed')
    assert.equal(judge(['range', 'bytes=0-']), 'proceed')
  })

  it('If-Match compares strongly', () => {
    assert.equal(judge(['if-match', '"v1"']), 'proceed')
    assert.equal(judge(['if-match', '"v0", "v1"']), 'proceed')
    assert.equal(judge(['if-match', '"v0"', 'if-match', '"v1"']), 'proceed')
    assert.equal(judge(['if-match', '*']), 'proceed')
    assert.equal(judge(['if-match', '"v2"']), 412)
    assert.equal(judge(['if-match', 'W/"v1"']), 412)
    assert.equal(judge(['if-match', 'W/"v1"'], weak), 412)
    assert.equal(judge(['if-match', 'v1']), 412)
    assert.equal(judgeAbsent(['if-match', '*']), 412)
    assert.equal(judgeAbsent(['if-match', '"v1"']), 412)
  })

  it('If-Unmodified-Since counts only without If-Match and with a valid date', () => {
    assert.equal(judge(['if-unmodified-since', before]), 412)
    assert.equal(judge(['if-unmodified-since', at]), 'proceed')
    assert.equal(judge(['if-unmodified-since', after]), 'proceed')
    assert.equal(judge(['if-unmodified-since', 'yesterday']), 'proceed')
    assert.equal(judge(['if-unmodified-since', before, 'if-match', '"v1"']), 'proceed')
    assert.equal(judge(['if-unmodified-since', before], { ...strong, lastModifiedMs: Number.NaN }), 'proceed')
  })

  it('If-None-Match compares weakly: 304 for reads, 412 for the rest', () => {
    for (const list of ['"v1"', 'W/"v1"', '"v0", W/"v1"', '*']) {
      for (const current of [strong, weak]) {
        assert.equal(judge(['if-none-match', list], current), 304, list)
        assert.equal(judge(['if-none-match', list], current, 'HEAD'), 304, list)
        assert.equal(judge(['if-none-match', list], current, 'PUT'), 412, list)
      }
    }
    for (const list of ['"v2"', 'v1', '', '"v1']) assert.equal(judge(['if-none-match', list]), 'proceed', list)
    assert.equal(judgeAbsent(['if-none-match', '*'], 'PUT'), 'proceed')
    assert.equal(judge(['if-none-match', '""'], { ...strong, etag: '' }), 'proceed')
  })

  it('If-Modified-Since counts only without If-None-Match, for reads, with one valid date', () => {
    assert.equal(judge(['if-modified-since', at]), 304)
    assert.equal(judge(['if-modified-since', after]), 304)
    assert.equal(judge(['if-modified-since', after], strong, 'HEAD'), 304)
    assert.equal(judge(['if-modified-since', before]), 'proceed')
    assert.equal(judge(['if-modified-since', after], strong, 'POST'), 'proceed')
    assert.equal(judge(['if-modified-since', after, 'if-none-match', '"v2"']), 'proceed')
    assert.equal(judge(['if-modified-since', '2026-01-01']), 'proceed')
    assert.equal(judge(['if-modified-since', after, 'if-modified-since', after]), 'proceed')
    assert.equal(judge(['if-modified-since', after], { ...strong, lastModifiedMs: Number.NaN }), 'proceed')
  })

  it('If-Modified-Since may carry the length', () => {
    assert.equal(judge(['if-modified-since', `${at}; length=100`]), 304)
    assert.equal(judge(['if-modified-since', `${at};length=99`]), 'proceed')
    assert.equal(judge(['if-modified-since', `${at}; length=x`]), 'proceed')
    assert.equal(judge(['if-modified-since', `${at}${' '.repeat(30_000)}x`]), 'proceed')
  })

  it('If-Range lets the range stand for the same representation only', () => {
    const range = (value: string, current: Validators = strong, method = 'GET'): string | number =>
      judge(['range', 'bytes=0-', 'if-range', value], current, method)
    assert.equal(range('"v1"'), 'proceed')
    assert.equal(range('"v2"'), 'ignoreRange')
    assert.equal(range('W/"v1"'), 'ignoreRange')
    assert.equal(range('W/"v1"', weak), 'ignoreRange')
    assert.equal(range(at), 'proceed')
    assert.equal(range(after), 'ignoreRange')
    assert.equal(range(before), 'ignoreRange')
    assert.equal(range('v1'), 'ignoreRange')
    assert.equal(range('x', { ...strong, lastModifiedMs: Number.NaN }), 'ignoreRange')
    assert.equal(range('"v2"', strong, 'HEAD'), 'proceed')
  })

  it('follows the order of RFC 9110 section 13.2.2', () => {
    const all = (ifMatch: string, unmodified: string, ifNoneMatch: string, modified: string): string | number =>
      judge([
        'if-modified-since',
        modified,
        'if-none-match',
        ifNoneMatch,
        'if-unmodified-since',
        unmodified,
        'if-match',
        ifMatch,
      ])
    assert.equal(all('"v2"', after, '"v1"', after), 412)
    assert.equal(all('"v1"', before, '"v1"', before), 304)
    assert.equal(all('"v1"', before, '"v2"', after), 'proceed')
    assert.equal(judge(['if-none-match', '"v1"', 'range', 'bytes=0-', 'if-range', '"v1"']), 304)
    assert.equal(judge(['if-unmodified-since', before, 'if-none-match', '"v1"']), 412)
  })
})

describe('isConditional', () => {
  it('is false only when evaluate and Range have nothing to look at', () => {
    const name = fc.constantFrom(
      'If-Match',
      'if-none-match',
      'If-Modified-Since',
      'if-unmodified-since',
      'if-range',
      'Range',
      'accept',
      'x',
    )
    const value = fc.constantFrom('"v1"', '"v2"', '*', at, before, after, 'bytes=0-1')
    fc.assert(
      fc.property(fc.array(fc.tuple(name, value)), (pairs) => {
        const fields = Fields.of(pairs.flat())
        if (isConditional(fields)) return
        assert.ok(!fields.has('range'))
        assert.ok(['proceed', 'ignoreRange'].includes(String(evaluate('GET', fields, strong, nowMs))))
      }),
    )
  })
})
