import assert from 'node:assert/strict'
import { connect, type IncomingHttpHeaders } from 'node:http2'
import { createServer, type AddressInfo } from 'node:net'
import { once } from 'node:events'
import { PassThrough } from 'node:stream'
import { describe, it } from 'node:test'
import { selfSigned } from '#src/io/index.js'
import type { Running, Skitai, SkitaiOptions } from '#src/server/index.js'
import { type Answer, ask, type Asked, readAnswer, requestText } from './asking.js'
import { askHttps } from './https.js'
import { quiet, Wire } from './serving.js'

const here = { address: '127.0.0.1', port: 0, signals: false } as const

interface Forwarding {
  readonly engine: Skitai
  readonly running: Running
  readonly port: number
}

/** An engine that forwards from a free port. */
const forwarding = async (
  options: SkitaiOptions = {},
  ...to: [port?: number, domain?: string]
): Promise<Forwarding> => {
  const { engine } = quiet(options)
  engine.mount('/', ({ request }) => `the site ${request.host}`).enableForward(0, ...to)
  const running = await engine.run(here)
  return { engine, running, port: running.forwards[0]!.port }
}

const askPort = async (port: number, target: string, asked: Asked = {}): Promise<Answer> => {
  const request = requestText(target, { ...asked, headers: { Connection: 'close', ...asked.headers } })
  return readAnswer(await (await Wire.to(port)).send(request).rest(), asked.method)
}

