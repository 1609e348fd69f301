/** `was.cookie`: APP-104 to APP-106, SEC-24, SECURITY 13 and 17. */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { App, HttpError, Skitai, type CookieOptions, type Was } from '#src/server/index.js'
import { CookieJar } from '#src/server/app/state/cookie-jar.js'
import { Browser } from './browser.js'

const jarOf = (header?: string): CookieJar =>
  new CookieJar({ header, path: '/shop', nowMs: () => 0, onChange: () => {} })
/** The Set-Cookie of one cookie. */
const lineOf = (options: CookieOptions, name = 'a', value = 'b'): string =>
  jarOf().set(name, value, options).takeLines()[0]!

/** The Set-Cookie lines of a request to an app at a point. */
async function linesOf(handler: (was: Was) => unknown, point = '/shop'): Promise<string[]> {
  const engine = new Skitai({ log: false, onError: () => {} }).mount(
    point,
    new App().get('/', (was) => handler(was) as string),
  )
  const response = await engine.inject(point === '/' ? '/' : `${point}/`)
  return response.headers.getAll('set-cookie')
}

describe('APP-104: was.cookie', () => {
  it('reads what came', async () => {
    const app = new App().get('/', ({ cookie }) => ({
      a: cookie.get('a'),
      none: cookie.get('none') ?? null,
      fallback: cookie.get('none', 'x'),
      has: [cookie.has('a'), cookie.has('none')],
      size: cookie.size,
      keys: [...cookie.keys()],
      values: [...cookie.values()],
      entries: [...cookie],
    }))
    const response = await app.inject({ headers: { cookie: 'a=1; b="two"; c=%C3%A4; d; a=later; =none' } })
    assert.deepEqual(response.json(), {
      a: '1',
      none: null,
      fallback: 'x',
      has: [true, false],
      size: 4,
      keys: ['a', 'b', 'c', ''],
      values: ['1', '"two"', 'ä', 'none'],
      entries: [
        ['a', '1'],
        ['b', '"two"'],
        ['c', 'ä'],
        ['', 'none'],
      ],
    })
  })

  it('writes at the end of a request that has succeeded, and forgets what a failed one has set', async () => {
    const app = new App()
      .get('/set', async ({ cookie }) => {
        cookie.set('a', 'ä;,\r\n').set('n', 5)
        await Promise.resolve()
        return cookie.get('a')
      })
      .get('/fail', ({ cookie }) => {
        cookie.set('a', 'other')
        throw new HttpError(409)
      })
      .get('/get', ({ cookie }) => [...cookie])
    const browser = new Browser(app)
    assert.equal(await browser.text('/set'), 'ä;,\r\n')
    assert.deepEqual((await browser.ask('/fail')).headers.getAll('set-cookie'), [])
    assert.deepEqual((await browser.ask('/get')).json(), [
      ['a', 'ä;,\r\n'],
      ['n', '5'],
    ])
  })

  it('sends the last word on each cookie of a place once', () => {
    const jar = jarOf().set('a', 1).set('a', 2).set('a', 3, { path: '/' })
    assert.deepEqual(jar.takeLines(), ['a=2; Path=/shop', 'a=3; Path=/'])
    assert.deepEqual(jarOf('a=1').takeLines(), [])
  })

  it('gives back any value that was set', () => {
    fc.assert(
      fc.property(
        fc.stringMatching(/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/),
        fc.string({ unit: 'grapheme' }),
        (name, value) => {
          fc.pre(!/^__(?:host|secure)-/i.test(name))
          const line = jarOf().set(name, value).takeLines()[0]!
          assert.ok(!/[^ -~]/.test(line), line)
          assert.equal(jarOf(line.slice(0, line.indexOf(';'))).get(name), value)
        },
      ),
    )
  })
})

