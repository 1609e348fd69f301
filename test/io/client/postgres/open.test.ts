/** Opening a connection to servers that do as they like: scripted ones, in place of PostgreSQL. */

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { afterEach, describe, it } from 'node:test'
import { endPointHash } from '#src/io/client/postgres/channel-binding.js'
import type { PostgresOptions } from '#src/io/client/postgres/config-options.js'
import { configOf } from '#src/io/client/postgres/config.js'
import { connectAny, type Login } from '#src/io/client/postgres/hosts.js'
import { openTransport, placeOf } from '#src/io/client/postgres/open.js'
import { Listener, selfSigned, type Transport, TransportError } from '#src/io/index.js'

const host = '127.0.0.1'
const servers: Server[] = []
const never = new AbortController().signal

/** A server that does the same with each connection; gives its port. */
async function serve(onSocket: (socket: Socket) => void): Promise<number> {
  const server = createServer((socket) => {
    socket.on('error', () => {})
    onSocket(socket)
  })
  servers.push(server)
  server.listen(0, host)
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

/** Answers SSLRequest. */
const answering = (octets: string) => (socket: Socket) => void socket.once('data', () => socket.write(octets))

afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

/** A login that needs nothing of the server, or what it was given. */
function login(parts: Partial<Login<Transport>> = {}): Login<Transport> {
  return {
    login: ({ transport }) => Promise.resolve(transport),
    parameter: () => undefined,
    ask: () => Promise.reject(new Error('not asked')),
    end: (transport) => transport.destroy(),
    ...parts,
  }
}

function connect(options: PostgresOptions, how = login(), signal: AbortSignal = never): Promise<Transport> {
  return connectAny(configOf({ host, user: 'u', ...options }, { HOME: '/nonexistent' }), how, signal)
}

describe('the question for TLS', () => {
  const answers: readonly (readonly [string, string])[] = [
    ['S\0', 'PG_TLS_REST'],
    ['E', 'PG_TLS_ANSWER'],
    ['N', 'PG_TLS_REFUSED'],
  ]
  for (const [octets, code] of answers)
    it(`does not take ${JSON.stringify(octets)} for an answer, and leaves no socket behind`, async () => {
      const gone: Promise<unknown>[] = []
      const port = await serve((socket) => {
        answering(octets)(socket)
        gone.push(once(socket, 'close'))
      })
      await assert.rejects(connect({ port, sslmode: 'require' }), { name: 'TransportError', code })
      await Promise.all(gone)
      assert.equal(gone.length, 1)
    })

  it('ends with the connection', async () => {
    const port = await serve((socket) => void socket.once('data', () => socket.end()))
    await assert.rejects(connect({ port, sslmode: 'require' }), { code: 'PG_TRUNCATED' })
    const abrupt = await serve((socket) => void socket.once('data', () => socket.resetAndDestroy()))
    await assert.rejects(connect({ port: abrupt, sslmode: 'require' }), TransportError)
  })

  it('may be answered with no, and the transport works', async () => {
    const port = await serve((socket) => {
      socket.once('data', () => {
        socket.write('N')
        socket.once('data', (chunk) => socket.write(chunk))
      })
    })
    const transport = await connect({ port, sslmode: 'prefer' })
    const echoed = new Promise<string>((resolve) => {
      transport.open({
        onData: (chunk) => resolve(Buffer.from(chunk).toString()),
        onEnd: () => {},
        onDrain: () => {},
        onClose: () => {},
      })
    })
    transport.write([Buffer.from('hello')])
    assert.equal(await echoed, 'hello')
    transport.destroy()
  })

  it('is given up in time, or by who asked', async () => {
    const seen: Socket[] = []
    const port = await serve((socket) => void seen.push(socket))
    await assert.rejects(connect({ port, sslmode: 'require', connectTimeoutMs: 30 }), { code: 'CONNECT_TIMEOUT' })
    const controller = new AbortController()
    const asked = serve((socket) => void socket.once('data', () => controller.abort(new Error('enough'))))
    await assert.rejects(connect({ port: await asked, sslmode: 'require' }, login(), controller.signal), /enough/)
    await assert.rejects(connect({ port }, login(), AbortSignal.abort(new Error('before'))), /before/)
    for (const socket of seen) socket.destroy()
  })

  it('is followed by nothing else where TLS fails, but for `prefer`', async () => {
    let connections = 0
    const port = await serve((socket) => {
      connections++
      // Whatever came first, this is no TLS.
      socket.once('data', () => {
        socket.write('S')
        socket.once('data', () => socket.end('not TLS at all'))
      })
    })
    await assert.rejects(connect({ port, sslmode: 'require' }), TransportError)
    assert.equal(connections, 1)
    const transport = await connect({ port, sslmode: 'prefer' })
    assert.deepEqual([transport.encrypted, connections], [false, 3])
    transport.destroy()
  })
})

describe('direct TLS', () => {
  it('is with a server that says that it speaks PostgreSQL', async () => {
    const direct = { sslmode: 'require', sslnegotiation: 'direct' } as const
    const alpns: readonly (readonly [string[], string])[] = [
      [[], 'PG_TLS_ALPN'],
      [['h2'], 'ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL'],
    ]
    for (const [alpn, code] of alpns) {
      const listener = await Listener.open({ address: host, tls: selfSigned(), alpn }, (peer) => peer.destroy())
      await assert.rejects(connect({ ...direct, port: listener.endpoint.port }), { name: 'TransportError', code })
      listener.close()
    }
    const listener = await Listener.open({ address: host, tls: selfSigned(), alpn: ['postgresql'] }, (peer) =>
      peer.destroy(),
    )
    const transport = await connect({ ...direct, port: listener.endpoint.port })
    assert.equal(transport.protocol, 'postgresql')
    transport.destroy()
    listener.close()
  })
})

describe('the search for a server', () => {
  const quiet = (): Promise<number> => serve((socket) => void socket.resume())
  const refusal = (name: string, code: string): Error => Object.assign(new Error(code), { name, code })

  it('goes on, or ends, by what went wrong', async () => {
    const ports = [await quiet(), await quiet()]
    const tried = async (error: Error): Promise<number> => {
      let count = 0
      const failing = login({
        login: ({ transport }) => {
          count++
          transport.destroy()
          return Promise.reject(error)
        },
      })
      await assert.rejects(connect({ host: [host, host], port: ports, sslmode: 'disable' }, failing))
      return count
    }
    assert.equal(await tried(refusal('PostgresError', '57P03')), 2)
    assert.equal(await tried(refusal('PostgresError', '28P01')), 1)
    assert.equal(await tried(refusal('PostgresError', '53300')), 1)
    assert.equal(await tried(refusal('PostgresConnectionError', 'ECONNRESET')), 2)
    assert.equal(await tried(refusal('PostgresConnectionError', 'PG_TRUNCATED')), 2)
    assert.equal(await tried(refusal('PostgresConnectionError', 'PG_AUTH_PASSWORD')), 1)
    assert.equal(await tried(refusal('TransportError', 'PG_SCRAM_SIGNATURE')), 1)
    assert.equal(await tried(refusal('UsageError', 'PG_X')), 1)
    assert.equal(await tried(new Error('the password could not be had')), 1)
  })

  it('asks what a server does not report', async () => {
    const port = await quiet()
    const asking = (readOnly: string, standby: string): Login<Transport> =>
      login({ ask: (_, sql) => Promise.resolve(sql.startsWith('SHOW') ? readOnly : standby) })
    const finds = async (targetSessionAttrs: PostgresOptions['targetSessionAttrs'], how: Login<Transport>) => {
      const connecting = connect({ port, sslmode: 'disable', targetSessionAttrs }, how)
      return connecting.then(
        (transport) => (transport.destroy(), 'found'),
        ({ code }: TransportError) => code,
      )
    }
    assert.equal(await finds('read-write', asking('off', 'false')), 'found')
    assert.equal(await finds('read-write', asking('on', 'false')), 'PG_TARGET_SESSION')
    assert.equal(await finds('standby', asking('on', 'true')), 'found')
    assert.equal(await finds('primary', asking('on', 'true')), 'PG_TARGET_SESSION')
    assert.equal(await finds('primary', login()), undefined)
  })

  it('does not wait for ever for what it asks', async () => {
    const port = await quiet()
    let ended = 0
    const silent = login({
      ask: () => new Promise(() => {}),
      end: (transport) => {
        ended++
        transport.destroy()
      },
    })
    const options = { port, sslmode: 'disable', targetSessionAttrs: 'primary', connectTimeoutMs: 30 } as const
    await assert.rejects(connect(options, silent), { code: 'CONNECT_TIMEOUT' })
    assert.equal(ended, 1)
  })

  it('leads to the same server again, for cancelling', async () => {
    const port = await quiet()
    const config = configOf({ host: 'localhost', hostaddr: host, port, sslmode: 'disable' }, { HOME: '/nonexistent' })
    const [configured] = config.hosts
    const target = { host: configured!, place: placeOf(configured!), encryption: 'plain' } as const
    const first = await openTransport(target, config, never)
    assert.deepEqual(first.target, { ...target, place: { host, port } })
    const second = await openTransport(first.target, config, never)
    assert.equal(second.transport.peer.port, port)
    first.transport.destroy()
    second.transport.destroy()
  })

  it('knows where a Unix socket is', () => {
    const at = (name: string): unknown => placeOf({ host: name, address: undefined, port: 7 })
    assert.deepEqual(at('/run'), { path: '/run/.s.PGSQL.7' })
    assert.deepEqual(at('@run'), { path: '\0run/.s.PGSQL.7' })
    assert.deepEqual(at('h'), { host: 'h', port: 7 })
  })
})

describe('the hash of a certificate', () => {
  const element = (tag: number, ...contents: Uint8Array[]): Buffer => {
    const content = Buffer.concat(contents)
    const length = content.length < 128 ? [content.length] : [0x82, content.length >> 8, content.length & 255]
    return Buffer.concat([Buffer.from([tag, ...length]), content])
  }
  const identifier = (hex: string): Buffer => element(6, Buffer.from(hex, 'hex'))
  const signed = (...algorithm: Uint8Array[]): Buffer =>
    element(0x30, element(0x30, Buffer.alloc(300)), element(0x30, ...algorithm), element(3, Buffer.alloc(9)))
  const PSS = identifier('2a864886f70d01010a')
  const pssWith = (hash: string): Buffer => element(0x30, element(0xa0, element(0x30, identifier(hash))))

  const cases: readonly (readonly [string, Buffer, string | undefined])[] = [
    ['MD5', signed(identifier('2a864886f70d010104')), 'sha256'],
    ['SHA-1', signed(identifier('2a8648ce3d0401')), 'sha256'],
    ['SHA-384', signed(identifier('2a864886f70d01010c')), 'sha384'],
    ['SHA-512', signed(identifier('2a8648ce3d040304')), 'sha512'],
    ['PSS with its defaults', signed(PSS), 'sha256'],
    ['PSS with empty parameters', signed(PSS, element(0x30)), 'sha256'],
    ['PSS with a salt only', signed(PSS, element(0x30, element(0xa2, Buffer.alloc(3)))), 'sha256'],
    ['PSS with SHA-512', signed(PSS, pssWith('608648016503040203')), 'sha512'],
    ['PSS with an unknown hash', signed(PSS, pssWith('2a03')), undefined],
    ['Ed25519', signed(identifier('2b6570')), undefined],
  ]
  for (const [name, certificate, hash] of cases)
    it(`follows ${name}`, () => {
      const expected = hash && createHash(hash).update(certificate).digest('hex')
      const octets = endPointHash(certificate)
      assert.equal(octets && Buffer.from(octets).toString('hex'), expected)
    })
})
