/** WebSockets of an app: who is let in, what a handler can do, and how connections end. */

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { describe, it } from 'node:test'
import WebSocket from 'ws'
import {
  App,
  type CloseInfo,
  HttpError,
  LocalRooms,
  type SocketOptions,
  websocket,
  WebSocketClosedError,
} from '#src/server/index.js'
import { signal, Wire } from './serving.js'
import { type Carrier, carriers, text } from './websocket-client.js'

/** HTTP/1.1 and HTTP/2 to an engine with these apps. */
async function both(
  mount: App | ((engine: Parameters<Parameters<typeof carriers>[0]>[0]) => unknown),
): Promise<readonly [Carrier, Carrier]> {
  const all = await carriers((engine) => (mount instanceof App ? engine.mount('/', mount) : mount(engine)))
  return [all[0]!, all[2]!]
}

const echo = (_was: unknown, message: string | Uint8Array): string | Uint8Array => message

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
  const open = await both(app)

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
  const open = await both(app)

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
  const [{ server }] = await both((engine) =>
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
    assert.match(await wire.until(/\x81\x02hi$/), /s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=/)
    wire.send('\x88\x80\0\0\0\0')
    await wire.rest()
  })

  it('keeps an unmasked frame out, tells with 1002, and leaves nothing behind', async () => {
    const wire = await Wire.to(server.port)
    wire.send(`GET /socket HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\n${handshake}\r\n\r\n\x81\x02hi`)
    assert.match(await wire.rest(), /\x88.\x03\xea/)
    while (server.engine.connectionCount > 0) await new Promise(setImmediate)
  })
})

describe('a mounted WebSocket', { timeout: 30_000 }, async () => {
  const ends: unknown[] = []
  let returned = 0
  const talk = websocket({ protocols: (offered) => offered.at(-1) }, async function* (was) {
    try {
      const name = yield 'name?'
      if (name === undefined) return 'nobody hears'
      for (
        let message = yield `hello ${String(name)}`;
        ;
        message = yield `${was.websocket.protocol} ${String(message)}`
      ) {
        if (message === 'bye') return 'bye!'
        if (message === undefined) ends.push(message)
      }
    } finally {
      returned++
    }
  })
  const open = await both((engine) => engine.mount('/talk', talk))

  for (const { name, open: connect, server } of open) {
    it(`${name}: sends what it yields, and what it returns`, async () => {
      const { link, connection } = await connect('/talk/', { protocols: ['a', 'b'] })
      assert.equal(await text(link), 'name?')
      link.write('Ann')
      assert.equal(await text(link), 'hello Ann')
      link.write('x')
      assert.equal(await text(link), 'b x')
      link.write('bye')
      assert.equal(await text(link), 'bye!')
      assert.equal((await link.closed).code, 1000)
      connection.destroy()
    })

    it(`${name}: hears of the end once`, async () => {
      ends.length = 0
      const before = returned
      const { link, connection } = await connect('/talk/')
      link.write('Ann')
      link.write('x')
      await text(link)
      await link.close()
      connection.destroy()
      while (returned === before || server.engine.connectionCount > 0) await new Promise(setImmediate)
      assert.deepEqual(ends, [undefined])
      assert.deepEqual(server.errors, [])
    })
  }
})

