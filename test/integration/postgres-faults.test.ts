/** A real PostgreSQL that fails under way: every promise settles, and the client goes on with what is left or new. */

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chownSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Readable } from 'node:stream'
import { after, before, describe, it } from 'node:test'
import { type Db, type Gap, postgres, type PostgresOptions, type TransportError } from '#src/io/client/index.js'
import { type PostgresServer, startPostgres } from '../postgres/server.js'
import { stallingProxy } from '../postgres/stalling-proxy.js'

const HOUR_S = 3600

/** Long enough for what never ends by itself. */
const SLEEP = `select pg_sleep(${HOUR_S})`

/** What is under way, and what it holds. */
interface UnderWay {
  readonly promises: readonly Promise<unknown>[]
  /** Fed into a COPY; it never ends by itself. */
  readonly source: Readable
}

/** One of everything that a client can do, none of which ends. */
function beginEverything(db: Db): UnderWay {
  const source = new Readable({ read: () => {} })
  source.push('1\n')
  const drain = async (items: AsyncIterable<unknown>): Promise<void> => {
    for await (const _ of items);
  }
  const promises = [
    db.query(SLEEP),
    db.pipeline(['select 1', SLEEP, 'select 2']),
    db.begin(async (tx) => {
      await tx.query('create table never_there ()')
      await tx.query(SLEEP).catch(() => {})
      // Nothing of a transaction is ever done elsewhere.
      await tx.query('create table elsewhere ()')
    }),
    drain(db.cursor(SLEEP)),
    drain(db.copyTo(`copy (${SLEEP}) to stdout`)),
    db.copyFrom('copy fed from stdin', source),
  ]
  for (const promise of promises) promise.catch(() => {})
  return { promises, source }
}

/** How many of them have reached the server. */
const RUNNING = `select count(*)::int4 as n from pg_stat_activity
  where pid <> pg_backend_pid() and state = 'active' and (query like '%pg_sleep%' or query like 'copy fed%')`

