/** The cluster for tests itself: it starts, answers over TCP and its socket, restarts, and leaves nothing behind. */

import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { describe, it } from 'node:test'
import pg from 'pg'
import { startPostgres, type PostgresServer } from './server.js'

async function ask(server: PostgresServer, host: string, sql: string): Promise<unknown> {
  const client = new pg.Client({ host, port: server.port, user: 'postgres', password: 'secret', database: 'postgres' })
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
})