describe('opening and closing', { timeout: 30_000 }, () => {
  it('comes in order, once, whatever the client does', async () => {
    const opened = signal()
    const seen: string[] = []
    const closed = signal<CloseInfo>()
    const app = new App()
    app.websocket(
      '/slow',
      {
        onOpen: async () => {
          seen.push('open')
          await opened.promise
          return 'greeting'
        },
        onClose: (was, info) => {
          seen.push('close')
          assert.equal(was.request.signal.aborted, true)
          closed.resolve(info)
        },
      },
      (_was, message) => void seen.push(String(message)),
    )
    const [{ open, server }] = await both(app)
    const { link, connection } = await open('/slow')
    link.write('early')
    connection.destroy(true)
    while (server.engine.connectionCount > 0) await new Promise(setImmediate)
    assert.deepEqual(seen, ['open'])
    opened.resolve()
    assert.equal((await closed.promise).code, 1006)
    assert.deepEqual(seen, ['open', 'close'])
    const other = await open('/slow')
    assert.equal(await text(other.link), 'greeting')
    other.link.write('message')
    assert.equal((await other.link.close(4000, 'mine')).code, 4000)
    while (server.engine.connectionCount > 0) await new Promise(setImmediate)
    assert.deepEqual(seen, ['open', 'close', 'open', 'message', 'close'])
    assert.deepEqual(server.errors, [])
  })

  it('reports what they throw', async () => {
    const app = new App()
    app.websocket('/open', { onOpen: () => Promise.reject(new Error('open')) }, echo)
    app.websocket(
      '/close',
      {
        onClose: () => {
          throw new Error('close')
        },
      },
      echo,
    )
    for (const { open, server } of await both(app)) {
      server.errors.length = 0
      assert.deepEqual(await (await open('/open')).link.closed, { code: 1011, reason: '', error: undefined })
      await (await open('/close')).link.close()
      while (server.errors.length < 2) await new Promise(setImmediate)
      assert.deepEqual(
        server.errors.map((error) => (error as Error).message),
        ['open', 'close'],
      )
    }
  })

  it('ends a connection that is silent for too long', async () => {
    const app = new App()
    app.websocket('/', { timeoutSeconds: 0.2 }, echo)
    for (const { open } of await both(app)) assert.equal((await (await open('/')).link.closed).code, 1001)
  })

  it('asks silent clients whether they are there', async () => {
    const app = new App()
    app.websocket('/', { heartbeatSeconds: 0.1 }, echo)
    const [{ server }] = await both(app)
    const client = new WebSocket(`ws://127.0.0.1:${server.port}/`)
    await once(client, 'ping')
    client.close()
    await once(client, 'close')
  })

  it('tells all with 1001, or 1012 for a restart, takes no new ones, and waits for their end', async () => {
    for (const restart of [false, true])
      for (const which of [0, 1] as const) {
        const app = new App()
        const late = signal()
        app.websocket('/', echo)
        const asked = signal()
        const authenticate = (): Promise<void> => {
          asked.resolve()
          return late.promise
        }
        app.websocket('/late', { authenticate }, echo)
        const { open, server } = (await both(app))[which]
        const [first, second] = [await open('/'), await open('/')]
        const refused = open('/late')
        await asked.promise
        const closing = server.engine.close({ restart })
        late.resolve()
        assert.equal((await first.link.closed).code, restart ? 1012 : 1001)
        assert.equal((await second.link.closed).code, restart ? 1012 : 1001)
        assert.equal((await refused).status, 503)
        await closing
        assert.equal(server.engine.connectionCount, 0)
      }
  })

  it('cuts those that do not close in time', async () => {
    const app = new App()
    app.websocket('/', echo)
    for (const which of [0, 1] as const) {
      const { open, server } = (await both(app))[which]
      const { connection } = await open('/')
      connection.pause()
      await server.engine.close({ timeoutMs: 50 })
      assert.equal(server.engine.connectionCount, 0)
    }
  })

  it('counts an upgraded connection, and forgets it with its client', async () => {
    const app = new App()
    app.websocket('/', echo)
    for (const { open, server } of await both(app)) {
      const { connection } = await open('/')
      assert.equal(server.engine.connectionCount, 1)
      connection.destroy()
      while (server.engine.connectionCount > 0) await new Promise(setImmediate)
    }
  })
})

