/** HTTP/2 connections of a client, and the WebSockets on them, against `node:http2` with `ws` behind it. */

import assert from 'node:assert/strict'
import { getEventListeners, once } from 'node:events'
import type { ServerHttp2Stream } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { after, describe, it } from 'node:test'
import { createServer as createTlsServer } from 'node:tls'
import {
  type ClientWebSocket,
  http2Session,
  type Http2Session,
  type Http2SessionOptions,
  TransportError,
  UnexpectedResponseError,
  websocket,
  WebSocketClosedError,
} from '#src/io/client/index.js'
import { App } from '#src/server/index.js'
import { serve } from '../server/serving.js'
import { makeCertificate } from './certificate.js'
import { Collecting } from './collecting.js'
import {
  forwardTo,
  http2Peer,
  type Http2PeerOptions,
  type OnTunnel,
  type Peer,
  tcpPeer,
  wsPeer,
} from './websocket-peers.js'

const tls = makeCertificate()
const ends: (() => void)[] = []
after(() => {
  for (const end of ends) end()
})

/** A server, and a connection to it. */
async function opened(
  onTunnel: OnTunnel,
  options: Http2PeerOptions = {},
  how: Http2SessionOptions = {},
): Promise<[Http2Session, Peer]> {
  const peer = await http2Peer(onTunnel, options)
  const session = await http2Session(peer.url, { tls: { ca: tls.cert }, ...how })
  ends.push(
    () => peer.close(),
    () => session.terminate(),
  )
  return [session, peer]
}

const error = async (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => assert.fail('it did not reject'),
    (reason: unknown) => reason,
  )
const codeOf = async (promise: Promise<unknown>): Promise<string> => {
  const reason = await error(promise)
  assert.ok(reason instanceof TransportError, String(reason))
  return reason.code
}
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

const upstream = await wsPeer({ perMessageDeflate: { threshold: 0 }, handleProtocols: () => 'chat' })
ends.push(() => upstream.close())

