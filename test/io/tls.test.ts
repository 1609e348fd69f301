import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect as connectPlain } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, describe, it } from 'node:test'
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls'
import {
  type CertificateSource,
  Listener,
  type ListenOptions,
  type SelfSigned,
  selfSigned,
  TlsCredentials,
  type TlsOptions,
  type Transport,
} from '#src/io/index.js'
import { Collecting } from './collecting.js'

const host = '127.0.0.1'
const named = (...names: string[]): SelfSigned => selfSigned({ names })
const fingerprint = ({ cert }: SelfSigned): string => new X509Certificate(cert).fingerprint256

interface Listening {
  readonly port: number
  readonly transports: Transport[]
  /** What resolvers have thrown. */
  readonly errors: unknown[]
  readonly listener: Listener
}

const listen = async (tls: TlsOptions | TlsCredentials, options: ListenOptions = {}): Promise<Listening> => {
  const transports: Transport[] = []
  const errors: unknown[] = []
  const onError = (error: unknown): void => void errors.push(error)
  const listener = await Listener.open({ address: host, tls, onError, ...options }, (transport) =>
    transports.push(transport),
  )
  after(() => {
    listener.close()
    for (const transport of transports) transport.destroy()
  })
  return { port: listener.endpoint.port, transports, errors, listener }
}

/** A client that takes any certificate; rejects when the handshake fails. */
const handshake = async (port: number, options: ConnectionOptions = {}): Promise<TLSSocket> => {
  const socket = connect({ host, port, rejectUnauthorized: false, ...options })
  await once(socket, 'secureConnect')
  socket.on('error', () => {})
  after(() => socket.destroy())
  return socket
}

/** The fingerprint of the certificate that a client gets who asks for this host. */
const certificateFor = async (port: number, servername?: string): Promise<string> => {
  const socket = await handshake(port, servername === undefined ? {} : { servername })
  const { fingerprint256 } = socket.getPeerCertificate()
  socket.destroy()
  return fingerprint256
}

const until = async (holds: () => boolean): Promise<void> => {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve))
}

const closed = async (socket: TLSSocket): Promise<void> => {
  socket.resume()
  if (!socket.closed) await new Promise((resolve) => socket.once('close', resolve))
}

describe('the certificate for a host', () => {
  const first = named('first.example')
  const exact = named('a.b.example')
  const wild = named('*.b.example', 'b.example')
  const certificates = [first, wild, exact, named('a.b.example', 'first.example')]

  it('is the one that names it, exactly or by a wildcard for one label, else the first', async () => {
    const { port } = await listen({ certificates })
    for (const [servername, expected] of [
      ['first.example', first],
      ['a.b.example', exact],
      ['A.B.Example', exact],
      ['a.b.example.', exact],
      ['x.b.example', wild],
      ['b.example', wild],
      ['x.y.b.example', first],
      ['example', first],
      ['unknown.example', first],
      ['not_a..name', first],
      [undefined, first],
    ] as const)
      assert.equal(await certificateFor(port, servername), fingerprint(expected), servername)
  })

  it('is what `hosts` says, whatever the certificate says', async () => {
    const { port } = await listen({ certificates: [first, { ...exact, hosts: ['other.example'] }] })
    assert.equal(await certificateFor(port, 'other.example'), fingerprint(exact))
    assert.equal(await certificateFor(port, 'a.b.example'), fingerprint(first))
  })

  it('is none for a strange one, where that is wanted', async () => {
    const { port, listener } = await listen({ ...wild, strictSni: true })
    assert.equal(await certificateFor(port, 'x.b.example'), fingerprint(wild))
    assert.equal(await certificateFor(port), fingerprint(wild))
    for (const servername of ['b.example.org', 'not_a..name'])
      await assert.rejects(handshake(port, { servername }), { code: 'ECONNRESET' })
    await until(() => listener.opening === 0)
  })
})

