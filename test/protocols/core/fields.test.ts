import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Fields } from '#src/protocols/core/fields.js'
import { Http1Server } from '#src/protocols/http1/server.js'

const fields = Fields.of(['Accept', 'a', 'X-Y', '', 'accept', 'b', 'Cookie', 'c=1', 'cookie', 'd=2'])

/** The fields of a request with this section. */
function fieldsOf(section: string): Fields {
  const server = new Http1Server({ date: () => '' })
  server.start(0)
  server.receive(new TextEncoder().encode(`GET / HTTP/1.0\r\n${section}\r\n`), 0)
  const event = server.poll()
  assert.ok(event?.type === 'request')
  return event.fields
}

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

  test('finds again what was given up', () => {
    const sections = ['', 'A: 1\r\n', 'Host: a:1\r\nX:\r\nY: \t \r\nx:\t b c \t\r\nCookie:d=2\r\ncookie: e\r\n']
    for (const section of sections) {
      const read = fieldsOf(section)
      const entries = read.entries()
      assert.equal(entries.length, section.split('\r\n').length - 1)
      const compact = fieldsOf(section)
      compact.compact()
      assert.equal(compact.count, entries.length)
      assert.deepEqual(compact.entries(), entries)
      read.compact()
      assert.equal(read.get('cookie'), entries.length > 1 ? 'd=2; e' : undefined)
      assert.deepEqual(read.entries(), entries)
    }
  })

  test('gives nothing up when there is no text to find it in', () => {
    const list = Fields.of(['A', '1'])
    list.compact()
    assert.deepEqual(list.entries(), [['a', '1']])
  })

  test('does not take letters and other characters for one another', () => {
    // The bit that tells upper from lower case also tells these apart.
    assert.equal(Fields.of(['a@', '1']).has('a`'), false)
    assert.equal(Fields.of(['a[', '1']).has('a{'), false)
    assert.equal(Fields.of(['a^', '1']).has('a~'), false)
  })
})