describe('WebSockets on an HTTP/2 connection', () => {
  for (const [over, options] of [
    ['TCP', {}],
    ['TLS', { tls }],
  ] as const)
    it(`are several, with all that they have over HTTP/1.1 (${over})`, async () => {
      const [session, { url }] = await opened(forwardTo(upstream), options)
      assert.equal(session.open, true)
      const sockets = await Promise.all(
        Array.from({ length: 10 }, () =>
          websocket(`${url}/path?query`, { over: session, protocols: 'chat', deflate: true, thresholdBytes: 0 }),
        ),
      )
      await Promise.all(
        sockets.map(async (socket, i) => {
          assert.deepEqual([socket.protocol, socket.compressed], ['chat', true])
          for (const message of [`hello ${i}`, Array.from({ length: 40_000 }, (_, n) => String(n * 7919)).join(), '']) {
            await socket.send(message)
            const back = await socket.receive()
            assert.ok(back === message, `${message.length} characters: ${String(back).slice(0, 99)}`)
          }
          assert.deepEqual(await socket.close(1000, 'done'), { code: 1000, reason: 'done', error: undefined })
        }),
      )
      assert.equal(await session.close(), undefined)
      assert.equal(session.open, false)
      assert.equal(await codeOf(websocket(url, { over: session })), 'CLOSED')
    })

  it('carry more than any window has, both ways', async () => {
    const [session, { url }] = await opened(forwardTo(upstream))
    const socket = await websocket(url, { over: session, limits: { messageBytesMax: 8e6, frameBytesMax: 8e6 } })
    const large = Buffer.alloc(5_000_000, 'abcdefg')
    await socket.send(large)
    assert.deepEqual(Buffer.from((await socket.receive()) as Uint8Array), large)
    await socket.close()
  })

  it('that nobody reads keep nobody else from it', async () => {
    const flood = Buffer.concat([Buffer.from([0x82, 126, 0xff, 0xff]), Buffer.alloc(65_535)])
    let written = 0
    const [session, { url }] = await opened((stream, fields) => {
      stream.respond({ ':status': 200 })
      if (fields[':path'] === '/echo')
        return void stream.on('data', () => stream.write(Buffer.from([0x81, 2, 0x68, 0x69])))
      const more = (): void => {
        for (let room = true; room && written < 3e7; written += flood.length) room = stream.write(flood)
      }
      stream.on('drain', more)
      more()
    })
    const slow = await websocket(`${url}/flood`, { over: session })
    slow.hold(true)
    const other = await websocket(`${url}/echo`, { over: session })
    for (let before = -1; before !== written;) {
      before = written
      for (let i = 0; i < 50; i++) {
        other.write('ping')
        assert.equal(await other.receive(), 'hi')
      }
    }
    assert.ok(written < 4_000_000, `${written} octets were taken`)
    slow.hold(false)
    for (let i = 0; i < 20; i++) assert.equal(((await slow.receive()) as Uint8Array).length, 65_535)
    slow.terminate()
    other.terminate()
  })

  it('are refused with the answer of the server', async () => {
    const [session, { url }] = await opened((stream, fields) => {
      const large = fields[':path'] === '/large'
      stream.respond({ ':status': 403, 'x-why': 'because' }, { endStream: fields[':path'] === '/empty' })
      if (fields[':path'] !== '/empty') stream.end('x'.repeat(large ? 100_000 : 7))
    })
    for (const [target, bytes] of [
      ['/', 7],
      ['/large', 8192],
      ['/empty', 0],
    ] as const) {
      const reason = await error(websocket(url + target, { over: session }))
      assert.ok(reason instanceof UnexpectedResponseError, String(reason))
      assert.deepEqual([reason.status, reason.fields.get('x-why'), reason.body.length], [403, 'because', bytes])
    }
    assert.equal(session.open, true)
  })

  it('are refused for what does not fit', async () => {
    const [session, { url }] = await opened((stream) =>
      stream.respond({ ':status': 200, 'sec-websocket-protocol': 'x' }),
    )
    assert.equal(await codeOf(websocket(url, { over: session })), 'WS_HANDSHAKE')
    await assert.rejects(websocket('ws://other.test', { over: session }), { name: 'UsageError', code: 'WS_ORIGIN' })
    await assert.rejects(websocket(url, { over: session, headers: { Host: 'x' } }), { code: 'H2_FIELD_MANAGED' })
  })

  it('need a server that understands extended CONNECT', async () => {
    const [session, { url }] = await opened((stream) => stream.close(), { connectProtocol: false })
    assert.equal(await codeOf(websocket(url, { over: session })), 'H2_CONNECT_PROTOCOL')
  })

  it('are no more than the server takes', async () => {
    // Our own server: that of Node counts a stream for a while after its end.
    const app = new App().websocket('/', (_was, message) => message)
    const served = await serve((engine) => engine.mount('/', app), { http2: { streamsMax: 1 } })
    const session = await http2Session(served.url)
    const url = served.url.replace('http:', 'ws:')
    const socket = await websocket(url, { over: session })
    assert.equal(session.open, false)
    assert.equal(await codeOf(websocket(url, { over: session })), 'H2_STREAMS_MAX')
    await socket.close()
    while (!session.open) await turn()
    await (await websocket(url, { over: session })).close()
    await session.close()
  })

  it('end with their stream, each by itself', async () => {
    const streams: ServerHttp2Stream[] = []
    const [session, { url }] = await opened((stream) => {
      stream.respond({ ':status': 200 })
      streams.push(stream)
    })
    const sockets = [await websocket(url, { over: session }), await websocket(url, { over: session })] as const
    streams[0]!.close(8)
    const { code, error: why } = await sockets[0].closed
    assert.equal(code, 1006)
    assert.ok(why instanceof TransportError && why.code === 'RESET', String(why))
    await assert.rejects(sockets[0].send('x'), WebSocketClosedError)
    assert.equal(sockets[1].open, true)
    const closed = new Promise((resolve) => streams[1]!.on('close', resolve))
    sockets[1].terminate()
    assert.equal((await sockets[1].closed).code, 1006)
    await closed
    assert.equal(streams[1]!.rstCode, 8)
    assert.equal(session.open, true)
  })

  it('end with their connection, those that are not open yet, too', async () => {
    const streams: ServerHttp2Stream[] = []
    const [session, peer] = await opened((stream, fields) => {
      if (fields[':path'] === '/open') stream.respond({ ':status': 200 })
      streams.push(stream)
    })
    const socket = await websocket(`${peer.url}/open`, { over: session })
    const waiting = codeOf(websocket(peer.url, { over: session }))
    while (streams.length < 2) await turn()
    peer.close()
    const gone = /^(?:H2_TRUNCATED|CLOSED|PEER_GONE|ECONNRESET)$/
    assert.match(await waiting, gone)
    assert.equal((await socket.closed).code, 1006)
    await session.closed
    assert.equal(session.open, false)
    assert.match(await codeOf(websocket(peer.url, { over: session })), gone)
  })

  it('are given up when they are told to, and in time', async () => {
    const codes: number[] = []
    const waiting: unknown[] = []
    const [session, { url }] = await opened((stream) => {
      waiting.push(stream)
      stream.on('close', () => codes.push(stream.rstCode))
    })
    const controller = new AbortController()
    const { signal } = controller
    const asked = error(websocket(url, { over: session, signal }))
    while (waiting.length === 0) await turn()
    controller.abort(new Error('not any more'))
    assert.equal(String(await asked), 'Error: not any more')
    assert.equal(getEventListeners(signal, 'abort').length, 0)
    assert.equal(await codeOf(websocket(url, { over: session, connectTimeoutMs: 20 })), 'CONNECT_TIMEOUT')
    while (codes.length < 2) await turn()
    assert.deepEqual(codes, [8, 8])
    const aborted = session.openTunnel({ protocol: 'x', target: '/', fields: [], signal })
    assert.equal(String(await error(aborted)), 'Error: not any more')
  })
})

