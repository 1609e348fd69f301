import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { canonicalTarget, encodePath, pathRefusals } from '#src/server/path.js'

const path = (target: string): string => {
  const result = canonicalTarget(target)
  assert.notEqual(typeof result, 'string', `${target} was refused: ${String(result)}`)
  return typeof result === 'string' ? '' : result.path
}

describe('canonicalTarget', () => {
  it('takes origin-form apart', () => {
    assert.deepEqual(canonicalTarget('/'), { path: '/', query: '' })
    assert.deepEqual(canonicalTarget('/a/b.html'), { path: '/a/b.html', query: '' })
    assert.deepEqual(canonicalTarget('/a/?x=1&y=%2f..//\\'), { path: '/a/', query: 'x=1&y=%2f..//\\' })
    assert.deepEqual(canonicalTarget('/a?b?c'), { path: '/a', query: 'b?c' })
    assert.deepEqual(canonicalTarget('/a?'), { path: '/a', query: '' })
    assert.deepEqual(canonicalTarget('/%61?q=%'), { path: '/a', query: 'q=%' })
  })

  it('takes absolute-form apart', () => {
    assert.deepEqual(canonicalTarget('http://a.example/x%20y?z'), { path: '/x y', query: 'z' })
    assert.deepEqual(canonicalTarget('HTTPS://a.example:8443/x'), { path: '/x', query: '' })
    assert.deepEqual(canonicalTarget('http://a.example'), { path: '/', query: '' })
    assert.deepEqual(canonicalTarget('http://a.example?z'), { path: '/', query: 'z' })
    assert.equal(canonicalTarget('http://a.example//x'), 'empty')
  })

  it('decodes once', () => {
    assert.equal(path('/%41%2D%7e'), '/A-~')
    assert.equal(path('/%252e%252e/%2541'), '/%2e%2e/%41')
    assert.equal(path('/%E2%82%AC/%c3%a9'), '/€/é')
    assert.equal(path('/%EF%BB%BFx'), '/\ufeffx')
    assert.equal(path('/a%3Fb%23c'), '/a?b#c')
  })

  it('lets dots stand that are not a dot segment', () => {
    for (const target of ['/...', '/.well-known/x', '/..a', '/a../b', '/a.', '/.a/..b', '/a%2e', '/%2e%2e%2e'])
      assert.equal(path(target), target.replaceAll('%2e', '.'))
  })

  const refused: Readonly<Record<keyof typeof pathRefusals, readonly string[]>> = {
    form: ['', '*', 'a', 'a/b', 'example.com:443', 'ftp://a/', 'http:/a', 'http:a', '?x', '\\a'],
    character: [
      '/a b',
      '/a\t',
      '/a\0',
      '/a\x7f',
      '/é',
      '/\u20ac',
      '/a#b',
      '/a?b#c',
      '/a?b c',
      '/a?é',
      '/%41 ',
      '/%41?b#',
    ],
    percent: ['/%', '/%4', '/%4g', '/%g4', '/%%41', '/a%', '/%2', '/%u0041', '/%4?1', '/% 41', '/%\u0141\u0141'],
    separator: ['/a\\b', '/\\', '/%2f', '/a%2Fb', '/%5c', '/a%5Cb', '/..%2f', '/..%5c..', '/%41\\'],
    control: ['/%00', '/a%0d%0a', '/%1f', '/%7f', '/%09'],
    utf8: ['/%ff', '/%c0%af', '/%e0%80%af', '/%ed%a0%80', '/%c3', '/%c3/%a9', '/%f4%90%80%80', '/%c0%ae%c0%ae'],
    dots: [
      '/.',
      '/..',
      '/./a',
      '/a/../b',
      '/a/..',
      '/a/.',
      '/..?x',
      '/.?',
      '/%2e',
      '/%2e%2e/a',
      '/a/.%2E',
      '/a/%2e./b',
      '/%2e?x',
    ],
    empty: ['//', '//a', '/a//b', '/a//', '//a.example/%41', '/%41//', '/a//?x', 'http://a//'],
  }
  for (const [refusal, targets] of Object.entries(refused))
    it(`refuses: ${refusal}`, () => {
      for (const target of targets) assert.equal(canonicalTarget(target), refusal, JSON.stringify(target))
    })

  it('answers every refusal with 400, but an empty segment with 404', () => {
    for (const [name, row] of Object.entries(pathRefusals)) assert.equal(row.status, name === 'empty' ? 404 : 400)
  })
})

const hostile = fc
  .array(
    fc.constantFrom(
      '/',
      '.',
      '..',
      '%2e',
      '%2E',
      '%2f',
      '%5c',
      '\\',
      '%',
      '%25',
      '%252f',
      '%00',
      '%c0%ae',
      '%c3%a9',
      'a',
      'é',
      '?',
      '#',
      ';',
      ' ',
    ),
    { maxLength: 12 },
  )
  .map((parts) => '/' + parts.join(''))

describe('canonical paths', () => {
  it('hold nothing that a later reader could take for a way out', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          hostile,
          fc.string().map((text) => '/' + text),
        ),
        (target) => {
          const result = canonicalTarget(target)
          if (typeof result === 'string') return
          assert.ok(result.path.startsWith('/') && encodeURIComponent(result.path) !== '')
          assert.ok(![...result.path].some((c) => c === '\\' || c < ' ' || c === '\x7f'), result.path)
          const segments = result.path.split('/')
          assert.ok(!segments.includes('.') && !segments.includes('..'))
          assert.ok(segments.slice(1, -1).every((segment) => segment !== ''))
          assert.match(result.query, /^[!-~]*$/)
        },
      ),
      { numRuns: 2000 },
    )
  })

  it('come back from their encoded form', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          hostile,
          fc.string({ unit: 'binary' }).map((text) => '/' + encodeURIComponent(text)),
        ),
        (target) => {
          const result = canonicalTarget(target)
          if (typeof result === 'string') return
          assert.deepEqual(canonicalTarget(encodePath(result.path)), { path: result.path, query: '' })
        },
      ),
      { numRuns: 2000 },
    )
  })
})

describe('encodePath', () => {
  it('leaves what may stand and encodes the rest', () => {
    assert.equal(encodePath("/a-b_c.d~/$&+,;=:@!'()*/"), "/a-b_c.d~/$&+,;=:@!'()*/")
    assert.equal(encodePath('/a b/é?#%"<>'), '/a%20b/%C3%A9%3F%23%25%22%3C%3E')
  })

  it('never names another host', () => {
    assert.equal(encodePath('//evil.example/'), '/evil.example/')
    assert.equal(encodePath('/\\evil.example'), '/evil.example')
    assert.equal(encodePath(''), '/')
  })
})