describe('a certificate resolver', () => {
  const first = named('first.example')
  const found = named('anything')

  it('is asked for strange names only, in one form, and its certificates are kept', async () => {
    const asked: string[] = []
    const source: CertificateSource = found
    const { port } = await listen({
      ...first,
      resolve: (name) => {
        asked.push(name)
        return name === 'none.example' ? undefined : name === 'now.example' ? source : Promise.resolve(source)
      },
    })
    assert.equal(await certificateFor(port, 'Now.Example.'), fingerprint(found))
    assert.equal(await certificateFor(port, 'later.example'), fingerprint(found))
    assert.equal(await certificateFor(port, 'none.example'), fingerprint(first))
    assert.equal(await certificateFor(port, 'first.example'), fingerprint(first))
    assert.equal(await certificateFor(port), fingerprint(first))
    assert.deepEqual(asked, ['now.example', 'later.example', 'none.example'])
  })

  it('that throws, rejects, gives nonsense or never answers costs one handshake', async () => {
    const { port, errors, transports, listener } = await listen(
      {
        ...first,
        resolve: (name) => {
          switch (name) {
            case 'throws.example':
              throw new Error('thrown')
            case 'rejects.example':
              return Promise.reject(new Error('rejected'))
            case 'nonsense.example':
              return {} as CertificateSource
            case 'no-object.example':
              return 'x' as unknown as CertificateSource
            case 'mismatch.example':
              return { cert: found.cert, key: first.key }
            default:
              return new Promise(() => {})
          }
        },
      },
      { handshakeMs: 300 },
    )
    for (const kind of ['throws', 'rejects', 'nonsense', 'no-object', 'mismatch', 'hangs'])
      await assert.rejects(handshake(port, { servername: `${kind}.example` }), { code: 'ECONNRESET' }, kind)
    await until(() => listener.connections === 0)
    assert.equal(transports.length, 0)
    assert.equal(errors.length, 5)
    assert.match(String(errors[0]), /thrown/)
    assert.match(String(errors[1]), /rejected/)
    assert.equal((errors[4] as { code: string }).code, 'TLS_KEY_MISMATCH')
    assert.equal(await certificateFor(port, 'first.example'), fingerprint(first))
  })

  it('that answers when the client is gone changes nothing', async () => {
    let answer: ((source: CertificateSource) => void) | undefined
    const { port, errors, listener } = await listen({
      ...first,
      resolve: () => new Promise((resolve) => (answer = resolve)),
    })
    const socket = connect({ host, port, servername: 'late.example', rejectUnauthorized: false })
    socket.on('error', () => {})
    await until(() => answer !== undefined)
    socket.destroy()
    await until(() => listener.connections === 0)
    answer!(found)
    assert.equal(await certificateFor(port, 'first.example'), fingerprint(first))
    assert.deepEqual(errors, [])
  })

  it('may refuse by itself where strange names are refused', async () => {
    const { port } = await listen({ ...first, strictSni: true, resolve: () => undefined })
    await assert.rejects(handshake(port, { servername: 'x.example' }), { code: 'ECONNRESET' })
  })
})

describe('a reload', () => {
  const directory = mkdtempSync(path.join(tmpdir(), 'skitai-reload-'))
  after(() => rmSync(directory, { recursive: true }))
  const put = ({ cert, key }: SelfSigned): void => {
    writeFileSync(path.join(directory, 'cert.pem'), cert)
    writeFileSync(path.join(directory, 'key.pem'), key)
  }

  it('serves new connections with the new files; open ones go on, also one in its handshake', async () => {
    const [one, two] = [selfSigned(), selfSigned()]
    put(one)
    const credentials = new TlsCredentials({ cert: 'cert.pem', key: 'key.pem' }, directory)
    const { port, transports } = await listen(credentials)
    const open = await handshake(port)
    const begun = connectPlain({ host, port })
    await once(begun, 'connect')
    put(two)
    assert.equal(await certificateFor(port), fingerprint(one))
    credentials.reload()
    assert.equal(await certificateFor(port), fingerprint(two))
    assert.equal(credentials.fingerprint256, fingerprint(two))
    const late = connect({ socket: begun, rejectUnauthorized: false })
    await once(late, 'secureConnect')
    await until(() => transports.length > 0)
    const sink = Collecting.open(transports[0]!)
    open.write('still here')
    await sink.until(({ text }) => text === 'still here')
    transports[0]!.write([Buffer.from('so am I')])
    assert.equal(String((await once(open, 'data'))[0]), 'so am I')
    for (const socket of [late, begun]) socket.destroy()
  })

  it('leaves all as it was when something cannot be used', async () => {
    const [one, two] = [selfSigned(), selfSigned()]
    put(one)
    const credentials = new TlsCredentials({ cert: 'cert.pem', key: 'key.pem' }, directory)
    const { port } = await listen(credentials)
    put({ cert: two.cert, key: one.key })
    assert.throws(() => credentials.reload(), { code: 'TLS_KEY_MISMATCH' })
    assert.throws(() => credentials.reload({ cert: 'nowhere.pem' }), { code: 'TLS_FILE' })
    assert.equal(await certificateFor(port), fingerprint(one))
    put(two)
    credentials.reload()
    assert.equal(await certificateFor(port), fingerprint(two))
    credentials.reload(one)
    assert.equal(await certificateFor(port), fingerprint(one))
  })

  it('lets clients with a session of before in, by a full handshake', async () => {
    for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
      const pair = selfSigned()
      const credentials = new TlsCredentials({ ...pair, clientCertificates: 'request', ca: pair.cert })
      const { port, transports } = await listen(credentials)
      const first = connect({ host, port, rejectUnauthorized: false, maxVersion })
      const session = await new Promise<Buffer>((resolve) => first.once('session', resolve))
      first.destroy()
      const resumed = await handshake(port, { session, maxVersion })
      assert.equal(resumed.isSessionReused(), true, maxVersion)
      credentials.reload()
      const anew = await handshake(port, { session, maxVersion })
      assert.equal(anew.isSessionReused(), false, maxVersion)
      await until(() => transports.length === 3)
    }
  })
})

