import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { formatHttpDate } from '#src/server/http-date.js'
import { StaticDirectory } from '#src/server/static/static-directory.js'
import { ask, get, put, temporaryDirectory } from './site.js'

const modified = Date.UTC(2025, 5, 1, 12) / 1000
const at = formatHttpDate(modified * 1000)
const before = formatHttpDate(modified * 1000 - 1000)
const after = formatHttpDate(modified * 1000 + 1000)

/** Every three octets differ from those anywhere near. */
const content = (size: number): Buffer =>
  Buffer.from(Array.from({ length: size }, (_, i) => String.fromCharCode(33 + ((i * 7 + (i >> 5)) % 90))).join(''))

const root = temporaryDirectory()
const contents = { '/small.txt': content(1000), '/large.txt': content(300_000) }
for (const [name, bytes] of Object.entries(contents)) put(root, name, bytes, modified)
put(root, 'empty.txt', '', modified)
const directory = new StaticDirectory(root)

for (const [target, bytes] of Object.entries(contents)) {
  const size = bytes.length
  const fields = (...list: string[]): { fields: readonly string[] } => ({ fields: list })

  describe(`conditional requests to ${target}`, () => {
    it('answers an older If-Modified-Since with the file', async () => {
      const got = await get(directory, target, fields('if-modified-since', before))
      assert.equal(got.status, 200)
      assert.ok(got.bytes.equals(bytes))
    })

    it('answers 304 without what describes the content', async () => {
      const { fields: whole } = await get(directory, target)
      const etag = whole['etag'] ?? ''
      for (const list of [
        ['if-none-match', etag],
        ['if-none-match', `W/${etag}`],
        ['if-none-match', `"x", ${etag}`],
        ['if-none-match', '*'],
        ['if-none-match', etag, 'if-modified-since', before],
        ['if-modified-since', at],
        ['if-modified-since', after],
        ['if-modified-since', `${at}; length=${size}`],
        ['if-none-match', etag, 'range', 'bytes=0-1'],
      ])
        for (const method of ['GET', 'HEAD']) {
          const reply = await ask(directory, target, { method, fields: list })
          assert.equal(reply?.status, 304, list.join())
          assert.equal(reply?.body, undefined)
          assert.deepEqual(reply?.fields, ['etag', etag])
        }
      assert.equal((await get(directory, target, fields('if-none-match', '"x"'))).status, 200)
      assert.equal(
        (await get(directory, target, fields('if-none-match', '"x"', 'if-modified-since', after))).status,
        200,
      )
    })

    it('answers 412', async () => {
      const etag = (await get(directory, target)).fields['etag'] ?? ''
      for (const list of [
        ['if-match', '"x"'],
        ['if-match', `W/${etag}`],
        ['if-unmodified-since', before],
      ]) {
        const reply = await ask(directory, target, { fields: list })
        assert.deepEqual([reply?.status, reply?.body, reply?.length], [412, undefined, 0])
      }
      for (const list of [
        ['if-match', etag],
        ['if-match', '*'],
        ['if-unmodified-since', at],
      ])
        assert.equal((await get(directory, target, { fields: list })).status, 200)
    })
  })

  describe(`ranges of ${target}`, () => {
    const rows: readonly (readonly [string, number, number])[] = [
      ['bytes=0-0', 0, 1],
      ['bytes=0-', 0, size],
      ['bytes=5-9', 5, 10],
      ['bytes=500-', 500, size],
      ['bytes=900-99999999', 900, size],
      ['bytes=-7', size - 7, size],
      [`bytes=${size - 1}-`, size - 1, size],
      ['bytes=10-19,20-29', 10, 30],
    ]
    for (const [range, start, end] of rows)
      it(`gives ${range}`, async () => {
        const got = await get(directory, target, fields('range', range))
        assert.equal(got.status, 206)
        assert.ok(got.bytes.equals(bytes.subarray(start, end)))
        assert.equal(got.fields['content-range'], `bytes ${start}-${end - 1}/${size}`)
        assert.equal(got.fields['content-type'], 'text/plain; charset=utf-8')
        assert.ok('etag' in got.fields)
      })

    it('gives several parts', async () => {
      const got = await get(directory, target, fields('range', 'bytes=900-,0-1,5-9'))
      assert.equal(got.status, 206)
      assert.ok(!('content-range' in got.fields))
      const boundary = /^multipart\/byteranges; boundary=([\w-]{36})$/.exec(got.fields['content-type'] ?? '')?.[1] ?? ''
      const part = (start: number, end: number): string =>
        [
          `--${boundary}`,
          'Content-Type: text/plain; charset=utf-8',
          `Content-Range: bytes ${start}-${end - 1}/${size}`,
          '',
          `${bytes.toString('latin1', start, end)}\r\n`,
        ].join('\r\n')
      assert.equal(got.text, `${part(900, size)}${part(0, 2)}${part(5, 10)}--${boundary}--\r\n`)
      const again = await get(directory, target, fields('range', 'bytes=900-,0-1,5-9'))
      assert.notEqual(again.fields['content-type'], got.fields['content-type'])
    })

    it('answers 416', async () => {
      for (const range of [`bytes=${size}-`, 'bytes=-0', 'bytes=0,3', 'bytes=9-5', 'bytes=x']) {
        const got = await get(directory, target, fields('range', range))
        assert.equal(got.status, 416, range)
        assert.equal(got.fields['content-range'], `bytes */${size}`)
        assert.equal(got.length, 0)
      }
    })

    it('gives the whole when the range does not count', async () => {
      const many = Array.from({ length: 17 }, (_, i) => `${i * 2}-${i * 2}`).join(',')
      for (const list of [
        ['range', 'lines=1-2'],
        ['range', `bytes=${many}`],
        ['range', 'bytes=0-1', 'if-range', '"x"'],
        ['range', 'bytes=0-1', 'if-range', after],
      ]) {
        const got = await get(directory, target, { fields: list })
        assert.equal(got.status, 200)
        assert.equal(got.length, size)
      }
      const head = await ask(directory, target, { method: 'HEAD', fields: ['range', 'bytes=0-1'] })
      assert.deepEqual([head?.status, head?.length], [200, size])
    })

    it('honours If-Range', async () => {
      const etag = (await get(directory, target)).fields['etag'] ?? ''
      for (const value of [etag, at])
        assert.equal((await get(directory, target, fields('range', 'bytes=0-1', 'if-range', value))).status, 206)
      assert.equal((await get(directory, target, fields('range', 'bytes=0-1', 'if-range', `W/${etag}`))).status, 200)
      assert.equal((await get(directory, target, fields('if-range', '"x"'))).status, 200)
    })
  })
}