describe('a PostgreSQL that fails', { timeout: 180_000 }, () => {
  let server: PostgresServer
  let admin: Db
  let db: Db

  const connect = (options: PostgresOptions = {}): Db =>
    postgres({
      host: server.host,
      port: server.port,
      user: 'postgres',
      password: '',
      passfile: '/nonexistent',
      ...options,
    })

  before(async () => {
    server = await startPostgres()
    admin = connect({ pool: { max: 1 } })
    await admin.query('create table fed (i int4)')
    // This server is in no hurry to write: what it has not written is gone with it.
    await admin.query('checkpoint')
    db = connect({ pool: { max: 6 }, pipelineMax: 1 })
  })
  after(async () => {
    await Promise.all([admin.close(), db.close()])
    await server.stop()
  })

  /** Asks until there is an answer. */
  async function answerOf(asked: Db, sql: string): Promise<unknown> {
    for (;;) {
      try {
        return (await asked.query(sql)).rows
      } catch (error) {
        const { name, code } = error as Error & { readonly code: string }
        if (name === 'PostgresError') assert.match(code, /^57P0/)
        else assert.match(name, /^(?:PostgresConnectionError|TransportError)$/)
      }
    }
  }

  async function everythingRuns(): Promise<UnderWay> {
    const underWay = beginEverything(db)
    while ((await admin.one<{ n: number }>(RUNNING)).n < underWay.promises.length);
    return underWay
  }

  const faults: Readonly<Record<string, () => Promise<unknown>>> = {
    'kills the process of a connection': async () => {
      const sleeping = `select pid from pg_stat_activity where query like '%pg_sleep%' and pid <> pg_backend_pid() limit 1`
      const { pid } = await admin.one<{ pid: number }>(sleeping)
      process.kill(pid, 'SIGKILL')
    },
    'is started again': () => server.restart(),
    'is told to end all connections': () =>
      admin.query(`select pg_terminate_backend(pid) from pg_stat_activity
        where pid <> pg_backend_pid() and backend_type = 'client backend'`),
  }

  for (const [name, happen] of Object.entries(faults))
    it(`settles everything when it ${name}`, async () => {
      const gaps: Gap[] = []
      const heard: string[] = []
      const subscription = await db.listen('news', (payload) => heard.push(payload), { onGap: (gap) => gaps.push(gap) })
      const { promises, source } = await everythingRuns()
      await happen()
      for (const { status } of await Promise.allSettled(promises)) assert.equal(status, 'rejected')
      assert.ok(source.destroyed)

      assert.deepEqual(await answerOf(db, 'select 1 as n'), [{ n: 1 }])
      const tables = `select relname from pg_class where relname in ('never_there', 'elsewhere')`
      assert.deepEqual(await answerOf(admin, tables), [])
      assert.deepEqual(await answerOf(admin, 'select * from fed'), [])
      while (heard.length === 0) await answerOf(db, `select pg_notify('news', 'again')`)
      assert.deepEqual([gaps.length > 0, gaps[0]?.channel, heard[0]], [true, 'news', 'again'])
      await subscription.unlisten()
      const { total, busy, waiting, running } = db.stats
      assert.deepEqual([total <= 6, busy, waiting, running], [true, 0, 0, 0])
    })

  it('is reached over a network that stops', async () => {
    const proxy = await stallingProxy(server)
    const over = connect({
      host: proxy.host,
      port: proxy.port,
      connectTimeoutMs: 50,
      pool: { max: 2, acquireTimeoutMs: 300 },
    })
    await over.query('select 1')
    proxy.stall()
    const controller = new AbortController()
    const lost = over.query('select 2')
    const givenUp = over.query('select 3', [], { signal: controller.signal })
    const begun = over.begin((tx) => tx.query('select 4'))
    for (const promise of [lost, givenUp, begun]) promise.catch(() => {})
    // As long as a connection is there that may come back, its caller waits as long as it may.
    await assert.rejects(begun, (error: Error & { readonly code: string }) => {
      assert.deepEqual([error.name, error.code], ['PoolError', 'POOL_TIMEOUT'])
      return (error.cause as TransportError).code === 'CONNECT_TIMEOUT'
    })
    const ended = over.terminate()
    for (const { status } of await Promise.allSettled([lost, givenUp])) assert.equal(status, 'rejected')
    await ended
    proxy.heal()
    const again = connect({ host: proxy.host, port: proxy.port })
    assert.equal((await again.query('select 1')).rowCount, 1)
    await again.close()
    await proxy.stop()
  })

  it('ends a statement whose server is silent, when its caller would not wait for longer', async () => {
    const proxy = await stallingProxy(server)
    const over = connect({
      host: proxy.host,
      port: proxy.port,
      connectTimeoutMs: 200,
      cancelTimeoutMs: 300,
      pool: { max: 1 },
    })
    await over.query('select 1')
    proxy.stall()
    await assert.rejects(over.query('select 2', [], { timeoutMs: 50 }), { name: 'QueryTimeoutError' })
    proxy.heal()
    assert.deepEqual(await answerOf(over, 'select 3 as n'), [{ n: 3 }])
    await over.close()
    await proxy.stop()
  })

  it('has no room on its disk for a file', async () => {
    const full = `copy (select repeat('x', 100000) from generate_series(1, 10)) to '/dev/full'`
    await assert.rejects(db.script(full), { name: 'PostgresError', code: '53100' })
    assert.deepEqual(await answerOf(db, 'select 1 as n'), [{ n: 1 }])
  })

  it('has no room on its disk for what is copied in', async (t) => {
    const disk = mkdtempSync(path.join(tmpdir(), 'skitai-full-'))
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', disk])
    if (mounted.status !== 0) {
      rmSync(disk, { recursive: true })
      return t.skip('a disk so small can be made by root only')
    }
    try {
      chownSync(disk, NOBODY, NOBODY)
      await admin.query(`create tablespace small location '${disk}'`)
      await admin.query('create unlogged table too_much (t text) tablespace small')
      let given = 0
      const row = `${'x'.repeat(10_000)}\n`
      const rows = async function* (): AsyncGenerator<string> {
        for (; given < 10_000; given++) yield row
      }
      await assert.rejects(db.copyFrom('copy too_much from stdin', rows()), { name: 'PostgresError', code: '53100' })
      assert.ok(given < 10_000)
      assert.deepEqual(await answerOf(db, 'select count(*)::int4 as n from too_much'), [{ n: 0 }])
      const transaction = db.begin(async (tx) => {
        await tx.copyFrom('copy too_much from stdin', rows()).catch(() => {})
        await tx.query('select 1')
      })
      await assert.rejects(transaction, { code: '25P02' })
      assert.deepEqual(await answerOf(db, 'select 2 as n'), [{ n: 2 }])
      await admin.query('drop table too_much')
      await admin.query('drop tablespace small')
    } finally {
      spawnSync('umount', ['-l', disk])
      rmSync(disk, { recursive: true })
    }
  })
})

/** Whom the server runs as when root has started it. */
const NOBODY = 65_534
