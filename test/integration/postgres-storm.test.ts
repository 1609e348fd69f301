/**
 * Many callers at once who do all that the client can, and give up, while connections are being killed: everything
 * settles, no row is another's, and nothing is left over.
 */

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Db } from '#src/io/client/index.js'
import { assertFree, type Database, startDatabase } from '../postgres/asking.js'

/** Numbers from 0 to below 1 that are the same each time. */
function randomOf(seed: number): () => number {
  let state = seed
  return () => (state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7f_ff_ff_ff) / 0x80_00_00_00
}

interface Numbered {
  readonly n: number
}

/** What callers do. Each is given a number that nobody else has. */
function kindsOf(db: Db, random: () => number): readonly ((n: number) => Promise<unknown>)[] {
  const asked = async (n: number, sql: string, options = {}): Promise<void> =>
    assert.equal((await db.one<Numbered>(sql, [n], options)).n, n)
  const slow = 'select $1::int as n, pg_sleep(0.002)'
  return [
    (n) => asked(n, 'select $1::int as n'),
    (n) => asked(n, `select $1::int as n, ${Math.floor(random() * 20)} as other`),
    (n) => asked(n, slow, { timeoutMs: 1 + random() * 8 }),
    (n) => {
      const controller = new AbortController()
      setTimeout(() => controller.abort(new Error('given up')), random() * 8)
      return asked(n, slow, { signal: controller.signal })
    },
    (n) =>
      db.begin(async (tx) => {
        await tx.query('insert into stored values ($1, $2)', [n, 'x'])
        assert.equal((await tx.one<Numbered>('select $1::int as n', [n])).n, n)
        if (random() < 0.3) throw new Error('given up')
      }),
    async (n) => {
      let count = 0
      for await (const row of db.cursor<Numbered>('select n from generate_series(1, $1::int) n', [n % 60], 7)) {
        assert.equal(row.n, ++count)
        if (random() < 0.01) return
      }
      assert.equal(count, n % 60)
    },
    async (n) => {
      const lines = Array.from({ length: n % 500 }, (_, i) => `${i}\tcopied\n`)
      assert.deepEqual(await db.copyFrom('copy stored from stdin', lines), { rowCount: lines.length })
    },
    async () => {
      for await (const chunk of db.copyTo('copy (select generate_series(1, 20000)) to stdout'))
        if (chunk.length > 0 && random() < 0.2) return
    },
    async (n) => {
      const [first, , third] = await db.pipeline([
        { sql: 'select $1::int as n', params: [n] },
        'select 1',
        { sql: 'select $1::text as n', params: [`t${n}`] },
      ])
      assert.deepEqual([first!.rows, third!.rows], [[{ n }], [{ n: `t${n}` }]])
    },
    () => db.query('select 1/0'),
  ]
}

/** What may go wrong here, and nothing else. */
const EXPECTED = /^(?:22012|57P01|QUERY_TIMEOUT|ECONNRESET|EPIPE|PEER_GONE|PG_TRUNCATED|given up)$/

const CALLERS = 30
const OPERATIONS = 1500
const KILL_EVERY = 40

describe('a storm of callers', { timeout: 120_000 }, () => {
  let database: Database
  let admin: Db

  before(async () => {
    database = await startDatabase()
    admin = database.client()
    await admin.script('create table stored (n int, t text)')
  })

  after(() => database.stop())

  for (const [seed, options] of [
    [1, { pipelineMax: 1, statementCacheMax: 0 }],
    [2, { pipelineMax: 5, statementCacheMax: 2 }],
    [3, { pipelineMax: 100, statementCacheMax: 100 }],
  ] as const)
    it(`leaves nothing over with ${JSON.stringify(options)}`, async () => {
      const random = randomOf(seed)
      const db = database.client({ ...options, pool: { max: 4 }, applicationName: `victim ${seed}` })
      const kinds = kindsOf(db, random)
      const unexpected: unknown[] = []
      let next = 0
      const caller = async (): Promise<void> => {
        while (next < OPERATIONS) {
          const n = next++
          if (n % KILL_EVERY === 0)
            await admin.query(
              `select pg_terminate_backend(pid) from pg_stat_activity where application_name = $1 limit 1`,
              [`victim ${seed}`],
            )
          try {
            await kinds[Math.floor(random() * kinds.length)]!(n)
          } catch (error) {
            const { code, message } = error as { readonly code?: string; readonly message: string }
            if (!EXPECTED.test(code ?? message)) unexpected.push(error)
          }
        }
      }
      await Promise.all(Array.from({ length: CALLERS }, caller))
      assert.deepEqual(unexpected, [])
      await assertFree(db)
    })

  it('can be gone through by a cursor without being kept', async () => {
    const db = database.client({ pool: { max: 1 } })
    const sql = `select n, 'row number ' || n as t, n * 1.5::float8 as f, now() as at from generate_series(1, $1::int) n`
    const read = async (rows: number): Promise<number> => {
      let peak = 0
      let count = 0
      for await (const row of db.cursor<Numbered>(sql, [rows])) {
        assert.equal(row.n, ++count)
        if (count % 50_000 === 0) peak = Math.max(peak, process.memoryUsage().rss)
      }
      assert.equal(count, rows)
      return peak
    }
    const first = await read(100_000)
    const growth = (await read(1_000_000)) - first
    // Kept, they would take 260 MiB. What V8 takes for young objects, and gives back when it likes, comes to 56.
    assert.ok(growth < 96 * 1_048_576, `${Math.round(growth / 1_048_576)} MiB`)
  })
})
