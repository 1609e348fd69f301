import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { formatHttpDate, parseHttpDate } from '#src/server/http-date.js'

const nowMs = Date.UTC(2026, 0, 1)
const example = Date.UTC(1994, 10, 6, 8, 49, 37)

describe('parseHttpDate', () => {
  it('reads the three forms of RFC 9110 section 5.6.7', () => {
    for (const text of [
      'Sun, 06 Nov 1994 08:49:37 GMT',
      'Sunday, 06-Nov-94 08:49:37 GMT',
      'Sun Nov  6 08:49:37 1994',
      'Sun Nov 06 08:49:37 1994',
    ])
      assert.equal(parseHttpDate(text, nowMs), example, text)
  })

  it('puts two-digit years within 50 years of now', () => {
    const year = (text: string): number => new Date(parseHttpDate(text, nowMs)).getUTCFullYear()
    assert.equal(year('Monday, 01-Jan-76 00:00:00 GMT'), 2076)
    assert.equal(year('Monday, 01-Jan-77 00:00:00 GMT'), 1977)
    assert.equal(year('Monday, 01-Jan-26 00:00:00 GMT'), 2026)
  })

  it('reads a leap second and years below 100', () => {
    assert.equal(parseHttpDate('Sat, 31 Dec 2016 23:59:60 GMT', nowMs), Date.UTC(2017, 0, 1))
    assert.equal(new Date(parseHttpDate('Mon, 01 Jan 0001 00:00:00 GMT', nowMs)).getUTCFullYear(), 1)
  })

  it('refuses all else', () => {
    for (const text of [
      '',
      'now',
      '1994-11-06T08:49:37Z',
      'Sun, 6 Nov 1994 08:49:37 GMT',
      'Sun, 06 Nov 1994 08:49:37',
      'Sun, 06 Nov 1994 08:49:37 UTC',
      'Sun, 06 Nov 1994 08:49:37 GMT ',
      'sun, 06 nov 1994 08:49:37 gmt',
      'Sun, 06 Nov 94 08:49:37 GMT',
      'Sun, 31 Feb 2000 00:00:00 GMT',
      'Tue, 29 Feb 2023 00:00:00 GMT',
      'Sun, 00 Nov 1994 08:49:37 GMT',
      'Sun, 06 Nov 1994 24:00:00 GMT',
      'Sun, 06 Nov 1994 08:60:00 GMT',
      'Sun, 06 Nov 1994 08:49:61 GMT',
      'Sun, 06 Nov 1994 08:49:37 GMT, Sun, 06 Nov 1994 08:49:37 GMT',
    ])
      assert.ok(Number.isNaN(parseHttpDate(text, nowMs)), text)
  })

  it('reads what formatHttpDate writes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 253_402_300_799 }), (second) => {
        const text = formatHttpDate(second * 1000)
        assert.equal(text.length, 29)
        assert.equal(parseHttpDate(text, nowMs), second * 1000)
      }),
    )
  })
})