describe('APP-105: cookie.set', () => {
  it('lets a cookie live as `expires` says', () => {
    assert.equal(lineOf({}), 'a=b; Path=/shop')
    assert.equal(lineOf({ expires: 60 }), 'a=b; Max-Age=60; Path=/shop; Expires=Thu, 01 Jan 1970 00:01:00 GMT')
    for (const expires of ['now', 0] as const)
      assert.equal(lineOf({ expires }), 'a=; Max-Age=0; Path=/shop; Expires=Thu, 01 Jan 1970 00:00:00 GMT')
    assert.match(lineOf({ expires: 'never' }), /; Max-Age=34560000; /)
    assert.match(lineOf({ expires: 1e12 }), /; Max-Age=34560000; /)
    assert.match(lineOf({ expires: 0.2 }), /; Max-Age=1; /)
    assert.throws(() => lineOf({ expires: -1 }), TypeError)
    assert.throws(() => lineOf({ expires: 'later' as 'now' }), TypeError)
  })

  it('sets the attributes', () => {
    assert.equal(
      lineOf({
        path: '/x',
        domain: 'example.com',
        secure: true,
        httpOnly: true,
        sameSite: 'none',
        partitioned: true,
        priority: 'high',
      }),
      'a=b; Domain=example.com; Path=/x; HttpOnly; Secure; Partitioned; Priority=High; SameSite=None',
    )
  })

  it('takes the mount point for the path', async () => {
    const set = ({ cookie }: Was): string => (cookie.set('a', 'b'), 'ok')
    assert.deepEqual(await linesOf(set), ['a=b; Path=/shop'])
    assert.deepEqual(await linesOf(set, '/'), ['a=b; Path=/'])
  })

  it('keeps the promises of prefixes', () => {
    assert.equal(lineOf({ secure: true, path: '/' }, '__Host-a'), '__Host-a=b; Path=/; Secure')
    for (const options of [
      { path: '/' },
      { secure: true, path: '/x' },
      { secure: true, path: '/', domain: 'example.com' },
    ])
      assert.throws(() => lineOf(options, '__host-a'), /needs secure, no domain, and the path/)
    assert.throws(() => lineOf({}, '__Secure-a'), /needs secure/)
    assert.ok(lineOf({ secure: true }, '__Secure-a'))
    assert.throws(() => lineOf({ sameSite: 'none' }), /needs secure/)
    assert.throws(() => lineOf({ partitioned: true }), /needs secure/)
  })

  it('refuses what clients would drop', () => {
    assert.throws(() => lineOf({}, 'a', 'x'.repeat(4095)), /has 4097 octets/)
    assert.ok(lineOf({}, 'a', 'x'.repeat(4094)))
    assert.throws(() => lineOf({ path: `/${'x'.repeat(1024)}` }), RangeError)
    assert.throws(() => lineOf({ path: 'x' }), /begins with a slash/)
  })

  it('names an option that there is not, or that cannot be', async () => {
    const tried = async (options: object): Promise<string> =>
      (
        await new App()
          .get('/', (was) => {
            try {
              return String(was.cookie.set('a', 'b', options).size)
            } catch (error) {
              return String(error)
            }
          })
          .inject('/')
      ).text()
    assert.match(await tried({ httponly: true }), /^TypeError: the cookie a: .*httponly.* httpOnly/)
    assert.match(await tried({ maxAge: 60 }), /^TypeError: the cookie a: there is no option maxAge/)
    assert.match(await tried({ sameSite: 'Lax' }), /^TypeError: the cookie a: sameSite is /)
    assert.match(await tried({ secure: 1 }), /^TypeError: the cookie a: secure is true or false, not 1/)
    assert.equal(await tried({ secure: undefined }), '1')
  })

  it('whatever they are given, say no more than was asked for (SEC-24, SECURITY 13)', () => {
    const text = fc.oneof(fc.string(), fc.constantFrom('/a', 'example.com', '/; Secure', '/\r\nX: y', 'a, b'))
    fc.assert(
      fc.property(text, text, text, fc.string(), (name, path, domain, value) => {
        let line: string
        try {
          line = lineOf({ path, domain }, name, value)
        } catch (error) {
          assert.ok(error instanceof TypeError || error instanceof RangeError || error instanceof URIError)
          return
        }
        assert.ok(!/[^ -~]/.test(line))
        const names = line.split(';').map((part) => part.split('=')[0]!.trim())
        assert.deepEqual(names, [name, ...(domain === '' ? [] : ['Domain']), 'Path'])
      }),
      { numRuns: 1000 },
    )
  })

  it('can say nothing but one cookie (SEC-24, SECURITY 13)', () => {
    const attributes: CookieOptions[] = [
      { path: '/\r\nX: y' },
      { path: '/; Domain=evil.example' },
      { domain: 'example.com\r\nX: y' },
      { domain: 'a; Secure' },
      { priority: 'high; x' as 'high' },
      { sameSite: 'lax\r\n' as 'lax' },
    ]
    for (const options of attributes) assert.throws(() => lineOf(options), TypeError)
    for (const name of ['', 'a b', 'a=b', 'a;b', 'a\r\nb', 'ä', 'a\0']) assert.throws(() => lineOf({}, name), TypeError)
    assert.equal(lineOf({}, 'a', '\r\nSet-Cookie: x=y'), 'a=%0D%0ASet-Cookie%3A%20x%3Dy; Path=/shop')
  })
})

