/** What the client does with connections, against a real PostgreSQL: transactions, cursors, COPY, notifications. */

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { after, before, describe, it } from 'node:test'
import {
  type Db,
  type Gap,
  postgres,
  PostgresConnectionError,
  PostgresError,
  type PostgresOptions,
  PostgresTransactionError,
  QueryTimeoutError,
  type Transaction,
  UsageError,
} from '#src/io/client/index.js'
import { type PostgresServer, startPostgres } from '../postgres/server.js'

const errorOf = async (promise: Promise<unknown>): Promise<unknown> => {
  try {
    await promise
  } catch (error) {
    return error
  }
  return assert.fail('it was to reject')
}

const codeOf = async (promise: Promise<unknown>): Promise<string> =>
  ((await errorOf(promise)) as { readonly code: string }).code

const allOf = async <Item>(items: AsyncIterable<Item>): Promise<Item[]> => {
  const all: Item[] = []
  for await (const item of items) all.push(item)
  return all
}

/** Waits until a fact is one. */
const until = async (fact: () => boolean | Promise<boolean>): Promise<void> => {
  while (!(await fact())) await new Promise((resolve) => void setTimeout(resolve, 5))
}

describe('sessions', { timeout: 120_000 }, () => {
  let server: PostgresServer
  /** One connection, so that whatever is not given back is missed. */
  let db: Db
  let admin: Db
  const clients: Db[] = []

  const client = (options: PostgresOptions = {}): Db => {
    const { host, port } = server
    const one = postgres({ host, port, user: 'postgres', database: 'postgres', sslmode: 'disable', ...options })
    clients.push(one)
    return one
  }

  /** The other connections of a client are idle, and usable. */
  const assertFree = async (one: Db): Promise<void> => {
    assert.deepEqual((await one.query('select 1 as a')).rows, [{ a: 1 }])
    const { busy, waiting, running, queued } = one.stats
    assert.deepEqual({ busy, waiting, running, queued }, { busy: 0, waiting: 0, running: 0, queued: 0 })
  }

  before(async () => {
    server = await startPostgres()
    db = client({ pool: { max: 1 } })
    admin = client({ applicationName: 'admin' })
    await db.script('create table account (id int primary key, amount int check (amount >= 0))')
    await db.script('insert into account values (1, 100), (2, 0)')
  })

  after(async () => {
    await Promise.all(clients.map((one) => one.close()))
    await server.stop()
  })

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

  describe('COPY', () => {
    before(() => db.script('create table copied (a int, b text)'))

    const count = async (): Promise<unknown> => (await admin.one<{ n: bigint }>('select count(*) as n from copied')).n

    it('takes texts, octets, and streams of them', async () => {
      const row = Buffer.from('7\tüx\n')
      async function* slowly(): AsyncGenerator<string | Uint8Array> {
        yield '1\ta\n2\t'
        yield row.subarray(0, 0)
        yield Buffer.from('b\n')
      }
      for (const [source, rows] of [
        ['1\ta\n2\tb\n', 2],
        [row, 1],
        [['1\ta', '\n', row], 2],
        [slowly(), 2],
        [Readable.from([row, row]), 2],
        [[], 0],
        ['', 0],
        [[Buffer.alloc(70_000, '1\tx\n'), '2\ty\n', Buffer.from('3\tz\n'), '4\t5\n'], 17_503],
      ] as const) {
        await db.script('truncate copied')
        assert.deepEqual(await db.copyFrom('copy copied from stdin', source), { rowCount: rows })
        assert.equal(await count(), BigInt(rows))
      }
      await assertFree(db)
    })

    it('gives octets as they come, and streams', async () => {
      await db.script(
        `truncate copied; insert into copied select i, repeat('x', i % 100) from generate_series(1, 50000) i`,
      )
      const text = 'copy (select a, b from copied order by a) to stdout'
      const chunks: Uint8Array[] = []
      const copy = db.copyTo(text)
      for await (const chunk of copy) chunks.push(chunk)
      const lines = Buffer.concat(chunks).toString().split('\n')
      assert.deepEqual([lines.length, lines[0], lines[49_999], copy.rowCount], [50_001, '1\tx', '50000\t', 50_000])
      assert.ok(chunks.length < 5000, `${chunks.length} chunks`)
      assert.throws(() => copy[Symbol.asyncIterator](), UsageError)
      let bytes = 0
      const slow = new Transform({
        transform(chunk: Uint8Array, _, done) {
          bytes += chunk.length
          setImmediate(done)
        },
      })
      await pipeline(
        Readable.from(db.copyTo(text)),
        slow,
        new Transform({ transform: (_c, _e, done) => done() }).resume(),
      )
      assert.equal(bytes, Buffer.concat(chunks).length)
      await assertFree(db)
    })

    it('waits for whoever reads, and for the server', async () => {
      const wide = `copy (select repeat('x', 1000) from generate_series(1, 200000)) to stdout`
      let bytes = 0
      for await (const chunk of db.copyTo(wide)) {
        bytes += chunk.length
        assert.ok(chunk.length <= 65_536)
        if (bytes < 1_000_000) await new Promise((resolve) => setImmediate(resolve))
      }
      assert.equal(bytes, 200_200_000)
      const piece = `1\t${'y'.repeat(1000)}\n`.repeat(60)
      function* pieces(): Generator<string> {
        for (let i = 0; i < 500; i++) yield piece
      }
      await db.script('truncate copied')
      assert.deepEqual(await db.copyFrom('copy copied from stdin', pieces()), { rowCount: 30_000 })
      await db.script('truncate copied')
    })

    it('ends both sides when one fails', async () => {
      let returned = 0
      async function* good(): AsyncGenerator<string> {
        try {
          for (;;) yield '1\ta\n'.repeat(1000)
        } finally {
          returned++
        }
      }
      async function* stalled(): AsyncGenerator<string> {
        yield 'not a number\tx\n'
        await new Promise(() => {})
      }
      // eslint-disable-next-line require-yield -- it fails before
      async function* broken(): AsyncGenerator<string> {
        yield '1\ta\n'
        throw new Error('the source is broken')
      }
      assert.equal(
        ((await errorOf(db.copyFrom('copy copied from stdin', broken()))) as Error).message,
        'the source is broken',
      )
      assert.equal(await codeOf(db.copyFrom('copy copied from stdin', stalled())), '22P02')
      const bad = (async function* () {
        yield 'x\n'
        yield* good()
      })()
      assert.equal(await codeOf(db.copyFrom('copy copied from stdin', bad)), '22P02')
      assert.equal(returned, 1)
      for (const text of ['copy nowhere from stdin', 'select 1', 'copy copied to stdout', 'nonsense', 'select 1\0']) {
        const stream = new Readable({ read() {} })
        assert.ok((await errorOf(db.copyFrom(text, stream))) instanceof Error)
        if (!stream.closed) await once(stream, 'close')
        const source = good()
        await errorOf(db.copyFrom(text, source))
        assert.deepEqual(await source.next(), { done: true, value: undefined })
      }
      for (const source of [[5], { a: 1 }, 5])
        assert.equal(await codeOf(db.copyFrom('copy copied from stdin', source as unknown as string)), 'PG_COPY')
      assert.equal(await count(), 0n)
      await assertFree(db)
    })

    it('leaves a transaction that can be rolled back', async () => {
      await db.begin(async (tx) => {
        await tx.query('insert into copied values (1)')
        const failing = tx.begin((inner) => inner.copyFrom('copy copied from stdin', 'x\n'))
        assert.equal(await codeOf(failing), '22P02')
        await tx.copyFrom('copy copied from stdin', '2\tb\n')
        const copy = tx.copyTo('copy copied to stdout')[Symbol.asyncIterator]()
        assert.deepEqual(Buffer.from((await copy.next()).value!).toString(), '1\t\\N\n2\tb\n')
        await copy.next()
      })
      assert.equal(await count(), 2n)
    })

    it('stops giving when nobody wants more', async () => {
      for await (const chunk of db.copyTo('copy (select generate_series(1, 100000000)) to stdout')) if (chunk) break
      await assertFree(db)
      for (const text of [
        'select 1',
        'copy copied from stdin',
        'nonsense',
        'create table if not exists copied ()',
        'select 1\0',
      ])
        assert.ok((await errorOf(allOf(db.copyTo(text)))) instanceof Error)
      await assertFree(db)
    })

    it('has the connection alone', async () => {
      await db
        .begin(async (tx) => {
          const wide = tx.copyTo(`copy (select repeat('x', 1000) from generate_series(1, 10000)) to stdout`)
          for await (const chunk of wide) {
            assert.equal(await codeOf(tx.query('select 1')), 'PG_BUSY')
            if (chunk) break
          }
        })
        .catch(() => {})
      await assertFree(db)
    })

    it('is given up', async () => {
      const controller = new AbortController()
      const { signal } = controller
      const stalled = new Readable({ read() {} })
      const copying = db.copyFrom('copy copied from stdin', stalled, { signal })
      await until(
        async () =>
          (await admin.query(`select 1 from pg_stat_activity where query like 'copy copied%' and state = 'active'`))
            .rowCount === 1,
      )
      controller.abort(new Error('enough'))
      assert.equal(((await errorOf(copying)) as Error).message, 'enough')
      const reading = allOf(db.copyTo('copy copied to stdout', { signal }))
      assert.equal(((await errorOf(reading)) as Error).message, 'enough')
      await assertFree(db)
    })
  })

  describe('notifications', () => {
    it('come, until nobody listens', async () => {
      const seen: string[] = []
      const one = await db.listen('news "of" today', (payload, { channel }) => seen.push(`${channel}: ${payload}`))
      const other = await db.listen('news "of" today', (payload) => seen.push(payload))
      const third = await db.listen('sports', () => {
        throw new Error('a handler that fails')
      })
      const warned = once(process, 'warning')
      await db.notify('sports', 'x')
      assert.match(String((await warned)[0]), /a handler that fails/)
      await db.notify('news "of" today', 'hello')
      await until(() => seen.length === 2)
      assert.deepEqual(seen, ['news "of" today: hello', 'hello'])
      assert.equal(db.stats.channels, 2)
      await one.unlisten()
      await one.unlisten()
      await db.notify('news "of" today', 'again')
      await until(() => seen.length === 3)
      await other.unlisten()
      await third.unlisten()
      assert.equal(db.stats.channels, 0)
      assert.equal(await codeOf(db.listen('', () => {})), 'PG_IDENTIFIER')
    })

    it('come again when the connection was lost, and the gap is told', async () => {
      const seen: string[] = []
      const gaps: Gap[] = []
      const listener = client({ applicationName: 'listener' })
      const subscription = await listener.listen('events', (payload) => seen.push(payload), {
        onGap: (gap) => gaps.push(gap),
      })
      for (let round = 1; round <= 2; round++) {
        await admin.query(`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'listener'`)
        await until(() => gaps.length === round)
        await admin.notify('events', `after ${round}`)
        await until(() => seen.length === round)
      }
      assert.deepEqual(seen, ['after 1', 'after 2'])
      assert.deepEqual([gaps[0]!.channel, (gaps[0]!.error as PostgresConnectionError).code], ['events', '57P01'])
      assert.ok(gaps[0]!.durationMs > 0)
      await subscription.unlisten()
      await listener.close()
    })
  })

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
      const pool = client({ pool: { max: 3 }, pipelineMax: 5 })
      const rows = await Promise.all(Array.from({ length: 100 }, (_, n) => pool.one('select $1::int as n', [n])))
      assert.deepEqual(
        rows,
        Array.from({ length: 100 }, (_, n) => ({ n })),
      )
      assert.ok(pool.stats.total <= 3)
      const pids = await Promise.all(
        Array.from({ length: 3 }, () => pool.one<{ pid: number }>('select pg_backend_pid() as pid, pg_sleep(0.2)')),
      )
      assert.equal(new Set(pids.map(({ pid }) => pid)).size, 3)
      await assertFree(pool)
    })

    it('go in turn to those who want one alone and to those who share', async () => {
      const pool = client({ pool: { max: 1 } })
      const order: string[] = []
      const note = (what: string) => (): void => void order.push(what)
      await Promise.all([
        pool.query('select pg_sleep(0.02)').then(note('query')),
        pool.begin((tx) => tx.query('select 1')).then(note('transaction')),
        pool.query('select 1').then(note('later query')),
        pool.reserve().then(async (one) => {
          note('reserved')()
          await one.release()
        }),
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
      const pool = client({ pool: { max: 1 }, applicationName: 'doomed' })
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
      const nowhere = client({ port: 1 })
      for (const ask of [
        () => nowhere.query('select 1'),
        () => nowhere.begin(() => {}),
        () => nowhere.listen('a', () => {}),
      ])
        assert.equal(await codeOf(ask()), 'ECONNREFUSED')
      const nobody = client({ database: 'nothing' })
      const errors = await Promise.all([nobody.query('select 1'), nobody.query('select 2')].map(errorOf))
      assert.ok(errors.every((error) => (error as PostgresError).code === '3D000'))
    })

    it('that are waited for too long, or by too many, are not waited for', async () => {
      const pool = client({ pool: { max: 1, acquireTimeoutMs: 100, waitingMax: 2 }, pipelineMax: 1 })
      const one = await pool.reserve()
      const waiting = [1, 2, 3].map((n) => codeOf(pool.query('select $1::int', [n])))
      assert.deepEqual(await Promise.all(waiting), ['POOL_TIMEOUT', 'POOL_TIMEOUT', 'POOL_FULL'])
      await one.release()
      await assertFree(pool)
    })

    it('end when what is under way has ended', async () => {
      const pool = client()
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
      const pool = client()
      const sleeping = errorOf(pool.query('select pg_sleep(100)'))
      await until(() => pool.stats.running === 1)
      await pool.terminate()
      assert.equal(((await sleeping) as PostgresConnectionError).code, 'PG_CLOSED')
      await pool.terminate()
      await pool.close()
    })
  })
})
