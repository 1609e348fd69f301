/** The client of WebSocket over HTTP/1.1, against `ws`, and against servers that do not do what they should. */

import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import type { Socket } from 'node:net'
import { after, describe, it } from 'node:test'
import {
  type ClientWebSocket,
  type CloseInfo,
  type Message,
  TransportError,
  UnexpectedResponseError,
  websocket,
  WebSocketClosedError,
} from '#src/io/client/index.js'
import { sha1 } from '#src/io/index.js'
import { acceptValue } from '#src/protocols/websocket/index.js'
import { makeCertificate } from './certificate.js'
import { echo, type Peer, tcpPeer, wsPeer } from './websocket-peers.js'

const peers: Peer[] = []
after(() => {
  for (const peer of peers) peer.close()
})
const kept = async (peer: Promise<Peer>): Promise<Peer> => {
  peers.push(await peer)
  return peer
}

/** A message as a text, for comparison. */
const text = (message: Message | undefined | object): string =>
  typeof message === 'string' ? message : Buffer.from(message as Uint8Array).toString('latin1')

const closeOf = (socket: ClientWebSocket): Promise<CloseInfo> => socket.close()

describe('a WebSocket client', () => {
  it('sends and gets texts and octets, and closes in order', async () => {
    const { url } = await kept(wsPeer())
    const socket = await websocket(url)
    assert.deepEqual([socket.open, socket.protocol, socket.compressed], [true, '', false])
    await socket.send('Grüße 🌍')
    assert.equal(await socket.receive(), 'Grüße 🌍')
    await socket.send(Uint8Array.of(0, 1, 255))
    assert.deepEqual(Buffer.from((await socket.receive()) as Uint8Array), Buffer.of(0, 1, 255))
    assert.ok((await socket.ping()) >= 0)
    assert.deepEqual(await socket.close(1000, 'done'), { code: 1000, reason: 'done', error: undefined })
    assert.equal(socket.open, false)
    assert.equal(await socket.receive(), undefined)
    await assert.rejects(socket.send('late'), WebSocketClosedError)
  })

  it('gives what comes right behind the answer, and the reason of the end', async () => {
    const { url } = await kept(
      wsPeer({}, (socket) => {
        for (let i = 0; i < 5; i++) socket.send(`message ${i}`)
        socket.close(4001, 'enough')
      }),
    )
    const socket = await websocket(url)
    const seen: string[] = []
    for await (const message of socket) seen.push(text(message))
    assert.deepEqual(seen, ['message 0', 'message 1', 'message 2', 'message 3', 'message 4'])
    assert.deepEqual(await socket.closed, { code: 4001, reason: 'enough', error: undefined })
  })

  it('carries large messages both ways, whole and in pieces', async () => {
    const { url } = await kept(wsPeer())
    const large = Buffer.alloc(900_000, 'abcdefg')
    const socket = await websocket(url)
    await socket.send(large)
    assert.deepEqual(Buffer.from((await socket.receive()) as Uint8Array), large)
    await closeOf(socket)
    const streaming = await websocket(url, { pieces: true })
    await streaming.send([large.subarray(0, 500_000), large.subarray(500_000)])
    const message = (await streaming.receive()) as AsyncIterable<Uint8Array>
    const pieces: Uint8Array[] = []
    for await (const piece of message) pieces.push(piece)
    assert.deepEqual(Buffer.concat(pieces), large)
    await closeOf(streaming)
  })

  it('offers subprotocols, and says which one was chosen', async () => {
    const handleProtocols = (offered: Set<string>): string | false => (offered.has('two') ? 'two' : false)
    const { url } = await kept(wsPeer({ handleProtocols }))
    const socket = await websocket(url, { protocols: ['one', 'two'] })
    assert.equal(socket.protocol, 'two')
    assert.equal(socket.fields.get('upgrade'), 'websocket')
    await closeOf(socket)
    const other = await websocket(url, { protocols: 'two' })
    assert.equal(other.protocol, 'two')
    await closeOf(other)
  })

  it('sends the fields that it is given, and credentials of the URL', async () => {
    const seen: NodeJS.Dict<string | string[]>[] = []
    const { port } = await kept(wsPeer({}, (_socket, fields) => void seen.push(fields)))
    const forms = [
      { origin: 'https://a.test', cookie: ['a=1', 'b=2'] },
      new Headers({ origin: 'https://a.test', cookie: 'a=1; b=2' }),
      new Map([
        ['Origin', 'https://a.test'],
        ['Cookie', 'a=1; b=2'],
      ]),
    ]
    for (const headers of forms) {
      const socket = await websocket(`http://us%20er:p%C3%A4ss@127.0.0.1:${port}/x?y=1#z`, { headers })
      await closeOf(socket)
    }
    for (const { origin, cookie, authorization, host } of seen) {
      assert.deepEqual([origin, cookie, host], ['https://a.test', 'a=1; b=2', `127.0.0.1:${port}`])
      assert.equal(authorization, `Basic ${Buffer.from('us er:päss').toString('base64')}`)
    }
    assert.equal(seen.length, 3)
  })

  it('gives its messages to a listener', async () => {
    const { url } = await kept(wsPeer())
    const seen: string[] = []
    const ended: CloseInfo[] = []
    const listener = {
      onMessage: (message: Message) => void seen.push(text(message)),
      onClosed: (info: CloseInfo) => void ended.push(info),
    }
    const socket = await websocket(url, { listener })
    for (let i = 0; i < 100; i++) socket.write(String(i))
    while (seen.length < 100) await new Promise((resolve) => setImmediate(resolve))
    assert.throws(() => socket.receive(), { code: 'WS_LISTENER' })
    await closeOf(socket)
    assert.deepEqual(
      ended.map(({ code }) => code),
      [1000],
    )
    assert.deepEqual(
      seen,
      Array.from({ length: 100 }, (_, i) => String(i)),
    )
  })

  it('lets its caller wait for a peer that does not read', async () => {
    let slow: Socket | undefined
    const { url } = await kept(
      wsPeer({}, (socket) => {
        socket.pause()
        slow = (socket as unknown as { _socket: Socket })._socket
        echo(socket)
      }),
    )
    const socket = await websocket(url)
    let sent = 0
    let waits = false
    const sending = (async () => {
      for (; sent < 200; sent++) await socket.send(Buffer.alloc(100_000))
    })()
    for (let before = -1; !waits;) {
      for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve))
      waits = before === sent && sent > 0
      before = sent
    }
    assert.ok(sent < 200, `${sent} were taken`)
    assert.ok(socket.outputBytes < 400_000, `${socket.outputBytes} octets wait`)
    slow!.destroy()
    await assert.rejects(sending, WebSocketClosedError)
    assert.equal((await socket.closed).code, 1006)
  })

  it('refuses what cannot be asked for, before it connects', async () => {
    const wrong: [string, Parameters<typeof websocket>[1], string][] = [
      ['ws://127.0.0.1:1/', { limits: { idleMs: -1 } }, 'WS_LIMIT'],
      ['ftp://127.0.0.1/', {}, 'CLIENT_URL'],
      ['constructor:x', {}, 'CLIENT_URL'],
      ['nothing', {}, 'CLIENT_URL'],
      ['ws://127.0.0.1:1/', { protocols: ['a', 'a'] }, 'WS_PROTOCOL'],
      ['ws://127.0.0.1:1/', { deflate: { serverMaxWindowBits: 7 } }, 'WS_WINDOW_BITS'],
      ['ws://127.0.0.1:1/', { headers: { 'Sec-WebSocket-Protocol': 'x' } }, 'WS_FIELD'],
      ['ws://127.0.0.1:1/', { headers: { Connection: 'close' } }, 'WS_FIELD'],
    ]
    for (const [url, options, code] of wrong)
      await assert.rejects(websocket(url, options), { name: 'UsageError', code }, url)
  })

  it('refuses fields that cannot be sent', async () => {
    const { url } = await kept(wsPeer())
    await assert.rejects(websocket(url, { headers: { 'x-a': 'b\r\nc: d' } }), { name: 'UsageError' })
    await assert.rejects(websocket(url, { headers: { Host: 'other.test' } }), { name: 'UsageError', code: 'H1_HOST' })
  })
})

