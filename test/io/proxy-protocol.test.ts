import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { proxyFaults, ProxyProtocolReader, type ProxyFault, type ProxyRead } from '#src/io/proxy-protocol.js'

const signature = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1')

/** A header of version 2. `announced` is the length field, by default that of the payload. */
const binary = (
  command: number,
  protocol: number,
  payload: readonly number[] | Uint8Array,
  announced = payload.length,
): Buffer =>
  Buffer.concat([signature, Buffer.from([command, protocol, announced >> 8, announced & 255]), Buffer.from(payload)])

const inet = [192, 0, 2, 1, 198, 51, 100, 7, 0x30, 0x39, 0x01, 0xbb]
const inet6 = [
  ...Buffer.from('20010db8000000000000000000000001', 'hex'),
  ...Buffer.from('0'.repeat(31) + '1', 'hex'),
  0xff,
  0xff,
  0,
  80,
]
const unix = [...Buffer.from('/run/client'.padEnd(108, '\0')), ...Buffer.from('/run/web'.padEnd(108, '\0'))]

/** Feeds the chunks until a result is there; the rest then includes the chunks that were not needed. */
const read = (chunks: readonly Uint8Array[]): ProxyRead => {
  const reader = new ProxyProtocolReader()
  for (const [index, chunk] of chunks.entries()) {
    const result = reader.receive(chunk)
    if (result.type === 'header') return { ...result, rest: Buffer.concat([result.rest, ...chunks.slice(index + 1)]) }
    if (result.type === 'fault') return result
  }
  return { type: 'more' }
}

/** Reads whole, octet by octet and at every cut in two; all must give the same. */
const everyWay = (input: string | Uint8Array): ProxyRead => {
  const bytes = Buffer.from(input as string, 'latin1')
  const whole = read([bytes])
  const plain = (result: ProxyRead): unknown =>
    result.type === 'header' ? { ...result, rest: Buffer.from(result.rest).toString('latin1') } : result
  assert.deepEqual(plain(read([...bytes].map((octet) => Uint8Array.of(octet)))), plain(whole))
  for (let at = 0; at <= bytes.length; at++)
    assert.deepEqual(plain(read([bytes.subarray(0, at), bytes.subarray(at)])), plain(whole), `cut at ${at}`)
  return whole
}

const accepts = (input: string | Uint8Array, kind: string, source = '', destination = ''): void => {
  for (const behind of ['', 'GET / HTTP/1.1\r\n', signature.toString('latin1')]) {
    const result = everyWay(Buffer.concat([Buffer.from(input as string, 'latin1'), Buffer.from(behind, 'latin1')]))
    if (result.type !== 'header') assert.fail(JSON.stringify(result))
    assert.equal(Buffer.from(result.rest).toString('latin1'), behind)
    const { header } = result
    assert.equal(header.version, typeof input === 'string' ? 1 : 2)
    assert.equal(header.kind, kind)
    const shown = [header.source, header.destination].map(({ address, port }) =>
      address === '' && port === 0 ? '' : `${address} ${port}`,
    )
    assert.deepEqual(shown, [source, destination])
  }
}

const refuses = (input: string | Uint8Array, code: ProxyFault): void => {
  assert.deepEqual(everyWay(input), { type: 'fault', code }, JSON.stringify(input))
  assert.ok(code in proxyFaults)
}

