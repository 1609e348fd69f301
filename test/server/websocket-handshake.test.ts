/** WebSockets of an app: who is let in, and what is no handshake. */

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { describe, it } from 'node:test'
import { App, HttpError, websocket } from '#src/server/index.js'
import { Wire } from './serving.js'
import { echo, text, twoCarriers } from './websocket-client.js'

describe('the origin of a WebSocket', { timeout: 30_000 }, async () => {
  const app = new App()
  app.websocket('/same', echo)
  app.websocket('/any', { origin: '*' }, echo)
  app.websocket('/listed', { origin: ['https://a.example', 'http://b.example:8080'] }, echo)
  app.websocket(
    '/asked',
    { origin: (origin, was) => origin === 'https://a.example' && was.request.path === '/asked' },
    echo,
  )
  const open = await twoCarriers(app)

  const cases: readonly (readonly [string, string, string, boolean])[] = [
    ['/same', 'example.com', 'https://example.com', true],
    ['/same', 'example.com', 'http://EXAMPLE.com:80', true],
    ['/same', 'example.com:443', 'https://example.com', true],
    ['/same', 'example.com:8080', 'https://example.com:8080', true],
    ['/same', '[::1]:8080', 'http://[::1]:8080', true],
    ['/same', 'example.com', 'https://example.com:8443', false],
    ['/same', 'example.com:8080', 'https://example.com', false],
    ['/same', 'example.com', 'https://example.com.evil.example', false],
    ['/same', 'example.com', 'https://evil.example', false],
    ['/same', 'example.com', 'null', false],
    ['/same', 'example.com', 'file://', false],
    ['/any', 'example.com', 'https://evil.example', true],
    ['/listed', 'example.com', 'https://a.example', true],
    ['/listed', 'example.com', 'http://B.example:8080', true],
    ['/listed', 'example.com', 'http://a.example', false],
    ['/listed', 'example.com', 'null', false],
    ['/listed', 'example.com', 'https://example.com', false],
    ['/asked', 'example.com', 'https://a.example', true],
    ['/asked', 'example.com', 'https://b.example', false],
  ]
  for (const { name, open: connect } of open)
    for (const [path, host, origin, allowed] of cases)
      it(`${name}: ${path} at ${host} ${allowed ? 'lets' : 'does not let'} ${origin} in`, async () => {
        const { status, link } = await connect(path, { host, fields: ['Origin', origin] })
        assert.equal(status < 300, allowed)
        if (!allowed) assert.equal(status, 403)
        else await link.close()
      })

  it('does not count where there is none', async () => {
    for (const { open: connect } of open) await (await connect('/listed')).link.close()
  })

  it('refuses two', async () => {
    for (const { open: connect } of open) {
      const fields = ['Origin', 'https://example.com', 'Origin', 'https://example.com']
      assert.equal((await connect('/same', { host: 'example.com', fields })).status, 403)
    }
  })
})

describe('letting clients in', { timeout: 30_000 }, async () => {
  const app = new App()
  app.websocket(
    '/token',
    {
      authenticate: async (was) => {
        was.g['user'] = 'ann'
        was.response.setHeader('Set-Cookie', 'a=b')
        was.response.setHeader('Upgrade', 'nothing')
        await Promise.resolve()
        return was.request.getHeader('authorization') === 'Bearer good'
      },
    },
    (was) => String(was.g['user']),
  )
  app.websocket(
    '/throws',
    {
      authenticate: () => {
        throw new HttpError(402)
      },
    },
    echo,
  )
  app.websocket(
    '/breaks',
    {
      authenticate: () => {
        throw new Error('no')
      },
    },
    echo,
  )
  app.websocket('/nothing', { authenticate: () => {} }, echo)
  const open = await twoCarriers(app)

  for (const { name, open: connect, server } of open) {
    it(`${name}: lets in who has shown who they are, and keeps what was found out`, async () => {
      const { link, fields } = await connect('/token', { fields: ['Authorization', 'Bearer good'] })
      assert.equal(fields.get('set-cookie'), 'a=b')
      link.write('who')
      assert.equal(await text(link), 'ann')
      await link.close()
    })

    it(`${name}: tells who has shown something wrong, and nobody else, what is wanted`, async () => {
      const wrong = await connect('/token', { fields: ['Authorization', 'Bearer bad'] })
      assert.equal(wrong.status, 401)
      assert.equal(wrong.fields.get('www-authenticate'), 'Bearer realm="skitai"')
      const without = await connect('/token')
      assert.equal(without.status, 403)
      assert.equal(without.fields.has('www-authenticate'), false)
    })

    it(`${name}: answers what is thrown`, async () => {
      assert.equal((await connect('/throws')).status, 402)
      server.errors.length = 0
      assert.equal((await connect('/breaks')).status, 500)
      assert.equal(server.errors.length, 1)
    })

    it(`${name}: takes no answer for yes`, async () => {
      await (await connect('/nothing')).link.close()
    })
  }
})