describe('a WebSocket client over TLS', () => {
  const tls = makeCertificate()

  it('talks to nobody whom it cannot trust', async () => {
    const { url } = await kept(wsPeer({}, echo, tls))
    await assert.rejects(websocket(url), { name: 'TransportError', code: 'DEPTH_ZERO_SELF_SIGNED_CERT' })
    const named = websocket(url, { tls: { ca: tls.cert, servername: 'other.test' } })
    await assert.rejects(named, { name: 'TransportError', code: 'ERR_TLS_CERT_ALTNAME_INVALID' })
    for (const options of [{ ca: tls.cert }, { rejectUnauthorized: false }]) {
      const socket = await websocket(url, { tls: options })
      assert.equal(socket.transport.encrypted, true)
      await socket.send('secret')
      assert.equal(await socket.receive(), 'secret')
      await closeOf(socket)
    }
  })
})

describe('a WebSocket client and its deflate', () => {
  const rows = (seed: number): string =>
    JSON.stringify(Array.from({ length: 40 }, (_, i) => ({ id: seed + i, name: `user ${(seed + i) * 7919}` })))

  for (const takeover of [false, true])
    for (const bits of [8, 9, 10, 11, 12, 13, 14, 15])
      it(`agrees with ws on windows of ${bits} bits ${takeover ? 'with' : 'without'} context takeover`, async () => {
        const wanted = {
          serverNoContextTakeover: !takeover,
          clientNoContextTakeover: !takeover,
          serverMaxWindowBits: bits,
          clientMaxWindowBits: bits,
        }
        const extensions: string[] = []
        const onConnection = (socket: Parameters<typeof echo>[0]): void => {
          extensions.push(socket.extensions)
          echo(socket)
        }
        const { url } = await kept(wsPeer({ perMessageDeflate: { ...wanted, threshold: 0 } }, onConnection))
        const socket = await websocket(url, { deflate: wanted, thresholdBytes: 0 })
        assert.deepEqual([socket.compressed, extensions], [true, ['permessage-deflate']])
        for (const message of [rows(1), '', rows(2), 'x', rows(1), rows(1) + rows(7)]) {
          await socket.send(message)
          assert.equal(await socket.receive(), message)
        }
        const octets = Buffer.alloc(200_000, rows(3))
        await socket.send(octets)
        assert.deepEqual(Buffer.from((await socket.receive()) as Uint8Array), octets)
        assert.ok(socket.bytesSent < 100_000, String(socket.bytesSent))
        assert.ok(socket.bytesReceived < 100_000, String(socket.bytesReceived))
        await closeOf(socket)
      })

  it('is off unless it is asked for, and where the server does not want it', async () => {
    const { url } = await kept(wsPeer({ perMessageDeflate: true }))
    const without = await websocket(url)
    assert.equal(without.compressed, false)
    await closeOf(without)
    const other = await kept(wsPeer({ perMessageDeflate: false }))
    const refused = await websocket(other.url, { deflate: true })
    assert.equal(refused.compressed, false)
    await refused.send(rows(1))
    assert.equal(await refused.receive(), rows(1))
    await closeOf(refused)
  })
})

