/** Nonces of Digest: SEC-04. */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { DigestNonces } from '#src/server/app/auth/digest.js'

describe('SEC-04: nonces', () => {
  it('are good for their time, and stale then', () => {
    let now = 1_000_000
    const nonces = new DigestNonces({ nonceSeconds: 10 }, () => now)
    const nonce = nonces.issue()
    assert.equal(nonces.use(nonce, 1), 'fresh')
    now += 9999
    assert.equal(nonces.use(nonce, 2), 'fresh')
    now += 1
    assert.equal(nonces.use(nonce, 3), 'stale')
    assert.equal(nonces.check(nonce), 'stale')
    now = 999_999
    assert.equal(nonces.check(nonce), 'stale')
  })

  it('are ours only if we have made them, whole', () => {
    const nonces = new DigestNonces()
    const nonce = nonces.issue()
    for (const other of ['', 'x', nonce.slice(1), `${nonce}A`, nonce.toLowerCase(), new DigestNonces().issue()])
      assert.equal(nonces.check(other), 'foreign')
    const octets = Buffer.from(nonce, 'base64url')
    for (let bit = 0; bit < octets.length * 8; bit++) {
      const changed = Buffer.from(octets)
      changed[bit >> 3]! ^= 1 << (bit & 7)
      assert.equal(nonces.use(changed.toString('base64url'), 1), 'foreign')
    }
  })

  it('take memory only when somebody has signed in, and so much at the most', () => {
    let now = 1_000_000
    const nonces = new DigestNonces({ noncesMax: 3, nonceSeconds: 10 }, () => now)
    for (let i = 0; i < 100; i++) nonces.check(nonces.issue())
    assert.equal(nonces.size, 0)
    const used = Array.from({ length: 5 }, () => {
      now++
      const nonce = nonces.issue()
      assert.equal(nonces.use(nonce, 1), 'fresh')
      return nonce
    })
    assert.equal(nonces.size, 3)
    // What is forgotten is stale: it cannot be counted anew.
    assert.deepEqual(
      used.map((nonce) => nonces.use(nonce, 1)),
      ['stale', 'stale', 'replayed', 'replayed', 'replayed'],
    )
    now += 10_000
    const late = nonces.issue()
    assert.equal(nonces.use(late, 1), 'fresh')
    assert.equal(nonces.size, 1)
  })

  it('that were made before a forgotten one are stale, however late they are used', () => {
    let now = 1_000_000
    const nonces = new DigestNonces({ noncesMax: 1 }, () => now)
    const old = nonces.issue()
    now += 10
    const first = nonces.issue()
    now += 10
    const second = nonces.issue()
    assert.deepEqual([nonces.use(first, 1), nonces.use(second, 1), nonces.use(old, 1)], ['fresh', 'fresh', 'stale'])
  })

  it('take each count once, in any order', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 100 }), { maxLength: 100 }), (counts) => {
        const nonces = new DigestNonces()
        const nonce = nonces.issue()
        const taken = new Set<number>()
        let highest = 0
        for (const count of counts) {
          const fresh = nonces.use(nonce, count) === 'fresh'
          assert.equal(fresh, !taken.has(count) && count > highest - 32, `${count} after ${counts}`)
          if (fresh) taken.add(count)
          if (fresh) highest = Math.max(highest, count)
        }
      }),
    )
  })
})
