/** The keys of commands that say themselves where these are. */

import assert from 'node:assert/strict'
import test from 'node:test'
import { commonSlot, keySlot, movableKeys } from '#src/protocols/redis/index.js'

const CASES: readonly (readonly [command: string, keys: string])[] = [
  ['EVAL lua 2 a b c', 'a b'],
  ['evalsha 0f 1 a b', 'a'],
  ['EVALSHA_RO 0f 0 b', ''],
  ['FCALL f 3 a b c d', 'a b c'],
  ['LMPOP 2 a b LEFT', 'a b'],
  ['BZMPOP 0 2 a b MIN', 'a b'],
  ['ZUNION 2 a b WITHSCORES', 'a b'],
  ['ZUNIONSTORE d 2 a b AGGREGATE SUM', 'd a b'],
  ['ZINTERSTORE d x a b', 'd'],
  ['SINTERCARD -1 a', ''],
  ['XREAD COUNT 1 STREAMS a b 0 0', 'a b'],
  ['XREADGROUP GROUP g c STREAMS a >', 'a'],
  ['XREAD COUNT 1', ''],
  ['SORT k BY w DESC STORE d', 'k d'],
  ['SORT_RO k', 'k'],
  ['SORT k STORE', 'k'],
  ['GEORADIUS k 1 2 3 km STOREDIST d', 'k d'],
  ['MIGRATE h 1 k 0 10', 'k'],
  ['MIGRATE h 1  0 10 KEYS a b', 'a b'],
  ['UNKNOWN a b', ''],
]

for (const [command, keys] of CASES)
  test(`the keys of ${command}`, () => {
    assert.equal(movableKeys(command.split(' ')).join(' '), keys)
  })

test('octets and numbers may be keys, but no words', () => {
  assert.deepEqual(movableKeys([Uint8Array.of(1), 1]), [])
  assert.deepEqual(movableKeys(['EVAL', 'lua', 2, 7, Uint8Array.of(65)]), [7, Uint8Array.of(65)])
})

test('keys share a slot, or do not', () => {
  assert.equal(commonSlot([]), undefined)
  assert.equal(commonSlot(['foo']), 12_182)
  assert.equal(commonSlot(['{u}a', '{u}b', new TextEncoder().encode('u')]), keySlot('u'))
  assert.equal(commonSlot([12n, '12']), keySlot('12'))
  assert.equal(commonSlot(['a', 'b']), 'several')
})
