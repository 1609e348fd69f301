import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { bareItem, quotedItem } from '#src/server/log/escape.js'
import { LocalClock, requestLine, type RequestRecord } from '#src/server/log/request-line.js'
import { repoRoot } from '../../../tools/repo.js'

const record: RequestRecord = {
  address: '203.0.113.7',
  host: 'example.com',
  method: 'GET',
  uri: '/episode/12?lang=en',
  version: '1.1',
  requestBytes: 0,
  status: 200,
  responseBytes: 5120,
  gtid: '4f1d09ae.W0-C17-R3',
  ltid: '1000',
  user: 'ann',
  token: 'test',
  referer: 'https://example.com/',
  userAgent: 'curl/8.5.0',
  realIp: '198.51.100.4',
  worker: 'W0',
  connections: 12,
  handlingMs: 3.4,
  transferMs: 0.5,
}
const empty: RequestRecord = {
  ...record,
  address: '',
  host: '',
  method: '',
  uri: '',
  version: '',
  gtid: '',
  ltid: '',
  user: '',
  token: '',
  referer: '',
  userAgent: '',
  realIp: '',
  worker: '',
}
const stamp = '2026.03.01 14:05:09'

/** Reads a line as its documentation tells: blanks separate items, but not between quotes. */
const items = (line: string): readonly string[] => line.slice(0, -1).match(/"[^"]*"|[^ ]+/g) ?? []

describe('the line of a request', () => {
  it('is the one of the documentation', () => {
    const line = requestLine(record, stamp)
    assert.equal(
      line,
      '2026.03.01 14:05:09 203.0.113.7 example.com GET /episode/12?lang=en 1.1 0 200 5120 ' +
        '4f1d09ae.W0-C17-R3 1000 "ann" sha256:9f86d081884c "https://example.com/" ' +
        '"curl/8.5.0" 198.51.100.4 W0 12 3 1\n',
    )
    assert.ok(readFileSync(`${repoRoot}/docs/request-log.md`, 'utf8').includes(`\n${line}`))
  })

  it('has a dash for what is missing', () => {
    assert.equal(requestLine(empty, stamp), `${stamp} - - - - - 0 200 5120 - - - - - - - - 12 3 1\n`)
  })

  it('escapes what peers chose', () => {
    const line = requestLine(
      {
        ...record,
        uri: '/a b"\\\x1b[31m',
        userAgent: 'x"\r\n2026.01.01 fake',
        referer: '\xff\x00\x7f',
        user: 'Zoë €\u{1f600}',
        host: 'a b',
      },
      stamp,
    )
    assert.ok(line.includes(' a\\x20b GET /a\\x20b\\x22\\x5C\\x1B[31m 1.1 '), line)
    assert.ok(line.includes('"Zo\\xEB \\xE2\\x82\\xAC\\xF0\\x9F\\x98\\x80" '), line)
    assert.ok(line.includes('"\\xFF\\x00\\x7F" "x\\x22\\x0D\\x0A2026.01.01 fake" '), line)
  })

  it('never shows a token', () => {
    const secret = 'SECRET-TOKEN'
    const line = requestLine(
      {
        ...record,
        token: secret,
        uri: `/x?a=1&access_token=${secret}&b=2`,
        referer: `https://a.example/?ACCESS_TOKEN=${secret}#access_token=${secret}`,
      },
      stamp,
    )
    assert.ok(!line.includes('SECRET'), line)
    assert.match(line, / \/x\?a=1&access_token=sha256:[\da-f]{12}&b=2 /)
    assert.match(line, / "https:\/\/a\.example\/\?ACCESS_TOKEN=sha256:[\da-f]{12}#access_token=sha256:[\da-f]{12}" /)
  })

  it('is one line of printable ASCII with 21 items, whatever the values are', () => {
    const text = fc.string({ unit: 'binary', maxLength: 20 })
    const texts = fc.record({
      address: text,
      host: text,
      method: text,
      uri: text,
      version: text,
      gtid: text,
      ltid: text,
      user: text,
      token: text,
      referer: text,
      userAgent: text,
      realIp: text,
      worker: text,
    })
    fc.assert(
      fc.property(texts, (values) => {
        const line = requestLine({ ...record, ...values }, stamp)
        assert.match(line, /^[ -~]*\n$/)
        assert.equal(items(line).length, 21)
      }),
      { numRuns: 500 },
    )
  })
})

describe('items', () => {
  it('can be told apart and taken back', () => {
    const decode = (text: string): string =>
      text.replace(/\\x([\dA-F]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)))
    const octets = fc.string({ unit: fc.nat(255).map((code) => String.fromCharCode(code)), minLength: 1 })
    fc.assert(
      fc.property(octets, (text) => {
        assert.equal(decode(bareItem(text)), text)
        assert.equal(decode(quotedItem(text).slice(1, -1)), text)
      }),
    )
    assert.equal(bareItem(''), '-')
    assert.equal(quotedItem(''), '-')
    assert.equal(quotedItem('-'), '"-"')
  })
})

describe('LocalClock', () => {
  it('writes local time with two digits', () => {
    let nowMs = new Date(2026, 0, 2, 3, 4, 5, 999).getTime()
    const clock = new LocalClock(() => nowMs)
    assert.equal(clock.stamp(), '2026.01.02 03:04:05')
    assert.equal(clock.stamp(), '2026.01.02 03:04:05')
    nowMs++
    assert.equal(clock.stamp(), '2026.01.02 03:04:06')
    nowMs = new Date(2026, 11, 31, 23, 59, 59).getTime()
    assert.equal(clock.stamp(), '2026.12.31 23:59:59')
  })
})
