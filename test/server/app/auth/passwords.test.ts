/** Hashed passwords: SEC-02, SEC-04. */

import assert from 'node:assert/strict'
import { scryptSync } from 'node:crypto'
import { describe, it } from 'node:test'
import { HttpError, hashPassword, verifyPassword } from '#src/server/index.js'
import { PasswordChecker } from '#src/server/app/auth/password.js'

describe('SEC-04: passwords', () => {
  it('are stored as a hash of scrypt that no two share', async () => {
    const [one, two] = await Promise.all([hashPassword('correct horse'), hashPassword('correct horse')])
    assert.notEqual(one, two)
    assert.match(one, /^\$scrypt\$ln=14,r=8,p=5\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/)
    assert.ok(await verifyPassword('correct horse', one))
    assert.ok(!(await verifyPassword('correct hors', one)))
    assert.ok(!(await verifyPassword('', one)))
  })

  it('are those of the standard function, whatever its cost, and in any composition', async () => {
    const salt = Buffer.from('some salt')
    const hash = scryptSync('é', salt, 24, { N: 16, r: 1, p: 2 })
    const stored = `$scrypt$ln=4,r=1,p=2$${salt.toString('base64').replaceAll('=', '')}$${hash.toString('base64')}`
    assert.ok(await verifyPassword('e\u0301', stored))
  })

  it('that are stored as they are match only themselves', async () => {
    assert.ok(await verifyPassword('secret', 'secret'))
    assert.ok(!(await verifyPassword('secret', 'Secret')))
  })

  it('of somebody who is not known are never right', async () => {
    for (const password of ['', 'undefined', 'correct horse'])
      assert.equal(await verifyPassword(password, undefined), false)
  })

  it('malformed, or too costly, are an error of the app', async () => {
    for (const stored of [
      '$scrypt$',
      '$scrypt$ln=99,r=8,p=1$c2FsdHNhbHQ$aGFzaGhhc2hoYXNo',
      '$scrypt$ln=0,r=8,p=1$c2FsdHNhbHQ$aGFzaGhhc2hoYXNo',
    ])
      await assert.rejects(verifyPassword('x', stored), TypeError)
  })
})

describe('the checker', () => {
  it('takes as long for who is not known, and remembers what was right', async () => {
    const stored = await hashPassword('secret')
    const checker = new PasswordChecker()
    assert.equal(await checker.check('ada', 'secret', undefined), false)
    assert.equal(await checker.check('ada', '', undefined), false)
    assert.equal(await checker.check('ada', 'secret', stored), true)
    assert.equal(await checker.check('ada', 'secret', stored), true)
    assert.equal(await checker.check('ada', 'secreT', stored), false)
    assert.equal(await checker.check('ada', 'plain', 'plain'), true)
  })

  it('lets so many wait, and no more', async () => {
    const stored = `$scrypt$ln=1,r=1,p=1$c2FsdHNhbHQ$${Buffer.alloc(32).toString('base64').replace('=', '')}`
    const checker = new PasswordChecker()
    const all = await Promise.allSettled(
      Array.from({ length: 80 }, (_, i) => checker.check('ada', `guess ${i}`, stored)),
    )
    const refused = all.filter((each) => each.status === 'rejected')
    assert.equal(refused.length, 80 - 2 - 64)
    assert.ok(refused.every(({ reason }) => reason instanceof HttpError && reason.status === 503))
    assert.equal(await checker.check('ada', 'another', stored), false)
  })
})
