/** How the client shares, cancels, loses and ends connections to a real PostgreSQL. */

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type Db, PostgresConnectionError, type PostgresError, QueryTimeoutError } from '#src/io/client/index.js'
import { allOf, assertFree, codeOf, errorOf, until, type Database, startDatabase } from '../postgres/asking.js'

/** So many connections are there and idle: what is begun then is not held up by one that is being made. */
async function openAll(pool: Db, count: number): Promise<void> {
  const all = await Promise.all(Array.from({ length: count }, () => pool.reserve()))
  await Promise.all(all.map((one) => one.release()))
}

describe('connections of the client', { timeout: 120_000 }, () => {
  let database: Database
  /** One connection, so that whatever is not given back is missed. */
  let db: Db
  let admin: Db

  before(async () => {
    database = await startDatabase()
    db = database.client({ pool: { max: 1 } })
    admin = database.client({ applicationName: 'admin' })
  })

  after(() => database.stop())

  describe('giving up', () => {
    it('cancels what runs, and the connection goes back', async () => {
      const controller = new AbortController()
      const sleeping = db.query('select pg_sleep(100)', [], { signal: controller.signal })
      await until(
        async () => (await admin.query(`select 1 from pg_stat_activity where wait_event = 'PgSleep'`)).rowCount === 1,
      )
      controller.abort(new Error('enough'))
      assert.equal(((await errorOf(sleeping)) as Error).message, 'enough')
      await assertFree(db)
      const pid = await db.one('select pg_backend_pid() as pid')
      const error = await errorOf(db.query('select pg_sleep(100)', [], { timeoutMs: 20 }))
      assert.ok(error instanceof QueryTimeoutError)
      assert.deepEqual([error.code, error.timeoutMs], ['QUERY_TIMEOUT', 20])
      assert.equal(await codeOf(db.script('select pg_sleep(100)', { timeoutMs: 20 })), 'QUERY_TIMEOUT')
      assert.equal(await codeOf(db.pipeline(['select 1', 'select pg_sleep(100)'], { timeoutMs: 20 })), 'QUERY_TIMEOUT')
      assert.deepEqual(await db.one('select pg_backend_pid() as pid'), pid)
    })

    it('hits nobody else', async () => {
      for (let round = 0; round < 20; round++) {
        const controller = new AbortController()
        const { signal } = controller
        const settled = Promise.allSettled([
          db.query('select pg_sleep(0.005)'),
          db.query('select pg_sleep($1)', [round / 1000], { signal }),
          ...Array.from({ length: 20 }, (_, n) => db.query('select pg_sleep(0.001), $1::int as n', [n])),
        ])
        setTimeout(() => controller.abort(new Error('enough')), 5 + round / 2)
        const [first, , ...others] = await settled
        assert.equal(first!.status, 'fulfilled')
        assert.deepEqual(
          others.map((one) => (one.status === 'fulfilled' ? (one.value.rows[0] as { n: number }).n : one.reason)),
          [...Array(20).keys()],
        )
      }
      await assertFree(db)
    })

    it('drops what was not sent', async () => {
      const reserved = await db.reserve()
      const controller = new AbortController()
      const { signal } = controller
      const waiting = [
        db.query('select 1', [], { signal }),
        db.begin({ signal }, () => {}),
        db.query('select 2', [], { timeoutMs: 10 }),
      ]
      controller.abort(new Error('enough'))
      const errors = await Promise.all(waiting.map(errorOf))
      assert.deepEqual(
        errors.map((error) => (error as Error).message.slice(0, 9)),
        ['enough', 'enough', 'no answer'],
      )
      assert.equal(((await errorOf(db.query('select 1', [], { signal }))) as Error).message, 'enough')
      await reserved.release()
      await assertFree(db)
    })

    it('leaves no listener', async () => {
      const { signal } = new AbortController()
      let listeners = 0
      const add = signal.addEventListener.bind(signal)
      const remove = signal.removeEventListener.bind(signal)
      signal.addEventListener = (...args: Parameters<typeof add>) => (listeners++, add(...args))
      signal.removeEventListener = (...args: Parameters<typeof remove>) => (listeners--, remove(...args))
      await db.query('select 1', [], { signal, timeoutMs: 60_000 })
      await db.query('select 1/0', [], { signal }).catch(() => {})
      await allOf(db.cursor('select 1', [], { signal }))
      assert.equal(listeners, 0)
    })
  })

  describe('connections', () => {
    it('are shared, and there are no more than there may be', async () => {
      const pool = database.client({ pool: { max: 3 }, pipelineMax: 5 })
      const rows = await Promise.all(Array.from({ length: 100 }, (_, n) => pool.one('select $1::int as n', [n])))
      assert.deepEqual(
        rows,
        Array.from({ length: 100 }, (_, n) => ({ n })),
      )
      assert.ok(pool.stats.total <= 3)
      await openAll(pool, 3)
      const blocker = await admin.reserve()
      await blocker.query('select pg_advisory_lock(1)')
      const asked = Array.from({ length: 3 }, () =>
        pool.one<{ pid: number }>('select pg_backend_pid() as pid, pg_advisory_lock_shared(1)'),
      )
      const waiting = `select from pg_locks where locktype = 'advisory' and not granted`
      await until(async () => (await blocker.query(waiting)).rowCount === 3)
      await blocker.release()
      assert.equal(new Set((await Promise.all(asked)).map(({ pid }) => pid)).size, 3)
      await assertFree(pool)
    })

    it('go in turn to those who want one alone and to those who share', async () => {
      const pool = database.client({ pool: { max: 1 } })
      const order: string[] = []
      const note = (what: string) => (): void => void order.push(what)
      await Promise.all([
        pool.query('select pg_sleep(0.02)').then(note('query')),
        pool.begin((tx) => tx.query('select 1')).then(note('transaction')),
        pool.query('select 1').then(note('later query')),
        (async () => {
          const one = await pool.reserve()
          note('reserved')()
          await one.release()
        })(),
      ])
      assert.deepEqual(
        order.filter((what) => what !== 'later query'),
        ['query', 'transaction', 'reserved'],
      )
      assert.equal(order.length, 4)
      await assertFree(pool)
    })

    it('that are reserved keep what was set, and give it up', async () => {
      const one = await db.reserve()
      await one.query(`set application_name = 'mine'`)
      assert.equal(one.parameter('application_name'), 'mine')
      assert.ok(one.processId > 0)
      assert.deepEqual(await one.one('select $1::int as a', [1]), { a: 1 })
      await one.begin((tx) => tx.query('select 1'))
      await Promise.all([one.release(), one.release()])
      for (const ask of [() => one.query('select 1'), () => one.begin(() => {}), () => one.cursor('select 1').next()])
        assert.equal(await codeOf(ask()), 'PG_RELEASED')
      assert.deepEqual(await db.one(`select current_setting('application_name') as name, $1::int as a`, [1]), {
        name: '',
        a: 1,
      })
      const pid = await db.one('select pg_backend_pid() as pid')
      const other = await db.reserve()
      await other.query('begin')
      await other.release()
      assert.notDeepEqual(await db.one('select pg_backend_pid() as pid'), pid)
    })

    it('that are lost tell those who wait, and are replaced', async () => {
      const pool = database.client({ pool: { max: 1 }, applicationName: 'doomed' })
      await pool.query('select 1')
      const sleeping = [pool.query('select pg_sleep(100)'), pool.query('select 1')]
      const settled = Promise.allSettled(sleeping)
      await until(
        async () => (await admin.query(`select 1 from pg_stat_activity where wait_event = 'PgSleep'`)).rowCount === 1,
      )
      process.kill(await pidOf('doomed'), 'SIGTERM')
      for (const one of await settled) {
        assert.ok(one.status === 'rejected' && one.reason instanceof PostgresConnectionError)
        assert.deepEqual([one.reason.code, one.reason.mayHaveRun], ['57P01', true])
      }
      await assertFree(pool)
    })

    const pidOf = async (name: string): Promise<number> =>
      (await admin.one<{ pid: number }>('select pid from pg_stat_activity where application_name = $1', [name])).pid

    it('that cannot be made tell why', async () => {
      const nowhere = database.client({ port: 1 })
      for (const ask of [
        () => nowhere.query('select 1'),
        () => nowhere.begin(() => {}),
        () => nowhere.listen('a', () => {}),
      ])
        assert.equal(await codeOf(ask()), 'ECONNREFUSED')
      const nobody = database.client({ database: 'nothing' })
      const errors = await Promise.all([nobody.query('select 1'), nobody.query('select 2')].map(errorOf))
      assert.ok(errors.every((error) => (error as PostgresError).code === '3D000'))
    })

    it('that are waited for too long, or by too many, are not waited for', async () => {
      const pool = database.client({ pool: { max: 1, acquireTimeoutMs: 100, waitingMax: 2 }, pipelineMax: 1 })
      const one = await pool.reserve()
      const waiting = [1, 2, 3].map((n) => codeOf(pool.query('select $1::int', [n])))
      assert.deepEqual(await Promise.all(waiting), ['POOL_TIMEOUT', 'POOL_TIMEOUT', 'POOL_FULL'])
      await one.release()
      await assertFree(pool)
    })

    it('end when what is under way has ended', async () => {
      const pool = database.client()
      await openAll(pool, 2)
      const order: string[] = []
      const under = [
        pool.query('select pg_sleep(0.05)').then(() => order.push('query')),
        pool.begin(async (tx) => {
          await tx.query('select pg_sleep(0.05)')
          await tx.query('select 1')
          order.push('transaction')
        }),
      ]
      await until(() => pool.stats.busy === 2)
      const closed = pool.close().then(() => order.push('closed'))
      for (const ask of [() => pool.query('select 1'), () => pool.begin(() => {}), () => pool.listen('a', () => {})])
        assert.equal(await codeOf(ask()), 'POOL_CLOSED')
      await Promise.all([...under, closed])
      assert.deepEqual(order.at(-1), 'closed')
      assert.equal(pool.stats.total, 0)
    })

    it('end at once when they are to', async () => {
      const pool = database.client()
      const sleeping = errorOf(pool.query('select pg_sleep(100)'))
      await until(() => pool.stats.running === 1)
      await pool.terminate()
      assert.equal(((await sleeping) as PostgresConnectionError).code, 'PG_CLOSED')
      await pool.terminate()
      await pool.close()
    })
  })
})
