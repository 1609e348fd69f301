import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { after, describe, it } from 'node:test'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import { Listener, type ListenOptions, type Transport } from '#src/io/index.js'
import { makeCertificate } from './certificate.js'
import { Collecting } from './collecting.js'

const tls = makeCertificate()
const host = '127.0.0.1'

interface Listening {
  readonly listener: Listener
  readonly port: number
  /** The next connection that became a transport. */
  readonly next: () => Promise<Transport>
  /** How many did. */
  readonly count: () => number
}

const listen = async (options: ListenOptions = {}): Promise<Listening> => {
  const transports: Transport[] = []
  let taken = 0
  let tell: (() => void) | undefined
  const listener = await Listener.open({ address: host, ...options }, (transport) => {
    transports.push(transport)
    tell?.()
  })
  after(() => {
    listener.close()
    for (const transport of transports) transport.destroy()
  })
  const next = async (): Promise<Transport> => {
    while (transports.length <= taken) await new Promise<void>((resolve) => (tell = resolve))
    return transports[taken++]!
  }
  return { listener, port: listener.endpoint.port, next, count: () => transports.length }
}

const client = async (port: number, text = ''): Promise<Socket> => {
  const socket = connect({ host, port, allowHalfOpen: true })
  socket.on('error', () => {})
  await once(socket, 'connect')
  if (text !== '') socket.write(Buffer.from(text, 'latin1'))
  return socket
}

/** Reads until the server ends or cuts the connection. */
const readAll = async (socket: Socket): Promise<string> => {
  let text = ''
  socket.on('data', (chunk: Buffer) => void (text += chunk.toString('latin1')))
  socket.on('end', () => socket.end())
  if (!socket.closed) await new Promise((resolve) => socket.on('close', resolve))
  return text
}

const turns = async (count: number): Promise<void> => {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve))
}

describe('the cap on connections', () => {
  for (const [kind, options] of [
    ['plain', {}],
    ['PROXY', { proxyProtocol: true }],
    ['TLS', { tls }],
  ] as const)
    it(`counts what is open: ${kind}`, async () => {
      const { listener, port } = await listen({ ...options, connectionsMax: 2 })
      const [one, two] = [await client(port), await client(port)]
      while (listener.connections < 2) await turns(1)
      const three = await client(port)
      assert.equal(await readAll(three), '')
      assert.deepEqual([listener.refused, listener.connections], [1, 2])
      one.destroy()
      two.destroy()
      if (kind === 'plain') return
      while (listener.connections > 0) await turns(1)
      assert.equal(listener.opening, 0)
    })

  it('counts transports out when they close', async () => {
    const { listener, port, next } = await listen()
    const socket = await client(port)
    const transport = await next()
    const sink = Collecting.open(transport)
    assert.deepEqual([listener.connections, listener.opening], [1, 0])
    socket.destroy()
    await sink.until(({ ends }) => ends === 1)
    assert.equal(listener.connections, 1)
    transport.end()
    await sink.until(({ closes }) => closes === 1)
    assert.equal(listener.connections, 0)
  })
})

const V1 = 'PROXY TCP4 203.0.113.7 198.51.100.1 40000 443\r\n'
const V2 = Buffer.concat([
  Buffer.from('\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c', 'latin1'),
  Buffer.from([203, 0, 113, 7, 198, 51, 100, 1, 40_000 >> 8, 40_000 & 255, 1, 187]),
]).toString('latin1')
const PEER = { address: '203.0.113.7', port: 40_000 }

describe('PROXY headers', () => {
  it('tell the addresses, in one piece with the content, apart from it, or bytewise', async () => {
    const { port, next } = await listen({ proxyProtocol: true })
    for (const header of [V1, V2]) {
      const together = await client(port, `${header}hello`)
      const apart = await client(port, header)
      const one = await next()
      const two = await next()
      assert.deepEqual([one.peer, two.peer, one.local], [PEER, PEER, { address: '198.51.100.1', port: 443 }])
      apart.write('hello')
      for (const [transport, socket] of [
        [one, together],
        [two, apart],
      ] as const) {
        const sink = Collecting.open(transport)
        await sink.until(({ text }) => text === 'hello')
        // A client that has closed its side still gets its answer.
        socket.end()
        await sink.until(({ ends }) => ends === 1)
        transport.write([Buffer.from('answer')])
        transport.end()
        assert.equal(await readAll(socket), 'answer')
      }
      const slow = await client(port)
      slow.setNoDelay(true)
      for (const character of `${header}hello`) {
        slow.write(Buffer.from(character, 'latin1'))
        await turns(1)
      }
      const three = await next()
      await Collecting.open(three).until(({ text }) => text === 'hello')
      assert.deepEqual(three.peer, PEER)
      three.destroy()
      slow.destroy()
    }
  })

  it('that tell nothing leave the addresses of the socket', async () => {
    const { port, next } = await listen({ proxyProtocol: true })
    for (const header of ['PROXY UNKNOWN\r\n', '\r\n\r\n\0\r\nQUIT\n\x20\0\0\0']) {
      const socket = await client(port, header)
      assert.equal((await next()).peer.port, socket.localPort)
      socket.destroy()
    }
  })

  it('that are missing, wrong or cut end the connection', async () => {
    const { port, count, listener } = await listen({ proxyProtocol: true })
    for (const text of [
      'GET / HTTP/1.1\r\n',
      'PROXY TCP4 x',
      'PROXY TCP4 1.2.3.4\r\n',
      '\r\n\r\n\0\r\nQUIT\n\x31',
      '\0',
    ]) {
      const socket = await client(port, text)
      if (text === 'PROXY TCP4 x') socket.end()
      assert.equal(await readAll(socket), '')
    }
    const reset = await client(port, 'PROXY ')
    reset.resetAndDestroy()
    while (listener.connections > 0) await turns(1)
    assert.equal(count(), 0)
  })

  it('that are slow end the connection', async () => {
    const { port, count } = await listen({ proxyProtocol: true, handshakeMs: 50 })
    const socket = await client(port, 'PROXY ')
    assert.equal(await readAll(socket), '')
    assert.equal(count(), 0)
  })

  it('mean nothing where they are not expected', async () => {
    const { port, next } = await listen()
    const socket = await client(port, V1)
    const transport = await next()
    assert.equal(transport.peer.address, host)
    await Collecting.open(transport).until(({ text }) => text === V1)
    socket.destroy()
  })
})

