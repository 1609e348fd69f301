/** Connecting: what is verified, how long it takes at the most, what an error says, and that nothing is left behind. */

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { connect, type ConnectOptions, Listener, selfSigned, type Transport, TransportError } from '#src/io/index.js'
import { Collecting } from './collecting.js'

const host = '127.0.0.1'

/** The error that something rejects with. */
async function errorOf(promise: Promise<unknown>): Promise<TransportError> {
  const error = await promise.then(
    () => assert.fail('it did not reject'),
    (reason: unknown) => reason,
  )
  assert.ok(error instanceof TransportError, String(error))
  return error
}

/** A port where nobody listens. */
async function freePort(): Promise<number> {
  const listener = await Listener.open({ address: host }, () => {})
  const { port } = listener.endpoint
  listener.close()
  return port
}

describe('a connector', () => {
  it('names the peer that refuses, with the code of the system', async () => {
    const port = await freePort()
    const error = await errorOf(connect({ host, port }))
    assert.deepEqual([error.code, error.peer], ['ECONNREFUSED', `${host}:${port}`])
    assert.match(error.message, /^127\.0\.0\.1:\d+: connect ECONNREFUSED/)
  })

  it('names every address of a name that was tried', async () => {
    const port = await freePort()
    const error = await errorOf(connect({ host: 'localhost', port }))
    assert.deepEqual([error.code, error.peer], ['ECONNREFUSED', `localhost:${port}`])
    assert.match(error.message, /ECONNREFUSED/)
  })

  it('names a Unix socket that is not there', async () => {
    const error = await errorOf(connect({ path: '/nowhere/at.all' }))
    assert.deepEqual([error.code, error.peer], ['ENOENT', '/nowhere/at.all'])
  })

  it('rejects for what is no place', async () => {
    await assert.rejects(connect({ host, port: 99_999 }), { code: 'ERR_SOCKET_BAD_PORT' })
  })

  it('does not begin when it was given up before', async () => {
    const signal = AbortSignal.abort(new Error('not any more'))
    await assert.rejects(connect({ host, port: await freePort() }, { signal }), /not any more/)
  })
})

describe('a connector to a peer that says nothing', () => {
  let server: Server
  const sockets: Socket[] = []
  let port = 0

  before(async () => {
    server = createServer((socket) => void sockets.push(socket))
    server.listen(0, host)
    await once(server, 'listening')
    port = (server.address() as { port: number }).port
  })
  after(() => server.close())

  /** The next socket that the server has accepted. */
  const accepted = async (count: number): Promise<Socket> => {
    while (sockets.length < count) await once(server, 'connection')
    return sockets[count - 1]!
  }
  /** The peer sees the connection end. */
  const ended = async (socket: Socket): Promise<void> => {
    socket.on('error', () => {})
    socket.resume()
    if (!socket.closed) await once(socket, 'close')
  }

  it('gives up in time, and closes the socket', async () => {
    const error = await errorOf(connect({ host, port }, { tls: true, timeoutMs: 50 }))
    assert.equal(error.code, 'CONNECT_TIMEOUT')
    assert.equal(error.message, `${host}:${port}: no connection in 50 ms`)
    await ended(await accepted(1))
  })

  it('gives up when it is told to, and closes the socket', async () => {
    const controller = new AbortController()
    const options: ConnectOptions = { tls: true, timeoutMs: Infinity, signal: controller.signal }
    const connecting = assert.rejects(connect({ host, port }, options), /enough/)
    const socket = await accepted(2)
    controller.abort(new Error('enough'))
    await connecting
    await ended(socket)
  })

  it('tells when the peer goes away', async () => {
    const connecting = errorOf(connect({ host, port }, { tls: true }))
    ;(await accepted(3)).end()
    assert.ok(['ECONNRESET', 'PEER_GONE'].includes((await connecting).code))
    const again = errorOf(connect({ host, port }, { tls: true }))
    ;(await accepted(4)).resetAndDestroy()
    assert.equal((await again).code, 'ECONNRESET')
  })

  it('tells when the peer speaks no TLS', async () => {
    const connecting = errorOf(connect({ host, port }, { tls: true }))
    ;(await accepted(5)).end('HTTP/1.1 400 Bad Request\r\n\r\n')
    const { code, message } = await connecting
    assert.match(code, /^ERR_SSL_/)
    assert.match(message, /wrong version number|packet length too long/)
  })
})

