/** Tokens, forged requests, the order of commits: APP-113, APP-116 to APP-118, SECURITY 52. */

import assert from 'node:assert/strict'
import { after, beforeEach, describe, it, mock } from 'node:test'
import { App, int, Skitai, str, type Was } from '#src/server/index.js'
import { Browser, SECRET } from './browser.js'

beforeEach(() => {
  mock.timers.reset()
  mock.timers.enable({ apis: ['Date'], now: Date.UTC(2026, 0, 1) })
})
after(() => mock.timers.reset())

function bench(): { browser: Browser; run: (step: (was: Was) => unknown) => Promise<unknown> } {
  let current: (was: Was) => unknown = () => null
  const app = new App({ secureKey: SECRET }).get('/', async (was) => ({ value: (await current(was)) ?? null }))
  const browser = new Browser(new Skitai({ log: false, onError: () => {} }).mount('/', app))
  const run = async (step: typeof current): Promise<unknown> => {
    current = step
    const response = await browser.ask('/')
    return response.status === 200 ? (response.json() as { value: unknown }).value : response.status
  }
  return { browser, run }
}

describe('APP-117: was.mktoken', () => {
  it('holds a value that only we can read, until it expires', async () => {
    const { run, browser } = bench()
    const value = { user: 5, next: '/ä', list: [null, 'x'] }
    const token = String(await run((was) => was.mktoken(value)))
    assert.match(token, /^[\w-]+$/)
    assert.ok(!Buffer.from(token, 'base64url').includes('user'))
    assert.deepEqual(await run((was) => was.detoken(token)), value)
    assert.equal(browser.cookies.size, 0)
    mock.timers.tick(1200_000)
    assert.equal(await run((was) => was.detoken(token)), null)
  })

  it('can be bound to the session, and is revoked there (APP-118)', async () => {
    const { run } = bench()
    const token = String(await run((was) => was.mktoken('reset', 60, 'reset')))
    const other = bench()
    assert.equal(await other.run((was) => was.detoken(token)), null)
    assert.equal(await run((was) => was.detoken(token)), 'reset')
    assert.deepEqual(await run((was) => [was.rmtoken(token), was.detoken(token) ?? null, was.rmtoken(token)]), [
      true,
      null,
      false,
    ])
    assert.equal(await run((was) => was.detoken(token)), null)
    const second = String(await run((was) => was.mktoken('a', 60, 'key')))
    await run((was) => was.mktoken('b', 60, 'key'))
    assert.equal(await run((was) => was.detoken(second)), null)
    const free = String(await run((was) => was.mktoken('a')))
    assert.equal(await run((was) => was.rmtoken(free)), false)
  })

  it('says what it cannot hold', async () => {
    const { run } = bench()
    assert.equal(await run((was) => was.mktoken(undefined)), 500)
    assert.equal(await run((was) => was.mktoken(1, 0)), 500)
  })
})

describe('APP-118: was.detoken', () => {
  it('gives nothing for what is no token of ours', async () => {
    const { run } = bench()
    const session = await run((was) => (was.session.set('a', 1), was.mktoken('x')))
    for (const token of [
      '',
      'x',
      String(session).slice(1),
      `${String(session)}A`,
      undefined as unknown as string,
      '{}',
    ])
      assert.equal(await run((was) => was.detoken(token)), null)
  })
})

describe('APP-116: tokens against forged requests', () => {
  const app = new App({ secureKey: SECRET })
    .get('/', (was) => was.csrfToken)
    .get('/form', (was) => was.csrfTokenInput)
    .post('/once', async (was) => [await was.csrfVerify()])
    .post('/keep', async (was) => [await was.csrfVerify(true)])
  const post = async (browser: Browser, path: string, token?: string): Promise<unknown> => {
    const body = new URLSearchParams(token === undefined ? {} : { _csrf_token: token })
    return (await browser.ask({ path, body })).json()
  }

  it('are in a form or in a header, and good once unless they are kept', async () => {
    const browser = new Browser(app)
    const token = await browser.text('/')
    assert.deepEqual(await post(browser, '/keep', token), [true])
    assert.deepEqual(
      (await browser.ask({ path: '/keep', method: 'POST', headers: { 'X-CSRF-Token': token } })).json(),
      [true],
    )
    assert.deepEqual(await post(browser, '/once', token), [true])
    assert.deepEqual(await post(browser, '/once', token), [false])
  })

  it('are refused when they are missing, changed, or of another session', async () => {
    const browser = new Browser(app)
    const token = await browser.text('/')
    const foreign = await new Browser(app).text('/')
    for (const other of [undefined, '', 'x', foreign, token.slice(1), `A${token}`, token.repeat(2)])
      assert.deepEqual(await post(browser, '/keep', other), [false])
    assert.deepEqual(await post(new Browser(app), '/keep', token), [false])
    const json = await browser.ask({ path: '/keep', body: { _csrf_token: token } })
    assert.deepEqual(json.json(), [false])
    const malformed = { path: '/keep', body: '_csrf_token=%zz%', headers: { 'content-type': 'multipart/form-data' } }
    assert.deepEqual((await browser.ask(malformed)).json(), [false])
  })

  it('look different each time, so that compression tells nothing (SECURITY 52)', async () => {
    const browser = new Browser(app)
    const tokens = [await browser.text('/'), await browser.text('/'), await browser.text('/')]
    assert.equal(new Set(tokens).size, 3)
    for (const token of tokens) assert.deepEqual(await post(browser, '/keep', token), [true])
    for (let at = 0; at < 20; at++)
      assert.ok(new Set(tokens.map((token) => token.slice(at, at + 4))).size > 1, `the same text at ${at}`)
  })

  it('come as a hidden field', async () => {
    assert.match(await new Browser(app).text('/form'), /^<input type="hidden" name="_csrf_token" value="[\w-]{43}">$/)
  })

  it('stand in a form beside what a route declares', async () => {
    const declared = new App({ secureKey: SECRET, csrf: true })
      .get('/', (was) => was.csrfToken)
      .route('/add', { methods: ['POST'], body: { num: int(), name: str() } }, (_was, { num, name }) => [num, name])
    const browser = new Browser(declared)
    const token = await browser.text('/')
    const body = new URLSearchParams({ num: '5', name: 'x', _csrf_token: token })
    assert.deepEqual((await browser.ask({ path: '/add', body })).json(), [5, 'x'])
  })
})

describe('APP-113: changes are written down', () => {
  it('session first, then messages, then cookies', async () => {
    const { browser, run } = bench()
    await run((was) => {
      was.cookie.set('last', 1)
      was.mbox.send('second')
      was.session.set('first', 1)
    })
    assert.deepEqual([...browser.cookies.keys()], ['last', 'session', 'mbox'])
  })
})
