import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, renameSync, rmSync, statSync, symlinkSync, unlinkSync, utimesSync } from 'node:fs'
import path from 'node:path'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { canonicalTarget } from '#src/server/path.js'
import { StaticDirectory } from '#src/server/static/static-directory.js'
import { ask, get, put, temporaryDirectory } from './site.js'

const letters = Buffer.from('abcdefghijklmnopqrstuvwxyz')
const large = Buffer.alloc(300_000, letters)

describe('StaticDirectory', () => {
  const root = temporaryDirectory()
  put(root, 'hello.txt', 'Hello!')
  put(root, 'empty.txt', '')
  put(root, 'large.bin', large)
  put(root, 'docs/index.html', '<p>docs')
  put(root, 'bare/note.txt', 'no index here')
  const directory = new StaticDirectory(root)

  it('gives a file with its type, length and validators', async () => {
    const got = await get(directory, '/hello.txt')
    assert.equal(got.status, 200)
    assert.equal(got.text, 'Hello!')
    assert.equal(got.fields['content-type'], 'text/plain; charset=utf-8')
    assert.equal(got.fields['accept-ranges'], 'bytes')
    assert.equal(got.fields['x-content-type-options'], 'nosniff')
    assert.match(got.fields['etag'] ?? '', /^"[\w-]{22}"$/)
    assert.equal(
      Date.parse(got.fields['last-modified'] ?? ''),
      Math.floor(statSync(path.join(root, 'hello.txt')).mtimeMs / 1000) * 1000,
    )
    assert.ok(!('cache-control' in got.fields) && !('vary' in got.fields) && !('expires' in got.fields))
  })

  it('gives large and empty files', async () => {
    const got = await get(directory, '/large.bin')
    assert.ok(got.bytes.equals(large))
    assert.equal(got.fields['content-type'], 'application/octet-stream')
    assert.match(got.fields['etag'] ?? '', /^"[\w-]{22}"$/)
    assert.equal((await get(directory, '/empty.txt')).length, 0)
  })

  it('answers HEAD with the same fields and the length, and no content', async () => {
    for (const target of ['/hello.txt', '/large.bin', '/empty.txt', '/docs']) {
      const whole = await get(directory, target)
      const head = await ask(directory, target, { method: 'HEAD' })
      assert.equal(head?.status, whole.status)
      assert.equal(head?.body, undefined)
      assert.equal(head?.length, whole.bytes.length)
      assert.deepEqual((await get(directory, target, { method: 'HEAD' })).fields, whole.fields)
    }
  })

  it('leaves to others what it has not', async () => {
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'get', 'PURGE'])
      assert.equal(await ask(directory, '/hello.txt', { method }), undefined)
    for (const target of [
      '/',
      '/none',
      '/none/x',
      '/hello.txt/',
      '/hello.txt/x',
      '/bare',
      '/bare/',
      `/${'x'.repeat(5000)}`,
      '/a\0b',
      '/HELLO.TXT',
    ])
      assert.equal(await ask(directory, target), undefined, target)
  })

  it('answers at once from the cache', () => {
    const request = {
      method: 'GET',
      path: '/hello.txt',
      location: '/hello.txt',
      query: '',
      version: '1.1',
      encrypted: false,
    }
    const fields = { get: () => undefined, has: () => false } as never
    const [first, second] = [directory.answer({ ...request, fields }), directory.answer({ ...request, fields })]
    assert.ok(!(first instanceof Promise) && first !== undefined)
    assert.equal(first, second)
  })

  it('refuses a root that is no directory', () => {
    for (const bad of ['none', 'hello.txt'])
      assert.throws(() => new StaticDirectory(path.join(root, bad)), {
        message: `${path.join(root, bad)} is not a directory`,
      })
  })

  it('knows media types', async () => {
    const types = {
      'a.html': 'text/html; charset=utf-8',
      'a.HTM': 'text/html; charset=utf-8',
      'a.css': 'text/css; charset=utf-8',
      'a.js': 'text/javascript; charset=utf-8',
      'a.mjs': 'text/javascript; charset=utf-8',
      'a.json': 'application/json; charset=utf-8',
      'a.svg': 'image/svg+xml',
      'a.png': 'image/png',
      'a.wasm': 'application/wasm',
      'a.tar.gz': 'application/gzip',
      html: 'application/octet-stream',
      'a.': 'application/octet-stream',
      'a.unheard-of': 'application/octet-stream',
      'a.constructor': 'application/octet-stream',
    }
    for (const [name, type] of Object.entries(types)) {
      put(root, `types/${name}`, 'x')
      assert.equal((await get(directory, `/types/${name}`)).fields['content-type'], type)
    }
  })
})

