import assert from 'node:assert/strict'
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { describe, it } from 'node:test'
import { connect, createServer } from 'node:tls'
import { selfSigned } from '#src/io/index.js'

const DAY_MS = 86_400_000

describe('selfSigned', () => {
  for (const keyType of ['ec', 'rsa'] as const)
    it(`makes a certificate that others read, and that its key has signed: ${keyType}`, () => {
      const { cert, key } = selfSigned({ keyType })
      const certificate = new X509Certificate(cert)
      assert.equal(certificate.verify(certificate.publicKey), true)
      assert.equal(certificate.checkIssued(certificate), true)
      assert.equal(certificate.checkPrivateKey(createPrivateKey(key)), true)
      assert.equal(certificate.ca, false)
      assert.equal(certificate.subject, 'CN=localhost')
      assert.equal(certificate.issuer, 'CN=localhost')
      assert.equal(certificate.subjectAltName, 'DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1')
      assert.deepEqual(certificate.keyUsage, ['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2'])
      assert.match(certificate.serialNumber, /^[4-7][0-9A-F]{31}$/)
      const other = new X509Certificate(selfSigned({ keyType }).cert)
      assert.equal(certificate.verify(other.publicKey), false)
      assert.notEqual(certificate.serialNumber, other.serialNumber)
    })

  it('is valid from yesterday on, for the days that are wanted, beyond 2050 too', () => {
    for (const days of [1, 30, 20_000]) {
      const certificate = new X509Certificate(selfSigned({ days }).cert)
      const left = Date.parse(certificate.validTo) - Date.now()
      assert.ok(Math.abs(left - days * DAY_MS) < 60_000, certificate.validTo)
      assert.ok(Math.abs(Date.parse(certificate.validFrom) - Date.now() + DAY_MS) < 60_000, certificate.validFrom)
    }
  })

  it('names hosts and addresses, many of them as well', () => {
    const addresses = ['10.1.2.3', '2001:db8::7:0:1', '1:2:3:4:5:6:7:8', 'fe80::', '::']
    const hosts = Array.from({ length: 40 }, (_, index) => `host-${index}.example`)
    const certificate = new X509Certificate(
      selfSigned({ names: ['a.example', '*.b.example', ...addresses, ...hosts] }).cert,
    )
    assert.equal(certificate.subject, 'CN=a.example')
    for (const host of ['a.example', 'x.b.example', ...hosts]) assert.ok(certificate.checkHost(host), host)
    for (const address of addresses) assert.equal(certificate.checkIP(address), address)
    assert.equal(certificate.checkHost('x.y.b.example'), undefined)
    assert.equal(certificate.checkIP('::1'), undefined)
  })

  it('is what a TLS client accepts that trusts it, and no other', async () => {
    const { cert, key } = selfSigned()
    const server = createServer({ cert, key }, (socket) => socket.end('hello')).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const socket = connect({ host: '127.0.0.1', port, ca: cert })
    await once(socket, 'secureConnect')
    assert.equal(socket.authorized, true)
    socket.destroy()
    const doubting = connect({ host: '127.0.0.1', port, ca: selfSigned().cert })
    await assert.rejects(once(doubting, 'secureConnect'), { code: /SELF_SIGNED|UNABLE_TO_VERIFY/ })
    server.close()
  })
})