describe('certificates of clients', () => {
  const server = selfSigned()
  const friend = named('friend')
  const stranger = named('stranger')

  it('are not asked for unless that is wanted', async () => {
    const { port, transports } = await listen(server)
    await handshake(port, friend)
    await until(() => transports.length === 1)
    assert.equal(transports[0]!.clientCertificate, undefined)
  })

  for (const version of ['TLSv1.2', 'TLSv1.3'] as const)
    describe(`over ${version}`, () => {
      const options = { minVersion: version, maxVersion: version } as const

      it('are told when they are requested, verified or not', async () => {
        const { port, transports } = await listen({ ...server, clientCertificates: 'request', ca: friend.cert })
        for (const [index, pair] of [friend, stranger, {}].entries()) {
          await handshake(port, { ...options, ...pair })
          await until(() => transports.length === index + 1)
        }
        const [known, unknown, none] = transports.map(({ clientCertificate }) => clientCertificate)
        const { subject, issuer, validTo, subjectAltName } = new X509Certificate(friend.cert)
        assert.deepEqual(known, {
          subject,
          issuer,
          validTo,
          subjectAltName,
          fingerprint256: fingerprint(friend),
          authorized: true,
          authorizationError: '',
        })
        assert.equal(unknown?.fingerprint256, fingerprint(stranger))
        assert.equal(unknown?.authorized, false)
        assert.match(unknown?.authorizationError ?? '', /SELF_SIGNED|UNABLE_TO_VERIFY/)
        assert.equal(none, undefined)
      })

      it('that are required let nobody else in', async () => {
        const ca = [Buffer.from(friend.cert)]
        const tls: TlsOptions = { ...server, clientCertificates: 'require', ca }
        const { port, transports, listener } = await listen(tls)
        for (const pair of [{}, stranger]) {
          const socket = connect({ host, port, rejectUnauthorized: false, ...options, ...pair })
          socket.on('error', () => {})
          // Over TLS 1.3 the client is through before the server has seen its certificate.
          socket.write('a request')
          await closed(socket)
        }
        await until(() => listener.connections === 0)
        assert.equal(transports.length, 0)
        const socket = await handshake(port, { ...options, ...friend })
        socket.write('a request')
        await until(() => transports.length === 1)
        assert.equal(transports[0]!.clientCertificate?.authorized, true)
        await Collecting.open(transports[0]!).until(({ text }) => text === 'a request')
      })

      it('are verified again when a session is resumed', async () => {
        for (const [pair, clientCertificates, count] of [
          [friend, 'require', 2],
          [stranger, 'request', 2],
          [stranger, 'require', 0],
        ] as const) {
          const { port, transports, listener } = await listen({ ...server, clientCertificates, ca: friend.cert })
          let session: Buffer | undefined
          for (const resumed of [false, true]) {
            const socket = connect({
              host,
              port,
              rejectUnauthorized: false,
              ...options,
              ...pair,
              ...(session && { session }),
            })
            socket.on('error', () => {})
            socket.on('session', (ticket) => (session = ticket))
            socket.write('a request')
            await until(() =>
              count === 0 ? socket.closed : session !== undefined && transports.length === Number(resumed) + 1,
            )
            if (resumed && count > 0) assert.equal(socket.isSessionReused(), true)
            socket.destroy()
          }
          await until(() => listener.opening === 0)
          assert.deepEqual(
            transports.map(({ clientCertificate }) => clientCertificate?.fingerprint256),
            Array<string>(count).fill(fingerprint(pair)),
          )
          for (const { clientCertificate } of transports) assert.equal(clientCertificate?.authorized, pair === friend)
        }
      })
    })

  it('are asked for whichever certificate the server shows', async () => {
    const certificates = [server, named('b.example')]
    const { port, transports } = await listen({ certificates, clientCertificates: 'require', ca: friend.cert })
    await handshake(port, { ...friend, servername: 'b.example' })
    await until(() => transports.length === 1)
    assert.equal(transports[0]!.clientCertificate?.authorized, true)
    const socket = connect({ host, port, rejectUnauthorized: false, servername: 'b.example', ...stranger })
    socket.on('error', () => {})
    await closed(socket)
    assert.equal(transports.length, 1)
  })
})