describe('was.websocket', { timeout: 30_000 }, () => {
  it('sends and asks at any time, and streams large messages', async () => {
    const app = new App()
    let ids: number[] = []
    app.websocket(
      '/',
      {
        onOpen: async (was) => {
          ids.push(was.websocket.id)
          await was.websocket.send('one')
          await was.websocket.send(
            (async function* () {
              for (let i = 0; i < 100; i++) yield Buffer.alloc(10_000, i)
            })(),
          )
        },
      },
      async (was) => {
        assert.ok((await was.websocket.ping()) >= 0)
        assert.ok(was.websocket.bytesReceived > 0)
        return 'pong'
      },
    )
    for (const { open } of await both(app)) {
      ids = []
      const { link } = await open('/')
      assert.equal(await text(link), 'one')
      assert.equal(((await link.receive()) as Uint8Array).length, 1_000_000)
      link.write('?')
      assert.equal(await text(link), 'pong')
      await link.close()
      const other = await open('/')
      for (let i = 0; i < 2; i++) await other.link.receive()
      await other.link.close()
      assert.equal(ids.length, 2)
      assert.notEqual(ids[0], ids[1])
    }
  })

  it('refuses what cannot be sent', async () => {
    const app = new App()
    const refusals: unknown[] = []
    app.websocket('/', async (was) => {
      for (const what of [{}, 1, Symbol('x'), new Map()])
        await was.websocket.send(what as never).catch((error: unknown) => refusals.push((error as Error).name))
      await was.websocket.broadcast('x').catch((error: unknown) => refusals.push((error as Error).name))
      await was.websocket.send('x', 1).catch((error: unknown) => refusals.push((error as Error).name))
      await was.websocket.receive().catch((error: unknown) => refusals.push((error as Error).name))
      await was.websocket.close(1).catch((error: unknown) => refusals.push((error as Error).name))
    })
    const [{ open, server }] = await both(app)
    const { link } = await open('/')
    link.write('')
    assert.equal((await link.closed).code, 1011)
    assert.deepEqual(refusals, [...Array<string>(4).fill('TypeError'), ...Array<string>(4).fill('UsageError')])
    assert.equal(server.errors.length, 1)
  })

  it('rejects what is sent behind the end', async () => {
    const app = new App()
    const rejected = signal<unknown>()
    app.websocket(
      '/',
      {
        onClose: (was) => was.websocket.send('x').catch((error: unknown) => rejected.resolve(error)),
      },
      echo,
    )
    const [{ open }] = await both(app)
    await (await open('/')).link.close()
    assert.ok((await rejected.promise) instanceof WebSocketClosedError)
  })
})