describe('a WebSocket on an HTTP/2 connection whose server dies', () => {
  /** A frame of HTTP/2 (RFC 9113 section 4.1). */
  const frame = (type: number, flags: number, streamId: number, payload: number[]): number[] => [
    0,
    0,
    payload.length,
    type,
    flags,
    0,
    0,
    0,
    streamId,
    ...payload,
  ]
  /** Whether HEADERS came behind the preface. */
  const hasHeaders = (came: Buffer): boolean => {
    for (let at = 24; at + 9 <= came.length; at += 9 + came.readUIntBE(at, 3)) if (came[at + 3] === 1) return true
    return false
  }
  const greeting = Buffer.from(frame(4, 0, 0, [0, 8, 0, 0, 0, 1]))
  const answer = Buffer.from([
    ...frame(1, 4, 1, [0x88]),
    ...frame(0, 0, 1, [0x81, 2, 0x68, 0x69]),
    ...frame(0, 1, 1, [0x88, 2, 0x03, 0xe8]),
  ])

  for (const how of ['end', 'resetAndDestroy'] as const)
    it(`settles everything once, wherever it does (${how})`, async () => {
      for (let cut = 0; cut <= greeting.length + answer.length; cut++) {
        const peer = await tcpPeer((socket) => {
          const early = cut <= greeting.length
          socket.write(greeting.subarray(0, cut), () => early && socket[how]())
          let came: Buffer = Buffer.alloc(0)
          socket.on('data', (chunk) => {
            came = Buffer.concat([came, chunk])
            if (early || !hasHeaders(came)) return
            socket.removeAllListeners('data').resume()
            socket.write(answer.subarray(0, cut - greeting.length), () => socket[how]())
          })
        })
        const session = await http2Session(peer.url).catch((reason: unknown) => reason)
        if (session instanceof Error) {
          assert.ok(session instanceof TransportError, String(session))
        } else {
          const over = session as Http2Session
          const socket = await websocket(peer.url, { over }).catch((reason: unknown) => reason)
          if (socket instanceof Error) {
            assert.ok(socket instanceof TransportError, String(socket))
          } else {
            const { code, error: why } = await (socket as ClientWebSocket).closed
            assert.ok(code === 1000 || (code === 1006 && why !== undefined), `${cut}: ${code} ${String(why)}`)
          }
          over.terminate()
          await over.closed
        }
        peer.close()
      }
    })
})

