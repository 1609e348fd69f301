import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { isAuthority, isFieldValue, isToken, listElements, trimBlanks } from '#src/protocols/core/http-syntax.js'

describe('the grammar that HTTP protocols share', () => {
  test('tokens', () => {
    for (const text of ['a', 'GET', "!#$%&'*+-.^_`|~09azAZ"]) assert.ok(isToken(text), text)
    for (const text of ['', ' ', 'a b', 'a:', '(', 'ü', 'a\0', '\u{161}', 'a\r\n']) assert.ok(!isToken(text), text)
  })

  test('field values', () => {
    for (const text of ['', 'a', 'a b\tc', 'ü\xff', '"'] as const) assert.ok(isFieldValue(text), text)
    for (const text of [' a', 'a ', '\ta', 'a\t', 'a\0', 'a\nb', 'a\r', '\x7f', '\u{10a}', ' '])
      assert.ok(!isFieldValue(text), JSON.stringify(text))
  })

  test('blanks are SP and HTAB', () => {
    assert.equal(trimBlanks(' \t a b\t '), 'a b')
    assert.equal(trimBlanks('\xa0a\v'), '\xa0a\v')
    assert.equal(trimBlanks(' '), '')
  })

  test('lists', () => {
    assert.deepEqual(listElements('a, b ,,c'), ['a', 'b', 'c'])
    assert.deepEqual(listElements(' , '), [])
  })

  test('authorities', () => {
    for (const text of [
      'a',
      'a.b',
      'a:0',
      'a:',
      'a:65535',
      '[::]',
      '[2001:db8::1]:8080',
      '127.0.0.1',
      "a!$&'()*+,;=~_-",
    ])
      assert.ok(isAuthority(text), text)
    const wrong = [
      '',
      ':',
      ':80',
      'a:b',
      'a:65536',
      'a:123456',
      'a b',
      'a/b',
      'a@b',
      'a?b',
      'a#b',
      'ü',
      '\u{161}',
      'a:8 ',
    ]
    const wrongAddresses = [
      '[',
      '[]',
      '[:]',
      '[::',
      '::1',
      '[::1]x',
      '[::g]',
      '[1234]',
      `[${':'.repeat(50)}]`,
      'a[::1]',
    ]
    for (const text of [...wrong, ...wrongAddresses]) assert.ok(!isAuthority(text), text)
  })
})
