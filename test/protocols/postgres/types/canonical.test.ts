/** Octets that say in an unusual way what there is a usual one for: the value is the same. */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { TypeRegistry } from 'skitai/postgres'

const types = new TypeRegistry()

function fromBinary(oid: number, hex: string): unknown {
  const octets = Buffer.from(hex, 'hex')
  return types.codec(oid)!.decodeBinary(octets, 0, octets.length)
}

describe('octets in an unusual form', () => {
  it('a numeric of zero has no sign', () => {
    assert.equal(fromBinary(1700, '0000000040000000'), '0')
    assert.equal(fromBinary(1700, '0000000040000002'), '0.00')
    assert.equal(fromBinary(1700, '0001ffff4000000203e8'), '-0.10')
    assert.equal(fromBinary(1700, '00010000400000000001'), '-1')
  })

  it('a range without a bound is not inclusive there', () => {
    const everything = { empty: false, lower: null, upper: null, lowerInclusive: false, upperInclusive: false }
    assert.deepEqual(fromBinary(3904, '1e'), everything)
    assert.deepEqual(fromBinary(3904, '18'), everything)
  })
})
