/** Forged requests, rates, and fields that make browsers careful: APP-116, SEC-06. */

import assert from 'node:assert/strict'
import { after, describe, it, mock } from 'node:test'
import {
  App,
  type AppOptions,
  type BucketStore,
  HttpError,
  MemoryBuckets,
  type SecurityHeadersOptions,
  Skitai,
  type Was,
} from '#src/server/index.js'
import { networkOf } from '#src/server/app/guards/rate-limit.js'
import { askHttps } from '../../https.js'
import { serve as listen } from '../../serving.js'
import { Browser, SECRET } from '../state/browser.js'

function serve(app: App): Skitai & { errors: unknown[] } {
  const errors: unknown[] = []
  return Object.assign(new Skitai({ log: false, onError: (error) => void errors.push(error) }).mount('/', app), {
    errors,
  })
}

describe('csrf', () => {
  const app = serve(
    new App({ secureKey: SECRET, csrf: { trustedOrigins: ['https://partner.example'] } })
      .get('/', (was) => was.csrfToken)
      .post('/', async ({ request }) => [(await request.form()).get('a') ?? null])
      .post('/api', { csrf: { token: false, trustedOrigins: ['https://partner.example'] } }, () => 'done')
      .post('/open', { csrf: false }, () => 'done'),
  )

  it('wants the token of the session, and leaves the form to the handler', async () => {
    const browser = new Browser(app)
    const token = await browser.text('/')
    const form = (given?: string): URLSearchParams =>
      new URLSearchParams({ a: '1', ...(given && { _csrf_token: given }) })
    assert.equal((await browser.ask({ body: form() })).status, 403)
    assert.equal((await browser.ask({ body: form('x') })).status, 403)
    for (let i = 0; i < 2; i++) assert.deepEqual((await browser.ask({ body: form(token) })).json(), ['1'])
    assert.deepEqual((await browser.ask({ body: form(), headers: { 'x-csrf-token': token } })).json(), ['1'])
    assert.equal((await new Browser(app).ask({ body: form(token) })).status, 403)
  })

  it('looks at what the browser says, whatever the token', async () => {
    const send = async (headers: Record<string, string>, path = '/api'): Promise<number> =>
      (await app.inject({ method: 'POST', path, headers, authority: 'shop.example' })).status
    assert.equal(await send({}), 200)
    assert.equal(await send({ 'sec-fetch-site': 'same-origin', origin: 'https://shop.example' }), 200)
    assert.equal(await send({ 'sec-fetch-site': 'none' }), 200)
    assert.equal(await send({ origin: 'http://shop.example' }), 200)
    assert.equal(await send({ origin: 'https://shop.example' }), 200)
    assert.equal(await send({ origin: 'https://partner.example', 'sec-fetch-site': 'cross-site' }), 200)
    for (const headers of [
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
      { origin: 'https://evil.example' },
      { origin: 'null' },
      { origin: 'http://shop.example.evil.example' },
    ])
      assert.equal(await send(headers), 403, JSON.stringify(headers))
    assert.equal(await send({ 'sec-fetch-site': 'cross-site' }, '/open'), 200)
    assert.equal((await app.inject({ headers: { 'sec-fetch-site': 'cross-site' } })).status, 200)
  })

  it('is not there without a secret to make tokens with (SEC-06)', () => {
    const open = new App({ csrf: true }).post('/save', () => '')
    assert.throws(() => new Skitai().mount('/', open), /csrf needs secureKey in the options of the app: \/save/)
    assert.ok(new App({ csrf: { token: false } }).post('/', () => ''))
  })
})