/** The request that came, and an answer to it that begins a WebSocket. */
const accept = (request: string, more = ''): string => {
  const key = /sec-websocket-key: (\S+)/i.exec(request)![1]!
  return (
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
    `Sec-WebSocket-Accept: ${acceptValue(key, sha1)}\r\n${more}\r\n`
  )
}

/** A server that answers the first request with what it is told. */
const answering = (answer: (request: string, socket: Socket) => void): Promise<Peer> =>
  kept(tcpPeer((socket) => socket.once('data', (chunk) => answer(chunk.toString('latin1'), socket))))

describe('a WebSocket client that is not answered as it should be', () => {
  it('rejects with the answer, of which 8 KiB are kept', async () => {
    const large = 'x'.repeat(20_000)
    const answers: [string, number, number][] = [
      ['HTTP/1.1 401 No\r\nWWW-Authenticate: Basic\r\nContent-Length: 4\r\n\r\nstop', 401, 4],
      ['HTTP/1.1 302 Found\r\nLocation: http://elsewhere.test/\r\nContent-Length: 0\r\n\r\n', 302, 0],
      ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n', 200, 5],
      [`HTTP/1.1 503 Busy\r\nContent-Length: ${large.length}\r\n\r\n${large}`, 503, 8192],
      ['HTTP/1.1 500 Oh\r\n\r\nuntil the end', 500, 13],
      ['HTTP/1.1 500 Oh\r\nContent-Length: 100\r\n\r\nbroken off', 500, 10],
      ['HTTP/1.1 103 Early\r\nLink: x\r\n\r\nHTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n', 404, 0],
    ]
    for (const [answer, status, bytes] of answers) {
      const { url, port } = await answering((_request, socket) => socket.end(answer))
      const error: unknown = await websocket(url).catch((reason: unknown) => reason)
      assert.ok(error instanceof UnexpectedResponseError, String(error))
      assert.deepEqual([error.status, error.body.length], [status, bytes])
      assert.equal(error.message, `127.0.0.1:${port}: the server has answered ${status}`)
    }
  })

  it('rejects for an answer that does not fit what was asked for', async () => {
    const wrong: [(request: string) => string, string, RegExp][] = [
      [(request) => accept(request).replace(/Accept: ./, 'Accept: !'), 'WS_HANDSHAKE', /Accept does not fit/],
      [(request) => accept(request, 'Sec-WebSocket-Protocol: x\r\n'), 'WS_HANDSHAKE', /subprotocol/],
      [(request) => accept(request, 'Sec-WebSocket-Extensions: permessage-deflate\r\n'), 'WS_HANDSHAKE', /extension/],
      [(request) => accept(request).replace('Connection: Upgrade\r\n', ''), 'WS_HANDSHAKE', /Connection/],
      [(request) => accept(request).replace('websocket', 'other'), 'H1_UPGRADE_UNREQUESTED', /./],
      [() => 'HTTP/1.1 1x1 What\r\n\r\n', 'H1_STATUS_SYNTAX', /./],
      [() => 'SSH-2.0-OpenSSH\r\n', 'H1_VERSION_SYNTAX', /./],
    ]
    for (const [answer, code, message] of wrong) {
      let closed: Promise<unknown> | undefined
      const { url } = await answering((request, socket) => {
        closed = new Promise((resolve) => socket.on('close', resolve))
        socket.write(answer(request))
      })
      const error: unknown = await websocket(url).catch((reason: unknown) => reason)
      assert.ok(error instanceof TransportError, String(error))
      assert.equal(error.code, code)
      assert.match(error.message, message)
      await closed
    }
  })

  it('rejects when nobody is there, or somebody goes', async () => {
    const { url, close } = await tcpPeer(() => {})
    close()
    await assert.rejects(websocket(url), { name: 'TransportError', code: 'ECONNREFUSED' })
    const ending = await answering((_request, socket) => socket.end())
    await assert.rejects(websocket(ending.url), { name: 'TransportError' })
    const resetting = await answering((_request, socket) => socket.resetAndDestroy())
    await assert.rejects(websocket(resetting.url), { name: 'TransportError', code: 'ECONNRESET' })
  })

  it('gives up in time, and when it is told to, and leaves nothing behind', async () => {
    const open = new Set<Socket>()
    const { url } = await kept(
      tcpPeer((socket) => {
        open.add(socket)
        socket.on('close', () => open.delete(socket))
        socket.resume()
      }),
    )
    await assert.rejects(websocket(url, { connectTimeoutMs: 30 }), { name: 'TransportError', code: 'CONNECT_TIMEOUT' })
    const controller = new AbortController()
    const { signal } = controller
    const waiting = websocket(url, { signal, connectTimeoutMs: Infinity })
    while (open.size === 0) await new Promise((resolve) => setImmediate(resolve))
    assert.equal(getEventListeners(signal, 'abort').length, 1)
    controller.abort(new Error('not any more'))
    await assert.rejects(waiting, /not any more/)
    await assert.rejects(websocket(url, { signal }), /not any more/)
    assert.equal(getEventListeners(signal, 'abort').length, 0)
    while (open.size > 0) await new Promise((resolve) => setImmediate(resolve))
  })

  it('does not listen to its signal once it is open', async () => {
    const { url } = await kept(wsPeer())
    const controller = new AbortController()
    const socket = await websocket(url, { signal: controller.signal })
    assert.equal(getEventListeners(controller.signal, 'abort').length, 0)
    controller.abort()
    await socket.send('still here')
    assert.equal(await socket.receive(), 'still here')
    await closeOf(socket)
  })
})

