/** Other servers than the newest: an older version, and a pooler between. */

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { selfSigned } from '#src/io/index.js'
import { connectSmall } from '../postgres/logging-in.js'
import { type Pgbouncer, postgres15Programs, startPgbouncer } from '../postgres/programs.js'
import { type PostgresServer, startPostgres } from '../postgres/server.js'

describe('PostgreSQL 15 of Debian', { timeout: 120_000 }, () => {
  const certificate = selfSigned({ keyType: 'rsa' })
  let server: PostgresServer

  before(async () => {
    const access = ['local all all trust', 'host all all all scram-sha-256']
    server = await startPostgres({ programs: postgres15Programs(), tls: certificate, password: 'secret', access })
  })
  after(() => server.stop())

  it('lets us in, bound to its channel, and answers', async () => {
    const { host, port } = server
    const options = { host, port, user: 'postgres', password: 'secret', tls: { ca: certificate.cert } }
    const connection = await connectSmall({ ...options, sslmode: 'verify-full', targetSessionAttrs: 'read-write' })
    assert.equal(connection.method, 'scram-sha-256-plus')
    assert.match(await connection.ask('show server_version'), /^15\./)
    connection.end()
    // It knows neither the newest version of the protocol nor direct TLS.
    const newer = await connectSmall({ ...options, maxProtocolVersion: 'latest' })
    assert.equal(await newer.ask('select 1'), '1')
    newer.end()
    await assert.rejects(connectSmall({ ...options, sslmode: 'require', sslnegotiation: 'direct' }), {
      name: 'TransportError',
    })
  })
})

describe('pgbouncer', { timeout: 120_000 }, () => {
  let server: PostgresServer
  let bouncer: Pgbouncer

  before(async () => {
    server = await startPostgres()
    bouncer = await startPgbouncer(server)
  })
  after(async () => {
    await bouncer.stop()
    await server.stop()
  })

  it('takes what we say at the start', async () => {
    const { host, port } = bouncer
    const connection = await connectSmall({ host, port, user: 'postgres', applicationName: 'through' })
    assert.equal(await connection.ask('show application_name'), 'through')
    assert.equal(await connection.ask('show client_encoding'), 'UTF8')
    connection.end()
  })
})