describe('rateLimit', () => {
  after(() => mock.timers.reset())

  it('lets so many through, says how many are left, and when to come again', async () => {
    let now = 0
    const store = new MemoryBuckets(10, () => now)
    const app = serve(
      new App({ rateLimit: { limit: 6, windowSeconds: 60, burst: 2, store } }).get('/', () => 'a').get('/b', () => 'b'),
    )
    const ask = async (path = '/'): Promise<(string | number | undefined)[]> => {
      const { status, headers } = await app.inject(path)
      return [
        status,
        headers.get('ratelimit-limit'),
        headers.get('ratelimit-remaining'),
        headers.get('ratelimit-reset'),
        headers.get('retry-after'),
      ]
    }
    assert.deepEqual(await ask(), [200, '2', '1', '10', undefined])
    assert.deepEqual(await ask('/b'), [200, '2', '0', '20', undefined])
    assert.deepEqual(await ask(), [429, '2', '0', '20', '10'])
    now = 9999
    assert.deepEqual(await ask(), [429, '2', '0', '11', '1'])
    now = 10_001
    assert.equal((await ask())[0], 200)
    now = 1_000_000
    assert.deepEqual(await ask(), [200, '2', '1', '10', undefined])
    const { headers } = await app.inject({ headers: { accept: 'application/problem+json' } })
    assert.equal(headers.get('ratelimit-policy'), '6;w=60;burst=2')
    const refused = await app.inject({ headers: { accept: 'application/problem+json' } })
    assert.equal((refused.json() as { status: number }).status, 429)
  })

  it('counts by address, by user, or as a function says', async () => {
    const bearer: AppOptions = { auth: 'bearer', bearerHandler: (_was, token) => ({ name: token }) }
    const limited = serve(
      new App({ ...bearer, rateLimit: { limit: 1, windowSeconds: 60, key: 'user' } }).get('/', () => ''),
    )
    const as = async (name: string): Promise<number> =>
      (await limited.inject({ headers: { authorization: `Bearer ${name}` } })).status
    assert.deepEqual([await as('ada'), await as('ada'), await as('bob')], [200, 429, 200])
    const key = (was: Was): string | undefined => was.request.query.get('k') ?? undefined
    const own = serve(new App().get('/', { rateLimit: { limit: 1, windowSeconds: 60, key } }, () => ''))
    const statuses: number[] = []
    for (const path of ['/?k=a', '/?k=a', '/?k=b', '/', '/']) statuses.push((await own.inject(path)).status)
    assert.deepEqual(statuses, [200, 429, 200, 200, 200])
  })

  it('takes a network of IPv6 for one client', () => {
    assert.equal(networkOf('192.0.2.1'), '192.0.2.1')
    assert.equal(networkOf('::ffff:192.0.2.1'), '192.0.2.1')
    assert.equal(networkOf('2001:DB8:0:1:2::3'), networkOf('2001:db8::1:ffff:ffff:ffff:ffff'))
    assert.notEqual(networkOf('2001:db8:0:1::1'), networkOf('2001:db8:0:2::1'))
    assert.equal(networkOf('::1'), '0:0:0:0::/64')
    assert.equal(networkOf('fe80::1%eth0'), 'fe80:0:0:0::/64')
    assert.equal(networkOf('2001:db8::'), '2001:db8:0:0::/64')
  })

  it('lets through what its store cannot answer, and tells of it', async () => {
    const broken = (): never => {
      throw new Error('no store')
    }
    const silent = (): Promise<never> => new Promise(() => {})
    const stores: readonly BucketStore[] = [{ take: async () => broken() }, { take: broken }, { take: silent }]
    for (const store of stores) {
      const app = serve(new App({ rateLimit: { limit: 1, windowSeconds: 1, store } }).get('/', () => 'ok'))
      assert.equal((await app.inject('/')).text(), 'ok')
      assert.match(String(app.errors[0]), /no store|not answered in 1000 ms/)
    }
  })

  it('forgets whom it has not seen for long', () => {
    const store = new MemoryBuckets(2, () => 0)
    for (const key of ['a', 'b', 'c']) store.take(key, { capacity: 1, perMs: 1 })
    assert.equal(store.size, 2)
  })

  it('refuses what is no rate', () => {
    for (const rateLimit of [
      { limit: 0, windowSeconds: 1 },
      { limit: 1, windowSeconds: 0 },
      { limit: 1, windowSeconds: 1, burst: 0 },
      { limit: Number.NaN, windowSeconds: 1 },
      { limit: 1, windowSeconds: 1, key: 'name' as 'ip' },
    ])
      assert.throws(() => new App({ rateLimit }).get('/', () => ''), TypeError)
  })
})