describe('enableForward', () => {
  it('redirects all requests to HTTPS, and keeps host and address', async () => {
    const { engine, port, running } = await forwarding()
    assert.deepEqual(running.forwards, [{ address: '127.0.0.1', port, url: `http://127.0.0.1:${port}` }])
    for (const [method, host, target, status, location] of [
      ['GET', 'a.example', '/', 301, 'https://a.example/'],
      ['HEAD', 'a.example', '/x?y=z&z', 301, 'https://a.example/x?y=z&z'],
      ['POST', 'a.example', '/form', 308, 'https://a.example/form'],
      ['GET', 'A.Example:8080', '/x', 301, 'https://a.example/x'],
      ['GET', '[::1]:8080', '/x', 301, 'https://[::1]/x'],
      ['GET', 'a.example.', '/', 301, 'https://a.example/'],
      ['GET', 'a.example', '//evil.example/', 301, 'https://a.example//evil.example/'],
      ['GET', 'a.example', '/../x%2F%0d', 301, 'https://a.example/../x%2F%0d'],
      ['GET', 'a.example', '/"<script>\'', 301, "https://a.example/%22%3Cscript%3E'"],
      ['GET', 'a.example', 'http://a.example/x', 301, 'https://a.example/x'],
      ['GET', 'a.example', 'http://a.example', 301, 'https://a.example/'],
      ['GET', 'a.example', 'http://a.example?q', 301, 'https://a.example/?q'],
    ] as const) {
      const answer = await askPort(port, target, { method, host })
      assert.deepEqual([answer.status, answer.headers['location']], [status, location], target)
      assert.equal(answer.headers['content-type'], 'text/html; charset=utf-8')
      assert.doesNotMatch(answer.text, /<script|"'/)
      if (method !== 'HEAD') assert.match(answer.text, /<a href="https:\/\/(a\.example|\[::1\])\//)
    }
    await engine.close()
    await assert.rejects(Wire.to(port), { code: 'ECONNREFUSED' })
  })

  it('names the port that is not the usual one', async () => {
    const { engine, port } = await forwarding({}, 8443)
    const answer = await askPort(port, '/x', { host: 'a.example:8080' })
    assert.equal(answer.headers['location'], 'https://a.example:8443/x')
    await engine.close()
  })

  it('sends nobody to a host that the request does not name clearly', async () => {
    const { engine, port } = await forwarding()
    for (const [target, asked] of [
      ['/', { host: '', version: '1.0' }],
      ['/', { host: '' }],
      ['/', { host: 'a b' }],
      ['/', { host: 'a.example/x' }],
      ['/', { host: 'user@a.example' }],
      ['/', { host: 'a.example', headers: { host: 'b.example' } }],
      ['http://evil.example/', { host: 'a.example' }],
      ['*', { method: 'OPTIONS' }],
      ['a.example:443', { method: 'CONNECT', host: 'a.example:443' }],
    ] as const) {
      const answer = await askPort(port, target, asked)
      assert.deepEqual([answer.status, answer.headers['location']], [400, undefined], target)
    }
    await engine.close()
  })

  it('sends everybody to the one domain, also those who come over HTTPS', async () => {
    const { engine } = quiet()
    engine
      .mount('/', ({ request }) => `the site ${request.host}`)
      .enableSsl(selfSigned())
      .enableForward(0, 443, 'www.example')
    const { url, forwards, port } = await engine.run(here)
    for (const asked of [{ host: 'a.example' }, { host: '', version: '1.0' }, { host: 'www.example:80' }])
      assert.equal((await askPort(forwards[0]!.port, '/x?y', asked)).headers['location'], 'https://www.example/x?y')
    for (const [host, location] of [
      ['a.example', 'https://www.example/x?y'],
      [`a.example:${port}`, `https://www.example:${port}/x?y`],
      ['a.example:443', 'https://www.example/x?y'],
      ['a.example:00443', 'https://www.example/x?y'],
      ['a.example:80', 'https://www.example:80/x?y'],
      ['sub.www.example', 'https://www.example/x?y'],
    ] as const) {
      const answer = await askHttps(`${url}/x?y`, { headers: { host } })
      assert.deepEqual([answer.status, answer.headers.location], [301, location], host)
    }
    for (const host of ['www.example', 'WWW.Example.', `www.example:${port}`])
      assert.equal((await askHttps(url, { headers: { host } })).text, `the site ${host}`)
    assert.equal((await askHttps(url, { method: 'DELETE', headers: { host: 'a.example' } })).status, 308)
    await engine.close()
  })

  it('sends those who come over HTTP/2 to the domain, too', async () => {
    const { engine } = quiet()
    engine
      .mount('/', () => 'the site')
      .enableSsl(selfSigned())
      .enableForward(0, 443, 'www.example')
    const { url } = await engine.run(here)
    const session = connect(url, { rejectUnauthorized: false })
    const got: unknown[] = []
    for (const authority of ['www.example', 'a.example:8443']) {
      const stream = session.request({ ':authority': authority, ':path': '/x?y' }).resume()
      const [headers] = (await once(stream, 'response')) as [IncomingHttpHeaders & { ':status': number }]
      got.push(headers[':status'], headers.location)
    }
    session.close()
    await engine.close()
    assert.deepEqual(got, [200, undefined, 301, 'https://www.example:8443/x?y'])
  })

  it('keeps the scheme of an engine that is behind somebody else who does TLS', async () => {
    const { engine } = await forwarding({}, 443, 'www.example')
    const answer = await ask(engine, '/x', { host: 'a.example:8080' })
    assert.equal(answer.headers['location'], 'http://www.example:8080/x')
    assert.equal((await ask(engine, '/x', { host: 'a.example:80' })).headers['location'], 'http://www.example/x')
    assert.equal((await ask(engine, '*', { method: 'OPTIONS', host: 'a.example' })).status, 204)
    await engine.close()
  })

  it('closes connections that ask nothing, sooner than a server does', { timeout: 8000 }, async () => {
    const { engine, port } = await forwarding()
    const idle = await Wire.to(port)
    const kept = await Wire.to(port)
    await kept.send(requestText('/')).until(/301 Moved/)
    await Promise.all([idle.rest(), kept.rest()])
    await engine.close()
  })

  it('is logged, and ends with the engine', async () => {
    const sink = new PassThrough()
    const { engine, port } = await forwarding({ log: sink })
    const kept = await Wire.to(port)
    await kept.send(requestText('/logged')).until(/301 Moved/)
    assert.equal(engine.connectionCount, 1)
    await Promise.all([engine.close(), kept.rest()])
    assert.equal(engine.connectionCount, 0)
    assert.match(String(sink.read()), / example\.com GET \/logged 1\.1 0 301 /)
  })

  it('begins with the next run, again if that failed', async () => {
    const taken = createServer().listen(0, '127.0.0.1')
    await once(taken, 'listening')
    const { port } = taken.address() as AddressInfo
    const { engine } = quiet()
    engine.mount('/', () => 'x').enableForward(port)
    await assert.rejects(engine.run(here), { code: 'EADDRINUSE' })
    taken.close()
    await once(taken, 'close')
    assert.equal((await engine.run(here)).forwards[0]!.port, port)
    assert.deepEqual((await engine.run(here)).forwards, [])
    await engine.close()
  })

  it('takes ports and a domain only', () => {
    const { engine } = quiet()
    for (const port of [-1, 65_536, 1.5, Number.NaN, '80' as unknown as number])
      assert.throws(() => engine.enableForward(port), { name: 'TypeError', message: /not a port: / })
    assert.throws(() => engine.enableForward(80, 0), { name: 'TypeError', message: /not a port to forward to: 0/ })
    for (const domain of ['', 'a b', 'a/b', 'user@a', 'a:80', 'A.example', 'a.', 'https://a', null])
      assert.throws(() => engine.enableForward(80, 443, domain as string), { name: 'TypeError' }, String(domain))
  })
})
