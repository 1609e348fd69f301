import assert from 'node:assert/strict'
import { symlinkSync, unlinkSync } from 'node:fs'
import path from 'node:path'
import { describe, it } from 'node:test'
import { brotliDecompressSync, gunzipSync, gzipSync, brotliCompressSync } from 'node:zlib'
import { chooseCoding, contentCodings } from '#src/server/static/content-coding.js'
import { StaticDirectory } from '#src/server/static/static-directory.js'
import { ask, get, put, temporaryDirectory } from './site.js'

describe('chooseCoding', () => {
  const choose = (field: string | undefined, names: readonly string[] = ['br', 'zstd', 'gzip']): string | undefined =>
    chooseCoding(
      field,
      contentCodings.filter(({ name }) => names.includes(name)),
    )?.name

  it('takes the heaviest, and among equals the one that compresses best', () => {
    assert.equal(choose('gzip, deflate, br, zstd'), 'br')
    assert.equal(choose('gzip, deflate, zstd'), 'zstd')
    assert.equal(choose('gzip;q=1.0, br;q=0.9'), 'gzip')
    assert.equal(choose('br;q=0.001,gzip;Q=0.002'), 'gzip')
    assert.equal(choose('GZIP'), 'gzip')
    assert.equal(choose('x-gzip'), 'gzip')
    assert.equal(choose('br', ['gzip']), undefined)
  })

  it('knows the star', () => {
    assert.equal(choose('*'), 'br')
    assert.equal(choose('br;q=0, *'), 'zstd')
    assert.equal(choose('gzip, *;q=0'), 'gzip')
    assert.equal(choose('*;q=0'), undefined)
  })

  it('gives the plain form when it is preferred or nothing else will do', () => {
    for (const field of [
      undefined,
      '',
      'identity',
      'deflate',
      'gzip;q=0',
      'gzip;q=0.0, br;q=0.000',
      'identity, gzip;q=0.5',
      'identity;q=0',
    ])
      assert.equal(choose(field), undefined, field)
    assert.equal(choose('identity;q=0.5, gzip'), 'gzip')
    assert.equal(choose('identity, gzip'), 'gzip')
    assert.equal(choose('br', []), undefined)
  })

  it('leaves out what is malformed', () => {
    for (const field of [
      'gzip;q=2',
      'gzip;q=1.001',
      'gzip;q=0.1234',
      'gzip;q=-1',
      'gzip;q',
      'gzip q=1',
      'gz ip',
      'gzip;level=9',
      ';q=1',
      '__proto__',
      'constructor',
    ])
      assert.equal(choose(field), undefined, field)
    assert.equal(choose(', ,gzip ; q=0.5,,'), 'gzip')
    assert.equal(choose(`${'x,'.repeat(40)}gzip`), undefined)
  })
})

describe('precompressed files', () => {
  const text = 'body { color: teal }\n'.repeat(50)
  const changing = { now: 0 }
  const setup = (): { root: string; directory: StaticDirectory } => {
    const root = temporaryDirectory()
    put(root, 'a.css', text, 1000)
    put(root, 'a.css.gz', gzipSync(text), 1000)
    put(root, 'a.css.br', brotliCompressSync(text), 2000)
    put(root, 'plain.css', text)
    return { root, directory: new StaticDirectory(root, { now: () => Date.now() + changing.now }) }
  }
  const shared = setup()

  it('are chosen by Accept-Encoding, with a tag of their own and the type of the plain file', async () => {
    const plain = await get(shared.directory, '/a.css')
    const gzip = await get(shared.directory, '/a.css', { fields: ['accept-encoding', 'gzip'] })
    const brotli = await get(shared.directory, '/a.css', { fields: ['accept-encoding', 'gzip, br'] })
    assert.equal(plain.text, text)
    assert.equal(gunzipSync(gzip.bytes).toString(), text)
    assert.equal(brotliDecompressSync(brotli.bytes).toString(), text)
    for (const got of [plain, gzip, brotli]) {
      assert.equal(got.fields['vary'], 'accept-encoding')
      assert.equal(got.fields['content-type'], 'text/css; charset=utf-8')
    }
    assert.deepEqual(
      [plain, gzip, brotli].map((got) => got.fields['content-encoding']),
      [undefined, 'gzip', 'br'],
    )
    assert.equal(new Set([plain, gzip, brotli].map((got) => got.fields['etag'])).size, 3)
  })

  it('count in conditions and ranges', async () => {
    const gzip = await get(shared.directory, '/a.css', { fields: ['accept-encoding', 'gzip'] })
    const etag = gzip.fields['etag'] ?? ''
    const same = await ask(shared.directory, '/a.css', { fields: ['accept-encoding', 'gzip', 'if-none-match', etag] })
    assert.deepEqual([same?.status, same?.fields], [304, ['etag', etag, 'vary', 'accept-encoding']])
    assert.equal((await get(shared.directory, '/a.css', { fields: ['if-none-match', etag] })).status, 200)
    const part = await get(shared.directory, '/a.css', { fields: ['accept-encoding', 'gzip', 'range', 'bytes=2-5'] })
    assert.ok(part.bytes.equals(gzip.bytes.subarray(2, 6)))
    assert.equal(part.fields['content-encoding'], 'gzip')
    const head = await ask(shared.directory, '/a.css', { method: 'HEAD', fields: ['accept-encoding', 'gzip'] })
    assert.equal(head?.length, gzip.length)
  })

  it('are files like others under their own name', async () => {
    const got = await get(shared.directory, '/a.css.gz', { fields: ['accept-encoding', 'gzip'] })
    assert.equal(got.fields['content-type'], 'application/gzip')
    assert.ok(!('content-encoding' in got.fields) && !('vary' in got.fields))
  })

  it('do not count when older than the plain file, missing, or not wanted', async () => {
    const { root, directory } = setup()
    const accept = { fields: ['accept-encoding', 'br'] }
    assert.equal((await get(directory, '/a.css', accept)).fields['content-encoding'], 'br')
    put(root, 'a.css', 'new', 3000)
    const changed = await get(directory, '/a.css', accept)
    assert.equal(changed.text, 'new')
    assert.ok(!('vary' in changed.fields))
    const off = new StaticDirectory(root, { precompressed: false })
    put(root, 'a.css', text, 1000)
    assert.ok(!('vary' in (await get(off, '/a.css', accept)).fields))
    assert.ok(!('vary' in (await get(directory, '/plain.css', accept)).fields))
  })

  it('are left as soon as they go, and found within a second', async () => {
    const { root, directory } = setup()
    const accept = { fields: ['accept-encoding', 'br'] }
    assert.equal((await get(directory, '/a.css', accept)).fields['content-encoding'], 'br')
    unlinkSync(path.join(root, 'a.css.br'))
    assert.equal((await get(directory, '/a.css', accept)).text, text)
    changing.now += 1000
    assert.equal((await get(directory, '/plain.css', accept)).text, text)
    put(root, 'plain.css.br', brotliCompressSync(text))
    changing.now += 1000
    assert.equal((await get(directory, '/plain.css', accept)).fields['content-encoding'], 'br')
  })

  it('must be inside the root, as all files', async () => {
    const outside = temporaryDirectory()
    put(outside, 'x.gz', 'secret')
    put(shared.root, 'linked.css', text, 1000)
    symlinkSync(path.join(outside, 'x.gz'), path.join(shared.root, 'linked.css.gz'))
    assert.equal((await get(shared.directory, '/linked.css', { fields: ['accept-encoding', 'gzip'] })).text, text)
  })
})
