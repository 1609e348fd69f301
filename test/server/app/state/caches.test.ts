/** Who may keep a response: nobody else gets what depends on who asks (SECURITY 38, SEC-11; RFC 9111). */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { App, type HandlerValue, int, MemoryStore, type Was } from '#src/server/index.js'
import { put, temporaryDirectory } from '../../static/site.js'
import { everyVersion } from '../../versions.js'
import { SECRET } from './browser.js'
import { distant } from './distant.js'

type Plain = (was: Was) => HandlerValue | Promise<HandlerValue>

const home = temporaryDirectory()
put(home, 'file.txt', 'a file')
put(home, 'templates/page.html', '{{ was.session.get("a", "none") }}')

/** What touches something of the client's. */
const personal: Readonly<Record<string, Plain>> = {
  'session-read': (was) => was.session.get('a', 'nothing'),
  'session-write': (was) => was.session.set('a', 1).size,
  message: (was) => was.mbox.get().length,
  'cookie-read': (was) => was.cookie.get('a', 'nothing'),
  'cookie-write': (was) => was.cookie.set('a', '1').size,
  'cookie-field': (was) => {
    was.response.setHeader('set-cookie', 'a=1')
    return 'done'
  },
  'cookie-given': (was) => was.response(200, 'done', { 'Set-Cookie': 'a=1' }),
  csrf: (was) => was.csrfToken.length,
  nothing: (was) => (was.session.size === 0 ? null : 'something'),
  json: (was) => ({ size: was.session.size }),
  value: (was) => was.response(203, String(was.session.size)),
  explained: (was) => was.response(was.session.size === 0 ? 404 : 200),
  error: (was) => was.response.throw(was.session.size === 0 ? 410 : 404),
  mistake: (was) => {
    throw new Error(String(was.session.size))
  },
  web: (was) => new Response(String(was.session.size)),
  file: (was) => was.response.file(was.session.size === 0 ? 'file.txt' : 'other.txt'),
  template: (was) => was.render('page.html'),
  stream: (was) => {
    const { session } = was
    return (function* () {
      yield String(session.size)
    })()
  },
}

const impersonal: Readonly<Record<string, Plain>> = {
  text: () => 'hello',
  nonce: (was) => was.cspNonce,
  token: (was) => String(was.detoken(was.mktoken(1))),
  header: (was) => {
    was.response.setHeader('x-a', '1')
    return 'hello'
  },
}

describe('a response', { timeout: 60_000 }, async () => {
  for (const [kept, session] of [
    ['in a cookie', {}],
    ['in a store', { store: distant(new MemoryStore()) }],
  ] as const) {
    const app = new App({ secureKey: SECRET, home, session, securityHeaders: true })
    for (const [name, handler] of Object.entries({ ...personal, ...impersonal })) app.get(`/${name}`, handler)
    for (const [version, ask] of await everyVersion((engine) => engine.mount('/', app))) {
      it(`${version}, sessions ${kept}: is for nobody else when it depends on who asks`, async () => {
        for (const method of ['GET', 'HEAD'])
          for (const name of Object.keys(personal))
            assert.equal((await ask(`/${name}`, { method })).headers['cache-control'], 'private, no-cache', name)
      })

      it(`${version}, sessions ${kept}: is for everybody else`, async () => {
        for (const name of Object.keys(impersonal))
          assert.equal((await ask(`/${name}`)).headers['cache-control'], undefined, name)
      })
    }
  }

  it('is for nobody else when somebody has signed in', async () => {
    const app = new App({ auth: 'basic', users: { ada: 'secret' } }).get('/', () => 'hello')
    app.get('/open', { auth: false }, () => 'hello').get('/missing', (was) => was.throw(404))
    const headers = { authorization: `Basic ${Buffer.from('ada:secret').toString('base64')}` }
    for (const path of ['/', '/missing'])
      assert.equal((await app.inject({ path, headers })).headers.get('cache-control'), 'private, no-cache')
    assert.equal((await app.inject({ path: '/open', headers })).headers.get('cache-control'), undefined)
  })

  it('says itself how long it is kept, where it does', async () => {
    const app = new App({ secureKey: SECRET })
    app.get('/set', (was) => {
      was.response.setHeader('Cache-Control', 'public, max-age=5')
      return String(was.session.size)
    })
    app.get('/given', (was) => was.response(200, String(was.session.size), { 'cache-control': 'no-store' }))
    app.get('/expires', (was) =>
      was.response(200, String(was.session.size), { expires: 'Thu, 01 Jan 2099 00:00:00 GMT' }),
    )
    app.get('/events', (was) => was.response.events([String(was.session.size)]))
    for (const [path, expected] of [
      ['/set', 'public, max-age=5'],
      ['/given', 'no-store'],
      ['/expires', 'private'],
      ['/events', 'no-store'],
    ] as const)
      assert.deepEqual((await app.inject(path)).headers.getAll('cache-control'), [expected])
  })

  it('says so to who has it already', async () => {
    const app = new App({ secureKey: SECRET }).get('/', (was) => {
      was.response.setEtag('same')
      return String(was.session.size)
    })
    const etag = (await app.inject('/')).headers.get('etag')!
    const again = await app.inject({ path: '/', headers: { 'if-none-match': etag } })
    assert.deepEqual([again.status, again.headers.get('cache-control')], [304, 'private, no-cache'])
  })

  it('says so when somebody else answers a request that has failed', async () => {
    const app = new App({ secureKey: SECRET }).get('/', (was) => was.response.throw(was.session.size === 0 ? 409 : 404))
    app.errorHandler(409, () => 'our page')
    assert.equal((await app.inject('/')).headers.get('cache-control'), 'private, no-cache')
    app.failedRequest(() => 'sorry')
    assert.equal((await app.inject('/')).headers.get('cache-control'), 'private, no-cache')
  })
})

describe('a page by Accept', { timeout: 60_000 }, async () => {
  const app = new App({ cors: { origins: 'https://a.example' }, home })
  app.get('/fail', () => {
    throw new Error('oops')
  })
  app.get('/number', { query: { n: int() } }, () => 'x')
  app.get('/explained', (was) => {
    was.response.addHeader('Vary', 'x-own')
    return was.response.withExplain(410, 'gone')
  })
  app.get('/typed', (was) => was.response(410, undefined, { 'content-type': 'text/plain' }))
  const types = { 'text/html': 'text/html; charset=utf-8', 'application/json': 'application/json' }
  for (const [version, ask] of await everyVersion((engine) => engine.mount('/app', app)))
    it(`${version}: says that it varies`, async () => {
      for (const [accept, type] of Object.entries(types)) {
        for (const [path, vary] of [
          ['/none', 'accept'],
          ['/app/none', 'origin, accept'],
          ['/app/fail', 'origin, accept'],
          ['/app/number?a=1', 'origin, accept'],
        ] as const) {
          const { headers } = await ask(path, { headers: { accept } })
          assert.equal(headers['vary'], vary, path)
          if (!path.includes('number')) assert.equal(headers['content-type'], type)
        }
        assert.equal((await ask('/app/explained', { headers: { accept } })).headers['vary'], 'origin, x-own, accept')
        assert.match(String((await ask('/app/typed', { headers: { accept } })).headers['vary']), /accept/)
      }
    })
})
