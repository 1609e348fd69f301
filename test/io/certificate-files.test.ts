import assert from 'node:assert/strict'
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, describe, it } from 'node:test'
import { selfSigned, TlsCredentials, type TlsOptions } from '#src/io/index.js'
import { loadCertificate, lookupName } from '#src/io/certificate.js'

const directory = mkdtempSync(path.join(tmpdir(), 'skitai-certificates-'))
after(() => rmSync(directory, { recursive: true }))
const file = (name: string, content: string): string => {
  writeFileSync(path.join(directory, name), content)
  return name
}

const { cert, key } = selfSigned()
const { fingerprint256 } = new X509Certificate(cert)
const other = selfSigned()
const encrypted = createPrivateKey(key)
  .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'open' })
  .toString()
const traditional = createPrivateKey(key)
  .export({ type: 'sec1', format: 'pem', cipher: 'aes-128-cbc', passphrase: 'open' })
  .toString()
const rsa = selfSigned({ keyType: 'rsa' })
file('cert.pem', cert)
file('key.pem', key)
file('combined.pem', key + cert)
file('no.pem', 'nothing')

describe('loadCertificate', () => {
  it('takes PEM as text, as octets, in files, and both in one', () => {
    for (const source of [
      { cert, key },
      { cert: Buffer.from(cert), key: new Uint8Array(Buffer.from(key)) },
      { cert: 'cert.pem', key: path.join(directory, 'key.pem') },
      { cert: 'combined.pem' },
      { cert: cert + key },
      { cert, key: encrypted, passphrase: 'open' },
      { cert, key: traditional, passphrase: 'open' },
      { cert: cert + traditional, passphrase: 'open' },
      // A passphrase that nothing asks for does no harm.
      { cert, key, passphrase: 'unused' },
    ]) {
      const loaded = loadCertificate(source, directory)
      assert.deepEqual([loaded.fingerprint256, loaded.names], [fingerprint256, ['localhost']])
      assert.ok(new TlsCredentials(source, directory))
    }
    assert.ok(new TlsCredentials(rsa))
  })

  it('finds the names in the certificate, or is told', () => {
    const names = ['a.Example', '*.b.example', '1.2.3.4', 'x, DNS:evil', '*.*.example', 'ends.', 'under_score']
    const many = selfSigned({ names })
    assert.deepEqual(loadCertificate(many, directory).names, ['a.example', '*.b.example', 'ends', 'under_score'])
    assert.deepEqual(loadCertificate(selfSigned({ names: ['::1'] }), directory).names, [])
    const hosts = ['Other.', '*.Wild.Example']
    assert.deepEqual(loadCertificate({ cert, key, hosts }, directory).names, ['other', '*.wild.example'])
  })

  const refused = (options: unknown, code: string, message: RegExp): void => {
    assert.throws(() => new TlsCredentials(options as TlsOptions, directory), { name: 'UsageError', code, message })
  }

  it('says what is wrong before anybody connects', () => {
    refused({ cert: 'missing.pem', key }, 'TLS_FILE', /cannot read the certificate \/.*missing\.pem: ENOENT/)
    refused({ cert, key: 'missing.pem' }, 'TLS_FILE', /cannot read the key \/.*missing\.pem: ENOENT/)
    refused({ cert: 'no.pem', key }, 'TLS_CERTIFICATE', /there is no PEM in .*no\.pem/)
    refused({ cert: Buffer.from('x'), key }, 'TLS_CERTIFICATE', /the given certificate is no PEM/)
    refused({ cert: 'key.pem', key }, 'TLS_CERTIFICATE', /there is no certificate in .*key\.pem/)
    refused({ cert: cert.replaceAll('A', 'B'), key }, 'TLS_CERTIFICATE', /there is no certificate in the given cert/)
    refused({ cert: 'cert.pem' }, 'TLS_KEY', /there is no private key in .*cert\.pem/)
    refused({ cert, key: key.slice(0, 60) + key.slice(90) }, 'TLS_KEY', /the private key cannot be read: the given key/)
    refused({ cert, key: encrypted }, 'TLS_PASSPHRASE', /encrypted, and there is no passphrase/)
    refused({ cert, key: encrypted, passphrase: 'no' }, 'TLS_PASSPHRASE', /does not open the key/)
    refused({ cert, key: traditional, passphrase: 'no' }, 'TLS_PASSPHRASE', /does not open the key/)
    refused({ cert, key: other.key }, 'TLS_KEY_MISMATCH', /the key does not belong to the certificate/)
    refused({ cert: 7 }, 'TLS_OPTION', /the certificate is PEM or the path of a file, not number/)
    refused({ cert: null }, 'TLS_OPTION', /not null/)
  })

  it('refuses options that contradict, do not exist, or lower the guard', () => {
    refused({}, 'TLS_OPTION', /either `cert`, or `certificates`, or `dev`/)
    refused({ cert, key, dev: true }, 'TLS_OPTION', /either/)
    refused({ certificates: [] }, 'TLS_OPTION', /either/)
    refused({ key }, 'TLS_OPTION', /the certificate is PEM/)
    refused({ cert, key, ciphers: 'ALL' }, 'TLS_OPTION', /unknown option of TLS: ciphers/)
    refused(cert, 'TLS_OPTION', /options as \{ cert, key \}, not string/)
    refused(undefined, 'TLS_OPTION', /not undefined/)
    refused(null, 'TLS_OPTION', /not null/)
    refused({ cert, key, minVersion: 'TLSv1' }, 'TLS_OPTION', /TLSv1\.2 or TLSv1\.3, not TLSv1/)
    refused({ cert, key, resolve: 'x' }, 'TLS_OPTION', /no function/)
    refused({ cert, key, hosts: ['a b'] }, 'TLS_OPTION', /not a host name of a certificate: "a b"/)
    refused({ cert, key, hosts: ['a.*.b'] }, 'TLS_OPTION', /not a host name/)
    refused({ cert, key, hosts: [7] }, 'TLS_OPTION', /not a host name/)
    refused({ cert, key, clientCertificates: 'maybe', ca: cert }, 'TLS_OPTION', /none, request or require, not maybe/)
    refused({ cert, key, clientCertificates: 'require' }, 'TLS_OPTION', /`ca` is missing/)
    refused({ cert, key, clientCertificates: 'request', ca: [] }, 'TLS_OPTION', /`ca` is missing/)
    refused({ cert, key, clientCertificates: 'request', ca: [cert, 'key.pem'] }, 'TLS_CERTIFICATE', /no certificate in/)
  })
})

describe('lookupName', () => {
  it('gives names one form, and takes no others', () => {
    assert.equal(lookupName('A.Example.'), 'a.example')
    assert.equal(lookupName('xn--nxasmq6b'), 'xn--nxasmq6b')
    for (const name of [
      '',
      '.',
      'a..b',
      '*.a',
      'a\0b',
      'a b',
      'ä',
      'a\u3002b',
      `${'a'.repeat(64)}.b`,
      'a.'.repeat(127) + 'bb',
      '[::1]',
    ])
      assert.equal(lookupName(name), undefined, name)
  })
})
