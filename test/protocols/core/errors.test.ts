import assert from 'node:assert/strict'
import { test } from 'node:test'
import { InvariantError, UsageError } from '#src/protocols/core/errors.js'

test('a UsageError has a code to branch on and a text to read', () => {
  const error = new UsageError('H1_STATE', 'sendData does not fit')
  assert.ok(error instanceof Error)
  assert.equal(error.code, 'H1_STATE')
  assert.equal(String(error), 'UsageError: sendData does not fit')
})

test('an InvariantError is told from a UsageError', () => {
  const error = new InvariantError('impossible')
  assert.ok(!(error instanceof UsageError))
  assert.equal(String(error), 'InvariantError: impossible')
})
