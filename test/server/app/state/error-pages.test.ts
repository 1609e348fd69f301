/** What pages for errors see of a client, and what they change: APP-97, APP-107, APP-111. */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { App, MemoryStore, Skitai, type Was } from '#src/server/index.js'
import { Browser, SECRET } from './browser.js'
import { distant } from './distant.js'

for (const [place, options] of [
  ['in the cookie', {}],
  ['in memory', { store: new MemoryStore() }],
  ['elsewhere', { store: distant(new MemoryStore()) }],
] as const)
  describe(`APP-97: the page for an error, with a session ${place}`, () => {
    it('sees the session and the messages as the request came, and what it changes itself counts', async () => {
      const app = new App({ secureKey: SECRET, session: options, securityHeaders: true })
      app.post('/sign-in', ({ session, mbox }) => {
        session.set('user', 'ada')
        return mbox.send('Welcome')
      })
      app.get('/fail', (was) => {
        was.session.set('user', 'eve')
        was.mbox.send('lost')
        was.cookie.set('lost', 1)
        return was.throw(418)
      })
      app.defaultErrorHandler(({ session, mbox, cspNonce }: Was) => {
        const pages = session.get('pages', 0) + 1
        session.set('pages', pages)
        return { user: session.get('user'), pages, messages: mbox.get().map(({ message }) => message), cspNonce }
      })
      const errors: unknown[] = []
      const engine = new Skitai({ log: false, onError: (error) => void errors.push(error) }).mount('/', app)
      const browser = new Browser(engine)
      await browser.ask({ path: '/sign-in', method: 'POST' })
      for (const [path, pages, messages] of [
        ['/fail', 1, ['Welcome']],
        ['/missing', 2, []],
        ['/fail', 3, []],
      ] as const) {
        const response = await browser.ask(path)
        const { cspNonce, ...page } = response.json() as { cspNonce: string }
        assert.deepEqual(page, { user: 'ada', pages, messages })
        assert.ok(response.headers.get('content-security-policy')!.includes(`'nonce-${cspNonce}'`))
      }
      assert.equal(browser.cookies.has('lost'), false)
      assert.deepEqual(errors, [])
    })
  })
