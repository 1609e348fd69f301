import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import path from 'node:path'
import { after, describe, it } from 'node:test'
import { connect } from 'node:tls'
import { selfSigned, type SelfSigned } from '#src/io/index.js'
import { App, type TlsOptions } from '#src/server/index.js'
import { askHttps } from './https.js'
import { quiet, serve, Wire } from './serving.js'
import { put, temporaryDirectory } from './static/site.js'

const here = { address: '127.0.0.1', port: 0, signals: false } as const
const fingerprint = ({ cert }: SelfSigned): string => new X509Certificate(cert).fingerprint256
const directory = temporaryDirectory()
const store = (pair: SelfSigned): void => {
  put(directory, 'cert.pem', pair.cert)
  put(directory, 'key.pem', pair.key)
}
const files = { cert: path.join(directory, 'cert.pem'), key: path.join(directory, 'key.pem') }

describe('enableSsl', () => {
  it('secures every listener from then on, but those that say otherwise', async () => {
    const [pair, own] = [selfSigned(), selfSigned()]
    const { engine } = quiet()
    engine.mount('/', ({ request }) => request.scheme)
    const before = await engine.run(here)
    assert.equal(engine.enableSsl(pair), engine)
    const secured = await engine.run(here)
    const plain = await engine.run({ ...here, tls: false })
    const other = await engine.run({ ...here, tls: own })
    for (const { url, fingerprint256 } of [before, plain]) {
      assert.match(url, /^http:\/\/127/)
      assert.equal(fingerprint256, '')
      assert.equal(await (await fetch(url)).text(), 'http')
    }
    for (const [{ url, fingerprint256 }, expected] of [
      [secured, pair],
      [other, own],
    ] as const) {
      assert.match(url, /^https:\/\/127\.0\.0\.1:\d+$/)
      const answer = await askHttps(url)
      assert.deepEqual(
        [answer.text, answer.fingerprint256, fingerprint256],
        ['https', fingerprint(expected), fingerprint(expected)],
      )
    }
    await engine.close()
  })

  it('takes files, several certificates, and one for development', async () => {
    const pair = selfSigned({ names: ['files.example'] })
    store(pair)
    for (const input of [files, [files], { certificates: [files] }, [selfSigned(), files]]) {
      const { url } = await serve((engine) => engine.enableSsl(input).mount('/', () => 'x'))
      assert.equal((await askHttps(url, { servername: 'files.example' })).fingerprint256, fingerprint(pair))
    }
    const { url } = await serve((engine) => engine.enableSsl({ dev: true }).mount('/', () => 'x'))
    assert.equal((await askHttps(url)).text, 'x')
  })

  it('takes relative files from the directory of the script', () => {
    const script = process.argv[1]!
    process.argv[1] = path.join(directory, 'main.js')
    try {
      store(selfSigned())
      quiet().engine.enableSsl({ cert: 'cert.pem', key: 'key.pem' })
    } finally {
      process.argv[1] = script
    }
    assert.throws(() => quiet().engine.enableSsl({ cert: 'cert.pem', key: 'key.pem' }), { code: 'TLS_FILE' })
  })

  it('says at once what is wrong, and leaves what was', async () => {
    const pair = selfSigned()
    const { engine } = quiet()
    engine.mount('/', () => 'x').enableSsl(pair)
    assert.throws(() => engine.enableSsl({ cert: pair.cert, key: selfSigned().key }), { code: 'TLS_KEY_MISMATCH' })
    await assert.rejects(engine.run({ ...here, tls: {} }), { code: 'TLS_OPTION' })
    const { url } = await engine.run(here)
    assert.equal((await askHttps(url)).fingerprint256, fingerprint(pair))
    await engine.close()
  })

  it('tells of a resolver that fails, and goes on', async () => {
    const resolve = (): never => {
      throw new Error('the resolver is ill')
    }
    const { url, errors } = await serve((engine) =>
      engine.enableSsl({ ...selfSigned(), resolve }).mount('/', () => 'x'),
    )
    await assert.rejects(askHttps(url, { servername: 'x.example' }), { code: 'ECONNRESET' })
    assert.match(String(errors), /the resolver is ill/)
    assert.equal((await askHttps(url, { servername: 'localhost' })).text, 'x')
  })

  it('offers HTTP/2 first, or HTTP/1.1 alone', async () => {
    const { engine } = quiet()
    engine.mount('/', ({ request }) => request.version).enableSsl(selfSigned())
    after(() => engine.close({ timeoutMs: 0 }))
    for (const [http2, offered, expected] of [
      [true, ['http/1.1', 'h2'], 'h2'],
      [true, ['http/1.1'], 'http/1.1'],
      [true, [], false],
      [false, ['http/1.1', 'h2'], 'http/1.1'],
    ] as const) {
      const { port } = await engine.run({ ...here, http2 })
      const socket = connect({ host: here.address, port, rejectUnauthorized: false, ALPNProtocols: [...offered] })
      await once(socket, 'secureConnect')
      assert.equal(socket.alpnProtocol, expected)
      socket.destroy()
    }
    const { port } = await engine.run({ ...here, http2: false })
    const socket = connect({ host: here.address, port, rejectUnauthorized: false, ALPNProtocols: ['h2'] })
    await assert.rejects(once(socket, 'secureConnect'), /no application protocol/)
  })

  it('leaves the process alone when clients talk nonsense', async () => {
    const { port, url, errors } = await serve((engine) => engine.enableSsl(selfSigned()).mount('/', () => 'x'))
    for (const text of ['GET / HTTP/1.1\r\n\r\n', '\x16\x03\x01\0\x05hello', '\x15\x03\x03\0\x02\x02\x28'])
      assert.doesNotMatch(await (await Wire.to(port)).send(text).rest(), /HTTP/)
    assert.equal((await askHttps(url)).text, 'x')
    assert.deepEqual(errors, [])
  })
})

