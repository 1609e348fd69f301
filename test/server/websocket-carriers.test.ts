/** WebSockets behave the same over every version of HTTP. */

import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { App, type CloseInfo, type SocketWas } from '#src/server/index.js'
import { LogSinkText } from './log-sink.js'
import { carriers, text } from './websocket-client.js'

const closes: CloseInfo[] = []
let wasSeen: SocketWas | undefined

function appOf(): App {
  const app = new App({ debug: true })
  app.websocket('/echo', (_was, message) => message)
  app.websocket('/later', {}, async (_was, message) => Promise.resolve(`later ${String(message)}`))
  app.websocket('/json', { encoding: 'json' }, (_was, message) => ({ got: message }))
  app.websocket(
    '/pieces',
    { pieces: true },
    async (_was, message) => `${message.kind} ${(await message.bytes()).length}`,
  )
  app.websocket(
    '/hello/<int:n>?<name>',
    { onOpen: (was) => `hello ${was.websocket.params.name}` },
    (was, message, { n, name }) => {
      wasSeen = was as unknown as SocketWas
      return `${n + 1} ${name} ${String(message)}`
    },
  )
  app.websocket('/dedicate', { spec: 'DEDICATE' }, async (was) => {
    for await (const message of was.websocket) {
      if (message === 'end') break
      await was.websocket.send(`got ${String(message)}`)
    }
  })
  app.websocket('/room', { spec: 'GROUPCHAT' }, (was, message) =>
    message === 'me' ? ['only you', was.websocket.id] : `${was.websocket.room}: ${String(message)}`,
  )
  app.websocket('/fails', { onClose: (_was, info) => void closes.push(info) }, () => {
    throw new Error(`ä${'x'.repeat(121)}ö`)
  })
  app.websocket('/deflate', { deflate: { thresholdBytes: 0 } }, (_was, message) => message)
  app.websocket('/protocols', { protocols: ['b', 'a'] }, (was) => was.websocket.protocol)
  app.route('/plain', () => 'plain')
  return app
}

describe('WebSockets over every carrier', { timeout: 60_000 }, async () => {
  const log = new LogSinkText()
  const all = await carriers((engine) => engine.mount('/', appOf()), { log })
  after(() => log.end())

  for (const { name, server, open } of all)
    describe(name, () => {
      const status = name.startsWith('HTTP/2') ? 200 : 101

      it('echoes text and octets', async () => {
        const { link, status: got } = await open('/echo')
        assert.equal(got, status)
        link.write('hällo')
        link.write('')
        link.write(Uint8Array.of(1, 2, 3))
        assert.equal(await text(link), 'hällo')
        assert.equal(await text(link), '')
        assert.deepEqual([...((await link.receive()) as Uint8Array)], [1, 2, 3])
        assert.equal((await link.close(1000, 'bye')).code, 1000)
      })

      it('echoes more than all buffers hold, in order', async () => {
        const { link } = await open('/echo')
        const messages = Array.from({ length: 64 }, (_, i) => Buffer.alloc(100_000, i))
        const sending = (async () => {
          for (const message of messages) await link.send(message.slice())
        })()
        for (const message of messages) assert.deepEqual(Buffer.from((await link.receive()) as Uint8Array), message)
        await sending
        await link.close()
      })

      it('answers in order, whatever time it takes', async () => {
        const { link } = await open('/later')
        for (let i = 0; i < 100; i++) link.write(String(i))
        for (let i = 0; i < 100; i++) assert.equal(await text(link), `later ${i}`)
        await link.close()
      })

      it('gives parameters of path and query', async () => {
        const { link } = await open('/hello/41?name=Ann_Lee')
        assert.equal(await text(link), 'hello Ann_Lee')
        link.write('!')
        assert.equal(await text(link), '42 Ann_Lee !')
        assert.equal(wasSeen?.request.query.get('name'), 'Ann_Lee')
        await link.close()
      })

      it('speaks JSON', async () => {
        const { link } = await open('/json')
        link.write('{"a":[1]}')
        assert.equal(await text(link), '{"got":{"a":[1]}}')
        link.write('{')
        assert.deepEqual(await link.closed, { code: 1007, reason: 'not JSON', error: undefined })
      })

      it('refuses octets for JSON', async () => {
        const { link } = await open('/json')
        link.write(Uint8Array.of(0x7b))
        assert.equal((await link.closed).code, 1003)
      })

      it('reads messages in pieces', async () => {
        const { link } = await open('/pieces')
        link.write('abc')
        link.write(new Uint8Array(500_000))
        link.write('d')
        assert.equal(await text(link), 'text 3')
        assert.equal(await text(link), 'binary 500000')
        assert.equal(await text(link), 'text 1')
        await link.close()
      })

      it('gives a connection to a function of its own', async () => {
        const { link } = await open('/dedicate')
        link.write('a')
        assert.equal(await text(link), 'got a')
        link.write('end')
        assert.equal((await link.closed).code, 1000)
      })

      it('has rooms', async () => {
        const [a, b, other] = [await open('/room?room=1'), await open('/room?room=1'), await open('/room?room=2')]
        a.link.write('hi')
        assert.equal(await text(a.link), '1: hi')
        assert.equal(await text(b.link), '1: hi')
        other.link.write('me')
        assert.equal(await text(other.link), 'only you')
        await Promise.all([a.link.close(), b.link.close(), other.link.close()])
      })

      it('compresses where both want it', async () => {
        const { link, fields } = await open('/deflate', { deflate: {}, options: { thresholdBytes: 0 } })
        assert.match(fields.get('sec-websocket-extensions') ?? '', /^permessage-deflate/)
        link.write('a'.repeat(10_000))
        assert.equal(await text(link), 'a'.repeat(10_000))
        assert.ok(link.bytesReceived < 500)
        await link.close()
      })

      it('chooses the first subprotocol of its own that is offered', async () => {
        const { link, protocol } = await open('/protocols', { protocols: ['x', 'a', 'b'] })
        assert.equal(protocol, 'b')
        link.write('?')
        assert.equal(await text(link), 'b')
        await link.close()
        const none = await open('/protocols', { protocols: ['x'] })
        assert.equal(none.fields.has('sec-websocket-protocol'), false)
        await none.link.close()
      })

      it('closes with 1011 when a handler fails, and says why where debugging', async () => {
        closes.length = 0
        const { link } = await open('/fails')
        link.write('a')
        link.write('b')
        const info = await link.closed
        assert.equal(info.code, 1011)
        assert.equal(info.reason, `ä${'x'.repeat(121)}`)
        assert.equal(server.errors.length > 0, true)
      })

      it('refuses what is no WebSocket, or not there', async () => {
        assert.equal((await open('/plain')).status, 400)
        assert.equal((await open('/nothing')).status, 404)
        assert.equal((await open('/room')).status, 400)
        assert.equal((await open('/hello/x?name=a')).status, 404)
        assert.equal((await open('/hello/1')).status, 400)
      })

      it('leaves one line in the log', async () => {
        const { link } = await open('/echo?log=1')
        link.write('12345')
        await text(link)
        await link.close()
        const line = await log.line(/\/echo\?log=1/)
        assert.match(line, new RegExp(` (?:GET|CONNECT) /echo\\?log=1 \\S+ 19 ${status} 11 `))
        log.text = ''
      })
    })
})