describe('a connector over TLS', () => {
  const localhost = selfSigned()
  const other = selfSigned({ names: ['other.test'] })
  const clientOwn = selfSigned({ names: ['client.test'] })
  let trusted: Listener
  let strange: Listener
  let asking: Listener
  const transports: Transport[] = []
  let onAsked: (transport: Transport) => void
  const asked = new Promise<Transport>((resolve) => (onAsked = resolve))

  before(async () => {
    const keep = (transport: Transport): void => {
      transports.push(transport)
      Collecting.open(transport)
    }
    trusted = await Listener.open({ address: host, tls: localhost, alpn: ['h2', 'http/1.1'] }, keep)
    strange = await Listener.open({ address: host, tls: other }, keep)
    asking = await Listener.open(
      { address: host, tls: { ...localhost, clientCertificates: 'require', ca: clientOwn.cert } },
      (transport) => {
        keep(transport)
        onAsked(transport)
      },
    )
  })
  after(() => {
    for (const transport of transports) transport.destroy()
    for (const listener of [trusted, strange, asking]) listener.close()
  })

  const to = (listener: Listener): { host: string; port: number } => ({ host, port: listener.endpoint.port })

  it('takes no certificate that nobody vouches for', async () => {
    for (const tls of [true, {}]) {
      const { code, message } = await errorOf(connect(to(trusted), { tls }))
      assert.equal(code, 'DEPTH_ZERO_SELF_SIGNED_CERT')
      assert.match(message, /^127\.0\.0\.1:\d+: self-signed certificate/)
    }
  })

  it('does so although the environment says otherwise', async () => {
    process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0'
    try {
      assert.equal((await errorOf(connect(to(trusted), { tls: true }))).code, 'DEPTH_ZERO_SELF_SIGNED_CERT')
    } finally {
      delete process.env['NODE_TLS_REJECT_UNAUTHORIZED']
    }
  })

  it('takes no certificate for another name', async () => {
    const error = await errorOf(connect(to(strange), { tls: { ca: other.cert } }))
    assert.equal(error.code, 'ERR_TLS_CERT_ALTNAME_INVALID')
    const named = await connect(to(strange), { tls: { ca: [other.cert], servername: 'other.test' } })
    named.destroy()
  })

  it('takes one of an authority that it was given, and tells which protocol was chosen', async () => {
    const transport = await connect(to(trusted), { tls: { ca: localhost.cert }, alpn: ['h2'] })
    assert.deepEqual([transport.encrypted, transport.protocol], [true, 'h2'])
    transport.destroy()
    const without = await connect(to(trusted), { tls: { ca: localhost.cert, minVersion: 'TLSv1.3' } })
    assert.equal(without.protocol, '')
    without.destroy()
  })

  it('asks for the host by its name, so that a server of many hosts finds the certificate', async () => {
    const tls = { certificates: [other, localhost], strictSni: true }
    const listener = await Listener.open({ address: host, tls }, (transport) => transports.push(transport))
    const { port } = listener.endpoint
    const transport = await connect({ host: 'localhost', port }, { tls: { ca: localhost.cert } })
    transport.destroy()
    await errorOf(connect({ host, port }, { tls: { ca: localhost.cert } }))
    listener.close()
  })

  it('takes any where it must not look', async () => {
    const transport = await connect(to(strange), { tls: { rejectUnauthorized: false } })
    assert.equal(transport.encrypted, true)
    transport.destroy()
  })

  it('shows its own, where it is asked for one', async () => {
    const transport = await connect(to(asking), { tls: { ca: localhost.cert, ...clientOwn } })
    const sink = Collecting.open(transport)
    const theirs = await asked
    assert.equal(theirs.clientCertificate?.subject, 'CN=client.test')
    theirs.write([Buffer.from('welcome')])
    await sink.until(({ text }) => text === 'welcome')
    transport.destroy()
  })

  it('refuses certificates that cannot be used', async () => {
    const { key } = selfSigned()
    await assert.rejects(connect(to(asking), { tls: { cert: clientOwn.cert, key } }), { code: 'TLS_KEY_MISMATCH' })
    await assert.rejects(connect(to(asking), { tls: { ca: '/nowhere/ca.pem' } }), { code: 'TLS_FILE' })
  })
})