describe('tunnels on an HTTP/2 connection', () => {
  it('end when both sides have, and are forgotten', async () => {
    const [session] = await opened((stream, fields) => {
      assert.deepEqual([fields[':protocol'], fields[':authority']], ['bytes', 'other.test'])
      stream.respond({ ':status': 200, 'x-a': 'b' })
      stream.pipe(stream)
    })
    for (const size of [0, 5, 1_000_000]) {
      const { transport, fields } = await session.openTunnel({
        protocol: 'bytes',
        authority: 'other.test',
        target: '/',
        fields: ['x-c', 'd'],
      })
      assert.equal(fields.get('x-a'), 'b')
      const sink = Collecting.open(transport)
      transport.resume()
      if (size > 0) transport.write([Buffer.alloc(size)])
      transport.end()
      await sink.until(({ closes }) => closes > 0)
      assert.deepEqual([sink.bytes, sink.ends, sink.closes, sink.error], [size, 1, 1, undefined])
    }
    // Nothing is open any more: the connection ends at once.
    assert.equal(await session.close(), undefined)
  })

  it('give octets as they came, however long they have waited', async () => {
    const sent = Buffer.alloc(1_500_000)
    for (let at = 0; at < sent.length; at += 4) sent.writeUInt32BE(at, at)
    const [session] = await opened((stream) => {
      stream.respond({ ':status': 200 })
      stream.end(sent)
    })
    const { transport } = await session.openTunnel({ protocol: 'bytes', target: '/', fields: [] })
    const came: Buffer[] = []
    let ended = (): void => {}
    const end = new Promise<void>((resolve) => (ended = resolve))
    transport.open({
      onData: (chunk) => {
        came.push(Buffer.from(chunk))
        transport.pause()
        // The next ones are read before this one is asked for.
        setImmediate(() => setImmediate(() => transport.resume()))
      },
      onEnd: ended,
      onDrain: () => {},
      onClose: ended,
    })
    transport.resume()
    await end
    assert.ok(Buffer.concat(came).equals(sent))
    transport.destroy()
  })

  it('end with the answer when that has an end', async () => {
    const [session] = await opened((stream) => stream.respond({ ':status': 200 }, { endStream: true }))
    const { transport } = await session.openTunnel({ protocol: 'bytes', target: '/', fields: [] })
    const sink = Collecting.open(transport)
    transport.resume()
    await sink.until(({ ends: count }) => count === 1)
    transport.destroy()
    await sink.until(({ closes }) => closes === 1)
    assert.equal(session.open, true)
  })
})

describe('an HTTP/2 connection', () => {
  it('is only there once the server has said what it takes', async () => {
    const silent = await tcpPeer((socket) => socket.resume())
    ends.push(() => silent.close())
    assert.equal(await codeOf(http2Session(silent.url, { connectTimeoutMs: 30 })), 'CONNECT_TIMEOUT')
    const controller = new AbortController()
    const opening = error(http2Session(silent.url, { signal: controller.signal }))
    for (let i = 0; i < 20; i++) await turn()
    controller.abort(new Error('not any more'))
    assert.equal(String(await opening), 'Error: not any more')
    const http1 = await tcpPeer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))
    ends.push(() => http1.close())
    assert.match(await codeOf(http2Session(http1.url)), /^H2_/)
    const going = await tcpPeer((socket) => socket.end())
    ends.push(() => going.close())
    assert.match(await codeOf(http2Session(going.url)), /^(?:H2_|CLOSED|PEER_GONE|ECONNRESET)/)
  })

  it('is made of nothing else, and trusts nobody whom it should not', async () => {
    const server = createTlsServer(tls, (socket) => void socket.on('error', () => {}).resume())
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    ends.push(() => server.close())
    const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`
    assert.equal(await codeOf(http2Session(url, { tls: { ca: tls.cert } })), 'H2_ALPN')
    assert.equal(await codeOf(http2Session(url)), 'DEPTH_ZERO_SELF_SIGNED_CERT')
  })

  it('tells why it has ended', async () => {
    const [session] = await opened(() => {})
    session.terminate()
    const why = await session.closed
    assert.ok(why instanceof TransportError && why.code === 'CLOSED', String(why))
    const [other, { url }] = await opened(() => {}, {}, { limits: { idleMs: 10 } })
    assert.equal(await other.closed, undefined)
    assert.equal(await codeOf(websocket(url, { over: other })), 'CLOSED')
  })
})
