import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { describe, test } from 'node:test'
import { base64Of, octetsOfBase64 } from '#src/protocols/postgres/base64.js'
import { normalized, ScramClient } from '#src/protocols/postgres/scram.js'
import { digests } from '../../vectors/postgres-commands.js'

describe('base64', () => {
  test('is that of Node, both ways', () => {
    for (let size = 0; size < 70; size++) {
      const octets = randomBytes(size)
      const text = base64Of(octets)
      assert.equal(text, octets.toString('base64'))
      assert.deepEqual(octetsOfBase64(text), size === 0 ? undefined : new Uint8Array(octets))
    }
  })

  for (const text of ['A', 'AA', 'AAA', 'AB==', 'AAB=', 'A===', 'AA=A', 'A-_A', '====', 'AAAA=', 'AA AA='])
    test(`is not ${text}`, () => assert.equal(octetsOfBase64(text), undefined))
})

describe('the password of SCRAM', () => {
  for (const [password, prepared] of [
    ['pencil', 'pencil'],
    ['a\u00a0b', 'a b'],
    ['I\u00adX', 'IX'],
    ['\u00aa', 'a'],
    ['\u2168', 'IX'],
    ['\u0007', '\u0007'],
    ['\u00ad', '\u00ad'],
    ['p\u{e0001}', 'p\u{e0001}'],
    ['e\u0301', 'é'],
  ] as const)
    test(`${JSON.stringify(password)} is prepared`, () => assert.equal(normalized(password), prepared))
})

describe('SCRAM', () => {
  test('holds the server to what RFC 7677 has as an example, but for the name', () => {
    const client = new ScramClient({
      password: 'pencil',
      nonce: 'rOprNGfwEbeRWgbNEkqO',
      digests,
      binding: undefined,
      couldBind: false,
      iterationsMax: 4096,
    })
    assert.equal(client.first(), 'n,,n=,r=rOprNGfwEbeRWgbNEkqO')
    const answer = client.answer(
      'r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096',
    )
    assert.ok('message' in answer)
    assert.match(answer.message, /^c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj\)hNlF\$k0,p=[A-Za-z0-9+/]{43}=$/)
    assert.equal(client.verify('v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4='), 'PG_SCRAM_SIGNATURE')
  })
})