describe('indexes and redirects', () => {
  const root = temporaryDirectory()
  put(root, 'a/index.html', 'html')
  put(root, `it's <b>"&/index.html`, 'x')
  put(root, 'é/index.html', 'x')
  mkdirSync(path.join(root, 'odd/index.htm'), { recursive: true })
  put(root, 'odd/index.html', 'file')
  const directory = new StaticDirectory(root)

  it('prefers index.htm, whenever it comes', async () => {
    assert.equal((await get(directory, '/a/')).text, 'html')
    const htm = put(root, 'a/index.htm', 'htm')
    assert.equal((await get(directory, '/a/')).text, 'htm')
    unlinkSync(htm)
    assert.equal((await get(directory, '/a/')).text, 'html')
    assert.equal((await get(directory, '/odd/')).text, 'file')
  })

  it('redirects to the slash and keeps the query', async () => {
    const got = await get(directory, '/a', { location: '/static/a', query: 'x=1&y=2' })
    assert.equal(got.status, 301)
    assert.equal(got.fields['location'], '/static/a/?x=1&y=2')
    assert.equal(got.fields['content-type'], 'text/html; charset=utf-8')
    assert.ok(got.text.includes('<a href="/static/a/?x=1&amp;y=2">'), got.text)
  })

  it('escapes what it repeats', async () => {
    const target = `/it's <b>"&`
    const got = await get(directory, target, { query: `"><script>alert('1')</script>` })
    assert.ok(
      !got.text.includes('<script') && !got.text.includes('<b>') && !/[^=]"[^>]/.test(got.text.split('<p>')[1] ?? ''),
      got.text,
    )
    assert.match(got.fields['location'] ?? '', /^\/it's%20%3Cb%3E%22%26\/\?/)
    assert.equal((await get(directory, '/é')).fields['location'], '/%C3%A9/')
  })

  it('never redirects to another host', async () => {
    for (const location of ['//evil.example/a', '/\\evil.example/a', '///evil.example/a', '\\\\evil.example/a'])
      assert.equal((await get(directory, '/a', { location })).fields['location'], '/evil.example/a/')
  })
})

describe('what is hidden', () => {
  const root = temporaryDirectory()
  const outside = temporaryDirectory()
  put(outside, 'secret.txt', 'secret')
  put(outside, 'dir/index.html', 'secret')
  put(root, 'open.txt', 'open')
  put(root, '.env', 'secret')
  put(root, '.git/config', 'secret')
  put(root, 'a/.hidden/index.html', 'secret')
  put(root, '.well-known/security.txt', 'known')
  put(root, '.well-known/.more', 'secret')
  put(root, 'a/.well-known/x', 'secret')
  symlinkSync('open.txt', path.join(root, 'inside.txt'))
  symlinkSync(path.join(outside, 'secret.txt'), path.join(root, 'leak.txt'))
  symlinkSync(outside, path.join(root, 'leak'))
  symlinkSync('loop', path.join(root, 'loop'))
  symlinkSync('/dev/zero', path.join(root, 'zero'))
  execFileSync('mkfifo', [path.join(root, 'pipe')])
  const directory = new StaticDirectory(root)

  it('hides names that begin with a dot', async () => {
    for (const target of [
      '/.env',
      '/.git/config',
      '/a/.hidden',
      '/a/.hidden/',
      '/a/.hidden/index.html',
      '/.well-known/.more',
      '/a/.well-known/x',
    ])
      assert.equal(await ask(directory, target), undefined, target)
    assert.equal((await get(directory, '/.well-known/security.txt')).text, 'known')
  })

  it('shows them when told to', async () => {
    const all = new StaticDirectory(root, { dotFiles: true })
    for (const target of ['/.env', '/.git/config', '/a/.hidden/', '/a/.well-known/x'])
      assert.equal((await get(all, target)).text, 'secret')
    for (const target of ['/..', '/../x', `/../${path.basename(outside)}/secret.txt`, '/./open.txt/..'])
      assert.equal(await ask(all, target), undefined, target)
  })

  it('follows links inside the root only', async () => {
    assert.equal((await get(directory, '/inside.txt')).text, 'open')
    for (const target of [
      '/leak.txt',
      '/leak/secret.txt',
      '/leak',
      '/leak/',
      '/leak/dir',
      '/leak/dir/',
      '/loop',
      '/loop/x',
    ])
      assert.equal(await ask(directory, target), undefined, target)
  })

  it('follows no link that changed into one that leads out', async () => {
    const link = path.join(root, 'changing.txt')
    symlinkSync('open.txt', link)
    assert.equal((await get(directory, '/changing.txt')).text, 'open')
    unlinkSync(link)
    symlinkSync(path.join(outside, 'secret.txt'), link)
    assert.equal(await ask(directory, '/changing.txt'), undefined)
  })

  it('refuses what is not a regular file, without waiting for it', async () => {
    for (const target of ['/pipe', '/zero']) assert.equal(await ask(directory, target), undefined, target)
  })

  it('lets the root itself be a link that moves on', async () => {
    const base = temporaryDirectory()
    put(base, 'one/a.txt', '1')
    put(base, 'two/a.txt', '2')
    const link = path.join(base, 'current')
    symlinkSync('one', link)
    const current = new StaticDirectory(link)
    assert.equal((await get(current, '/a.txt')).text, '1')
    symlinkSync('two', path.join(base, 'next'))
    renameSync(path.join(base, 'next'), link)
    assert.equal((await get(current, '/a.txt')).text, '2')
  })

  it('never shows a file to a path that a guard takes for another', async () => {
    const guarded = temporaryDirectory()
    put(guarded, 'admin/secret.txt', 'secret')
    put(guarded, 'a/b.txt', 'open')
    put(outside, 'admin/secret.txt', 'secret')
    const site = new StaticDirectory(guarded, { dotFiles: true })
    const pieces = [
      '/',
      '//',
      '.',
      '..',
      '%2e',
      '%2f',
      '%2F',
      '%5c',
      '\\',
      '%',
      '%25',
      '%252f',
      '%00',
      '%c0%af',
      ';',
      '?',
      '#',
      'a',
      'admin',
      '%61dmin',
      'ADMIN',
      'secret.txt',
      'secret%2etxt',
    ]
    const target = fc.array(fc.constantFrom(...pieces), { maxLength: 10 }).map((list) => '/' + list.join(''))
    let shown = 0
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(target, fc.constantFrom('/admin/secret.txt', '/%61dmin/secret%2etxt', '/a/../admin/secret.txt')),
        async (text) => {
          const result = canonicalTarget(text)
          if (typeof result === 'string') return
          const got = await get(site, result.path)
          if (got.text !== 'secret') return
          shown++
          assert.ok(result.path.startsWith('/admin/'), text)
        },
      ),
      { numRuns: 2000 },
    )
    assert.ok(shown > 0)
  })
})

