/** Addresses, their ranges, and the walk through what proxies say, beside models that know only numbers. */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { AddressRanges, normalAddress } from '#src/server/address-ranges.js'
import { parseForwarded, readForwarded, readXForwarded } from '#src/server/forwarded.js'

/** An address as a number of 128 bits; IPv4 ones as they stand in IPv6. */
type Bits = bigint

const MAPPED: Bits = 0xffff_0000_0000n
const v4 = fc.bigInt({ min: 0n, max: 0xffff_ffffn })
const v6 = fc
  .bigInt({ min: 0n, max: (1n << 128n) - 1n })
  // Groups of zeros are what texts shorten.
  .chain((bits) => fc.subarray([0n, 1n, 2n, 3n, 4n, 5n, 6n, 7n]).map((groups) => bits & ~maskOf(groups)))
  .filter((bits) => bits >> 32n !== MAPPED >> 32n)

function maskOf(groups: readonly bigint[]): Bits {
  return groups.reduce((mask, group) => mask | (0xffffn << (group * 16n)), 0n)
}

const dotted = (bits: Bits): string => [24n, 16n, 8n, 0n].map((shift) => String((bits >> shift) & 0xffn)).join('.')
const groupsOf = (bits: Bits): string[] =>
  [7n, 6n, 5n, 4n, 3n, 2n, 1n, 0n].map((group) => ((bits >> (group * 16n)) & 0xffffn).toString(16))

/** One of the texts of an address. */
const textOf = (bits: Bits, capitals: boolean, last: boolean): string => {
  const full = last ? `${groupsOf(bits).slice(0, 6).join(':')}:${dotted(bits)}` : groupsOf(bits).join(':')
  return capitals ? full.toUpperCase() : full
}

describe('addresses', () => {
  it('have one form, whatever way they are written', () => {
    fc.assert(
      fc.property(v6, fc.boolean(), fc.boolean(), (bits, capitals, last) => {
        const normal = normalAddress(textOf(bits, capitals, last))
        assert.equal(normal, normalAddress(textOf(bits, false, false)))
        assert.equal(normalAddress(normal!), normal)
        assert.equal(normal, normal!.toLowerCase())
      }),
    )
  })

  it('of IPv4 are the same within IPv6', () => {
    fc.assert(
      fc.property(v4, fc.boolean(), (bits, last) => {
        assert.equal(normalAddress(dotted(bits)), dotted(bits))
        assert.equal(normalAddress(textOf(MAPPED | bits, last, last)), dotted(bits))
        assert.equal(normalAddress(`::ffff:${dotted(bits)}`), dotted(bits))
      }),
    )
  })

  it('are none where anything is wrong with them', () => {
    for (const text of ['', '1.2.3', '1.2.3.4.5', '01.2.3.4', '256.1.1.1', '1.2.3.4 ', ':::', 'fe80::1%eth0', '0x7f.1'])
      assert.equal(normalAddress(text), undefined, text)
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => void normalAddress(text)))
  })

  it('lie in a range when their first bits are the same', () => {
    const range = fc.oneof(
      fc.tuple(v4, fc.integer({ min: 0, max: 32 }), fc.constant(32)),
      fc.tuple(v6, fc.integer({ min: 0, max: 128 }), fc.constant(128)),
    )
    const isIn = (bits: Bits, of: Bits, prefix: number, size: number): boolean =>
      bits >> BigInt(size - prefix) === of >> BigInt(size - prefix)
    fc.assert(
      fc.property(range, v4, v6, fc.integer({ min: 0, max: 127 }), ([base, prefix, size], a, b, flip) => {
        const text = size === 32 ? dotted(base) : textOf(base, false, false)
        const ranges = new AddressRanges([`${text}/${prefix}`])
        // Near the edge of the range it matters.
        const near = base ^ (1n << BigInt(flip % size))
        for (const bits of [size === 32 ? a : b, base, near]) {
          const expected = isIn(bits, base, prefix, size)
          assert.equal(ranges.has(size === 32 ? dotted(bits) : textOf(bits, false, false)), expected)
          if (size === 32) assert.equal(ranges.has(`::ffff:${dotted(bits)}`), expected)
        }
        // A range of IPv4 has nothing of IPv6; one of IPv6 has IPv4 addresses where it has their places.
        const other = size === 32 ? textOf(b, false, false) : dotted(a)
        assert.equal(ranges.has(other), size === 128 && isIn(MAPPED | a, base, prefix, size))
        if (size === 32)
          assert.equal(new AddressRanges([`::ffff:${text}/${prefix + 96}`]).has(dotted(near)), ranges.has(dotted(near)))
      }),
    )
  })
})

describe('the way of a request', () => {
  /** Ours are 10.0.0.0/8. */
  const trusts = (address: string): boolean => address.startsWith('10.')
  const ours = v4.map((bits) => dotted((bits & 0xff_ffffn) | 0x0a00_0000n))
  const theirs = fc
    .oneof(
      v4.map(dotted),
      v6.map((bits) => normalAddress(textOf(bits, false, false))!),
    )
    .filter((each) => !trusts(each))
  const anything = fc.oneof(
    theirs,
    ours,
    fc.string({ unit: 'binary-ascii' }).map((text) => text.replaceAll(',', '')),
    fc.constant('unknown'),
  )
  const list = fc.record({
    before: fc.array(anything, { maxLength: 5 }),
    client: theirs,
    proxies: fc.array(ours, { maxLength: 5 }),
  })

  it('ends at the first from the right that is none of ours, whatever stands before it', () => {
    fc.assert(
      fc.property(list, fc.constantFrom(',', ', ', ' ,\t'), ({ before, client, proxies }, comma) => {
        const said = [...before, client, ...proxies].join(comma)
        const hop = readXForwarded({ for: said, proto: undefined, host: undefined }, trusts)
        assert.deepEqual(hop, { address: client, scheme: undefined, host: undefined })
      }),
    )
  })

  it('is the same in Forwarded, with the scheme and the host of the outermost of our proxies', () => {
    const node = (address: string): string => (address.includes(':') ? `"[${address}]:4711"` : address)
    fc.assert(
      fc.property(list, fc.constantFrom('http', 'https'), ({ before, client, proxies }, proto) => {
        const clients = before.map((text) => `for="${text.replace(/[\\"]/g, '\\$&')}";host=evil.example;proto=http`)
        const said = [
          ...clients,
          `for=${node(client)};host=a.example;Proto=${proto}`,
          ...proxies.map((each) => `FOR=${each};by=_us`),
        ]
        assert.deepEqual(readForwarded(said.join(', '), trusts), { address: client, scheme: proto, host: 'a.example' })
      }),
    )
  })

  it('is read from what was written', () => {
    const name = fc.stringMatching(/^[a-z!#$%&'*+.^_`|~-]{1,8}$/)
    const elements = fc.array(fc.dictionary(name, fc.string({ unit: 'binary-ascii' }), { minKeys: 1, maxKeys: 4 }), {
      maxLength: 4,
    })
    fc.assert(
      fc.property(elements, (made) => {
        const text = made
          .map((each) => Object.entries(each).map(([key, value]) => `${key}="${value.replace(/[\\"]/g, '\\$&')}"`))
          .map((pairs) => pairs.join(';'))
        const parsed = parseForwarded(text.join(' , '))
        assert.deepEqual(
          parsed?.map((each) => [...each]),
          made.map((each) => Object.entries(each)),
        )
      }),
    )
  })
})
