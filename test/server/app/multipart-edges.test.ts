/** What stands around the content of forms: boundary, names, what a part says of itself (APP-114, SECURITY 31). */

import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import path from 'node:path'
import { describe, it } from 'node:test'
import { App, type UploadedFile } from '#src/server/index.js'
import { temporaryPath } from '#src/server/app/form/temporary-folder.js'

const app = new App({ multipartBytesMax: 30_000_000 }).post('/', async ({ request }) => {
  const { fields } = await request.form()
  return Object.entries(fields).map(([name, values]) => [
    name,
    ...values.map((value) =>
      typeof value === 'string' ? value : [(value as UploadedFile).name, (value as UploadedFile).size],
    ),
  ])
})

/** A part: what Content-Disposition has behind `form-data`, content, other fields. */
type Part = readonly [disposition: string, content: string, fields?: string]

const bodyOf = (boundary: string, ...parts: readonly Part[]): string =>
  parts
    .map(
      ([said, content, more = '']) =>
        `--${boundary}\r\nContent-Disposition: form-data${said}\r\n${more}\r\n${content}\r\n`,
    )
    .join('') + `--${boundary}--\r\n`

const send = async (type: string, body: string): Promise<unknown> => {
  const response = await app.inject({ body: Buffer.from(body, 'latin1'), headers: { 'content-type': type } })
  return response.status === 200 ? response.json() : response.status
}

const form = (type: string, boundary: string): Promise<unknown> => send(type, bodyOf(boundary, ['; name="a"', '1']))
const READ = [['a', '1']]

describe('the boundary', () => {
  it('has 1 to 70 characters (RFC 2046 section 5.1.1)', async () => {
    for (const size of [1, 2, 69, 70]) {
      const boundary = 'b'.repeat(size)
      assert.deepEqual(await form(`multipart/form-data; boundary=${boundary}`, boundary), READ, String(size))
    }
    for (const size of [71, 1000]) {
      const boundary = 'b'.repeat(size)
      assert.equal(await form(`multipart/form-data; boundary=${boundary}`, boundary), 400, String(size))
    }
    assert.equal(await form('multipart/form-data; boundary=""', ''), 400)
    assert.equal(await form('multipart/form-data', 'x'), 400)
  })

  it('is what the one parser has found, in quotes or without, in any place', async () => {
    for (const [type, boundary] of [
      ['multipart/form-data; boundary="x"', 'x'],
      ['multipart/form-data;boundary="\\x\\y"', 'xy'],
      ['Multipart/Form-Data; Boundary=X', 'X'],
      ['multipart/form-data; charset=utf-8; boundary=x', 'x'],
      ['multipart/form-data; boundary=x; charset="utf-8"', 'x'],
      ['multipart/form-data; other="; boundary=y"; boundary=x', 'x'],
      ['multipart/form-data ; boundary=x ;', 'x'],
      [`multipart/form-data; boundary="'()+_,-./:=? 9Z"`, `'()+_,-./:=? 9Z`],
      ['multipart/form-data; boundary=----WebKitFormBoundary7MA4YWxkTrZu0gW', '----WebKitFormBoundary7MA4YWxkTrZu0gW'],
    ] as const)
      assert.deepEqual(await form(type, boundary), READ, type)
  })

  it('with what no boundary has is refused', async () => {
    for (const boundary of ['"x "', '"\\""', '"x\\\\y"', '"x;y"', 'x%20y', '"x*y"', '"\u00e9"', '"\tx"'])
      assert.equal(await form(`multipart/form-data; boundary=${boundary}`, 'x'), 400, boundary)
  })

  it('that is told twice, or malformed, makes it no form at all', async () => {
    for (const type of [
      'multipart/form-data; boundary=x; boundary=y',
      'multipart/form-data; boundary=x; BOUNDARY=x',
      'multipart/form-data; boundary="x',
      'multipart/form-data; boundary= x',
      'multipart/form-data, boundary=x',
    ])
      assert.equal(await form(type, 'x'), 415, type)
  })

  it('that is not that of the content gives no form', async () => {
    assert.equal(await form('multipart/form-data; boundary=y', 'x'), 400)
    assert.equal(await send('multipart/form-data; boundary=x', ''), 400)
    assert.equal(
      await send('multipart/form-data; boundary=x', '--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1'),
      400,
    )
  })
})

describe('names', () => {
  const type = 'multipart/form-data; boundary=x'
  const named = (name: string): Promise<unknown> => send(type, bodyOf('x', [`; name="${name}"`, '1']))
  const filed = (name: string, filename: string): Promise<unknown> =>
    send(type, bodyOf('x', [`; name="${name}"; filename="${filename}"`, 'content']))

  it('of fields have 200 octets at the most', async () => {
    assert.deepEqual(await named('n'.repeat(200)), [['n'.repeat(200), '1']])
    for (const size of [201, 16_000, 16_384, 17_000, 1_048_576])
      assert.equal(await named('n'.repeat(size)), 413, String(size))
    // Octets in UTF-8 count: 101 letters of two.
    assert.equal(await named('\u00c3\u00a9'.repeat(101)), 413)
    assert.equal(await filed('n'.repeat(201), 'f'), 413)
    assert.equal(await filed('n'.repeat(1_048_576), 'f'), 413)
  })

  it('of files are cut off nowhere', async () => {
    assert.equal(((await filed('f', 'x'.repeat(8192))) as unknown[]).length, 1)
    for (const size of [8193, 16_300, 17_000, 1_048_576])
      assert.equal(await filed('f', 'x'.repeat(size)), 413, String(size))
  })

  it('leave no file behind when they are refused', async () => {
    const folder = path.dirname(await temporaryPath())
    const before = readdirSync(folder)
    const large: Part = ['; name="f"; filename="f"', 'x'.repeat(2_000_000)]
    assert.equal(
      await send(type, bodyOf('x', large, [`; name="${'n'.repeat(300)}"; filename="g"`, 'x'.repeat(2_000_000)])),
      413,
    )
    assert.deepEqual(readdirSync(folder), before)
  })

  it('may be empty, missing, or those of a prototype', async () => {
    const parts: readonly Part[] = [
      ['; name=""', '1'],
      ['', '2'],
      ['; name="__proto__"', '3'],
      ['; name=a', '4'],
    ]
    assert.deepEqual(await send(type, bodyOf('x', ...parts)), [
      ['', '1', '2'],
      ['__proto__', '3'],
      ['a', '4'],
    ])
  })

  it('are text in UTF-8, with quotes escaped as browsers or MIME do it', async () => {
    assert.deepEqual(await named('\u00c3\u00a9'), [['\u00e9', '1']])
    assert.deepEqual(await named('a\\"b'), [['a"b', '1']])
    assert.deepEqual(await named('a%22b'), [['a%22b', '1']])
  })
})

describe('what a part says of its content', () => {
  const type = 'multipart/form-data; boundary=x'
  it('is the charset of a text', async () => {
    const said = (charset: string): Promise<unknown> =>
      send(type, bodyOf('x', ['; name="a"', '\u00e9', `Content-Type: text/plain; charset=${charset}\r\n`]))
    assert.deepEqual(await said('iso-8859-1'), [['a', '\u00e9']])
    assert.deepEqual(await said('"latin1"'), [['a', '\u00e9']])
    assert.equal(((await said('no-such-charset')) as unknown[]).length, 1)
  })
})