describe('requests that are no handshake', { timeout: 30_000 }, async () => {
  const app = new App()
  app.websocket('/socket', echo)
  app.websocket('/both', echo)
  app.get('/both', () => 'plain')
  const [{ server }] = await twoCarriers((engine) =>
    engine
      .mount('/', app)
      .mount('/function', () => 'plain')
      .mount(
        '/talk',
        websocket({}, async function* () {}),
      ),
  )

  const ask = async (lines: string): Promise<string> => {
    const wire = await Wire.to(server.port)
    wire.send(`${lines}\r\nHost: a\r\nConnection: close\r\n\r\n`)
    return wire.rest()
  }
  const handshake = 'Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='

  it('plain ones get 426', async () => {
    for (const path of ['/socket', '/talk/']) {
      const answer = await ask(`GET ${path} HTTP/1.1`)
      assert.match(answer, /^HTTP\/1.1 426 /)
      assert.match(answer, /\r\nupgrade: websocket\r\n/i)
      assert.match(answer, /\r\nConnection: close, upgrade\r\n/i)
    }
    assert.match(await ask('HEAD /socket HTTP/1.1'), /^HTTP\/1.1 426 /)
    assert.match(await ask('POST /socket HTTP/1.1'), /^HTTP\/1.1 405 [^]*allow: GET, OPTIONS/i)
    assert.match(await ask('OPTIONS /socket HTTP/1.1'), /^HTTP\/1.1 204 [^]*allow: GET, OPTIONS/i)
    assert.match(await ask('GET /both HTTP/1.1'), /^HTTP\/1.1 200 /)
  })

  it('malformed ones get 400 or 426, ones with content 400', async () => {
    const upgrade = 'GET /socket HTTP/1.1\r\nHost: a\r\nConnection: upgrade'
    const wire = async (lines: string): Promise<string> => {
      const { socket } = await Wire.to(server.port).then((made) =>
        Object.assign(made, { sent: made.send(`${lines}\r\n\r\n`) }),
      )
      const [chunk] = (await once(socket, 'data')) as [Buffer]
      socket.destroy()
      return chunk.toString('latin1')
    }
    assert.match(await wire(`${upgrade}\r\nUpgrade: websocket`), /^HTTP\/1.1 426 [^]*sec-websocket-version: 13/i)
    assert.match(await wire(`${upgrade}\r\n${handshake.replace('b25', '')}`), /^HTTP\/1.1 400 /)
    assert.match(await wire(`GET /socket HTTP/1.1\r\nHost: a\r\n${handshake}`), /^HTTP\/1.1 426 /)
    assert.match(await wire(`${upgrade}\r\n${handshake}\r\nContent-Length: 1`), /^HTTP\/1.1 400 /)
    assert.match(await wire(`${upgrade.replace('/socket', '/function/x')}\r\n${handshake}`), /^HTTP\/1.1 400 /)
    assert.match(await wire(`${upgrade.replace('/socket', '/talk')}\r\n${handshake}`), /^HTTP\/1.1 308 /)
  })

  it('goes on with what came behind the handshake', async () => {
    const wire = await Wire.to(server.port)
    wire.send(`GET /socket HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\n${handshake}\r\n\r\n`)
    wire.send('\x81\x82\0\0\0\0hi')
    assert.match(await wire.until(/hi$/), /s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=/)
    wire.send('\x88\x80\0\0\0\0')
    await wire.rest()
  })

  it('keeps an unmasked frame out, tells with 1002, and leaves nothing behind', async () => {
    const wire = await Wire.to(server.port)
    wire.send(`GET /socket HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\n${handshake}\r\n\r\n\x81\x02hi`)
    const frame = (await wire.rest()).split('\r\n\r\n')[1]!
    assert.equal(frame[0], '\x88')
    assert.equal(frame.slice(2, 4), '\x03\xea')
    while (server.engine.connectionCount > 0) await new Promise(setImmediate)
  })
})

describe('options of a WebSocket', () => {
  it('are checked when it is added', () => {
    const app = new App()
    const add = (options: object, rule = '/x'): void => void app.websocket(rule, options as never, echo as never)
    assert.throws(() => add({ spec: 'OTHER' }), TypeError)
    assert.throws(() => add({ encoding: 'xml' }), TypeError)
    assert.throws(() => add({ encoding: 'json', pieces: true }), TypeError)
    assert.throws(() => add({ protocols: ['a b'] }), TypeError)
    assert.throws(() => add({ timeoutSeconds: 0 }), TypeError)
    assert.throws(() => add({ heartbeatSeconds: -1 }), TypeError)
    assert.throws(() => add({ deflate: { serverMaxWindowBits: 7 } }), { code: 'WS_WINDOW_BITS' })
    assert.throws(() => add({ limits: { nothing: 1 } }), { code: 'WS_LIMIT' })
    assert.throws(() => add({}, '/x?a'), TypeError)
    assert.throws(() => add({}, '/<a>?<a>'), TypeError)
    assert.throws(() => add({}, '/?<a>&<int:a>'), TypeError)
    assert.throws(() => app.websocket('/x', {}, 'x' as never), TypeError)
    add({ heartbeatSeconds: false, deflate: true })
    assert.throws(() => add({}), TypeError)
  })

  it('has defaults for what an address leaves out', async () => {
    const app = new App()
    app.websocket(
      '/d/<int:n>?<float:x>&<s>',
      { defaults: { n: 7, x: 1.5 } },
      (_was, _message, { n, x, s }) => `${n} ${x} ${s}`,
    )
    const [{ open }] = await twoCarriers(app)
    const { link } = await open('/d?s=')
    link.write('')
    assert.equal(await text(link), '7 1.5 ')
    await link.close()
    assert.equal((await open('/d/1?x=a&s=')).status, 400)
    assert.equal((await open('/d/1?x=2')).status, 400)
  })
})
