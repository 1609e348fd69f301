/** Content codings of responses and requests. */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as zlib from 'node:zlib'
import { App, type AppOptions, type HandlerValue, type InjectedResponse, str, type Was } from '#src/server/index.js'

const text = 'compressible text, '.repeat(300)
const decoders: Record<string, (octets: Uint8Array) => Buffer> = {
  gzip: zlib.gunzipSync,
  br: zlib.brotliDecompressSync,
  ...('zstdDecompressSync' in zlib && { zstd: zlib.zstdDecompressSync as (octets: Uint8Array) => Buffer }),
}

function answering(value: (was: Was) => HandlerValue, options: AppOptions = {}) {
  const app = new App(options).get('/', value)
  return (headers: Record<string, string> = {}, method = 'GET'): Promise<InjectedResponse> =>
    app.inject({ method, headers })
}

describe('SRV-15: responses', () => {
  for (const [coding, decode] of Object.entries(decoders))
    it(`are compressed as the client likes: ${coding}`, async () => {
      const get = answering(() => text)
      const response = await get({ 'accept-encoding': `${coding}, identity;q=0.1` })
      assert.equal(response.headers.get('content-encoding'), coding)
      assert.equal(response.headers.get('vary'), 'accept-encoding')
      assert.equal(Number(response.headers.get('content-length')), response.bytes.length)
      assert.ok(response.bytes.length < text.length / 5)
      assert.equal(decode(response.bytes).toString(), text)
    })

  it('say that they vary, whoever asks', async () => {
    const get = answering((was) => {
      was.response.setHeader('Vary', 'origin')
      return text
    })
    for (const asked of [undefined, 'br;q=0', 'gzip;q=0.0', '*;q=0', 'compress']) {
      const response = await get(asked === undefined ? {} : { 'accept-encoding': asked })
      assert.deepEqual([response.headers.get('content-encoding'), response.text()], [undefined, text], asked)
      assert.equal(response.headers.get('vary'), 'origin, accept-encoding')
    }
  })

  it('are left as they are when they are small, no text, coded already, or not to be changed', async () => {
    const values: [string, (was: Was) => HandlerValue][] = [
      ['small', () => 'x'.repeat(2047)],
      ['bytes', () => new Uint8Array(5000)],
      ['image', (was) => was.response(200, text, { 'content-type': 'image/png' })],
      ['events', (was) => was.response(200, text, { 'content-type': 'text/event-stream' })],
      ['stream', () => [text].values()],
    ]
    const marked: [string, Record<string, string>][] = [
      ['coded', { 'content-encoding': 'x' }],
      ['no-transform', { 'cache-control': 'no-transform' }],
    ]
    for (const [what, headers] of marked) values.push([what, (was) => was.response(200, text, headers)])
    for (const [what, value] of values) {
      const response = await answering(value)({ 'accept-encoding': 'gzip' })
      assert.notEqual(response.headers.get('content-encoding'), 'gzip', what)
    }
    const parts = await answering((was) => (was.response.setEtag('a'), text))({
      'accept-encoding': 'gzip',
      range: 'bytes=0-9',
    })
    assert.deepEqual([parts.status, parts.text()], [206, text.slice(0, 10)])
    const unchanged = await answering((was) => was.response(304, text))({ 'accept-encoding': 'gzip' })
    assert.deepEqual([unchanged.status, unchanged.headers.get('content-encoding')], [304, undefined])
    assert.equal(
      (await answering(() => text, { compress: false })({ 'accept-encoding': 'gzip' })).headers.get('vary'),
      undefined,
    )
  })

  it('has the same fields for HEAD as for GET (RFC 9110 section 8.6)', async () => {
    const ask = answering((was) => (was.response.setEtag('a'), text))
    const accept = { 'accept-encoding': 'gzip' }
    const [get, head] = [await ask(accept), await ask(accept, 'HEAD')]
    assert.equal(head.headers.get('content-encoding'), 'gzip')
    for (const name of ['content-encoding', 'content-length', 'etag', 'vary', 'content-type'])
      assert.equal(head.headers.get(name), get.headers.get(name), name)
    assert.equal(head.text(), '')
  })

  it('SECURITY 52: with secrets are compressed only when that is asked for', async () => {
    const cookie = (was: Was): string => (was.response.setHeader('set-cookie', 'a=b'), text)
    const secret: [(was: Was) => HandlerValue, Record<string, string>][] = [
      [() => text, { cookie: 'a=b' }],
      [() => text, { authorization: 'Basic eA==' }],
      [cookie, {}],
    ]
    for (const [value, headers] of secret) {
      const asked = { 'accept-encoding': 'gzip', ...headers }
      assert.equal((await answering(value)(asked)).headers.get('content-encoding'), undefined)
      assert.equal((await answering(value, { compress: true })(asked)).headers.get('content-encoding'), 'gzip')
    }
  })

  it('have a weak tag, by which they are recognised', async () => {
    const get = answering((was) => (was.response.setEtag('v1'), text))
    const response = await get({ 'accept-encoding': 'gzip' })
    const tag = response.headers.get('etag')!
    assert.match(tag, /^W\/"/)
    const again = await get({ 'accept-encoding': 'gzip', 'if-none-match': tag })
    assert.deepEqual([again.status, again.headers.get('vary')], [304, 'accept-encoding'])
  })

  it('that are JSON, or of another type that is text, are compressed', async () => {
    assert.equal(
      (await answering(() => ({ text }))({ 'accept-encoding': 'gzip' })).headers.get('content-encoding'),
      'gzip',
    )
    const svg = answering((was) => was.response(200, Buffer.from(text), { 'Content-Type': 'image/svg+xml' }))
    assert.equal((await svg({ 'accept-encoding': 'gzip' })).headers.get('content-encoding'), 'gzip')
  })
})

describe('SECURITY 32: requests with a content coding', () => {
  const app = new App({ bodyBytesMax: 100_000 }).post(
    '/',
    { body: { a: str({ max: 200_000 }) } },
    (_was, { a }) => a.length,
  )
  app.post('/raw', async (was) => (await was.request.bytes({ decode: false })).length)
  app.post('/stop', async (was) => {
    for await (const piece of was.request.stream()) return piece.length
    return 0
  })
  const encoders: Record<string, (octets: Buffer) => Buffer> = {
    gzip: zlib.gzipSync,
    deflate: zlib.deflateSync,
    br: zlib.brotliCompressSync,
    ...('zstdCompressSync' in zlib && { zstd: zlib.zstdCompressSync as (octets: Buffer) => Buffer }),
  }
  const send = (path: string, coding: string, body: Uint8Array): Promise<InjectedResponse> =>
    app.inject({ path, body, headers: { 'content-type': 'application/json', 'content-encoding': coding } })

  for (const [coding, encode] of Object.entries(encoders)) {
    it(`are decoded: ${coding}`, async () => {
      const body = encode(Buffer.from(JSON.stringify({ a: 'x'.repeat(90_000) })))
      assert.equal((await send('/', coding.toUpperCase(), body)).text(), '90000')
      assert.equal((await send('/raw', coding, body)).text(), String(body.length))
      assert.ok(Number((await send('/stop', coding, body)).text()) > 0)
    })

    it(`count as what comes out: ${coding}`, async () => {
      const bomb = encode(Buffer.from(JSON.stringify({ a: 'x'.repeat(150_000) })))
      assert.ok(bomb.length < 2000)
      assert.equal((await send('/', coding, bomb)).status, 413)
    })

    it(`that are damaged or cut are refused: ${coding}`, async () => {
      const body = encode(Buffer.from(JSON.stringify({ a: 'x'.repeat(5000) })))
      const damaged = Buffer.from(body)
      damaged.fill(0xff, 2, 12)
      assert.equal((await send('/', coding, damaged)).status, 400)
      assert.equal((await send('/', coding, body.subarray(0, body.length - 5))).status, 400)
      assert.equal((await send('/', coding, Buffer.from('plain'))).status, 400)
    })
  }

  it('that are nested or unknown are refused', async () => {
    for (const coding of ['gzip, gzip', 'compress', 'gzip,br', 'x']) {
      const response = await send('/', coding, Buffer.from('{}'))
      assert.equal(response.status, 415, coding)
      assert.match(response.headers.get('accept-encoding')!, /gzip, deflate, br/)
    }
    assert.equal((await send('/', 'identity', Buffer.from('{"a":"b"}'))).text(), '1')
  })
})
