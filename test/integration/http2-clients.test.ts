/** Clients of HTTP/2 that others have written: curl, nghttp, h2load and node:http2. */

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { connect, type ClientHttp2Session } from 'node:http2'
import { buffer, text } from 'node:stream/consumers'
import { describe, it } from 'node:test'
import { promisify } from 'node:util'
import { App, type Skitai } from '#src/server/index.js'
import { makeCertificate } from '../io/certificate.js'
import { octets, serve, signal } from '../server/serving.js'
import { put, temporaryDirectory } from '../server/static/site.js'

const run = promisify(execFile)

/** What a program prints; it fails with the program's exit code. */
const output = async (program: string, ...args: readonly string[]): Promise<string> =>
  (await run(program, args, { encoding: 'latin1', maxBuffer: 64 * 1024 * 1024, timeout: 60_000 })).stdout

const curl = (...args: readonly string[]): Promise<string> => output('curl', '-sS', '--max-time', '20', ...args)

const root = temporaryDirectory()
put(root, 'large.bin', Buffer.alloc(3_000_000, 'large '))
const upload = put(root, 'upload.bin', Buffer.alloc(2_000_000, 'upload '))
const small = put(root, 'small.bin', Buffer.alloc(50_000, 'small '))

const app = new App({ push: true })
  .get('/hello', () => 'hello')
  .get('/version', ({ request }) => request.version)
  .post('/echo', ({ request }) => request.stream())
  .post('/version', async ({ request }) => `${request.version} ${(await request.bytes()).length}`)
  .get('/push', (was) => {
    was.push('/hello')
    return 'pushing'
  })
  .get('/cut', async function* () {
    yield 'begun'
    await new Promise((resolve) => setImmediate(resolve))
    throw new Error('cut')
  } as () => AsyncGenerator<string>)

const tls = makeCertificate()
const ca = put(root, 'ca.pem', tls.cert)
const mounted = (engine: Skitai): unknown => engine.mount('/', app).mount('/files', root)
const served = await serve(mounted)
const secure = await serve(mounted, {}, { tls })
const secureUrl = `https://localhost:${secure.port}`

describe('curl', () => {
  for (const [name, way, url] of [
    ['by prior knowledge', ['--http2-prior-knowledge'], served.url],
    ['by Upgrade', ['--http2'], served.url],
    ['over TLS', ['--http2', '--cacert', ca], secureUrl],
  ] as const)
    it(`talks HTTP/2 ${name}`, async () => {
      const code = ['-o', '/dev/null', '-w', '%{http_version} %{http_code}']
      assert.equal(await curl(...way, `${url}/version`), '2.0')
      // This curl cannot use a connection again that it knew to be HTTP/2.
      if (name !== 'by prior knowledge') assert.equal(await curl(...way, `${url}/version`, `${url}/hello`), '2.0hello')
      assert.equal(await curl(...way, ...code, `${url}/none`), '2 404')
      assert.equal((await curl(...way, `${url}/files/large.bin`)).length, 3_000_000)
      assert.equal(await curl(...way, '-r', '6-10', `${url}/files/large.bin`), 'large')
      assert.match(await curl(...way, '-I', `${url}/hello`), /HTTP\/2 200 [^]*\r\ncontent-length: 5\r\n/)
      assert.equal(await curl(...way, '--data-binary', `@${small}`, `${url}/version`), '2.0 50000')
      assert.equal(await curl(...way, '-H', 'Expect: 100-continue', '-d', 'hi', `${url}/version`), '2.0 2')
      await assert.rejects(curl(...way, `${url}/cut`), { code: 92 })
    })

  it('uploads more than an Upgrade may bring', async () => {
    const args = ['--data-binary', `@${upload}`]
    assert.equal(await curl('--http2', ...args, `${served.url}/version`), '1.1 2000000')
    assert.equal(await curl('--http2-prior-knowledge', ...args, `${served.url}/version`), '2.0 2000000')
    assert.equal((await curl('--cacert', ca, ...args, `${secureUrl}/echo`)).length, 2_000_000)
  })

  it('gets HTTP/1.1 where HTTP/2 is switched off', async () => {
    const plain = await serve(mounted, {}, { h2c: false })
    assert.equal(await curl('--http2', `${plain.url}/version`), '1.1')
    await assert.rejects(curl('--http2-prior-knowledge', `${plain.url}/version`))
    const old = await serve(mounted, {}, { tls, http2: false })
    assert.equal(await curl('--cacert', ca, `https://localhost:${old.port}/version`), '1.1')
  })
})