describe('ranges of an empty file', () => {
  it('are unsatisfiable, or the whole', async () => {
    const got = await get(directory, '/empty.txt', { fields: ['range', 'bytes=0-'] })
    assert.deepEqual([got.status, got.fields['content-range']], [416, 'bytes */0'])
    assert.equal((await get(directory, '/empty.txt', { fields: ['range', 'bytes=-5'] })).status, 200)
  })
})

describe('ages', () => {
  const nowMs = Date.UTC(2026, 0, 1)
  const site = new StaticDirectory(root, { now: () => nowMs })
  site.maxAges.set('/', 60)
  site.maxAges.set('/small.txt', 0)
  site.maxAges.set('/media', 300)

  it('stand in 200, 206 and 304', async () => {
    const etag = (await get(site, '/empty.txt')).fields['etag'] ?? ''
    for (const list of [[], ['range', 'bytes=-5'], ['if-none-match', etag]])
      assert.equal((await get(site, '/empty.txt', { fields: list })).fields['cache-control'], 'max-age=60')
    const part = await get(site, '/large.txt', { location: '/media/large.txt', fields: ['range', 'bytes=0-1'] })
    assert.equal(part.fields['cache-control'], 'max-age=300')
    assert.ok(!('cache-control' in (await get(site, '/small.txt')).fields))
  })

  it('stand as Expires, from now on, for a client of 1.0', async () => {
    const version = '1.0'
    for (const list of [[], ['range', 'bytes=-5'], ['if-none-match', '*']])
      assert.equal(
        (await get(site, '/empty.txt', { version, fields: list })).fields['expires'],
        formatHttpDate(nowMs + 60_000),
      )
    assert.ok(!('expires' in (await get(site, '/small.txt', { version })).fields))
    assert.ok(!('expires' in (await get(site, '/empty.txt')).fields))
    assert.ok(!('expires' in (await get(site, '/empty.txt', { version, fields: ['if-match', '"x"'] })).fields))
  })
})
