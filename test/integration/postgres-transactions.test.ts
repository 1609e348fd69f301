/** Transactions and cursors of the client against a real PostgreSQL. */

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import {
  type Db,
  PostgresConnectionError,
  type PostgresError,
  PostgresTransactionError,
  type Transaction,
  UsageError,
} from '#src/io/client/index.js'
import { assertFree, codeOf, errorOf, until, type Database, startDatabase } from '../postgres/asking.js'

describe('transactions and cursors', { timeout: 120_000 }, () => {
  let database: Database
  /** One connection, so that whatever is not given back is missed. */
  let db: Db
  let admin: Db

  before(async () => {
    database = await startDatabase()
    db = database.client({ pool: { max: 1 } })
    admin = database.client({ applicationName: 'admin' })
    await db.script('create table account (id int primary key, amount int check (amount >= 0))')
    await db.script('insert into account values (1, 100), (2, 0)')
  })

  after(() => database.stop())

  describe('transactions', () => {
    const amounts = async (): Promise<unknown[]> =>
      (await admin.query<{ amount: number }>('select amount from account order by id')).rows.map(({ amount }) => amount)

    it('commit what was done, or undo it', async () => {
      const result = await db.begin({ isolation: 'serializable', readOnly: false, deferrable: false }, async (tx) => {
        await tx.query('update account set amount = amount - $1 where id = 1', [10])
        await tx.query('update account set amount = amount + $1 where id = 2', [10])
        return (await tx.one<{ level: string }>(`select current_setting('transaction_isolation') as level`)).level
      })
      assert.equal(result, 'serializable')
      assert.deepEqual(await amounts(), [90, 10])
      const thrown = new Error('changed my mind')
      assert.equal(
        await errorOf(
          db.begin(async (tx) => {
            await tx.query('update account set amount = 0')
            throw thrown
          }),
        ),
        thrown,
      )
      assert.equal(await codeOf(db.begin((tx) => tx.query('update account set amount = -1'))), '23514')
      assert.equal(await codeOf(db.begin({ readOnly: true }, (tx) => tx.query('delete from account'))), '25006')
      assert.deepEqual(await amounts(), [90, 10])
      await assertFree(db)
    })

    it('do not commit when a statement has failed and nobody has told', async () => {
      const error = await errorOf(
        db.begin(async (tx) => {
          await tx.query('update account set amount = 1')
          await tx.query('select 1/0').catch(() => {})
        }),
      )
      assert.ok(error instanceof PostgresTransactionError)
      assert.deepEqual([error.code, (error.cause as PostgresError).code], ['PG_ROLLED_BACK', '22012'])
      assert.deepEqual(await amounts(), [90, 10])
      // Statements that nobody waits for are part of it.
      const unawaited = db.begin((tx) => void tx.query('select 1/0').catch(() => {}))
      assert.equal(await codeOf(unawaited), 'PG_ROLLED_BACK')
    })

    it('nest', async () => {
      await db.begin(async (tx) => {
        await tx.query('update account set amount = 50 where id = 1')
        const inner = tx.begin(async (savepoint) => {
          await savepoint.query('update account set amount = 60 where id = 1')
          assert.equal(await codeOf(tx.query('select 1')), 'PG_TRANSACTION_NESTED')
          await savepoint.begin((deeper) => deeper.query('update account set amount = 70 where id = 1'))
          await savepoint.query('select 1/0')
        })
        assert.equal(await codeOf(inner), '22012')
        await tx.begin((savepoint) => savepoint.query('update account set amount = 20 where id = 2'))
      })
      assert.deepEqual(await amounts(), [50, 20])
    })

    it('end once, and nothing is run outside of them', async () => {
      let kept: Transaction | undefined
      await db.begin((tx) => void (kept = tx))
      for (const ask of [
        () => kept!.query('select 1'),
        () => kept!.begin(() => {}),
        () => kept!.pipeline(['select 1']),
        () => kept!.cursor('select 1').next(),
        () => kept!.copyFrom('copy account from stdin', ''),
        () => kept!.copyTo('copy account to stdout')[Symbol.asyncIterator]().next(),
      ])
        assert.equal(await codeOf(ask() as Promise<unknown>), 'PG_TRANSACTION_ENDED')
      const ended = db.begin(async (tx) => {
        await tx.query('commit')
        await tx.query('update account set amount = 0')
      })
      assert.equal(await codeOf(ended), 'PG_TRANSACTION_LOST')
      assert.equal(await codeOf(db.begin((tx) => void tx.query('rollback'))), 'PG_TRANSACTION_LOST')
      assert.deepEqual(await amounts(), [50, 20])
      await assertFree(db)
    })

    it('fail for good when their connection is lost', async () => {
      const error = await errorOf(
        db.begin(async (tx) => {
          const { pid } = await tx.one<{ pid: number }>('select pg_backend_pid() as pid')
          await tx.query('update account set amount = 0')
          const waiting = tx.query('select pg_sleep(100)')
          await Promise.all([assert.rejects(waiting), admin.query('select pg_terminate_backend($1)', [pid])])
          const lost = (await errorOf(waiting)) as PostgresConnectionError
          assert.deepEqual([lost.code, lost.mayHaveRun, lost.name], ['57P01', true, 'PostgresConnectionError'])
          const late = (await errorOf(tx.query('update account set amount = 0'))) as PostgresConnectionError
          assert.deepEqual([late.code, late.mayHaveRun], ['57P01', false])
          await tx.query('select 1')
        }),
      )
      assert.ok(error instanceof PostgresConnectionError)
      assert.deepEqual(await amounts(), [50, 20])
      await assertFree(db)
    })

    it('are done again as often as they may when the server could not bring them in line', async () => {
      let runs = 0
      const work = async (tx: Transaction): Promise<void> => {
        runs++
        await tx.query(`do $$ begin raise sqlstate '40001'; end $$`)
      }
      assert.equal(await codeOf(db.begin({ retries: 2 }, work)), '40001')
      assert.equal(runs, 3)
      assert.equal(await db.begin({ retries: 1 }, () => 5), 5)
    })

    it('are refused when they cannot be', async () => {
      assert.equal(await codeOf(db.begin({ isolation: 'none' as 'serializable' }, () => {})), 'PG_TRANSACTION')
      assert.equal(await codeOf(db.begin({}, undefined as unknown as () => void)), 'PG_TRANSACTION')
      const signal = AbortSignal.abort(new Error('never mind'))
      assert.equal(((await errorOf(db.begin({ signal }, () => {}))) as Error).message, 'never mind')
    })

    it('send what is asked for in one turn together', async () => {
      const rows = await db.begin((tx) => Promise.all([1, 2, 3].map((n) => tx.one('select $1::int as n', [n]))))
      assert.deepEqual(rows, [{ n: 1 }, { n: 2 }, { n: 3 }])
    })
  })

  describe('cursors', () => {
    const series = 'select i from generate_series(1, $1::int) i'

    it('give all rows', async () => {
      for (const [count, batch] of [
        [0, 10],
        [1, 10],
        [10, 10],
        [25, 10],
        [5, 1],
      ] as const) {
        const seen: number[] = []
        for await (const { i } of db.cursor<{ i: number }>(series, [count], batch)) seen.push(i)
        assert.deepEqual(
          seen,
          [...Array(count).keys()].map((i) => i + 1),
        )
      }
      const batches: number[] = []
      for await (const rows of db.cursor(series, [25], { batch: 10, rowMode: 'array' }).batches())
        batches.push(rows.length)
      assert.deepEqual(batches, [10, 10, 5])
      await assertFree(db)
    })

    it('end early', async () => {
      for (const stopAt of [1, 10, 11, 15]) {
        for await (const { i } of db.cursor<{ i: number }>(series, [1_000_000], 10)) if (i === stopAt) break
        await assertFree(db)
      }
      for await (const rows of db.cursor(series, [100], 10).batches()) if (rows.length > 0) break
      const cursor = db.cursor(series, [100])
      await cursor.return()
      assert.deepEqual(await cursor.next(), { done: true, value: undefined })
      await assertFree(db)
    })

    it('reject with what goes wrong, and give everything back', async () => {
      const cursor = db.cursor<{ a: number }>('select 1 / (500 - i) as a from generate_series(1, 1000) i', [], 100)
      const seen: number[] = []
      const reading = (async () => {
        for await (const { a } of cursor) seen.push(a)
      })()
      assert.equal(await codeOf(reading), '22012')
      assert.equal(seen.length, 400)
      assert.deepEqual(await cursor.next(), { done: true, value: undefined })
      assert.equal(await codeOf(db.cursor('nonsense').next()), '42601')
      assert.equal(await codeOf(db.cursor('select $1::int', [{}]).next()), 'PG_VALUE_UNFIT')
      assert.throws(() => db.cursor('select 1', [], 0), { code: 'PG_BATCH' })
      assert.throws(() => db.cursor('select $1', [undefined]), UsageError)
      await assertFree(db)
    })

    it('stand beside other statements in a transaction, and outside of one have their own', async () => {
      await db.begin(async (tx) => {
        let sum = 0
        for await (const { i } of tx.cursor<{ i: number }>(series, [20], 5))
          sum += (await tx.one<{ n: number }>('select $1::int as n', [i])).n
        assert.equal(sum, 210)
        for await (const row of tx.cursor(series, [20], 5)) if (row) break
        assert.deepEqual((await tx.query('select name from pg_cursors where is_holdable or name <> $$$$')).rows, [])
      })
      await db.script('create table filled (i int)')
      for await (const row of db.cursor('insert into filled select generate_series(1, 100) returning i', [], 10))
        if (row) break
      assert.deepEqual(await db.one('select count(*)::int as n from filled'), { n: 100 })
    })

    it('prepare again what is not what it was', async () => {
      await db.script('create table cursed (a int)')
      await db.query('insert into cursed values (1)')
      const text = 'select * from cursed where $1'
      await db.query(text, [true])
      await db.script('alter table cursed add b int')
      const rows: unknown[] = []
      for await (const row of db.cursor(text, [true])) rows.push(row)
      assert.deepEqual(rows, [{ a: 1, b: null }])
    })

    it('are given up', async () => {
      const controller = new AbortController()
      const cursor = db.cursor('select pg_sleep(100)', [], { signal: controller.signal })
      const first = cursor.next()
      await until(() => db.stats.busy === 1)
      controller.abort(new Error('enough'))
      assert.equal(((await errorOf(first)) as Error).message, 'enough')
      await assertFree(db)
    })
  })
})
