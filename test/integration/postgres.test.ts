/** The engine against a real PostgreSQL, by the example of a client over a bare socket. */

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import path from 'node:path'
import { after, before, describe, it } from 'node:test'
import { promisify } from 'node:util'
import { plainEnvironment, repoRoot } from '../../tools/repo.js'
import { type PostgresServer, startPostgres } from '../postgres/server.js'

const run = promisify(execFile)

/** What the example has printed, and what went wrong. */
interface Printed {
  readonly stdout: string
  readonly stderr: string
}

const USERS = `
  set password_encryption = 'md5'; create role hashed login password 'secret';
  set password_encryption = 'scram-sha-256'; create role salted login password 'secret';
  create role clear login password 'secret'; create role free login`

describe('the example of a query', { timeout: 120_000 }, () => {
  let server: PostgresServer

  before(async () => {
    server = await startPostgres({
      password: 'secret',
      access: [
        'local all all trust',
        'host all free all trust',
        'host all hashed all md5',
        'host all clear all password',
        'host all all all scram-sha-256',
      ],
    })
    await query(USERS, { PGHOST: server.socketFolder })
  })

  after(async () => server.stop())

  async function query(sql: string, environment: Record<string, string>): Promise<Printed> {
    const env = {
      ...plainEnvironment(),
      PGHOST: server.host,
      PGPORT: String(server.port),
      PGDATABASE: 'postgres',
      ...environment,
    }
    const program = path.join(repoRoot, 'examples/postgres-query.js')
    return run(process.execPath, [program, sql], { env }).catch((error: unknown) => error as Printed)
  }

  for (const user of ['salted', 'hashed', 'free'])
    it(`lets ${user} in`, async () => {
      const { stdout, stderr } = await query('select current_user, null, 1 + 1', { PGUSER: user, PGPASSWORD: 'secret' })
      assert.deepEqual([stdout, stderr], [`current_user\t?column?\t?column?\n${user}\t\t2\nSELECT 1\n`, ''])
    })

  it('does not tell the password to whoever asks for it in the clear', async () => {
    const { stdout, stderr } = await query('select 1', { PGUSER: 'clear', PGPASSWORD: 'secret' })
    assert.deepEqual([stdout, stderr], ['', 'PG_AUTH_REFUSED\n'])
  })

  it('is told that the password is wrong, or missing', async () => {
    for (const user of ['salted', 'hashed']) {
      const { stderr } = await query('select 1', { PGUSER: user, PGPASSWORD: 'wrong' })
      assert.equal(stderr, `password authentication failed for user "${user}"\n`)
    }
    assert.equal((await query('select 1', { PGUSER: 'salted' })).stderr, 'PG_AUTH_PASSWORD\n')
  })

  it('shows many rows, several results, and errors', async () => {
    const environment = { PGUSER: 'free' }
    const many = await query('select i, repeat($$x$$, i % 50) from generate_series(1, 20000) i', environment)
    assert.equal(many.stdout.split('\n').length, 20_003)
    const several = await query('select 1 as a; begin; select 2 as b; commit', environment)
    assert.equal(several.stdout, 'a\n1\nSELECT 1\nBEGIN\nb\n2\nSELECT 1\nCOMMIT\n')
    assert.equal((await query('select 1/0', environment)).stderr, 'division by zero\n')
    assert.equal(
      (await query('select pg_terminate_backend(pg_backend_pid())', environment)).stderr.split('\n')[0],
      'terminating connection due to administrator command',
    )
  })

  it('is told when there is no database, or no server', async () => {
    assert.match(
      (await query('select 1', { PGUSER: 'free', PGDATABASE: 'none' })).stderr,
      /database "none" does not exist/,
    )
    assert.match((await query('select 1', { PGUSER: 'free', PGPORT: '1' })).stderr, /ECONNREFUSED/)
  })
})
