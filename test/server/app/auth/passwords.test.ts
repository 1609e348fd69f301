/** Hashed passwords: SEC-02, SEC-04. */

import assert from 'node:assert/strict'
import { scryptSync } from 'node:crypto'
import { describe, it } from 'node:test'
import { App, digestSecrets, HttpError, hashPassword, Skitai, type Users, verifyPassword } from '#src/server/index.js'
import { PasswordChecker } from '#src/server/app/auth/password.js'
import { everyVersion } from '../../versions.js'

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
})

const CHEAP = `$scrypt$ln=1,r=1,p=1$c2FsdHNhbHQ$${Buffer.alloc(32).toString('base64').replace('=', '')}`

/** It takes about a second. */
const SLOW = CHEAP.replace('ln=1,r=1,p=1', 'ln=16,r=8,p=8')

describe('the turns of passwords', () => {
  it('are few: whoever asks, so many wait and no more', async () => {
    const [one, two] = [new PasswordChecker(), new PasswordChecker()]
    const ask = [
      (guess: string) => one.check('ada', guess, CHEAP),
      (guess: string) => two.check('ada', guess, CHEAP),
      (guess: string) => verifyPassword(guess, CHEAP),
      (guess: string) => verifyPassword(guess, undefined),
    ]
    const all = await Promise.allSettled(Array.from({ length: 80 }, (_, i) => ask[i % 3]!(`guess ${i}`)))
    const refused = all.filter((each) => each.status === 'rejected')
    assert.equal(refused.length, 80 - 2 - 64)
    for (const { reason } of refused) {
      assert.ok(reason instanceof HttpError && reason.status === 503)
      assert.deepEqual(reason.fields, ['retry-after', '5'])
    }
    // All turns have come back.
    assert.deepEqual(
      await Promise.all(ask.map((each) => each('another'))),
      ask.map(() => false),
    )
    const again = await Promise.allSettled(Array.from({ length: 66 }, () => verifyPassword('guess', CHEAP)))
    assert.ok(again.every((each) => each.status === 'fulfilled'))
  })

  it('come back when a hash cannot be worked out', async () => {
    for (let i = 0; i < 5; i++)
      await assert.rejects(verifyPassword('x', '$scrypt$ln=20,r=1,p=1$c2FsdHNhbHQ$aGFzaGhhc2hoYXNo!'), TypeError)
    assert.equal(await verifyPassword('x', CHEAP), false)
  })

  it('are not asked for who is not known, where no password is a hash', async () => {
    const come = async (users: Users): Promise<number> => {
      const app = new App({ auth: 'basic', users }).get('/', () => 'in')
      const authorization = `Basic ${Buffer.from('nobody:guess').toString('base64')}`
      const engine = new Skitai({ log: false }).mount('/', app)
      return (await engine.inject({ path: '/', headers: { authorization } })).status
    }
    const held = Array.from({ length: 66 }, (_, i) => verifyPassword('held', i < 2 ? SLOW : CHEAP))
    const digest = { digest: digestSecrets('ada', 'App', 'secret') }
    for (const users of [{ ada: digest }, { ada: 'secret' }, new Map([['ada', digest]])])
      assert.equal(await come(users), 401)
    for (const users of [{ ada: CHEAP, bob: 'secret' }, {}, () => undefined, new Map([['ada', { password: CHEAP }]])])
      assert.equal(await come(users), 503)
    await Promise.all(held)
    for (const users of [{ ada: CHEAP }, () => null, { nobody: null as never }]) assert.equal(await come(users), 401)
  })

  it('guard a form of one’s own, over both versions', { timeout: 30_000 }, async () => {
    const app = new App().post('/in', async ({ request }) =>
      (await verifyPassword(String((await request.form()).get('password')), CHEAP)) ? 'in' : 'no',
    )
    const ways = await everyVersion((engine) => engine.mount('/', app))
    const body = 'password=guess'
    const headers = { 'content-type': 'application/x-www-form-urlencoded', 'content-length': String(body.length) }
    const asked = async (): Promise<string[]> => {
      const all = [...ways.values()].map((ask) => ask('/in', { method: 'POST', headers, body }))
      return (await Promise.all(all)).map((reply) => `${reply.status} ${String(reply.headers['retry-after'])}`)
    }
    const held = Array.from({ length: 66 }, (_, i) => verifyPassword('held', i < 2 ? SLOW : CHEAP))
    assert.deepEqual(await asked(), Array(4).fill('503 5'))
    await Promise.all(held)
    assert.deepEqual(await asked(), Array(4).fill('200 undefined'))
  })
})
