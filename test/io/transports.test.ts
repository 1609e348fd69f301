/** Every transport passes the same tests: what a driver relies on holds whatever carries the bytes. */

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect as connectSocket, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, describe, it } from 'node:test'
import { connect as connectTls } from 'node:tls'
import {
  connect,
  formatEndpoint,
  Listener,
  type ListenOptions,
  memoryTransports,
  SocketTransport,
  type Transport,
  TransportError,
} from '#src/io/index.js'
import { makeCertificate } from './certificate.js'
import { Collecting } from './collecting.js'

/** Two ends: ours, and that of the peer. */
type Pair = () => Promise<[Transport, Transport]>

const tls = makeCertificate()

/** Ends over a listener and a client's socket. */
async function overSockets(options: ListenOptions, client: (listener: Listener) => Promise<Transport>): Promise<Pair> {
  let accepted: ((transport: Transport) => void) | undefined
  const listener = await Listener.open(options, (transport) => accepted?.(transport))
  after(() => listener.close())
  return async () => {
    const ours = new Promise<Transport>((resolve) => (accepted = resolve))
    const theirs = await client(listener)
    return [await ours, theirs]
  }
}

const unixPath = path.join(tmpdir(), `skitai-transports-${process.pid}`)
const host = '127.0.0.1'
const wrapped = async (socket: Socket, event: string): Promise<Transport> => {
  await once(socket, event)
  return new SocketTransport(socket)
}
const plain = (listener: Listener): Promise<Transport> =>
  wrapped(connectSocket({ host, port: listener.endpoint.port, allowHalfOpen: true }), 'connect')
const secured = (listener: Listener): Promise<Transport> => {
  const options = { host, port: listener.endpoint.port, ca: tls.cert, ALPNProtocols: ['http/1.1'], allowHalfOpen: true }
  return wrapped(connectTls(options), 'secureConnect')
}

const kinds: [string, Pair][] = [
  ['memory', async () => memoryTransports()],
  ['tcp', await overSockets({ address: host }, plain)],
  ['tls', await overSockets({ address: host, tls }, secured)],
  ['connected tcp', await overSockets({ address: host }, ({ endpoint }) => connect({ host, port: endpoint.port }))],
  ['connected unix', await overSockets({ path: unixPath }, () => connect({ path: unixPath }))],
  [
    'connected tls',
    await overSockets({ address: host, tls }, ({ endpoint: { port } }) =>
      connect({ host, port }, { tls: { ca: tls.cert }, alpn: ['http/1.1'] }),
    ),
  ],
]

const piece = Buffer.alloc(65_536, 'x')

