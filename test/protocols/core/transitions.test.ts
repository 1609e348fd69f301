import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { defineTransitions, NO_TRANSITION } from '#src/protocols/core/transitions.js'

describe('defineTransitions', () => {
  const table = defineTransitions(
    ['off', 'on'],
    ['press', 'break'],
    [
      ['off', 'press', 'on', 'section 1'],
      ['on', 'press', 'off', 'section 1'],
    ],
  )

  test('gives the next state by number', () => {
    assert.equal(table.next(0, 0), 1)
    assert.equal(table.next(1, 0), 0)
  })

  test('gives NO_TRANSITION for a pair without a row', () => {
    assert.equal(table.next(0, 1), NO_TRANSITION)
  })

  test('refuses two rows for one pair', () => {
    const twice = (): unknown =>
      defineTransitions(
        ['a'],
        ['x'],
        [
          ['a', 'x', 'a', '1'],
          ['a', 'x', 'a', '2'],
        ],
      )
    assert.throws(twice, /^RangeError: two rows for a × x$/)
  })
})