describe('TLS', () => {
  const secure = async (port: number, options = {}): Promise<TLSSocket> => {
    const socket = connectTls({ host, port, ca: tls.cert, ...options })
    await once(socket, 'secureConnect')
    return socket
  }

  it('carries bytes, and negotiates HTTP/1.1', async () => {
    const { port, next } = await listen({ tls })
    const socket = await secure(port, { ALPNProtocols: ['h2', 'http/1.1'] })
    assert.equal(socket.alpnProtocol, 'http/1.1')
    const transport = await next()
    assert.equal(transport.encrypted, true)
    const sink = Collecting.open(transport)
    socket.write('hello')
    await sink.until(({ text }) => text === 'hello')
    transport.write([Buffer.from('a'), Buffer.from('b')])
    transport.end()
    assert.equal(await readAll(socket), 'ab')
  })

  it('stands behind a PROXY header, in one piece with it or not', async () => {
    const { port, next } = await listen({ tls, proxyProtocol: true })
    for (const header of [V1, V2]) {
      const raw = await client(port, header)
      const socket = connectTls({ socket: raw, servername: 'localhost', ca: tls.cert })
      await once(socket, 'secureConnect')
      const transport = await next()
      assert.deepEqual([transport.peer, transport.encrypted], [PEER, true])
      const sink = Collecting.open(transport)
      socket.write('hello')
      await sink.until(({ text }) => text === 'hello')
      socket.destroy()
      await sink.until(({ closes, ends }) => closes + ends > 0)
      transport.destroy()
    }
  })

  it('ends a handshake that fails, is cut, or is slow', async () => {
    const { port, count, listener } = await listen({ tls, handshakeMs: 50 })
    // A TLS alert at the most.
    assert.ok((await readAll(await client(port, 'GET / HTTP/1.1\r\n\r\n'))).length <= 7)
    const old = connectTls({
      host,
      port,
      ca: tls.cert,
      maxVersion: 'TLSv1.1',
      minVersion: 'TLSv1',
      ciphers: 'ALL@SECLEVEL=0',
    })
    await assert.rejects(once(old, 'secureConnect'))
    const stranger = connectTls({ host, port, ca: tls.cert, ALPNProtocols: ['h2'] })
    await assert.rejects(once(stranger, 'secureConnect'))
    const reset = await client(port, '\x16\x03\x01')
    reset.resetAndDestroy()
    const slow = await client(port, '\x16\x03\x01')
    assert.equal(await readAll(slow), '')
    while (listener.connections > 0) await turns(1)
    assert.deepEqual([count(), listener.opening], [0, 0])
  })

  it('ends a connection that brings garbage behind the handshake', async () => {
    const { port, next, listener } = await listen({ tls })
    const raw = await client(port)
    const socket = connectTls({ socket: raw, servername: 'localhost', ca: tls.cert })
    socket.on('error', () => {})
    await once(socket, 'secureConnect')
    const sink = Collecting.open(await next())
    raw.write(Buffer.from('\x17\x03\x03\0\x20garbage garbage garbage garbage!', 'latin1'))
    await sink.until(({ closes }) => closes === 1)
    assert.equal(listener.connections, 0)
    raw.destroy()
  })

  it('gives a handshake its time after the clock stood still', async () => {
    const { port, next } = await listen({ tls, handshakeMs: 1000 })
    // While nothing waits the clock stands; a deadline that was taken from it would be over at once.
    await new Promise((resolve) => setTimeout(resolve, 1100))
    const raw = await client(port)
    await new Promise((resolve) => setTimeout(resolve, 250))
    const socket = connectTls({ socket: raw, servername: 'localhost', ca: tls.cert })
    await once(socket, 'secureConnect')
    ;(await next()).destroy()
    socket.destroy()
  })
})

describe('endOpening', () => {
  it('ends what has not become a transport, and nothing else', async () => {
    const { listener, port, next } = await listen({ proxyProtocol: true })
    const waiting = await client(port, 'PROXY ')
    const through = await client(port, V1)
    const transport = await next()
    while (listener.opening < 1) await turns(1)
    listener.close()
    assert.deepEqual(listener.endpoint, { address: '', port: 0 })
    listener.endOpening()
    assert.equal(await readAll(waiting), '')
    const sink = Collecting.open(transport)
    through.write('still here')
    await sink.until(({ text }) => text === 'still here')
    through.destroy()
  })
})