describe('freshness', () => {
  const root = temporaryDirectory()
  const directory = new StaticDirectory(root)
  // A file must be some ticks old before it is held at all; then every change must show at once.
  const settled = { now: () => Date.now() + 10_000 }
  const eager = new StaticDirectory(root, settled)

  it('shows a change of content at once, with another tag', async () => {
    put(root, 'a.txt', 'one')
    for (const site of [directory, eager]) {
      const first = await get(site, '/a.txt')
      put(root, 'a.txt', 'second')
      const second = await get(site, '/a.txt')
      assert.equal(second.text, 'second')
      assert.notEqual(second.fields['etag'], first.fields['etag'])
      unlinkSync(path.join(root, 'a.txt'))
      assert.equal(await ask(site, '/a.txt'), undefined)
      put(root, 'a.txt', 'one')
    }
  })

  it('is not misled by another file of the same size and time', async () => {
    for (const size of [10, 300_000]) {
      put(root, 'b.bin', Buffer.alloc(size, 'a'), 1_000_000)
      const first = await get(eager, '/b.bin')
      const other = put(root, 'other.bin', Buffer.alloc(size, 'b'), 1_000_000)
      renameSync(other, path.join(root, 'b.bin'))
      const second = await get(eager, '/b.bin')
      assert.equal(first.bytes[0], 0x61)
      assert.equal(second.bytes[0], 0x62)
      assert.notEqual(second.fields['etag'], first.fields['etag'])
      assert.equal(second.fields['last-modified'], first.fields['last-modified'])
    }
  })

  it('does not hold a small file that may change again unseen', async () => {
    const site = new StaticDirectory(root)
    for (let round = 0; round < 200; round++) {
      put(root, 'c.txt', String(round % 10), 1_000_000)
      assert.equal((await get(site, '/c.txt')).text, String(round % 10))
    }
  })

  it('gives a strong tag to a large file that has just changed, and a weak one when time cannot tell', async () => {
    put(root, 'd.bin', large)
    assert.match((await get(new StaticDirectory(root), '/d.bin')).fields['etag'] ?? '', /^"/)
    const late = new StaticDirectory(root, { now: () => 0 })
    assert.match((await get(late, '/d.bin')).fields['etag'] ?? '', /^W\/"/)
    assert.equal(late.cachedBytes, 0)
  })

  it('never sends a time to come as Last-Modified', async () => {
    const future = Math.floor(Date.now() / 1000) + 86_400
    put(root, 'e.txt', 'x', future)
    const sent = Date.parse((await get(directory, '/e.txt')).fields['last-modified'] ?? '')
    assert.ok(sent <= Date.now() && sent > Date.now() - 60_000)
  })

  it('gives equal files equal tags, and unlike ones unlike tags', async () => {
    put(root, 'f1.txt', 'same', 1_000_000)
    put(root, 'f2.txt', 'same', 2_000_000)
    put(root, 'f3.txt', 'SAME', 1_000_000)
    const [first, second, third] = await Promise.all(
      ['/f1.txt', '/f2.txt', '/f3.txt'].map((target) => get(directory, target)),
    )
    assert.equal(first?.fields['etag'], second?.fields['etag'])
    assert.notEqual(first?.fields['etag'], third?.fields['etag'])
  })

  it('keeps the cache within its bounds', async () => {
    const small = new StaticDirectory(root, { ...settled, cacheBytesMax: 100_000, cachedFileBytesMax: 20_000 })
    for (let index = 0; index < 20; index++) {
      put(root, `many/${index}.bin`, Buffer.alloc(10_000, index))
      assert.equal((await get(small, `/many/${index}.bin`)).bytes[0], index)
      assert.ok(small.cachedBytes > 0 && small.cachedBytes <= 100_000)
    }
    assert.ok(small.cachedBytes > 80_000)
    await get(small, '/d.bin')
    assert.ok(small.cachedBytes <= 100_000)
  })

  it('changes ages at once', async () => {
    put(root, 'g.txt', 'x')
    assert.ok(!('cache-control' in (await get(eager, '/g.txt')).fields))
    eager.maxAges.set('/', 60)
    assert.equal((await get(eager, '/g.txt')).fields['cache-control'], 'max-age=60')
    assert.equal((await get(eager, '/g.txt', { location: '/mounted/g.txt' })).fields['cache-control'], 'max-age=60')
    eager.maxAges.set('/mounted', 5)
    assert.equal((await get(eager, '/g.txt', { location: '/mounted/g.txt' })).fields['cache-control'], 'max-age=5')
    assert.equal((await get(eager, '/g.txt')).fields['cache-control'], 'max-age=60')
  })

  it('reports what is neither absent nor forbidden', async () => {
    const gone = temporaryDirectory()
    put(gone, 'x.txt', 'x')
    const site = new StaticDirectory(gone)
    rmSync(gone, { recursive: true })
    assert.equal(await ask(site, '/x.txt'), undefined)
    mkdirSync(gone)
  })

  it('takes an old time of modification as it is', async () => {
    const file = put(root, 'h.txt', 'x')
    utimesSync(file, 784111777.5, 784111777.5)
    assert.equal((await get(directory, '/h.txt')).fields['last-modified'], 'Sun, 06 Nov 1994 08:49:37 GMT')
  })
})
