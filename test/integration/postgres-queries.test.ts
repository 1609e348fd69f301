/** Queries of the client against a real PostgreSQL: values, errors, statements that are kept, pipelines, scripts. */

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import path from 'node:path'
import { after, before, describe, it } from 'node:test'
import { inspect, promisify } from 'node:util'
import { type Db, identifier, joinSql, PostgresError, RowCountError, sql, UsageError } from '#src/io/client/index.js'
import { plainEnvironment, repoRoot } from '../../tools/repo.js'
import { type Database, errorOf, startDatabase } from '../postgres/asking.js'

const run = promisify(execFile)

describe('queries', { timeout: 120_000 }, () => {
  let database: Database
  let db: Db

  before(async () => {
    database = await startDatabase()
    db = database.client()
    await db.script('create table person (id int primary key, name text unique, doc jsonb, seen timestamptz)')
  })

  after(() => database.stop())

  it('gives rows, fields, what was done, and to how many rows', async () => {
    const { rows, fields, command, rowCount } = await db.query('select 1 as a, $1::text as b, null as c', ['x'])
    assert.deepEqual(rows, [{ a: 1, b: 'x', c: null }])
    assert.deepEqual(
      fields.map(({ name, typeOid }) => [name, typeOid]),
      [
        ['a', 23],
        ['b', 25],
        ['c', 25],
      ],
    )
    assert.deepEqual([command, rowCount], ['SELECT', 1])
    const inserted = await db.query('insert into person (id, name) values ($1, $2), (2, $3)', [1, 'one', 'two'])
    assert.deepEqual([inserted.command, inserted.rowCount, inserted.rows], ['INSERT', 2, []])
    const table = await db.query('create table if not exists other ()')
    assert.deepEqual([table.command, table.rowCount, table.fields], ['CREATE TABLE', 0, []])
    assert.deepEqual((await db.query('')).command, '')
  })

  it('gives the same values the first time and later, as text and in binary', async () => {
    const text = `select 7::int2 as int2, 8::int8 as int8, 1.5::float4 as float4, 0.1::float8 as float8,
      12.50::numeric as numeric, true as bool, 'Grüße 🌍' as text, '\\x00ff'::bytea as bytea, date '2024-02-29' as date, time '12:34:56.5' as time,
      timestamp '2024-02-29 12:34:56.789' as timestamp, timestamptz '2024-02-29 12:34:56.789+02' as timestamptz,
      interval '1 day' as interval, uuid '00000000-0000-0000-0000-000000000001' as uuid, '{"a":[1]}'::jsonb as jsonb,
      '{1,null}'::int[] as ints, '[1,2)'::int4range as range, 'x'::"char" as char, 'name'::name as name, null::int as missing`
    const first = (await db.query(text)).rows
    for (const format of ['auto', 'text', 'binary', 'auto'] as const)
      assert.deepEqual((await db.query(text, [], { format })).rows, first)
    assert.deepEqual((await db.query(text, [], { prepare: false, format: 'binary' })).rows, first)
    assert.deepEqual(Object.values(first[0]!).slice(0, 7), [7, 8n, 1.5, 0.1, '12.50', true, 'Grüße 🌍'])
    const arrays = await db.query(text, [], { rowMode: 'array' })
    assert.deepEqual(arrays.rows, [Object.values(first[0]!)])
  })

  it('encodes parameters by the types that the server has said', async () => {
    const text =
      'select $1::jsonb as doc, $2::int[] as list, $3::bytea as octets, $4::timestamptz as at, $5::bool as flag'
    const values = [['a', { b: 1 }], [1, 2], Uint8Array.of(0, 255), new Date(Date.UTC(2024, 0, 2)), true]
    for (const prepare of [true, true, false, false]) {
      const { rows } = await db.query(text, values, { prepare })
      const expected = {
        doc: ['a', { b: 1 }],
        list: [1, 2],
        octets: Uint8Array.of(0, 255),
        at: '2024-01-02 00:00:00+00',
        flag: true,
      }
      assert.deepEqual(rows, [expected])
    }
    // A text is a value of JSON like others, also the first time that the statement is used.
    assert.deepEqual((await database.client().query('select $1::jsonb as doc', ['5'])).rows, [{ doc: '5' }])
    assert.deepEqual((await db.query('select $1::text is null as a', [null])).rows, [{ a: true }])
  })

  it('refuses parameters that cannot be', async () => {
    for (const ask of [
      () => db.query('select $1::int', [undefined]),
      () => db.query('select $1::int', [{}]),
      () => db.query('select $1::int', [1, 2]),
      () => db.query('select $1::int', []),
      () => db.query('select $1::text', ['a\0b']),
      () => db.query('select 1\0'),
      () => db.query('select $1::int', 5 as unknown as unknown[]),
      () => db.query(5 as unknown as string),
      () => db.query(sql`select ${1}`, [1]),
      () => db.query('copy person from stdin'),
      () => db.query('/**/ copy person from stdin'),
      () => db.query('/**/ copy person to stdout'),
      () => db.pipeline(['/**/ copy person from stdin']),
      () => db.script('copy person from stdin'),
      () => db.script('copy person to stdout'),
      () => db.query('begin'),
      () => db.query('/**/ begin'),
      () => db.pipeline(['select 1', '/**/ begin']),
      () => db.script('begin'),
    ]) {
      const error = await errorOf(ask())
      assert.ok(error instanceof UsageError, `${ask.toString()}: ${inspect(error)}`)
    }
    assert.deepEqual((await db.query('select 1 as a')).rows, [{ a: 1 }])
  })

  it('gives the last of several columns with one name, and takes any name', async () => {
    const { rows } = await db.query('select 1 as a, 2 as b, null as a, 4 as "__proto__", 5 as constructor')
    const row = rows[0]!
    assert.deepEqual(Object.entries(row), [
      ['a', null],
      ['b', 2],
      ['__proto__', 4],
      ['constructor', 5],
    ])
    assert.equal(Object.getPrototypeOf(row), Object.prototype)
    assert.deepEqual((await db.query('select 1 as a, 2 as a', [], { rowMode: 'array' })).rows, [[1, 2]])
  })

  it('says how many rows there were when there must be another number', async () => {
    assert.deepEqual(await db.one<{ a: number }>('select 1 as a'), { a: 1 })
    assert.deepEqual(await db.oneOrNone('select 1 as a where $1', [false]), undefined)
    assert.deepEqual(await db.oneOrNone('select 1 as a'), { a: 1 })
    assert.deepEqual(await db.many('select 1 as a union all select 2'), [{ a: 1 }, { a: 2 }])
    for (const [ask, rowCount] of [
      [() => db.one('select 1 limit 0'), 0],
      [() => db.one('select generate_series(1, 3)'), 3],
      [() => db.oneOrNone('select generate_series(1, 2)'), 2],
      [() => db.many('select 1 limit 0'), 0],
    ] as const) {
      const error = await errorOf(ask())
      assert.ok(error instanceof RowCountError)
      assert.deepEqual([error.rowCount, error.message.endsWith(`got ${rowCount}`)], [rowCount, true])
    }
  })

  it('binds what stands in a template', async () => {
    const name = `Robert'); drop table person; --`
    const conditions = [sql`id = ${9}`, sql`name = ${name}`]
    await db.sql`insert into ${db.identifier('person')} (id, name) values (${9}, ${name})`
    const { rows } = await db.sql<{
      name: string
    }>`select name from ${identifier('public', 'person')} where ${joinSql(conditions, sql` and `)}`
    assert.deepEqual(rows, [{ name }])
    assert.deepEqual((await db.sql`select 1 as ${identifier('a "quoted" name')}`).rows, [{ 'a "quoted" name': 1 }])
    assert.deepEqual((await db.sql`select ${joinSql([sql`1`, sql`2`])}`).fields.length, 2)
    for (const names of [[], [''], ['a\0']]) assert.throws(() => identifier(...names), { code: 'PG_IDENTIFIER' })
    assert.equal((await errorOf(db.sql`select ${undefined}`)) instanceof UsageError, true)
  })

  it('gives all fields of an error, and the text of the statement only to who asks', async () => {
    await db.query('insert into person (id, name) values ($1, $2)', [50, 'fifty'])
    const error = await errorOf(db.query('insert into person (id, name) values ($1, $2)', [987_654, 'fifty']))
    assert.ok(error instanceof PostgresError)
    const { name, code, severity, constraint, table, schema, detail, routine } = error
    assert.deepEqual(
      [name, code, severity, constraint, table, schema, detail],
      ['PostgresError', '23505', 'ERROR', 'person_name_key', 'person', 'public', 'Key (name)=(fifty) already exists.'],
    )
    assert.equal(routine, '_bt_check_unique')
    assert.equal(error.query(), 'insert into person (id, name) values ($1, $2)')
    assert.doesNotMatch(inspect(error), /insert into|987654/)
    assert.equal(((await errorOf(db.query('selec'))) as PostgresError).position, '1')
  })

  it('keeps an error to the statement that it is of', async () => {
    const settled = await Promise.allSettled([
      db.query('select 1 as a'),
      db.query('select 1/0'),
      db.query('nonsense'),
      db.query('select $1::int as a', ['x']),
      db.query('select $1::int as a', [4]),
    ])
    assert.deepEqual(
      settled.map((one) => (one.status === 'fulfilled' ? one.value.rows : (one.reason as PostgresError).code)),
      [[{ a: 1 }], '22012', '42601', '22P02', [{ a: 4 }]],
    )
  })

  it('prepares again what is not what it was', async () => {
    const one = database.client({ pool: { max: 1 } })
    await one.script('create table changing (a int)')
    await one.query('insert into changing values ($1)', [1])
    const text = 'select * from changing where $1'
    const read = (): Promise<unknown> => one.query(text, [true]).then(({ rows }) => rows)
    assert.deepEqual(await read(), [{ a: 1 }])
    await one.script('alter table changing add b text')
    assert.deepEqual(await read(), [{ a: 1, b: null }])
    await one.script('alter table changing alter a type text')
    assert.deepEqual(await Promise.all([read(), read()]), [[{ a: '1', b: null }], [{ a: '1', b: null }]])
    // The types of parameters stay what they were for the server, until a value does not fit.
    assert.equal(
      ((await errorOf(one.query('insert into changing values ($1)', ['text']))) as PostgresError).code,
      '22P02',
    )
    await one.query('insert into changing values ($1)', ['text'])
    await one.script('deallocate all')
    assert.deepEqual(await Promise.all([read(), read(), read()]).then((all) => all.length), 3)
    await one.script('discard all')
    await read()
    // Another connection has been told other types than they are by now.
    const pair = database.client({ pool: { max: 2 } })
    await pair.query('select a from changing where a = $1', ['1'])
    await pair.script('truncate changing; alter table changing alter a type int using 0')
    await Promise.all([pair.query('select pg_sleep(0.05)'), pair.query('select a from changing where a = $1', [1])])
    await pair.query('select a from changing where a = $1', [1])
  })

  it('does not try again in a transaction', async () => {
    const one = database.client({ pool: { max: 1 } })
    await one.script('create table moving (a int)')
    await one.query('select * from moving where $1', [true])
    await one.script('alter table moving add b int')
    const error = await errorOf(one.begin((tx) => tx.query('select * from moving where $1', [true])))
    assert.equal((error as PostgresError).code, '0A000')
    await one.begin((tx) => tx.query('select * from moving where $1', [true]))
  })

  it('keeps no more statements than it may, and none where it may not', async () => {
    const few = database.client({ pool: { max: 1 }, statementCacheMax: 3 })
    const prepared = (): Promise<unknown> =>
      few.script('select name from pg_prepared_statements').then(([all]) => all!.rows.length)
    for (let i = 0; i < 10; i++) await few.query(`select ${i} where $1`, [true])
    await few.query('select 0 where $1', [true])
    assert.equal(await prepared(), 3)
    const none = database.client({ pool: { max: 1 }, statementCacheMax: 0 })
    for (let i = 0; i < 5; i++) assert.deepEqual((await none.query('select $1::int as a', [i])).rows, [{ a: i }])
    assert.deepEqual((await none.script('select name from pg_prepared_statements'))[0]!.rows, [])
    const unique = database.client({ pool: { max: 1 }, uniqueStatementNames: true })
    const { rows } = await unique.query<{ name: string }>('select name from pg_prepared_statements where $1', [true])
    assert.match(rows[0]!.name, /^s[\da-f]{12}_1$/)
  })

  it('runs a pipeline as one transaction', async () => {
    await db.script('create table ordered (n int)')
    const insert = 'insert into ordered values ($1)'
    const items = [...Array(100).keys()].map((n) => ({ sql: insert, params: [n] }))
    const results = await db.pipeline([...items, 'select count(*) from ordered', sql`select ${5}::int as five`])
    assert.deepEqual(results.at(-2)!.rows, [{ count: 100n }])
    assert.deepEqual([results.length, results[0]!.command, results.at(-1)!.rows], [102, 'INSERT', [{ five: 5 }]])
    assert.equal(
      ((await errorOf(db.pipeline([{ sql: insert, params: [1] }, 'select 1/0']))) as PostgresError).code,
      '22012',
    )
    for (const bad of ['a\0', undefined, {}])
      assert.ok(
        (await errorOf(
          db.pipeline([
            { sql: insert, params: [1] },
            { sql: insert, params: [bad] },
          ]),
        )) instanceof UsageError,
      )
    assert.deepEqual(await db.one('select count(*) from ordered'), { count: 100n })
    assert.deepEqual(await db.pipeline([]), [])
    const settled = await db.pipeline([{ sql: insert, params: [1] }, 'select 1/0', 'select 7 as a'], { atomic: false })
    assert.deepEqual(
      settled.map(({ status }) => status),
      ['fulfilled', 'rejected', 'fulfilled'],
    )
    assert.deepEqual(await db.one('select count(*) from ordered'), { count: 101n })
  })

  it('knows which statements of a pipeline were never prepared', async () => {
    const one = database.client({ pool: { max: 1 } })
    const later = 'select 2 as later'
    for (const items of [
      ['select 1/0', later],
      ['nonsense', later],
      [
        { sql: 'nonsense where $1', params: [1] },
        { sql: 'select $1::int as later', params: [2] },
      ],
    ])
      assert.match(((await errorOf(one.pipeline(items))) as PostgresError).code, /22012|42601/)
    const rows = await one.begin((tx) => Promise.all([tx.one(later), tx.one('select $1::int as later', [2])]))
    assert.deepEqual(rows, [{ later: 2 }, { later: 2 }])
  })

  it('prepares a pipeline again when a statement is not what it was', async () => {
    const one = database.client({ pool: { max: 1 } })
    await one.script('create table piped (a int)')
    const items = [{ sql: 'insert into piped values ($1)', params: [1] }, 'select * from piped']
    await one.pipeline(items)
    await one.script('alter table piped add b int')
    assert.deepEqual((await one.pipeline(items))[1]!.rows, [
      { a: 1, b: null },
      { a: 1, b: null },
    ])
  })

  it('runs a script of several statements', async () => {
    const results = await db.script(`create temp table t (a int); insert into t values (1), (2); select a from t; ;`)
    assert.deepEqual(
      results.map(({ command, rowCount, rows }) => [command, rowCount, rows]),
      [
        ['CREATE TABLE', 0, []],
        ['INSERT', 2, []],
        ['SELECT', 2, [{ a: 1 }, { a: 2 }]],
      ],
    )
    const error = await errorOf(db.script(`insert into person (id) values (777); select 1/0`))
    assert.equal((error as PostgresError).code, '22012')
    assert.equal(await db.oneOrNone('select 1 from person where id = 777'), undefined)
    assert.deepEqual((await db.script('select 1', { rowMode: 'array' }))[0]!.rows, [[1]])
  })

  it('gives types that it does not know as text', async () => {
    await db.script(`create type mood as enum ('glad', 'sad'); create type pair as (a int, b text)`)
    const text = `select 'glad'::mood as mood, row(1, 'x')::pair as pair, array['sad']::mood[] as moods, $1::mood as given`
    for (let i = 0; i < 2; i++)
      assert.deepEqual((await db.query(text, ['sad'])).rows, [
        { mood: 'glad', pair: '(1,x)', moods: '{sad}', given: 'sad' },
      ])
  })

  it('gives many rows, and rows that are large', async () => {
    const { rows } = await db.query<{ i: number; t: string }>(
      `select i, repeat('x', 1000) as t from generate_series(1, 20000) i`,
    )
    assert.equal(rows.length, 20_000)
    assert.ok(rows.every(({ i, t }, index) => i === index + 1 && t.length === 1000))
    const large = 'ü'.repeat(3_000_000)
    assert.equal((await db.one<{ t: string }>('select $1::text as t', [large])).t, large)
    const octets = new Uint8Array(5_000_000).fill(7)
    const one = await db.one<{ b: Uint8Array }>('select $1::bytea as b', [octets])
    assert.deepEqual(Buffer.from(one.b), Buffer.from(octets))
  })

  it('is shown by an example', async () => {
    const { host, port } = database.server
    const env = { ...plainEnvironment(), PGHOST: host, PGPORT: String(port), PGUSER: 'postgres' }
    const { stdout, stderr } = await run(process.execPath, [path.join(repoRoot, 'examples/postgres-client.js')], {
      env,
    })
    assert.deepEqual(
      [stdout.split('\n'), stderr],
      [
        [
          '3 accounts',
          stdout.split('\n')[1]!,
          'Ada: 74.75',
          'Grace: 125.25',
          'Karl: 100.00',
          "Robert'); drop table accounts; --: 0.50",
          '',
        ],
        '',
      ],
    )
    assert.match(stdout.split('\n')[1]!, /^not done: accounts of \d+_amount_check \(23514\)$/)
  })

  it('tells of notices', async () => {
    const notices: string[] = []
    const one = database.client({ onNotice: ({ message }) => notices.push(message) })
    await one.script(`do $$ begin raise notice 'listen to this'; end $$`)
    assert.deepEqual(notices, ['listen to this'])
  })
})