describe('APP-106: cookie.remove and cookie.clear', () => {
  it('take a cookie from here and from its place', () => {
    const jar = jarOf('a=1; b=2')
    jar.remove('a', { path: '/', domain: 'example.com' })
    assert.equal(jar.has('a'), false)
    assert.match(jar.takeLines()[0]!, /^a=; Max-Age=0; Domain=example\.com; Path=\/; /)
  })

  it('clear all', async () => {
    const long = 'n'.repeat(4096)
    const jar = jarOf(`a=1; b=2; x y=3; ${long}=; __Secure-c=4`)
    jar.clear()
    const lines = jar.takeLines()
    assert.deepEqual(
      lines.map((line) => line.split(';')[0]),
      ['a=', 'b=', '__Secure-c='],
    )
    assert.match(lines[2]!, /; Secure$/)
    assert.deepEqual(jar.takeLines(), [])
    assert.deepEqual([...jar.keys()], ['x y', long])
  })

  it('clear what has one place only there, wherever the app lies and whoever has sent it', async () => {
    const app = new App().get('/', (was) => was.cookie.clear({ domain: 'example.com' }).size)
    const engine = new Skitai({ log: false }).mount('/app', app)
    const response = await engine.inject({
      path: '/app/',
      headers: { cookie: '__Host-a=1; __host-b=2; __Secure-c=3; d=4' },
    })
    assert.equal(response.text(), '0')
    const lines = response.headers.getAll('set-cookie')
    const places = lines.map((line) => /^([^=]*)=.*?((?:; Domain=[^;]*)?; Path=[^;]*)/.exec(line)!.slice(1).join(''))
    assert.deepEqual(places, [
      '__Host-a; Path=/',
      '__host-b; Path=/',
      '__Secure-c; Domain=example.com; Path=/app',
      'd; Domain=example.com; Path=/app',
    ])
  })
})

describe('SECURITY 17: names of cookies are the client’s', () => {
  it('and never those of an object', () => {
    const jar = jarOf('__proto__=1; constructor=2; toString=3; hasOwnProperty=4')
    assert.deepEqual([...jar.keys()], ['__proto__', 'constructor', 'toString', 'hasOwnProperty'])
    assert.equal(jar.get('__proto__'), '1')
    assert.equal(jar.get('valueOf'), undefined)
    assert.equal(({} as Record<string, unknown>)['1'], undefined)
  })

  it('whatever is sent is read without an error', () => {
    fc.assert(fc.property(fc.string(), (header) => void [...jarOf(header)]))
  })
})
