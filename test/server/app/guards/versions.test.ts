/** What is remembered and guarded is the same over HTTP/1.1 and HTTP/2. */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { App } from '#src/server/index.js'
import { SECRET } from '../state/browser.js'

const app = new App({
  secureKey: SECRET,
  csrf: true,
  cors: { origins: 'https://app.example' },
  securityHeaders: true,
  rateLimit: { limit: 1000, windowSeconds: 1 },
})
  .get('/', (was) => {
    was.session.set('a', 1)
    was.mbox.send('hi')
    was.cookie.set('c', 2)
    return was.csrfToken
  })
  .post('/', async (was) => [
    was.session.get('a'),
    was.cookie.get('c'),
    was.mbox.get().length,
    [...(await was.request.form()).getAll('x')],
  ])

for (const http2 of [false, true])
  describe(http2 ? 'over HTTP/2' : 'over HTTP/1.1', () => {
    it('cookies come back, in one line or several', async () => {
      const page = await app.inject({ http2 })
      const pairs = page.headers.getAll('set-cookie').map((line) => line.split(';')[0]!)
      assert.deepEqual(
        pairs.map((pair) => pair.split('=')[0]),
        ['c', 'session', 'mbox'],
      )
      const body = new URLSearchParams({ x: '1', _csrf_token: page.text() })
      for (const headers of [[['cookie', pairs.join('; ')]], pairs.map((pair) => ['cookie', pair])] as [
        string,
        string,
      ][][]) {
        const response = await app.inject({ http2, body, headers })
        assert.deepEqual(response.json(), [1, '2', 1, ['1']])
      }
    })

    it('a preflight is answered, and a guard refuses', async () => {
      const headers = { origin: 'https://app.example', 'access-control-request-method': 'POST' }
      const preflight = await app.inject({ http2, method: 'OPTIONS', headers })
      assert.deepEqual(
        [preflight.status, preflight.headers.get('access-control-allow-origin')],
        [204, 'https://app.example'],
      )
      const forged = await app.inject({ http2, method: 'POST', headers: { origin: 'https://evil.example' } })
      assert.deepEqual([forged.status, forged.headers.get('x-frame-options')], [403, 'SAMEORIGIN'])
    })
  })
