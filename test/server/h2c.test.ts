import assert from 'node:assert/strict'
import { Writable } from 'node:stream'
import { describe, it } from 'node:test'
import { App, type Skitai } from '#src/server/index.js'
import { readAnswer } from './asking.js'
import { octets, serve, Wire } from './serving.js'

const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'
const SETTINGS = '\0\0\0\x04\0\0\0\0\0'
/** MAX_CONCURRENT_STREAMS 100 and INITIAL_WINDOW_SIZE 65,535. */
const CODED = 'AAMAAABkAAQAAP__'
const ASKING = ['Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', `HTTP2-Settings: ${CODED}`]

const request = (target: string, lines: readonly string[] = ASKING, method = 'GET', body = ''): string =>
  `${method} ${target} HTTP/1.1\r\nHost: example.com\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n${body}`

const app = new App()
  .get('/version', ({ request: { version } }) => version)
  .get('/headers', ({ request: asked }) => ({ uri: asked.uri, host: asked.host, headers: asked.getHeaders() }))
  .post('/version', async ({ request: asked }) => `${asked.version} ${(await asked.text()).length}`)
  .post('/trailers', async ({ request: asked }) => `${asked.version} ${await asked.text()} ${asked.trailers.count}`)

const mounted = (engine: Skitai): unknown => engine.mount('/', app)
const served = await serve(mounted)

/** The content of the DATA frames of a stream. */
const contentOf = (text: string, streamId: number): string => {
  let content = ''
  for (let at = text.indexOf('\r\n\r\n') + 4; at + 9 <= text.length;) {
    const octet = (index: number): number => text.charCodeAt(at + index)
    const length = octet(0) * 65_536 + octet(1) * 256 + octet(2)
    if (octet(3) === 0 && octet(8) === streamId) content += text.slice(at + 9, at + 9 + length)
    at += 9 + length
  }
  return content
}

/** Sends an Upgrade and the preface, and waits for content of stream 1 that ends like this. */
const upgraded = async (text: string, end: string, pieces: readonly string[] = []): Promise<string> => {
  const wire = await Wire.to(served.port)
  wire.send(text)
  for (const piece of pieces) {
    await new Promise((resolve) => setImmediate(resolve))
    wire.send(piece)
  }
  await wire.until(/^HTTP\/1\.1 101 [^]*?\r\n\r\n/m)
  wire.send(PREFACE + SETTINGS)
  const all = await wire.until(new RegExp(`${end}$`))
  wire.reset()
  return contentOf(all.slice(all.indexOf('HTTP/1.1 101')), 1)
}