for (const [kind, pair] of kinds)
  describe(`a transport over ${kind}`, () => {
    it('carries bytes both ways, pieces in order', async () => {
      const [ours, theirs] = await pair()
      const [here, there] = [Collecting.open(ours), Collecting.open(theirs)]
      ours.write([Buffer.from('one '), Buffer.from('two '), Buffer.from('three')])
      theirs.write([Buffer.from('back')])
      await there.until(({ text }) => text === 'one two three')
      await here.until(({ text }) => text === 'back')
      assert.equal(ours.encrypted, kind.endsWith('tls'))
      ours.destroy()
      await here.until(({ closes }) => closes > 0)
      await there.until(({ closes, ends }) => closes + ends > 0)
      theirs.destroy()
    })

    it('keeps what comes before it is opened', async () => {
      const [ours, theirs] = await pair()
      const there = Collecting.open(theirs)
      theirs.write([Buffer.from('early')])
      for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
      const here = Collecting.open(ours)
      await here.until(({ text }) => text === 'early')
      theirs.destroy()
      await here.until(({ closes, ends }) => closes + ends > 0)
      ours.destroy()
      await there.until(({ closes }) => closes > 0)
    })

    it('tells when it takes no more, and when it does again', async () => {
      const [ours, theirs] = await pair()
      const here = Collecting.open(ours)
      let written = 0
      for (; ours.writable; written += piece.length) ours.write([piece])
      assert.equal(here.drains, 0)
      const there = Collecting.open(theirs)
      await here.until(({ drains }) => drains > 0)
      assert.equal(ours.writable, true)
      await there.until(({ bytes }) => bytes === written)
      ours.destroy()
      theirs.destroy()
    })

    it('delivers nothing while paused, and all of it then', async () => {
      const [ours, theirs] = await pair()
      const here = Collecting.open(ours)
      const there = Collecting.open(theirs)
      ours.pause()
      theirs.write([Buffer.from('later')])
      theirs.end()
      // Two round trips the other way: what was sent before has arrived.
      ours.write([Buffer.from('x')])
      await there.until(({ text }) => text === 'x')
      for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
      assert.deepEqual([here.text, here.ends], ['', 0])
      ours.resume()
      await here.until(({ ends }) => ends === 1)
      assert.equal(here.text, 'later')
      ours.destroy()
      await here.until(({ closes }) => closes === 1)
    })

    it('half-closes once everything is written, tells when it is, and goes when both sides have', async () => {
      const [ours, theirs] = await pair()
      const here = Collecting.open(ours)
      ours.write([piece, piece])
      ours.end()
      const there = Collecting.open(theirs)
      await there.until(({ ends }) => ends === 1)
      assert.equal(there.bytes, 2 * piece.length)
      await here.until(({ drains }) => drains > 0)
      assert.deepEqual([here.ends, here.closes], [0, 0])
      theirs.write([Buffer.from('answer')])
      theirs.end()
      await here.until(({ closes }) => closes === 1)
      await there.until(({ closes }) => closes === 1)
      assert.deepEqual([here.text, here.ends, here.error, there.error], ['answer', 1, undefined, undefined])
    })

    it('tells a sink that comes too late that it is gone', async () => {
      const [ours, theirs] = await pair()
      const there = Collecting.open(theirs)
      const here = Collecting.open(ours)
      ours.destroy()
      await here.until(({ closes }) => closes === 1)
      await Collecting.open(ours).until(({ closes }) => closes === 1)
      await there.until(({ closes, ends }) => closes + ends > 0)
      theirs.destroy()
      const [gone, other] = await pair()
      gone.destroy()
      await Collecting.open(gone).until(({ closes }) => closes === 1)
      other.destroy()
    })

    it('moves delivery to another sink', async () => {
      const [ours, theirs] = await pair()
      const first = Collecting.open(ours)
      const there = Collecting.open(theirs)
      theirs.write([Buffer.from('first')])
      await first.until(({ text }) => text === 'first')
      const second = Collecting.open(ours)
      theirs.write([Buffer.from('second')])
      await second.until(({ text }) => text === 'second')
      assert.equal(first.text, 'first')
      theirs.destroy()
      await second.until(({ closes, ends }) => closes + ends > 0)
      ours.destroy()
      await there.until(({ closes }) => closes === 1)
    })

    it('can be reset while its end is on its way, and behind that', async () => {
      const [ours, theirs] = await pair()
      const here = Collecting.open(ours)
      theirs.pause()
      while (ours.writable) ours.write([piece])
      ours.end()
      ours.destroy(true)
      await here.until(({ closes }) => closes === 1)
      assert.equal(here.error, undefined)
      theirs.destroy()
      const [next, other] = await pair()
      const there = Collecting.open(next)
      Collecting.open(other)
      next.end()
      await there.until(({ drains }) => drains > 0)
      next.destroy(true)
      await there.until(({ closes }) => closes === 1)
      assert.equal(there.error, undefined)
      other.destroy()
    })

    it('closes once, however often it is destroyed', async () => {
      const [ours, theirs] = await pair()
      const here = Collecting.open(ours)
      const there = Collecting.open(theirs)
      ours.destroy(true)
      ours.destroy(true)
      ours.destroy()
      await here.until(({ closes }) => closes > 0)
      await there.until(({ closes, ends }) => closes + ends > 0)
      theirs.destroy()
      await there.until(({ closes }) => closes > 0)
      assert.deepEqual([here.closes, there.closes], [1, 1])
    })
  })

describe('a TCP transport', () => {
  const [, pair] = kinds[1]!

  it('tells of a reset with the code of the system, naming the peer', async () => {
    const [ours, theirs] = await pair()
    const here = Collecting.open(ours)
    Collecting.open(theirs)
    theirs.destroy(true)
    await here.until(({ closes }) => closes === 1)
    assert.ok(here.error instanceof TransportError)
    assert.equal(here.error.code, 'ECONNRESET')
    assert.equal(here.error.peer, formatEndpoint(ours.peer))
    assert.match(here.error.message, /^127\.0\.0\.1:\d+: /)
  })

  it('knows where both ends are', async () => {
    const [ours, theirs] = await pair()
    assert.deepEqual([ours.peer, ours.local], [theirs.local, theirs.peer])
    ours.destroy()
    theirs.destroy()
  })
})

describe('formatEndpoint', () => {
  it('writes addresses as they are written', () => {
    assert.equal(formatEndpoint({ address: '::1', port: 80 }), '[::1]:80')
    assert.equal(formatEndpoint({ address: '1.2.3.4', port: 80 }), '1.2.3.4:80')
    assert.equal(formatEndpoint({ address: '/run/x', port: 0 }), '/run/x')
    assert.equal(formatEndpoint({ address: '', port: 0 }), 'unknown')
  })
})