describe('securityHeaders', () => {
  const fieldsOf = async (
    securityHeaders: boolean | SecurityHeadersOptions,
    path = '/',
  ): Promise<Record<string, string>> => {
    const app = new App({ securityHeaders })
      .get('/', (was) => was.cspNonce)
      .get('/https', (was) => was.cspNonce)
      .get('/own', (was) => was.response(200, 'x', { 'x-frame-options': 'DENY' }))
      .get('/fail', () => Promise.reject(new HttpError(409)))
      .get('/broken', () => Promise.reject(new Error('broken')))
      .errorHandler(409, () => 'conflict')
    const response = await serve(app).inject(path)
    return { ...Object.fromEntries(response.headers.entries()), text: response.text(), status: String(response.status) }
  }

  it('are careful by default, with a nonce for each response', async () => {
    const one = await fieldsOf(true)
    assert.equal(one['x-content-type-options'], 'nosniff')
    assert.equal(one['referrer-policy'], 'strict-origin-when-cross-origin')
    assert.equal(one['x-frame-options'], 'SAMEORIGIN')
    assert.equal(one['cross-origin-opener-policy'], 'same-origin')
    assert.equal(one['cross-origin-resource-policy'], 'same-origin')
    assert.equal(one['strict-transport-security'], undefined)
    assert.match(one['text']!, /^[\w-]{22}$/)
    assert.ok(
      one['content-security-policy']!.includes(
        `script-src 'self' 'nonce-${one['text']}'; style-src 'self' 'nonce-${one['text']}'`,
      ),
    )
    assert.notEqual((await fieldsOf(true))['text'], one['text'])
  })

  it('go out with errors, once each, and give way to the handler', async () => {
    for (const [path, status] of [
      ['/fail', '409'],
      ['/broken', '500'],
      ['/none', '404'],
    ] as const) {
      const fields = await fieldsOf(true, path)
      assert.deepEqual(
        [fields['status'], fields['x-frame-options'], fields['x-content-type-options']],
        [status, 'SAMEORIGIN', 'nosniff'],
      )
    }
    assert.equal((await fieldsOf(true, '/own'))['x-frame-options'], 'DENY')
  })

  it('let the page about an error keep its style', async () => {
    const { text = '', ...fields } = await fieldsOf(true, '/broken')
    const [, nonce] = /<style nonce="([\w-]{22})">/.exec(text) ?? []
    assert.ok(fields['content-security-policy']!.includes(`'nonce-${nonce}'`))
    assert.match((await fieldsOf(false, '/broken'))['text']!, /<style>/)
  })

  it('tell browsers to stay with TLS, over TLS only', async () => {
    const app = new App({ securityHeaders: { hsts: { includeSubDomains: true, preload: true } } }).get('/', () => '')
    const { url } = await listen((engine) => engine.mount('/', app), {}, { tls: { dev: true } })
    const answer = await askHttps(url)
    assert.equal(answer.headers['strict-transport-security'], 'max-age=31536000; includeSubDomains; preload')
    assert.equal((await serve(app).inject('/')).headers.has('strict-transport-security'), false)
  })

  it('can each be changed or left out', async () => {
    const none = await fieldsOf({
      contentSecurityPolicy: false,
      hsts: false,
      referrerPolicy: false,
      frameOptions: false,
      openerPolicy: false,
      resourcePolicy: false,
    })
    assert.deepEqual(
      Object.keys(none).filter((name) => /policy|frame|strict/.test(name)),
      [],
    )
    const own = await fieldsOf({ contentSecurityPolicy: { 'default-src': ["'none'"] }, permissionsPolicy: 'camera=()' })
    assert.equal(own['content-security-policy'], "default-src 'none'")
    assert.equal(own['permissions-policy'], 'camera=()')
    assert.equal(
      (await fieldsOf({ contentSecurityPolicy: "default-src 'self'" }))['content-security-policy'],
      "default-src 'self'",
    )
    for (const wrong of [
      { contentSecurityPolicy: { 'default-src': ['a; b'] } },
      { contentSecurityPolicy: { 'x y': [] } },
      { referrerPolicy: 'a\r\nb' },
      { contentSecurityPolicy: 'a\nb' },
    ])
      assert.throws(() => new App({ securityHeaders: wrong }).get('/', () => ''))
  })
})
