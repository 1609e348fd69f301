/** COPY and notifications of the client against a real PostgreSQL. */

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { after, before, describe, it } from 'node:test'
import { type Db, type Gap, type PostgresConnectionError, UsageError } from '#src/io/client/index.js'
import { allOf, assertFree, codeOf, errorOf, until, type Database, startDatabase } from '../postgres/asking.js'

describe('COPY and notifications', { timeout: 120_000 }, () => {
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
      const listener = database.client({ applicationName: 'listener' })
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
})
