import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Fields } from '#src/protocols/core/fields.js'

const fields = Fields.of(['Accept', 'a', 'X-Y', '', 'accept', 'b', 'Cookie', 'c=1', 'cookie', 'd=2'])

describe('Fields', () => {
  test('counts lines and keeps their order', () => {
    assert.equal(fields.count, 5)
    assert.deepEqual([...fields], fields.entries())
    assert.deepEqual(fields.entries(), [
      ['accept', 'a'],
      ['x-y', ''],
      ['accept', 'b'],
      ['cookie', 'c=1'],
      ['cookie', 'd=2'],
    ])
    assert.deepEqual(Fields.of(['A', '1', 'b', '2']).toList(), ['a', '1', 'b', '2'])
  })

  test('gives a name as it came and in lower case', () => {
    assert.equal(fields.rawName(0), 'Accept')
    assert.equal(fields.name(0), 'accept')
    assert.equal(fields.value(2), 'b')
  })

  test('finds values without regard to case', () => {
    assert.equal(fields.get('ACCEPT'), 'a, b')
    assert.deepEqual(fields.getAll('accept'), ['a', 'b'])
    assert.equal(fields.get('x-y'), '')
    assert.ok(fields.has('X-y'))
  })

  test('joins cookies by a semicolon', () => {
    assert.equal(fields.get('Cookie'), 'c=1; d=2')
  })

  test('has nothing for a name that did not come', () => {
    assert.equal(fields.get('accep'), undefined)
    assert.equal(fields.get('accept-x'), undefined)
    assert.deepEqual(fields.getAll('toString'), [])
    assert.equal(fields.has('__proto__'), false)
    assert.equal(Fields.empty.count, 0)
    assert.equal(Fields.empty.get('accept'), undefined)
  })

  test('throws for an index that is no field', () => {
    assert.throws(() => fields.value(5), /^RangeError: no field/)
    assert.throws(() => fields.name(-1), /^RangeError: no field/)
  })

  test('does not take letters and other characters for one another', () => {
    // The bit that tells upper from lower case also tells these apart.
    assert.equal(Fields.of(['a@', '1']).has('a`'), false)
    assert.equal(Fields.of(['a[', '1']).has('a{'), false)
    assert.equal(Fields.of(['a^', '1']).has('a~'), false)
  })
})
