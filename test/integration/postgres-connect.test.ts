/** Finding real servers: encryption, certificates, channel binding, several hosts, and what a server must be. */

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { type SelfSigned, selfSigned, TransportError } from '#src/io/index.js'
import { PostgresHostsError } from '#src/io/client/postgres/hosts.js'
import type { PostgresOptions } from '#src/io/client/postgres/config-options.js'
import { connectSmall, type SmallConnection } from '../postgres/logging-in.js'
import { type PostgresServer, startPostgres } from '../postgres/server.js'

const USERS = ['cert_user', 'over_tls', 'without_tls'].map((name) => `create role ${name} login`).join('; ')

/** What came of it: the encryption and the way to authenticate. The connection is ended. */
async function outcome(connecting: Promise<SmallConnection>): Promise<string> {
  const connection = await connecting
  const { transport, method } = connection
  assert.equal(await connection.ask('select 1 + 1'), '2')
  connection.end()
  return `${transport.encrypted ? `tls ${transport.protocol}`.trim() : 'plain'}, ${method}`
}

describe('a PostgreSQL with TLS', { timeout: 120_000 }, () => {
  const certificate = selfSigned({ names: ['localhost'] })
  const client = selfSigned({ names: ['cert_user'] })
  let server: PostgresServer

  before(async () => {
    server = await startPostgres({
      password: 'secret',
      tls: { ...certificate, clientCa: client.cert },
      access: [
        'local all all trust',
        'hostssl all cert_user all cert',
        'hostssl all over_tls all trust',
        'hostnossl all without_tls all trust',
        'host all postgres all scram-sha-256',
      ],
    })
    const connection = await connectSmall({ ...basics(), host: server.socketFolder, hostaddr: undefined })
    await connection.ask(USERS)
    connection.end()
  })
  after(() => server.stop())

  function basics(): PostgresOptions {
    return { host: 'localhost', hostaddr: server.host, port: server.port, database: 'postgres', user: 'postgres' }
  }

  const connects = (options: PostgresOptions): Promise<string> =>
    outcome(connectSmall({ ...basics(), password: 'secret', ...options }))

  const ladder: readonly (readonly [NonNullable<PostgresOptions['sslmode']>, string, string])[] = [
    ['disable', 'plain, none', '28000'],
    ['allow', 'plain, none', 'tls, none'],
    ['prefer', 'plain, none', 'tls, none'],
    ['require', '28000', 'tls, none'],
  ]
  for (const [sslmode, without, over] of ladder)
    it(`is reached with sslmode ${sslmode}`, async () => {
      const results = ['without_tls', 'over_tls'].map((user) =>
        connects({ user, sslmode }).catch(({ code }: TransportError) => code),
      )
      assert.deepEqual(await Promise.all(results), [without, over])
    })

  it('proves that it leads to an authority, and is the one that was asked for', async () => {
    const ca = certificate.cert
    const user = 'over_tls'
    assert.equal(await connects({ user, sslmode: 'verify-full', tls: { ca } }), 'tls, none')
    assert.equal(await connects({ user, sslmode: 'verify-ca', tls: { ca }, host: 'other.test' }), 'tls, none')
    assert.equal(await connects({ user, sslmode: 'require', host: 'other.test' }), 'tls, none')
    const other = { user, sslmode: 'verify-full', tls: { ca }, host: 'other.test' } as const
    await assert.rejects(connects(other), { code: 'ERR_TLS_CERT_ALTNAME_INVALID' })
    await assert.rejects(connects({ ...other, host: server.host }), { code: 'ERR_TLS_CERT_ALTNAME_INVALID' })
    assert.equal(await connects({ ...other, tls: { ca, servername: 'localhost' } }), 'tls, none')
    for (const sslmode of ['require', 'verify-ca', 'verify-full'] as const)
      await assert.rejects(connects({ user, sslmode, tls: { ca: selfSigned().cert } }), TransportError)
    await assert.rejects(connects({ user, sslrootcert: 'system' }), { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' })
  })

  it('speaks TLS at once', async () => {
    const direct = { sslnegotiation: 'direct', sslmode: 'require', user: 'over_tls' } as const
    assert.equal(await connects(direct), 'tls postgresql, none')
    assert.equal(await connects({ ...direct, sslMaxProtocolVersion: 'TLSv1.2' }), 'tls postgresql, none')
  })

  it('wants our certificate', async () => {
    const options = { user: 'cert_user', sslmode: 'require' } as const
    assert.equal(await connects({ ...options, tls: client }), 'tls, none')
    await assert.rejects(connects(options), /requires a valid client certificate/)
    await assert.rejects(connects({ ...options, user: 'cert_user', tls: selfSigned() }), TransportError)
    await assert.rejects(connects({ ...options, tls: { ...client, key: selfSigned().key } }), {
      name: 'UsageError',
      code: 'TLS_KEY_MISMATCH',
    })
  })

  it('binds the proof to the channel', async () => {
    assert.equal(await connects({ channelBinding: 'require' }), 'tls, scram-sha-256-plus')
    assert.equal(await connects({}), 'tls, scram-sha-256-plus')
    assert.equal(await connects({ channelBinding: 'disable' }), 'tls, scram-sha-256')
    assert.equal(await connects({ sslmode: 'disable' }), 'plain, scram-sha-256')
    const plain = { channelBinding: 'require', sslmode: 'disable' } as const
    await assert.rejects(connects(plain), { code: 'PG_CHANNEL_BINDING' })
    await assert.rejects(connects({ user: 'over_tls', channelBinding: 'require' }), { code: 'PG_CHANNEL_BINDING' })
    await assert.rejects(connects({ requireAuth: 'md5' }), { code: 'PG_AUTH_REFUSED' })
  })

  it('is told apart by its Unix socket, where there is no TLS', async () => {
    const options = { host: server.socketFolder, hostaddr: undefined }
    assert.equal(await connects({ ...options, sslmode: 'require' }), 'plain, none')
  })
})

describe('several PostgreSQL servers', { timeout: 120_000 }, () => {
  const certificates: SelfSigned[] = []
  let primary: PostgresServer
  let standby: PostgresServer
  let old: PostgresServer
  let deadPort = 0

  before(async () => {
    certificates.push(selfSigned({ keyType: 'rsa' }))
    const rejecting = ['host all refused all reject', 'host all all all trust']
    ;[primary, standby, old] = await Promise.all([
      startPostgres({ access: rejecting }),
      startPostgres({ standby: true, tls: certificates[0]! }),
      startPostgres({ settings: ['default_transaction_read_only = on'] }),
    ])
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    deadPort = (server.address() as AddressInfo).port
    server.close()
    await once(server, 'close')
  })
  after(() => Promise.all([primary, standby, old].map((server) => server.stop())))

  /** The port of the server that was found. */
  async function found(options: PostgresOptions, random?: () => number): Promise<number> {
    const basics = { host: '127.0.0.1', user: 'postgres' }
    const connection = await connectSmall({ ...basics, ...options }, random)
    connection.end()
    return connection.transport.peer.port
  }

  const list = (...ports: number[]): PostgresOptions => ({ host: ports.map(() => '127.0.0.1'), port: ports })

  it('are tried in turn', async () => {
    assert.equal(await found(list(deadPort, standby.port, primary.port)), standby.port)
    const error = await found({ ...list(deadPort, deadPort), host: ['127.0.0.1', 'localhost'] }).catch(
      (e: unknown) => e,
    )
    assert.ok(error instanceof PostgresHostsError)
    assert.deepEqual(
      error.errors.map(({ code, peer }: TransportError) => [code, peer]),
      [
        ['ECONNREFUSED', `127.0.0.1:${deadPort}`],
        ['ECONNREFUSED', `localhost:${deadPort}`],
      ],
    )
    assert.match(error.message, /no server was found: 127\.0\.0\.1:\d+: .*; localhost:/)
    await assert.rejects(found(list(deadPort)), { name: 'TransportError', code: 'ECONNREFUSED' })
  })

  it('are not tried any more when one has refused us', async () => {
    await assert.rejects(found({ ...list(primary.port, standby.port), user: 'refused' }), { code: '28000' })
    await assert.rejects(found({ ...list(primary.port, standby.port), database: 'none' }), { code: '3D000' })
  })

  it('are what they must be', async () => {
    const { port: p } = primary
    const { port: s } = standby
    const { port: r } = old
    const all = list(deadPort, s, r, p)
    const wanted = (targetSessionAttrs: PostgresOptions['targetSessionAttrs'], from = all): Promise<number> =>
      found({ ...from, targetSessionAttrs })
    assert.deepEqual(
      await Promise.all([
        wanted('any'),
        wanted('read-write'),
        wanted('primary'),
        wanted('read-only', list(p, r)),
        wanted('standby', list(p, r, s)),
        wanted('prefer-standby', list(p, s)),
        wanted('prefer-standby', list(p, r)),
      ]),
      [s, p, r, r, s, s, p],
    )
    await assert.rejects(wanted('standby', list(p)), { code: 'PG_TARGET_SESSION', message: /the server is no standby/ })
    await assert.rejects(wanted('read-write', list(s, r)), {
      code: 'PG_HOSTS',
      message: /the session is read-only; .*the session is read-only/,
    })
    await assert.rejects(wanted('read-only', list(p)), { code: 'PG_TARGET_SESSION' })
    await assert.rejects(wanted('primary', list(s)), { code: 'PG_TARGET_SESSION' })
  })

  it('are asked what they are where they do not report it', async () => {
    for (const [server, expected] of [
      [primary, ['off', 'false']],
      [standby, ['on', 'true']],
    ] as const) {
      const connection = await connectSmall({ host: '127.0.0.1', port: server.port, user: 'postgres' })
      connection.parameters.clear()
      const asked = ['SHOW transaction_read_only', 'SELECT pg_catalog.pg_is_in_recovery()::pg_catalog.text']
      for (const [index, sql] of asked.entries()) assert.equal(await connection.ask(sql), expected[index])
      connection.end()
    }
  })

  it('are tried in any order', async () => {
    const random = { ...list(primary.port, old.port, standby.port), loadBalanceHosts: 'random' } as const
    const seen = new Set<number>()
    for (const chance of [0, 0.4, 0.99]) seen.add(await found(random, () => chance))
    assert.ok(seen.size > 1)
    const named = { host: 'localhost', port: primary.port, loadBalanceHosts: 'random' } as const
    assert.equal(await found(named), primary.port)
    const lost = { host: 'nowhere.invalid,127.0.0.1', port: primary.port, targetSessionAttrs: 'read-write' } as const
    assert.equal(await found(lost), primary.port)
  })

  it('have no TLS, or an RSA certificate', async () => {
    const { port } = primary
    assert.equal(await found({ port, sslmode: 'prefer' }), port)
    await assert.rejects(found({ port, sslmode: 'require' }), { code: 'PG_TLS_REFUSED' })
    await assert.rejects(found({ port, sslmode: 'require', sslnegotiation: 'direct' }), TransportError)
    assert.equal(await found({ port: standby.port, sslmode: 'require' }), standby.port)
  })
})