describe('reloadSsl', () => {
  it('reads the files of all listeners again, and connections go on', async () => {
    const [one, two] = [selfSigned(), selfSigned()]
    store(one)
    const { engine } = quiet()
    engine.mount('/', ({ request }) => request.path).enableSsl(files)
    const both = [await engine.run(here), await engine.run({ ...here, tls: files })]
    store(two)
    engine.reloadSsl()
    for (const { url } of both) assert.equal((await askHttps(url)).fingerprint256, fingerprint(two))
    put(directory, 'key.pem', one.key)
    assert.throws(() => engine.reloadSsl(), { code: 'TLS_KEY_MISMATCH' })
    for (const { url } of both) assert.equal((await askHttps(url)).fingerprint256, fingerprint(two))
    put(directory, 'key.pem', two.key)
    engine.reloadSsl([one])
    assert.equal((await askHttps(both[0]!.url)).fingerprint256, fingerprint(one))
    assert.equal((await askHttps(both[1]!.url)).fingerprint256, fingerprint(two))
    await engine.close()
  })

  it('throws without TLS', () => {
    const { engine } = quiet()
    assert.throws(() => engine.reloadSsl(), /there is no TLS to reload/)
    assert.throws(() => engine.reloadSsl(selfSigned()), /call enableSsl first/)
  })
})

describe('was.request.clientCertificate', () => {
  const friend = selfSigned({ names: ['friend'] })
  const app = new App().get('/', ({ request }) => ({ ...request.clientCertificate }))

  const asked = async (
    mode: TlsOptions['clientCertificates'],
    pair: Partial<SelfSigned>,
  ): Promise<Record<string, unknown>> => {
    const tls: TlsOptions = { ...selfSigned(), clientCertificates: mode, ca: friend.cert }
    const { url } = await serve((engine) => engine.enableSsl(tls).mount('/', app))
    return JSON.parse((await askHttps(url, pair)).text) as Record<string, unknown>
  }

  it('tells who the client is', async () => {
    const known = await asked('require', friend)
    assert.deepEqual(
      [known['subject'], known['fingerprint256'], known['authorized'], known['authorizationError']],
      ['CN=friend', fingerprint(friend), true, ''],
    )
    const stranger = await asked('request', selfSigned({ names: ['stranger'] }))
    assert.deepEqual([stranger['subject'], stranger['authorized']], ['CN=stranger', false])
    assert.deepEqual(await asked('request', {}), {})
    assert.deepEqual(await asked('none', friend), {})
  })

  it('lets no request of a stranger through where it is required', async () => {
    await assert.rejects(asked('require', selfSigned()), { code: /ECONNRESET|EPIPE/ })
    await assert.rejects(asked('require', {}), { code: /ECONNRESET|EPIPE|ERR_SSL/ })
  })
})
