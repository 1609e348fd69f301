/** The cluster for tests itself: it starts, answers over TCP and its socket, restarts, and leaves nothing behind. */

import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { describe, it } from 'node:test'
import type { ConnectionOptions } from 'node:tls'
import pg from 'pg'
import { selfSigned } from '#src/io/self-signed.js'
import { until } from './asking.js'
import { startPostgres, type PostgresServer } from './server.js'

async function ask(
  server: PostgresServer,
  host: string,
  sql: string,
  ssl: ConnectionOptions | false = false,
): Promise<unknown> {
  const user = { user: 'postgres', password: 'secret', database: 'postgres' }
  const client = new pg.Client({ host, port: server.port, ...user, ssl })
  await client.connect()
  try {
    const { rows } = await client.query<Record<string, unknown>>({ text: sql, rowMode: 'array' } as pg.QueryConfig)
    return rows[0]
  } finally {
    await client.end()
  }
}

describe('the PostgreSQL of the tests', () => {
  it('answers over TCP and over its Unix socket, survives a restart, and is gone when stopped', async () => {
    const server = await startPostgres({
      access: ['local all all trust', 'host all all 127.0.0.1/32 scram-sha-256'],
      settings: ['work_mem = 5MB'],
      password: 'secret',
    })
    try {
      assert.deepEqual(await ask(server, server.host, 'show work_mem'), ['5MB'])
      assert.deepEqual(await ask(server, server.socketFolder, 'show server_encoding'), ['UTF8'])
      const { pid } = server
      await server.restart()
      assert.notEqual(server.pid, pid)
      assert.deepEqual(await ask(server, server.host, 'select 1'), [1])
    } finally {
      await server.stop()
    }
    assert.equal(existsSync(server.socketFolder), false)
  })
  it('speaks TLS and asks for the certificate of a client', async () => {
    const own = selfSigned()
    const client = selfSigned({ names: ['postgres'] })
    const server = await startPostgres({
      access: ['hostssl all all 127.0.0.1/32 cert'],
      tls: { ...own, clientCa: client.cert },
    })
    try {
      const { host } = server
      assert.deepEqual(await ask(server, host, 'show ssl', { ca: own.cert, ...client }), ['on'])
      await assert.rejects(ask(server, host, 'show ssl', { ca: own.cert }), /certificate/)
      await assert.rejects(ask(server, host, 'show ssl'), /no encryption/)
      await until(() => server.log().includes('no encryption'))
    } finally {
      await server.stop()
    }
  })
})