describe('rooms', { timeout: 60_000 }, () => {
  it('hear of those who come and go, and know their clients', async () => {
    const rooms = new LocalRooms()
    const app = new App()
    app.websocket(
      '/chat/<room>',
      {
        spec: 'GROUPCHAT',
        rooms,
        onOpen: (was) => `+${was.websocket.clients.size}`,
        onClose: (was) => `-${was.websocket.clients.size}`,
      },
      async (was, message) => {
        const [first, last] = [...was.websocket.clients.values()]
        if (message === 'first') await first!.send('to you')
        if (message === 'id') await was.websocket.send('by id', last!.id)
        if (message === 'all') await was.websocket.broadcast('all of you')
        if (message === 'gone') return ['x', 0]
        return undefined
      },
    )
    for (const { open } of await both(app)) {
      const a = await open('/chat/x')
      assert.equal(await text(a.link), '+1')
      const b = await open('/chat/x')
      assert.equal(await text(a.link), '+2')
      assert.equal(await text(b.link), '+2')
      b.link.write('first')
      assert.equal(await text(a.link), 'to you')
      a.link.write('gone')
      a.link.write('id')
      assert.equal(await text(b.link), 'by id')
      a.link.write('all')
      assert.equal(await text(a.link), 'all of you')
      assert.equal(await text(b.link), 'all of you')
      await b.link.close()
      assert.equal(await text(a.link), '-1')
      assert.equal(rooms.size, 1)
      await a.link.close()
      while (rooms.size > 0) await new Promise(setImmediate)
    }
  })

  it('drop a client that takes nothing, and nobody else', async () => {
    const outputBytesMax = 1_000_000
    const closes: CloseInfo[] = []
    let most = 0
    const app = new App()
    app.websocket(
      '/',
      {
        spec: 'GROUPCHAT',
        limits: { outputBytesMax },
        onClose: (_was, info) => void closes.push(info),
      },
      (was) => {
        for (const { outputBytes } of was.websocket.clients.values()) most = Math.max(most, outputBytes)
        return Buffer.alloc(100_000)
      },
    )
    for (const { name, open, server } of await both(app)) {
      closes.length = 0
      most = 0
      const slow = await open('/?room=a')
      const quick = await open('/?room=a')
      slow.connection.pause()
      let count = 0
      // Sockets hold some megabytes themselves before anything waits here.
      while (closes.length === 0 && count < 1000) {
        quick.link.write('more')
        assert.equal(((await quick.link.receive()) as Uint8Array | undefined)?.length, 100_000, name)
        count++
      }
      assert.equal((closes[0]?.error as { code?: string } | undefined)?.code, 'WS_OUTPUT_TOO_LARGE', name)
      assert.ok(most <= outputBytesMax + 100_100, `${most}`)
      quick.link.write('still')
      assert.equal(((await quick.link.receive()) as Uint8Array).length, 100_000)
      await quick.link.close()
      assert.deepEqual(server.errors, [])
    }
  })

  it('can be elsewhere', async () => {
    const local = new LocalRooms()
    const later = async <Value>(value: Value): Promise<Value> => {
      await new Promise(setImmediate)
      return value
    }
    const rooms: SocketOptions['rooms'] = {
      join: async (name, member) => {
        const room = await local.join(await later(name), member)
        return {
          name,
          clients: new Map(),
          broadcast: async (message) => room.broadcast(await later(message)),
          sendTo: async (id, message) => room.sendTo(await later(id), message),
        }
      },
      leave: async (name, member) => local.leave(await later(name), member),
    }
    const app = new App()
    app.websocket('/', { spec: 'GROUPCHAT', rooms, encoding: 'json' }, async (was, message) => {
      if (message === 'id') await was.websocket.send({ by: 'id' }, was.websocket.id)
      if (message === 'nobody') await assert.rejects(was.websocket.send('x', 0), WebSocketClosedError)
      return message === 'me' ? [{ to: 'me' }, was.websocket.id] : { message }
    })
    const [{ open }] = await both(app)
    const { link } = await open('/?room=1')
    for (const message of ['"id"', '"nobody"', '"me"']) link.write(message)
    assert.equal(await text(link), '{"by":"id"}')
    assert.equal(await text(link), '{"message":"id"}')
    assert.equal(await text(link), '{"message":"nobody"}')
    assert.equal(await text(link), '{"to":"me"}')
    await link.close()
    while (local.size > 0) await new Promise(setImmediate)
  })

  it('go with a client that leaves while it joins', async () => {
    const local = new LocalRooms()
    const joining = signal()
    const joined = signal()
    const app = new App()
    const rooms: SocketOptions['rooms'] = {
      join: async (name, member) => {
        joined.resolve()
        await joining.promise
        return local.join(name, member)
      },
      leave: (name, member) => local.leave(name, member),
    }
    app.websocket('/', { spec: 'GROUPCHAT', rooms }, echo)
    const [{ open, server }] = await both(app)
    const { connection } = await open('/?room=1')
    await joined.promise
    connection.destroy()
    while (server.engine.connectionCount > 0) await new Promise(setImmediate)
    joining.resolve()
    await new Promise(setImmediate)
    assert.equal(local.size, 0)
  })
})

describe('a slow client', { timeout: 60_000 }, () => {
  it('is not read from while it does not read its replies', async () => {
    let most = 0
    const app = new App()
    app.websocket('/', (was, message) => {
      most = Math.max(most, was.websocket.outputBytes)
      return message
    })
    for (const { name, open } of await both(app)) {
      most = 0
      const { link, connection } = await open('/')
      connection.pause()
      let sent = 0
      const sending = (async () => {
        for (; sent < 600; sent++) await link.send(new Uint8Array(100_000))
      })()
      let before = -1
      // Both ends hold what they can; then nothing moves any more.
      for (let still = 0; still < 20; still = before === sent ? still + 1 : 0) {
        before = sent
        await new Promise((resolve) => setTimeout(resolve, 10))
      }
      assert.ok(sent < 600, name)
      assert.ok(most < 1_000_000, `${name} ${most}`)
      connection.resume()
      for (let i = 0; i < 600; i++) assert.equal(((await link.receive()) as Uint8Array).length, 100_000)
      await sending
      await link.close()
    }
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
    const [{ open }] = await both(app)
    const { link } = await open('/d?s=')
    link.write('')
    assert.equal(await text(link), '7 1.5 ')
    await link.close()
    assert.equal((await open('/d/1?x=a&s=')).status, 400)
    assert.equal((await open('/d/1?x=2')).status, 400)
  })
})
