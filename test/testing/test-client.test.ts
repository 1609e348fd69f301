import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { App, Skitai } from '#src/server/index.js'
import { testClient } from '#src/testing/index.js'

const app = new App()
  .get('/set/<name>', (was, { name }) => {
    was.response.addHeader('set-cookie', `${name}=1; Path=/; HttpOnly`)
    was.response.addHeader('set-cookie', `deep=2; path=/deep`)
    return 'set'
  })
  .get('/drop', (was) => {
    was.response.addHeader('set-cookie', 'a=; Path=/; Max-Age=0')
    was.response.addHeader('set-cookie', 'deep=; Path=/deep; Expires=Thu, 01 Jan 1970 00:00:00 GMT')
    was.response.addHeader('set-cookie', 'malformed')
    return ''
  })
  .get('/here/default', (was) => (was.response.addHeader('set-cookie', 'here=1'), ''))
  .route('/<path:any>', async (was) => ({
    cookie: was.request.headers.get('cookie') ?? '',
    method: was.request.method,
    version: was.request.version,
    host: was.request.host,
    mine: was.request.headers.get('x-mine') ?? '',
    text: was.request.hasContent ? await was.request.text() : '',
  }))
  .get('/go/<int:status>', (was, { status }) => was.redirect('back?a=1', status))
  .get('/away', (was) => was.redirect('https://other.test/'))
  .post('/go', (was) => was.redirect('/x', 303))
  .post('/again', (was) => was.redirect('/x', 308))

for (const http2 of [false, true])
  describe(`a client for tests over HTTP/${http2 ? 2 : 1.1}`, () => {
    const client = testClient(app, { http2, headers: { 'x-mine': 'yes' }, authority: 'shop.test' })
    const cookies = async (path: string): Promise<string> =>
      ((await client.get(path)).json() as { cookie: string }).cookie

    it('sends what it is told, by all methods', async () => {
      const { method, version, host, mine, text } = (await client.put('/x', { a: 1 })).json() as Record<string, string>
      assert.deepEqual(
        [method, version, host, mine, text],
        ['PUT', http2 ? '2.0' : '1.1', 'shop.test', 'yes', '{"a":1}'],
      )
      for (const [sent, wanted] of [
        [client.post('/x', 'text'), 'POST'],
        [client.patch('/x'), 'PATCH'],
        [client.delete('/x', { headers: { 'x-mine': 'no' } }), 'DELETE'],
      ] as const)
        assert.equal(((await sent).json() as { method: string }).method, wanted)
      assert.equal((await client.head('/x')).status, 200)
    })

    it('keeps cookies for their paths', async () => {
      await client.get('/set/a')
      assert.deepEqual([client.cookie('a'), client.cookie('b'), await cookies('/x')], ['1', undefined, 'a=1'])
      assert.deepEqual([await cookies('/deep/er'), await cookies('/deeper')], ['deep=2; a=1', 'a=1'])
      await client.get('/here/default')
      assert.deepEqual([await cookies('/here/x?y=/'), await cookies('/her')], ['here=1; a=1', 'a=1'])
      await client.get('/drop')
      assert.equal(await cookies('/deep/er'), '')
      client.setCookie('b', '1')
      client.setCookie('b', '2')
      assert.equal(await cookies('/x'), 'b=2')
      client.clearCookies()
      assert.equal(await cookies('/here/x'), '')
    })

    it('follows redirections when it is told to', async () => {
      assert.equal((await client.get('/go/302')).status, 302)
      const follow = { redirectsMax: 3 }
      assert.equal(((await client.get('/go/302', follow)).json() as { method: string }).method, 'GET')
      assert.equal((await client.get('/away', follow)).status, 302)
      const seen = async (path: string): Promise<string[]> => {
        const { method, text } = (await client.post(path, 'text', follow)).json() as Record<string, string>
        return [method!, text!]
      }
      assert.deepEqual(
        [await seen('/go'), await seen('/again')],
        [
          ['GET', ''],
          ['POST', 'text'],
        ],
      )
      assert.equal((await client.get('/go/302', { redirectsMax: 0 })).status, 302)
    })
  })

describe('a client for tests', () => {
  it('works on an engine as on an app', async () => {
    const client = testClient(new Skitai({ log: false }).mount('/shop', app))
    assert.equal((await client.get('/shop/set/a')).text(), 'set')
    assert.equal(client.cookie('a'), '1')
  })
})