describe('PROXY protocol version 1', () => {
  it('tells both ends', () => {
    accepts('PROXY TCP4 192.0.2.1 198.51.100.7 12345 443\r\n', 'proxied', '192.0.2.1 12345', '198.51.100.7 443')
    accepts('PROXY TCP4 0.0.0.0 255.255.255.255 0 65535\r\n', 'proxied', '0.0.0.0 0', '255.255.255.255 65535')
    accepts('PROXY TCP6 2001:db8::1 ::1 65535 80\r\n', 'proxied', '2001:db8::1 65535', '::1 80')
    const longest = 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'
    accepts(`PROXY TCP6 ${longest} ${longest} 65535 65535\r\n`, 'proxied', `${longest} 65535`, `${longest} 65535`)
  })

  it('takes UNKNOWN with whatever stands behind it', () => {
    accepts('PROXY UNKNOWN\r\n', 'unknown')
    accepts('PROXY UNKNOWN TCP4 x y z\r\n', 'unknown')
    accepts(`PROXY UNKNOWN ${'f'.repeat(107 - 16)}\r\n`, 'unknown')
  })

  it('refuses what is malformed', () => {
    for (const line of [
      '',
      'TCP4',
      'TCP4 192.0.2.1 198.51.100.7 12345',
      'TCP4 192.0.2.1 198.51.100.7 12345 443 ',
      'TCP4 192.0.2.1 198.51.100.7 12345 443 1',
      'TCP4  192.0.2.1 198.51.100.7 12345 443',
      'tcp4 192.0.2.1 198.51.100.7 12345 443',
      'TCP5 192.0.2.1 198.51.100.7 12345 443',
      'TCP4 192.0.2.256 198.51.100.7 12345 443',
      'TCP4 192.0.2 198.51.100.7 12345 443',
      'TCP4 ::1 ::1 12345 443',
      'TCP6 192.0.2.1 198.51.100.7 12345 443',
      'TCP6 fe80::1%eth0 ::1 12345 443',
      'TCP4 192.0.2.1 198.51.100.7 65536 443',
      'TCP4 192.0.2.1 198.51.100.7 012 443',
      'TCP4 192.0.2.1 198.51.100.7 -1 443',
      'TCP4 192.0.2.1 198.51.100.7 1e3 443',
      'TCP4 192.0.2.1 198.51.100.7 123456 443',
      'UNKNOWNX',
    ])
      refuses(`PROXY ${line}\r\n`, 'PROXY_SYNTAX')
    refuses('PROXY TCP4 192.0.2.1 198.51.100.7 12345 443\n', 'PROXY_SYNTAX')
    refuses('PROXY \n', 'PROXY_SYNTAX')
  })

  it('is bounded', () => {
    refuses(`PROXY UNKNOWN ${'f'.repeat(107 - 15)}\r\n`, 'PROXY_TOO_LONG')
    refuses(`PROXY UNKNOWN ${'f'.repeat(500)}`, 'PROXY_TOO_LONG')
    assert.deepEqual(everyWay(`PROXY UNKNOWN ${'f'.repeat(90)}`), { type: 'more' })
  })
})

