/** Clients that others have written: curl, fetch and node:https. */

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { request as httpsRequest } from 'node:https'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { after, describe, it } from 'node:test'
import { promisify } from 'node:util'
import { selfSigned } from '#src/io/index.js'
import { App } from '#src/server/index.js'
import { makeCertificate } from '../io/certificate.js'
import { quiet, serve } from '../server/serving.js'
import { put, temporaryDirectory } from '../server/static/site.js'

const run = promisify(execFile)

/** What curl prints; it fails with its exit code. */
const curl = async (...args: readonly string[]): Promise<string> =>
  (await run('curl', ['-sS', '--max-time', '20', ...args], { encoding: 'latin1', maxBuffer: 64 * 1024 * 1024 })).stdout

const root = temporaryDirectory()
put(root, 'file.txt', '0123456789')
put(root, 'large.bin', Buffer.alloc(3_000_000, 'large '))
const upload = put(root, 'upload.bin', Buffer.alloc(2_000_000, 'upload '))

const app = new App()
  .get('/hello', () => 'hello')
  .post('/echo', ({ request }) => request.stream())
  .post('/small', ({ request }) => request.text({ limit: 10 }))
  .get('/stream', async function* () {
    for (let i = 0; i < 5; i++) yield `${i}\n`
  } as () => AsyncGenerator<string>)
  .get('/cut', async function* () {
    yield 'begun'
    await new Promise((resolve) => setImmediate(resolve))
    throw new Error('cut')
  } as () => AsyncGenerator<string>)

const served = await serve((engine) => engine.mount('/', app).mount('/files', root))

describe('curl', () => {
  it('gets, streams, follows and asks for parts', async () => {
    assert.equal(await curl(`${served.url}/hello`, `${served.url}/stream`), 'hello0\n1\n2\n3\n4\n')
    assert.equal((await curl(`${served.url}/files/large.bin`)).length, 3_000_000)
    assert.equal(await curl('-r', '2-4', `${served.url}/files/file.txt`), '234')
    assert.match(await curl('-I', `${served.url}/hello`), /^HTTP\/1\.1 200 OK\r\n[^]*Content-Length: 5\r\n/i)
    assert.equal(await curl('-L', '--http1.0', `${served.url}/hello`), 'hello')
    assert.match(
      await curl('-i', '-X', 'OPTIONS', `${served.url}/hello`),
      /204 No Content\r\n[^]*allow: GET, HEAD, OPTIONS/,
    )
    assert.equal(await curl('-o', '/dev/null', '-w', '%{http_code}', `${served.url}/files`), '308')
  })

  it('uploads, with and without 100 (Continue), and is refused early', async () => {
    assert.equal((await curl('--data-binary', `@${upload}`, `${served.url}/echo`)).length, 2_000_000)
    const chunked = ['-H', 'Transfer-Encoding: chunked', '-H', 'Expect: 100-continue']
    assert.equal((await curl(...chunked, '--data-binary', `@${upload}`, `${served.url}/echo`)).length, 2_000_000)
    const code = ['-o', '/dev/null', '-w', '%{http_code}']
    for (const expect of ['Expect: 100-continue', 'Expect:'])
      assert.equal(await curl(...code, '-H', expect, '--data-binary', `@${upload}`, `${served.url}/small`), '413')
  })

  it('sees that a response is cut', async () => {
    await assert.rejects(curl(`${served.url}/cut`), { code: 18 })
    await assert.rejects(curl('--http1.0', `${served.url}/cut`), { code: 56 })
    assert.match(String(served.errors[0]), /cut/)
  })

  it('talks over a Unix socket', async () => {
    const socket = path.join(root, 'socket')
    await serve((engine) => engine.mount('/', app), {}, { path: socket })
    assert.equal(await curl('--unix-socket', socket, 'http://x/hello'), 'hello')
  })
})

describe('TLS', async () => {
  const tls = makeCertificate()
  const ca = put(root, 'ca.pem', tls.cert)
  const secure = await serve(
    (engine) => engine.mount('/', ({ request }) => request.scheme).mount('/app', app),
    {},
    { tls },
  )

  it('serves curl', async () => {
    assert.match(secure.url, /^https:\/\/127\.0\.0\.1:\d+$/)
    assert.equal(await curl('--cacert', ca, `${secure.url}/`), 'https')
    assert.equal(await curl('--cacert', ca, '--http1.1', `${secure.url}/app/stream`), '0\n1\n2\n3\n4\n')
    const args = ['--cacert', ca, '--data-binary', `@${upload}`]
    assert.equal((await curl(...args, `${secure.url}/app/echo`)).length, 2_000_000)
    await assert.rejects(curl('--cacert', ca, '--http1.1', `${secure.url}/app/cut`), { code: 18 })
    await assert.rejects(curl('--cacert', ca, '--http2', `${secure.url}/app/cut`), { code: 92 })
  })

  it('leads curl from HTTP to HTTPS, where curl shows a certificate of its own', async () => {
    const friend = selfSigned({ names: ['friend'] })
    const [cert, key] = [put(root, 'friend.pem', friend.cert), put(root, 'friend-key.pem', friend.key)]
    const { engine } = quiet()
    after(() => engine.close({ timeoutMs: 0 }))
    const who = new App().route('/who', async ({ request }) => {
      const { method, version, clientCertificate } = request
      return `${method} ${version} ${await request.text()} ${clientCertificate?.subject}`
    })
    engine.mount('/', who).enableSsl({ ...tls, clientCertificates: 'require', ca: friend.cert })
    const here = { address: '127.0.0.1', port: 0, signals: false } as const
    const { port } = await engine.run(here)
    const { forwards } = await engine.enableForward(0, port).run(here)
    const url = `${forwards[0]!.url}/who?x=<y>`
    for (const [version, ...args] of [['2.0'], ['2.0', '--tls-max', '1.2'], ['1.1', '--http1.1']] as const) {
      const all = ['-L', '--cacert', ca, ...args]
      const shown = ['--cert', cert, '--key', key]
      assert.equal(await curl(...all, ...shown, url), `GET ${version}  CN=friend`)
      assert.equal(await curl(...all, ...shown, '-d', 'content', url), `POST ${version} content CN=friend`)
      await assert.rejects(curl(...all, url))
    }
  })

  it('serves node:https', async () => {
    const sent = httpsRequest(`${secure.url}/app/hello`, { ca: tls.cert })
    sent.end()
    const [answer] = await once(sent, 'response')
    assert.equal(await text(answer), 'hello')
  })
})

describe('fetch', () => {
  it('streams both ways', async () => {
    const body = new ReadableStream({
      start: (controller) => {
        for (let i = 0; i < 100; i++) controller.enqueue(Buffer.alloc(10_000, `${i % 10}`))
        controller.close()
      },
    })
    const options = { method: 'POST', body, duplex: 'half' } as RequestInit
    const answer = await fetch(`${served.url}/echo`, options)
    assert.equal((await answer.arrayBuffer()).byteLength, 1_000_000)
  })

  it('may be called off', async () => {
    const controller = new AbortController()
    const answer = await fetch(`${served.url}/files/large.bin`, { signal: controller.signal })
    controller.abort()
    await assert.rejects(answer.text(), { name: 'AbortError' })
  })
})
