import assert from 'node:assert/strict'
import { it } from 'node:test'
import { maskingKey, sha1 } from '#src/io/index.js'
import { acceptValue } from '#src/protocols/websocket/index.js'

it('masking keys are 32 bits that do not repeat', () => {
  const keys = Array.from({ length: 5000 }, maskingKey)
  assert.ok(keys.every((key) => Number.isInteger(key) && key >= 0 && key <= 0xff_ff_ff_ff))
  // Of 5000 draws out of 2^32, two or more pairs are equal once in a hundred thousand runs.
  assert.ok(new Set(keys).size > 4998)
  for (let bit = 0; bit < 32; bit++) {
    const set = keys.filter((key) => (key >>> bit) & 1).length
    assert.ok(set > 2000 && set < 3000, `bit ${bit} is set in ${set} of 5000`)
  }
})

it('the digest makes the accept value of RFC 6455 section 1.3', () => {
  assert.equal(acceptValue('dGhlIHNhbXBsZSBub25jZQ==', sha1), 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=')
})
