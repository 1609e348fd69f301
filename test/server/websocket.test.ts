/** WebSockets of an app: what a handler can do, and how connections begin and end. */

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { describe, it } from 'node:test'
import WebSocket from 'ws'
import { App, type CloseInfo, websocket, WebSocketClosedError } from '#src/server/index.js'
import { signal } from './serving.js'
import { echo, text, twoCarriers } from './websocket-client.js'

describe('a mounted WebSocket', { timeout: 30_000 }, async () => {
  const ends: unknown[] = []
  let returned = signal()
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
      returned.resolve()
    }
  })
  const open = await twoCarriers((engine) => engine.mount('/talk', talk))

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
      returned = signal()
      const { link, connection } = await connect('/talk/')
      link.write('Ann')
      link.write('x')
      await text(link)
      await link.close()
      connection.destroy()
      await returned.promise
      while (server.engine.connectionCount > 0) await new Promise(setImmediate)
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
    const [{ open, server }] = await twoCarriers(app)
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
    for (const { open, server } of await twoCarriers(app)) {
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
    for (const { open } of await twoCarriers(app)) assert.equal((await (await open('/')).link.closed).code, 1001)
  })

  it('asks silent clients whether they are there', async () => {
    const app = new App()
    app.websocket('/', { heartbeatSeconds: 0.1 }, echo)
    const [{ server }] = await twoCarriers(app)
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
        const { open, server } = (await twoCarriers(app))[which]
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
      const { open, server } = (await twoCarriers(app))[which]
      const { connection } = await open('/')
      connection.pause()
      await server.engine.close({ timeoutMs: 50 })
      assert.equal(server.engine.connectionCount, 0)
    }
  })

  it('sees a client that breaks off, once; over HTTP/2 the connection lives on', async () => {
    const app = new App()
    const closes: CloseInfo[] = []
    let gone = signal()
    const onClose = (_was: unknown, info: CloseInfo): void => {
      closes.push(info)
      gone.resolve()
    }
    app.websocket('/', { onClose }, echo)
    for (const { name, open, server } of await twoCarriers(app)) {
      closes.length = 0
      gone = signal()
      const { link, connection } = await open('/')
      link.write('x')
      await text(link)
      link.terminate()
      await gone.promise
      assert.equal(server.engine.connectionCount, name === 'HTTP/2' ? 1 : 0)
      connection.destroy()
      while (server.engine.connectionCount > 0) await new Promise(setImmediate)
      assert.deepEqual(
        closes.map(({ code }) => code),
        [1006],
      )
      assert.notEqual(closes[0]!.error, undefined)
      assert.deepEqual(server.errors, [])
    }
  })

  it('answers Ping, and hears Close, while a handler is busy', async () => {
    const app = new App()
    const seen: string[] = []
    const busy = signal()
    const closed = signal()
    const onClose = (): void => {
      seen.push('closed')
      closed.resolve()
    }
    app.websocket('/', { onClose }, async (was, message) => {
      await busy.promise
      seen.push(String(message))
      assert.equal(was.request.signal.aborted, true)
    })
    const [{ open }] = await twoCarriers(app)
    const { link } = await open('/')
    link.write('1')
    link.write('2')
    assert.ok((await link.ping()) >= 0)
    await link.close()
    busy.resolve()
    await closed.promise
    assert.deepEqual(seen, ['1', '2', 'closed'])
  })

  it('holds a client that sends more than is handled', async () => {
    const app = new App()
    const busy = signal()
    let count = 0
    app.websocket('/', async () => {
      await busy.promise
      count++
    })
    const [{ open }] = await twoCarriers(app)
    const { link } = await open('/')
    for (let i = 0; i < 1000; i++) link.write(new Uint8Array(10_000))
    const closed = link.close()
    busy.resolve()
    await closed
    assert.equal(count, 1000)
  })

  it('counts an upgraded connection, and forgets it with its client', async () => {
    const app = new App()
    app.websocket('/', echo)
    for (const { open, server } of await twoCarriers(app)) {
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
    for (const { open } of await twoCarriers(app)) {
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
    const [{ open, server }] = await twoCarriers(app)
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
    const [{ open }] = await twoCarriers(app)
    await (await open('/')).link.close()
    assert.ok((await rejected.promise) instanceof WebSocketClosedError)
  })
})