describe('PROXY protocol version 2', () => {
  it('tells both ends', () => {
    accepts(binary(0x21, 0x11, inet), 'proxied', '192.0.2.1 12345', '198.51.100.7 443')
    accepts(binary(0x21, 0x12, inet), 'proxied', '192.0.2.1 12345', '198.51.100.7 443')
    accepts(binary(0x21, 0x21, inet6), 'proxied', '2001:db8::1 65535', '::1 80')
    accepts(binary(0x21, 0x31, unix), 'proxied', '/run/client 0', '/run/web 0')
  })

  it('writes IPv6 addresses in their one form', () => {
    const source = (hex: string): string => {
      const result = read([binary(0x21, 0x21, [...Buffer.from(hex, 'hex'), ...inet6.slice(16)])])
      return result.type === 'header' ? result.header.source.address : ''
    }
    assert.equal(source('00000000000000000000000000000000'), '::')
    assert.equal(source('00000000000000000000ffffc0000201'), '::ffff:192.0.2.1')
    assert.equal(source('20010db8000000010001000100010001'), '2001:db8:0:1:1:1:1:1')
    assert.equal(source('20010db8000000000001000000000001'), '2001:db8::1:0:0:1')
    assert.equal(source('20010000000000010000000000000001'), '2001:0:0:1::1')
    assert.equal(source('00010000000000000000000000000000'), '1::')
    assert.equal(source('fe80abcdffff000102030405060708aa'), 'fe80:abcd:ffff:1:203:405:607:8aa')
    fc.assert(
      fc.property(fc.array(fc.constantFrom(0, 1, 0xffff), { minLength: 8, maxLength: 8 }), (groups) => {
        const text = source(groups.map((group) => group.toString(16).padStart(4, '0')).join(''))
        // The address bar of a browser writes the same form, but for mapped addresses.
        const url = new URL(`http://[${groups.map((group) => group.toString(16)).join(':')}]/`).hostname
        if (!text.includes('.')) assert.equal(`[${text}]`, url)
      }),
    )
  })

  it('skips extensions', () => {
    accepts(binary(0x21, 0x11, [...inet, 0x04, 0, 3, 0, 0, 0]), 'proxied', '192.0.2.1 12345', '198.51.100.7 443')
    accepts(binary(0x21, 0x00, [0x04, 0, 0]), 'unknown')
  })

  it('takes LOCAL and UNSPEC', () => {
    accepts(binary(0x20, 0x00, []), 'local')
    accepts(binary(0x20, 0x11, inet), 'local')
    accepts(binary(0x20, 0x11, []), 'local')
    accepts(binary(0x21, 0x00, []), 'unknown')
    accepts(binary(0x21, 0x01, inet), 'unknown')
  })

  it('refuses what is malformed', () => {
    for (const command of [0x00, 0x10, 0x11, 0x22, 0x2f, 0x31, 0xff])
      refuses(binary(command, 0x11, inet), 'PROXY_VERSION')
    for (const protocol of [0x13, 0x1f, 0x41, 0xf1, 0x03]) refuses(binary(0x21, protocol, inet), 'PROXY_FAMILY')
    refuses(binary(0x21, 0x11, inet.slice(1)), 'PROXY_TRUNCATED')
    refuses(binary(0x21, 0x21, inet), 'PROXY_TRUNCATED')
    refuses(binary(0x21, 0x31, unix.slice(1)), 'PROXY_TRUNCATED')
  })

  it('is bounded', () => {
    assert.equal(everyWay(binary(0x21, 0x11, [...inet, ...new Uint8Array(500)])).type, 'header')
    refuses(binary(0x21, 0x11, [], 4097), 'PROXY_TOO_LONG')
    refuses(binary(0x20, 0x00, [], 65_535), 'PROXY_TOO_LONG')
    assert.deepEqual(new ProxyProtocolReader(12).receive(binary(0x21, 0x11, [...inet, 0])), {
      type: 'fault',
      code: 'PROXY_TOO_LONG',
    })
  })
})

describe('a PROXY header', () => {
  it('must be there, and whole', () => {
    for (const input of [
      'GET / HTTP/1.1\r\n',
      'P\r\n',
      'PROXX',
      'proxy TCP4',
      '\r\nGET',
      '\r\n\r\n\0\r\nQUIP\n',
      '\n',
      '\0',
    ])
      refuses(input, 'PROXY_SIGNATURE')
    for (const input of [
      '',
      'P',
      'PROXY',
      'PROXY TCP4 1.2.3.4',
      '\r',
      '\r\n\r\n\0\r\nQUIT\n',
      '\r\n\r\n\0\r\nQUIT\n\x21\x11\0',
    ])
      assert.deepEqual(everyWay(input), { type: 'more' })
  })

  it('does not keep the chunk', () => {
    const reader = new ProxyProtocolReader()
    const chunk = Buffer.from('PROXY TCP4 192.0.2.1 ')
    reader.receive(chunk)
    chunk.fill(0xee)
    assert.equal(reader.receive(Buffer.from('198.51.100.7 1 2\r\n')).type, 'header')
  })

  it('gives the same however it is cut', () => {
    const valid = fc.constantFrom(
      Buffer.from('PROXY TCP4 192.0.2.1 198.51.100.7 12345 443\r\nrest'),
      binary(0x21, 0x11, [...inet, 1, 2]),
      binary(0x21, 0x31, unix),
    )
    const mutated = fc
      .tuple(valid, fc.array(fc.tuple(fc.nat(250), fc.nat(255)), { maxLength: 2 }))
      .map(([bytes, changes]) => {
        const copy = Buffer.from(bytes)
        for (const [at, octet] of changes) if (at < copy.length) copy[at] = octet
        return copy
      })
    fc.assert(
      fc.property(mutated, (bytes) => void everyWay(bytes)),
      { numRuns: 200 },
    )
  })
})
