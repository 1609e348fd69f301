/** Rooms, and clients that are slow. */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { App, type CloseInfo, LocalRooms, type SocketOptions, WebSocketClosedError } from '#src/server/index.js'
import { signal } from './serving.js'
import { echo, text, twoCarriers } from './websocket-client.js'

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
    for (const { open } of await twoCarriers(app)) {
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
    for (const { name, open, server } of await twoCarriers(app)) {
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
    const [{ open }] = await twoCarriers(app)
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
    const [{ open, server }] = await twoCarriers(app)
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
    for (const { name, open } of await twoCarriers(app)) {
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