describe('what is negotiated', () => {
  const pair = selfSigned()
  const rsa = selfSigned({ keyType: 'rsa' })

  it('is the first protocol of the server that the client knows', async () => {
    for (const [alpn, offered, expected] of [
      [['h2', 'http/1.1'], ['http/1.1', 'h2'], 'h2'],
      [['h2', 'http/1.1'], ['http/1.1'], 'http/1.1'],
      [['h2', 'http/1.1'], ['x', 'h2'], 'h2'],
      [['http/1.1'], ['h2', 'http/1.1'], 'http/1.1'],
      [undefined, ['h2', 'http/1.1'], 'http/1.1'],
      [['h2', 'http/1.1'], undefined, ''],
      [[], ['h2', 'http/1.1'], ''],
    ] as const) {
      const { port, transports } = await listen(pair, { alpn })
      const socket = await handshake(port, offered === undefined ? {} : { ALPNProtocols: [...offered] })
      await until(() => transports.length === 1)
      assert.deepEqual([transports[0]!.protocol, socket.alpnProtocol || ''], [expected, expected])
    }
  })

  it('is nothing with a client that knows other protocols only', async () => {
    const { port, listener, transports } = await listen(pair, { alpn: ['h2', 'http/1.1'] })
    await assert.rejects(handshake(port, { ALPNProtocols: ['spdy/3'] }), /no application protocol/)
    await until(() => listener.connections === 0)
    assert.equal(transports.length, 0)
  })

  it('is no suite that HTTP/2 forbids, and the one that it demands', async () => {
    const { port } = await listen({ certificates: [pair, { ...rsa, hosts: ['rsa.example'] }] })
    const options = { maxVersion: 'TLSv1.2', ecdhCurve: 'P-256', servername: 'rsa.example' } as const
    const socket = await handshake(port, { ...options, ciphers: 'ECDHE-RSA-AES128-GCM-SHA256' })
    assert.deepEqual(socket.getCipher().standardName, 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256')
    assert.equal((socket.getEphemeralKeyInfo() as { name: string }).name, 'prime256v1')
    for (const ciphers of ['ECDHE-RSA-AES128-SHA256', 'ECDHE-RSA-AES256-SHA', 'AES128-GCM-SHA256', 'AES256-SHA'])
      await assert.rejects(handshake(port, { ...options, ciphers }), /handshake failure/, ciphers)
  })

  it('is 1.2 at the least, or more where that is wanted', async () => {
    const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL@SECLEVEL=0' } as const
    const { port } = await listen(pair)
    await assert.rejects(handshake(port, old), /protocol version|unsupported protocol/)
    assert.equal((await handshake(port, { maxVersion: 'TLSv1.2' })).getProtocol(), 'TLSv1.2')
    assert.equal((await handshake(port)).getProtocol(), 'TLSv1.3')
    const newer = await listen({ ...pair, minVersion: 'TLSv1.3' })
    await assert.rejects(handshake(newer.port, { maxVersion: 'TLSv1.2' }), /protocol version/)
  })

  it('is not negotiated again', async () => {
    const { port, transports } = await listen(pair)
    const socket = await handshake(port, { maxVersion: 'TLSv1.2' })
    await until(() => transports.length === 1)
    const sink = Collecting.open(transports[0]!)
    socket.renegotiate({}, () => {})
    assert.equal(((await once(socket, 'error')) as [NodeJS.ErrnoException])[0].code, 'ERR_SSL_NO_RENEGOTIATION')
    await sink.until(({ closes }) => closes === 1)
    // The words of OpenSSL differ by version.
    assert.match(sink.error?.message ?? '', /^127\.0\.0\.1:\d+: \S+ alert handshake failure$/)
  })
})
