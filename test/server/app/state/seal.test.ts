/** Sealing and signing: what comes back is what went out, or nothing (SEC-01, SEC-02, SEC-03). */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { KeyRing, keyRingOf } from '#src/server/app/state/key-ring.js'
import { randomOctets } from '#src/server/app/state/random.js'
import { sameSecret } from '#src/server/app/state/seal.js'
import { SECRET } from './browser.js'

const ring = new KeyRing(SECRET)
const forms = [
  {
    name: 'sealed',
    make: (text: string, context = 'c', end = 0, keys = ring) => keys.sealer('session').seal(text, context, end),
    open: (text: string, context = 'c', now = 0, keys = ring) => keys.sealer('session').open(text, context, now),
  },
  {
    name: 'signed',
    make: (text: string, context = 'c', end = 0, keys = ring) => keys.signer('session').sign(text, context, end),
    open: (text: string, context = 'c', now = 0, keys = ring) => keys.signer('session').verify(text, context, now),
  },
]

for (const { name, make, open } of forms)
  describe(`SEC-01: what is ${name}`, () => {
    it('comes back as it was, for any text and context', () => {
      fc.assert(
        fc.property(fc.string({ unit: 'grapheme' }), fc.string(), (text, context) => {
          assert.deepEqual(open(make(text, context), context), { text, expiresAtMs: 0 })
        }),
      )
    })

    it('does not when any character was changed, left out or added', () => {
      fc.assert(
        fc.property(fc.string(), fc.nat(), fc.base64String({ minLength: 4 }), (text, at, other) => {
          const made = make(text)
          const place = at % made.length
          const character = other[0]!.replace('+', '-').replace('/', '_')
          if (character !== made[place])
            assert.equal(open(made.slice(0, place) + character + made.slice(place + 1)), undefined)
          assert.equal(open(made.slice(0, place) + made.slice(place + 1)), undefined)
          assert.equal(open(made.slice(0, place) + character + made.slice(place)), undefined)
        }),
      )
    })

    it('does not when any bit was changed', () => {
      const octets = Buffer.from(make('some text', 'c', 5000), 'base64url')
      for (let bit = 0; bit < octets.length * 8; bit++) {
        const other = Buffer.from(octets)
        other[bit >> 3]! ^= 1 << (bit & 7)
        assert.equal(open(other.toString('base64url')), undefined, `bit ${bit}`)
      }
    })

    it('has one spelling', () => {
      const made = make('xx')
      for (const other of [
        `${made}=`,
        `${made} `,
        ` ${made}`,
        `${made}\n`,
        made.replaceAll('-', '+').replaceAll('_', '/'),
      ])
        if (other !== made) assert.equal(open(other), undefined)
    })

    it('belongs to its context, and to its purpose', () => {
      assert.equal(open(make('text', 'session /'), 'mbox /'), undefined)
      assert.equal(open(make('text', 'ab'), 'a'), undefined)
      assert.equal(ring.sealer('mbox').open(make('text'), 'c', 0), undefined)
      assert.equal(ring.signer('token').verify(make('text'), 'c', 0), undefined)
    })

    it('ends when it says', () => {
      const made = make('text', 'c', 1000)
      assert.equal(open(made, 'c', 999)?.expiresAtMs, 1000)
      assert.equal(open(made, 'c', 1000), undefined)
      assert.equal(open(make('text', 'c', Number.MAX_VALUE), 'c', 2 ** 47)?.text, 'text')
      assert.equal(open(make('text', 'c', 1000.7), 'c', 999)?.expiresAtMs, 1000)
    })

    it('opens with each of the keys while they change (SEC-03)', () => {
      const old = new KeyRing('the old secret of an app')
      const both = new KeyRing(['the new secret of an app', 'the old secret of an app'])
      const made = make('text', 'c', 0, old)
      assert.equal(open(made, 'c', 0, both)?.text, 'text')
      assert.equal(open(made, 'c', 0, new KeyRing('the new secret of an app')), undefined)
      assert.equal(open(make('text', 'c', 0, both), 'c', 0, old), undefined)
    })

    it('is not looked at when it is none, or too long', () => {
      for (const text of ['', 'a', 'AQ', '%%%', '\0', 'A'.repeat(100), 'A'.repeat(20_000)])
        assert.equal(open(text), undefined)
      assert.equal(open(make('x'.repeat(13_000))), undefined)
    })
  })

describe('SEC-03: keys', () => {
  it('of each purpose are others', () => {
    const keys = ['session', 'session-id', 'mbox', 'token', 'jwt'].map((purpose) =>
      ring.keysFor(purpose)[0]!.toString('hex'),
    )
    assert.equal(new Set(keys).size, 5)
    assert.ok(keys.every((key) => key.length === 64))
  })

  it('come out of 16 octets at the least', () => {
    assert.throws(() => new KeyRing('fifteen octets!'), /has 15 octets; 16 are the least/)
    assert.throws(() => new KeyRing(['a secret that is long enough', new Uint8Array(3)]), /has 3 octets/)
    assert.throws(() => new KeyRing([]), TypeError)
    assert.throws(() => new KeyRing(Array.from({ length: 9 }, () => SECRET)), TypeError)
    assert.throws(() => new KeyRing(5 as unknown as string), TypeError)
    assert.throws(() => new KeyRing([5 as unknown as string]), /a string or octets/)
    assert.ok(new KeyRing('ä'.repeat(8)))
    assert.ok(new KeyRing(new Uint8Array(16)))
  })

  it('are made once an app, and not without a secret', () => {
    const app = { secureKey: SECRET }
    assert.equal(keyRingOf(app), keyRingOf(app))
    assert.throws(() => keyRingOf({}), /no secureKey/)
  })

  it('and secrets are compared whole (SEC-02)', () => {
    assert.ok(sameSecret('secret', 'secret'))
    assert.ok(!sameSecret('secret', 'secreT'))
    assert.ok(!sameSecret('secret', 'secret1'))
  })
})

describe('random octets', () => {
  it('are never given twice, and stay as they are', () => {
    const given = Array.from({ length: 2000 }, () => randomOctets(12))
    const texts = given.map((octets) => octets.toString('hex'))
    assert.equal(new Set(texts).size, 2000)
    assert.deepEqual(
      given.map((octets) => octets.toString('hex')),
      texts,
    )
    assert.ok(randomOctets(8192).some((octet) => octet !== 0))
  })
})