/** Sends a request that is to be served over HTTP/1.1 all the same. */
const stays = async (text: string, port = served.port): Promise<string> => {
  const wire = await Wire.to(port)
  wire.send(text.replace('\r\n', '\r\nX-End: 1\r\n'))
  wire.send('GET /end HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
  const { status, text: content } = readAnswer(await wire.rest(), 'GET')
  return `${status} ${content}`
}

describe('an Upgrade to h2c', () => {
  it('is accepted, and the request is answered on stream 1', async () => {
    assert.equal(await upgraded(request('/version'), '2\\.0'), '2.0')
    const text = await upgraded(
      request('/headers?a=b', [
        'X-Kept: yes',
        'Connection: upgrade, http2-settings, X-Gone',
        'X-Gone: 1',
        'Upgrade: websocket, h2c',
        'TE: trailers',
        'Keep-Alive: 5',
        `HTTP2-Settings: ${CODED}`,
      ]),
      '\\}',
    )
    assert.deepEqual(JSON.parse(text), {
      uri: '/headers?a=b',
      host: 'example.com',
      headers: [
        ['host', 'example.com'],
        ['x-kept', 'yes'],
      ],
    })
  })

  it('is accepted with content, which is read first', async () => {
    const sized = [...ASKING, 'Content-Length: 5']
    assert.equal(await upgraded(request('/version', sized, 'POST', 'hello'), '2\\.0 5'), '2.0 5')
    assert.equal(await upgraded(request('/version', sized, 'POST'), '2\\.0 5', ['he', 'llo']), '2.0 5')
    const chunked = request('/version', [...ASKING, 'Transfer-Encoding: chunked'], 'POST')
    assert.equal(await upgraded(chunked, '2\\.0 6', ['3\r\nabc\r\n', '3\r\ndef\r\n', '0\r\n\r\n']), '2.0 6')
    const full = request('/version', [...ASKING, 'Content-Length: 65536'], 'POST', octets(65_536).toString())
    assert.equal(await upgraded(full, '2\\.0 65536'), '2.0 65536')
  })

  it('asks for content that the client holds back', async () => {
    const wire = await Wire.to(served.port)
    wire.send(request('/version', [...ASKING, 'Content-Length: 5', 'Expect: 100-continue'], 'POST'))
    await wire.until(/^HTTP\/1\.1 100 Continue\r\n\r\n$/)
    wire.send(`hello${PREFACE}${SETTINGS}`)
    assert.match(await wire.until(/2\.0 5$/), /HTTP\/1\.1 101 /)
    wire.reset()
  })

  it('takes the target in any form', async () => {
    const uriOf = async (target: string): Promise<unknown> =>
      (JSON.parse(await upgraded(request(target), '\\}')) as { uri: unknown }).uri
    assert.equal(await uriOf('http://example.com/headers?x'), '/headers?x')
    assert.equal(await uriOf('/headers'), '/headers')
  })

  it('takes what came behind the request for the preface', async () => {
    const wire = await Wire.to(served.port)
    wire.send(request('/version') + PREFACE + SETTINGS)
    await wire.until(/2\.0$/)
    wire.reset()
  })

  it('is served over HTTP/1.1 when it is not as it should be', async () => {
    for (const lines of [
      ['Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c'],
      ['Connection: Upgrade', 'Upgrade: h2c', `HTTP2-Settings: ${CODED}`],
      ['Connection: HTTP2-Settings', 'Upgrade: h2c', `HTTP2-Settings: ${CODED}`],
      ['Connection: Upgrade, HTTP2-Settings', `HTTP2-Settings: ${CODED}`],
      ['Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2', `HTTP2-Settings: ${CODED}`],
      [...ASKING, `HTTP2-Settings: ${CODED}`],
      ['Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAAQAAP//'],
      ['Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAAQAAA=='],
      ['Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAA'],
      ['Connection: Upgrade, HTTP2-Settings, close', 'Upgrade: h2c', `HTTP2-Settings: ${CODED}`],
    ])
      assert.equal(await stays(request('/version', lines)), '200 1.1', lines.join('; '))
  })

  it('is served over HTTP/1.1 when the content is large, and nothing is lost', async () => {
    const body = octets(65_537).toString()
    const sized = request('/version', [...ASKING, 'Content-Length: 65537'], 'POST', body)
    assert.equal(await stays(sized), '200 1.1 65537')
    const chunks = `8000\r\n${body.slice(0, 0x8000)}\r\n8001\r\n${body.slice(0x8000)}\r\n5\r\nabcde\r\n0\r\n\r\n`
    const chunked = request('/version', [...ASKING, 'Transfer-Encoding: chunked'], 'POST', chunks)
    assert.equal(await stays(chunked), '200 1.1 65542')
  })

  it('is served over HTTP/1.1 when there are trailers', async () => {
    const body = '2\r\nhi\r\n0\r\nX-Sum: 1\r\n\r\n'
    const chunked = request('/trailers', [...ASKING, 'Transfer-Encoding: chunked'], 'POST', body)
    assert.equal(await stays(chunked), '200 1.1 hi 1')
  })

  it('is served over HTTP/1.1 where HTTP/2 is refused', async () => {
    const { port } = await serve(mounted, {}, { h2c: false })
    assert.equal(await stays(request('/version'), port), '200 1.1')
    const wire = await Wire.to(port)
    wire.send(PREFACE)
    assert.equal(readAnswer(await wire.rest()).status, 505)
  })

  it('is refused with its content when that is malformed', async () => {
    const lines: string[] = []
    const log = new Writable({
      decodeStrings: false,
      write: (line: string, _encoding, done) => {
        lines.push(line)
        done()
      },
    })
    const { port, engine } = await serve(mounted, { log })
    const wire = await Wire.to(port)
    wire.send(request('/version', [...ASKING, 'Transfer-Encoding: chunked'], 'POST', 'x\r\n'))
    assert.equal(readAnswer(await wire.rest()).status, 400)
    await engine.close()
    assert.match(lines.join(''), /^\S+ \S+ 127\.0\.0\.1 - - - - 0 400 /)
  })

  it('whose settings are wrong ends with GOAWAY', async () => {
    const wire = await Wire.to(served.port)
    // ENABLE_PUSH 2.
    wire.send(request('/version', [...ASKING.slice(0, 2), 'HTTP2-Settings: AAIAAAAC']))
    const text = await wire.rest()
    assert.match(text, /^HTTP\/1\.1 101 /)
    // The error code of GOAWAY: PROTOCOL_ERROR.
    assert.ok(text.endsWith(`\x07${'\0'.repeat(12)}\x01`), JSON.stringify(text))
  })

  it('that is not finished ends with its client', async () => {
    const { engine, port } = await serve(mounted)
    const wire = await Wire.to(port)
    wire.send(request('/version', [...ASKING, 'Content-Length: 5'], 'POST', 'he'))
    while (engine.connectionCount === 0) await new Promise((resolve) => setImmediate(resolve))
    wire.reset()
    while (engine.connectionCount > 0) await new Promise((resolve) => setImmediate(resolve))
    await engine.close()
  })

  it('is not begun while the engine ends', async () => {
    const { engine, port } = await serve(mounted)
    const wire = await Wire.to(port)
    wire.send(request('/version', [...ASKING, 'Content-Length: 5', 'Expect: 100-continue'], 'POST'))
    await wire.until(/100 Continue/)
    const closed = engine.close()
    wire.send('hello')
    assert.match(await wire.rest(), /\r\n\r\nHTTP\/1\.1 200 OK\r\n[^]*\r\nConnection: close\r\n[^]*1\.1 5$/)
    await closed
  })
})

describe('the preface of HTTP/2', () => {
  it('may come in pieces', async () => {
    const wire = await Wire.to(served.port)
    for (const octet of PREFACE) {
      wire.send(octet)
      await new Promise((resolve) => setImmediate(resolve))
    }
    // HEADERS of stream 1: GET, http, the path as a literal, the authority as one.
    wire.send(`${SETTINGS}\0\0\x0f\x01\x05\0\0\0\x01\x82\x86\x04\x08/version\x41\x01x`)
    await wire.until(/2\.0$/)
    wire.reset()
  })
})