describe('nghttp', () => {
  it('asks for many at once, and takes pushes', async () => {
    const many = await output('nghttp', '-m', '20', `${served.url}/hello`)
    assert.equal(many, 'hello'.repeat(20))
    const verbose = await output('nghttp', '-v', `${served.url}/push`)
    assert.match(verbose, /:path: \/hello[^]*recv PUSH_PROMISE[^]*pushing[^]*hello/)
    assert.equal(await output('nghttp', '--no-push', `${served.url}/push`), 'pushing')
  })

  it('upgrades, with content', async () => {
    assert.equal(await output('nghttp', '-u', `${served.url}/version`), '2.0')
    assert.equal(await output('nghttp', '-u', '-d', small, `${served.url}/version`), '2.0 50000')
  })
})

describe('h2load', () => {
  for (const [name, url] of [
    ['without TLS', served.url],
    ['over TLS', `https://127.0.0.1:${secure.port}`],
  ] as const)
    it(`has all its requests answered ${name}`, async () => {
      const load = ['-n', '5000', '-c', '5', '-m', '100']
      const hello = await output('h2load', ...load, `${url}/hello`)
      assert.match(hello, /5000 total, 5000 started, 5000 done, 5000 succeeded, 0 failed, 0 errored, 0 timeout/)
      const echo = await output('h2load', '-n', '200', '-c', '2', '-m', '20', '-d', small, `${url}/echo`)
      assert.match(echo, / 200 succeeded, 0 failed, 0 errored/)
      assert.match(echo, /\(10000000\) data/)
    })
})

describe('node:http2', () => {
  const sessions: readonly (readonly [string, () => ClientHttp2Session])[] = [
    ['without TLS', () => connect(served.url)],
    ['over TLS', () => connect(secureUrl, { ca: tls.cert })],
  ]
  for (const [name, open] of sessions)
    it(`interleaves uploads and downloads ${name}`, async () => {
      const session = open()
      const all = Array.from({ length: 30 }, async (_, i) => {
        if (i % 3 === 0) {
          const stream = session.request({ ':path': '/files/large.bin' })
          return (await buffer(stream)).length
        }
        const stream = session.request({ ':method': 'POST', ':path': '/echo' })
        stream.end(octets(i * 10_000))
        return (await buffer(stream)).length
      })
      assert.deepEqual(
        await Promise.all(all),
        Array.from({ length: 30 }, (_, i) => (i % 3 === 0 ? 3_000_000 : i * 10_000)),
      )
      session.close()
      await once(session, 'close')
    })

  it('cancels streams, and goes on', async () => {
    const session = connect(served.url)
    for (let i = 0; i < 50; i++) {
      const stream = session.request({ ':path': '/files/large.bin' })
      await once(stream, 'response')
      stream.close(8)
      await once(stream, 'close')
    }
    assert.equal(await text(session.request({ ':path': '/hello' })), 'hello')
    session.destroy()
  })

  it('loses nothing when the engine ends', async () => {
    const go = signal()
    const { engine, port } = await serve((made) =>
      made.mount('/', async () => {
        await go.promise
        return octets(1_000_000)
      }),
    )
    const session = connect(`http://127.0.0.1:${port}`)
    const streams = Array.from({ length: 10 }, () => session.request({ ':path': '/' }))
    await once(session, 'remoteSettings')
    const bodies = Promise.all(streams.map(async (stream) => (await buffer(stream)).length))
    while (engine.connectionCount === 0) await new Promise((resolve) => setImmediate(resolve))
    await new Promise((resolve) => session.ping(resolve))
    const closed = engine.close({ graceMs: 20 })
    await once(session, 'goaway')
    go.resolve()
    assert.deepEqual(
      await bodies,
      Array.from({ length: 10 }, () => 1_000_000),
    )
    await closed
    assert.equal(session.destroyed || session.closed, true)
  })
})