describe('a WebSocket client whose server dies', () => {
  const frames = Buffer.concat([
    Buffer.from([0x81, 5]),
    Buffer.from('hello'),
    Buffer.from([0x02, 2, 1, 2, 0x89, 1, 0x70, 0x80, 1, 3]),
    Buffer.from([0x88, 2, 0x03, 0xe8]),
  ])

  for (const how of ['end', 'resetAndDestroy'] as const)
    it(`settles everything once, wherever it does (${how})`, async () => {
      let size = 1000
      for (let cut = 0; cut <= size; cut++) {
        const peer = await tcpPeer((socket) =>
          socket.once('data', (chunk) => {
            const all = Buffer.concat([Buffer.from(accept(chunk.toString('latin1'))), frames])
            size = all.length
            socket.write(all.subarray(0, cut), () => socket[how]())
          }),
        )
        const socket: ClientWebSocket | Error = await websocket(peer.url).catch((error: Error) => error)
        if (socket instanceof Error) {
          assert.ok(socket instanceof TransportError, String(socket))
        } else {
          const ping = socket.ping().catch((error: Error) => error)
          const sent = socket.send('anybody?').catch((error: Error) => error)
          const seen: string[] = []
          for await (const message of socket) seen.push(text(message))
          const { code, error } = await socket.closed
          // Behind its Close a reset may come or not; before, the end is never in order.
          assert.ok(code === 1000 || (code === 1006 && error !== undefined), `${cut}: ${code} ${String(error)}`)
          if (code === 1000 || how === 'end') assert.equal(code === 1000, cut === size, String(cut))
          assert.deepEqual(seen, ['hello', '\x01\x02\x03'].slice(0, seen.length))
          await Promise.all([ping, sent, socket.close()])
        }
        peer.close()
      }
    })
})
