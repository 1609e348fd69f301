import assert from 'node:assert/strict'
import { test } from 'node:test'
import { keySlot, SLOTS } from 'skitai/redis'
import { bytesOf } from 'skitai/testing'

/** As `CLUSTER KEYSLOT` of Redis 7.0 gives them. */
const KNOWN: Readonly<Record<string, number>> = {
  '': 0,
  foo: 12_182,
  '123456789': 0x31c3,
  '{foo}': 12_182,
  '{foo}.bar': 12_182,
  'a{foo}b{bar}': 12_182,
}

test('keys belong to the slots of the specification', () => {
  assert.equal(SLOTS, 16_384)
  for (const [key, slot] of Object.entries(KNOWN)) {
    assert.equal(keySlot(key), slot % SLOTS, key)
    assert.equal(keySlot(bytesOf(key)), slot % SLOTS, key)
  }
})

test('what is between braces counts, where there is anything', () => {
  for (const key of ['{}', 'a{}b', '{', 'a{b', '}{', '}a{'])
    assert.notEqual(keySlot(`${key}1`), keySlot(`${key}2`), key)
  assert.equal(keySlot('{}{a}'), keySlot(bytesOf('{}{a}')))
  assert.equal(keySlot('{{a}}'), keySlot('{a'))
  assert.equal(keySlot('été'), keySlot(new TextEncoder().encode('été')))
})
