/** Other servers than the newest: an older version, and a pooler between. */

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { selfSigned } from '#src/io/index.js'
import { type Db, postgres } from '#src/io/client/index.js'
import { connectSmall } from '../postgres/logging-in.js'
import { type Pgbouncer, postgres15Programs, startPgbouncer } from '../postgres/programs.js'
import { type PostgresServer, startPostgres } from '../postgres/server.js'

/** One of everything that a pooler can pass on, too. */
async function useEverything(db: Db): Promise<void> {
  await db.script('create table numbers (i int4 primary key, t text)')
  assert.equal((await db.copyFrom('copy numbers from stdin', ['1\tone\n2\ttwo\n', '3\tthree\n'])).rowCount, 3)
  const sql = 'select i, t from numbers where i >= $1 order by i'
  const many = await Promise.all([1, 2, 3].flatMap((i) => [i, i]).map((i) => db.query(sql, [i])))
  assert.deepEqual(
    many.map(({ rows }) => rows.length),
    [3, 3, 2, 2, 1, 1],
  )
  await db.begin(async (tx) => {
    await tx.query('update numbers set t = upper(t) where i = $1', [1])
    await assert.rejects(
      tx.begin((inner) => inner.query('select 1 / 0')),
      { code: '22012' },
    )
  })
  const seen: unknown[] = []
  for await (const row of db.cursor(sql, [1], 2)) seen.push(row)
  assert.deepEqual(seen, [
    { i: 1, t: 'ONE' },
    { i: 2, t: 'two' },
    { i: 3, t: 'three' },
  ])
  let text = ''
  for await (const chunk of db.copyTo('copy (select i from numbers order by i) to stdout'))
    text += Buffer.from(chunk).toString()
  assert.equal(text, '1\n2\n3\n')
  const both = await db.pipeline([{ sql, params: [3] }, 'select 4 as four'])
  assert.deepEqual(
    both.map(({ rows }) => rows),
    [[{ i: 3, t: 'three' }], [{ four: 4 }]],
  )
}

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

  it('is used with everything that a client can do', async () => {
    const { host, port } = server
    const db = postgres({ host, port, user: 'postgres', password: 'secret', sslmode: 'require' })
    await useEverything(db)
    const heard = new Promise((resolve) => void db.listen('news', resolve).then(() => db.notify('news', 'it works')))
    assert.equal(await heard, 'it works')
    const controller = new AbortController()
    const cancelled = db.query('select pg_sleep(3600)', [], { signal: controller.signal })
    await db.query('select 1')
    controller.abort(new Error('enough'))
    await assert.rejects(cancelled, /enough/)
    await db.close()
  })
})

describe('pgbouncer', { timeout: 120_000 }, () => {
  let server: PostgresServer
  let bouncer: Pgbouncer

  before(async () => {
    server = await startPostgres()
    bouncer = await startPgbouncer(server, 2)
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

  it('gets statements that it can pass on to any connection', async () => {
    const { host, port } = bouncer
    // More connections than it has itself: they take turns on the same ones.
    const db = postgres({ host, port, user: 'postgres', statementCacheMax: 0, pool: { max: 8 } })
    await useEverything(db)
    await db.close()
  })

  it('keeps the statements of its clients apart by their names, on the one connection that they share', async () => {
    const narrow = await startPgbouncer(server, 1)
    const options = { host: narrow.host, port: narrow.port, user: 'postgres', uniqueStatementNames: true } as const
    const clients = [postgres(options), postgres(options)]
    for (let i = 0; i < 5; i++) {
      const texts = ['select $1::int4 as n', `select 'x' || $1::int4 as n`]
      const both = clients.map((db, index) => db.one<{ n: unknown }>(texts[index]!, [i]))
      assert.deepEqual(await Promise.all(both), [{ n: i }, { n: `x${i}` }])
    }
    await Promise.all(clients.map((db) => db.close()))
    await narrow.stop()
  })
})
