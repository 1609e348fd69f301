/** What sentinels say. */

import assert from 'node:assert/strict'
import test from 'node:test'
import { isPrimaryRole, readPrimaryAddress, readSwitch, type ReplyValue } from '#src/protocols/redis/index.js'

test('where the primary is', () => {
  assert.deepEqual(readPrimaryAddress(['::1', '6379']), { host: '::1', port: 6379 })
  for (const reply of [
    null,
    'OK',
    [],
    ['h'],
    ['h', 6379],
    ['', '1'],
    [7, '1'],
    ['h', '0'],
    ['h', '65536'],
    ['h', '1x'],
  ] as ReplyValue[])
    assert.equal(readPrimaryAddress(reply), undefined, JSON.stringify(reply))
})

test('that there is another one', () => {
  assert.deepEqual(readSwitch('main 10.0.0.1 1 10.0.0.2 2', 'main'), { host: '10.0.0.2', port: 2 })
  assert.equal(readSwitch('main 10.0.0.1 1 10.0.0.2 2', 'other'), undefined)
  assert.equal(readSwitch('main 10.0.0.1', 'main'), undefined)
})

test('who is a primary', () => {
  assert.equal(isPrimaryRole(['master', 0, []]), true)
  assert.equal(isPrimaryRole(['slave', 'h', 1]), false)
  assert.equal(isPrimaryRole('master'), false)
})
