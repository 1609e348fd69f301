/**
 * 10,000 random rows of every type, made by a real server: in text and in binary they decode to the same values, which
 * are those that `pg` has; and all of them are the same to the server when we send them back, in text and in binary.
 */

import assert from 'node:assert/strict'
import { isDeepStrictEqual } from 'node:util'
import { after, before, describe, it } from 'node:test'
import pg from 'pg'
import { epochMicros, type TypeCodec, TypeRegistry, ValueFormat, ValueWriter } from 'skitai/postgres'
import { EngineConnection } from '../postgres/engine-connection.js'
import { type PostgresServer, startPostgres } from '../postgres/server.js'

const ROWS = 10_000

/** A random value of each type, as an expression of SQL. One in twenty is null. */
const GENERATORS: Readonly<Record<string, string>> = {
  bool: 'random() < 0.5',
  int2: '(random() * 65535 - 32768)::int2',
  int4: '(random() * 4294967295 - 2147483648)::int8::int4',
  int8: '((random() - 0.5) * 9223372036854775807 * 2)::numeric::int8',
  oid: '(random() * 4294967295)::int8::oid',
  xid: '((random() * 4294967295)::int8::text)::xid',
  cid: '((random() * 4294967295)::int8::text)::cid',
  xid8: '((random() * 18446744073709551615)::numeric(20)::text)::xid8',
  float4: '((random() - 0.5) * power(10, random() * 70 - 35))::float4',
  float8: '(random() - 0.5) * power(10, random() * 600 - 300)',
  numeric:
    'round(((random() - 0.5) * 1e9)::numeric * power(10::numeric, (random() * 30 - 15)::int), (random() * 20)::int)',
  text: 'TEXT',
  varchar: 'TEXT::varchar',
  bpchar: 'TEXT::bpchar',
  name: 'left(TEXT, 15)::name',
  '"char"': `chr((random() * 125)::int + 1)::"char"`,
  bytea: `decode(repeat(md5(random()::text), (random() * 3)::int), 'hex')`,
  date: `date '2000-01-01' + ((random() - 0.5) * 1400000)::int`,
  time: `time '00:00' + random() * interval '24 hours'`,
  timetz: `(time '00:00' + random() * interval '24 hours')::text || (array['+00', '-03:30', '+14', '+01:02:03'])[n % 4 + 1]`,
  timestamp: `timestamp '2000-01-01' + (random() - 0.5) * interval '8000 years'`,
  timestamptz: `timestamptz '2000-01-01' + (random() - 0.5) * interval '8000 years'`,
  interval: `make_interval(years => (random() * 20 - 10)::int, months => (random() * 20 - 10)::int, days => (random() * 60 - 30)::int, secs => round((random() * 200000 - 100000)::numeric, (random() * 6)::int)::float8)`,
  uuid: 'gen_random_uuid()',
  json: `json_build_object('a', n, 'b', TEXT, 'c', array[random() < 0.5, null])`,
  jsonb: `jsonb_build_object('a', n, 'b', TEXT, 'c', array[random() < 0.5, null])`,
  inet: `case n % 2 when 0 then set_masklen((((random() * 255)::int || '.' || (random() * 255)::int || '.0.' || n % 256))::inet, n % 33) else set_masklen((to_hex(n) || ':0:0:' || to_hex((random() * 65535)::int) || '::' || to_hex(n % 3))::inet, n % 129) end`,
  cidr: `network(set_masklen(((random() * 255)::int || '.' || (random() * 255)::int || '.0.0')::inet, n % 33))`,
  macaddr: `(substr(md5(random()::text), 1, 12))::macaddr`,
  macaddr8: `(substr(md5(random()::text), 1, 16))::macaddr8`,
  varbit: `((random() * 1000000)::int::bit(32)::text)::varbit(32)`,
  'bit(9)': '(random() * 511)::int::bit(9)',
  tid: `('(' || n || ',' || n % 65536 || ')')::tid`,
  pg_lsn: `(to_hex((random() * 2147483647)::int) || '/' || to_hex((random() * 2147483647)::int))::pg_lsn`,
  point: 'point(random() * 1e10 - 5e9, (random() - 0.5) * 1e-10)',
  int4range: `int4range(n, n + (random() * 5)::int, (array['[)', '[]', '(]', '()'])[n % 4 + 1])`,
  int8range: `int8range(case when n % 3 > 0 then -n end, case when n % 5 > 0 then n * 1000000000::int8 end)`,
  numrange: `numrange(round(random()::numeric, 5), 1 + round(random()::numeric, 3), (array['[)', '[]', '(]', '()'])[n % 4 + 1])`,
  daterange: `daterange(date '2000-01-01' - n, date '2000-01-01' + (random() * 99)::int)`,
  tsrange: `tsrange(timestamp '2000-01-01' - random() * interval '9 years', 'infinity')`,
  tstzrange: `tstzrange(null, timestamptz '2000-01-01' + random() * interval '9 years', '(]')`,
  int4multirange: `int4multirange(int4range(n, n + 5), int4range(n + 7, n + 8 + (random() * 5)::int))`,
  nummultirange: `nummultirange(numrange(0, round(random()::numeric, 5)))`,
  mood: `(array['sad', 'ok', 'very "happy", \\really'])[n % 3 + 1]::mood`,
  item: `row(round(random()::numeric * 100, 2), random() < 0.5)::item`,
  'int4[]': 'array[n, null, (random() * 100)::int]',
  'text[]': 'array[array[TEXT, null], array[md5(random()::text), TEXT]]',
  'item[]': 'array[row(n, null)::item, null]',
  'timestamptz[]': `array[timestamptz '2000-01-01' + random() * interval '99 years', 'infinity']`,
}

/** Texts with what has to be quoted somewhere. */
const TEXT = `repeat(substr('aé日🎉 "\\{},()''x' || chr(9) || chr(10), (random() * 13)::int + 1, (random() * 6)::int), (random() * 3)::int)`

const names = Object.keys(GENERATORS)

describe('10,000 random rows of every type', { timeout: 120_000 }, () => {
  let server: PostgresServer
  let client: pg.Client
  let ours: EngineConnection
  const types = new TypeRegistry()
  const codecs: TypeCodec[] = []
  /** The values of each column, as the text format gave them. */
  const columns: unknown[][] = names.map(() => [])

  before(async () => {
    server = await startPostgres()
    client = new pg.Client({ host: server.host, port: server.port, user: 'postgres', database: 'postgres' })
    await client.connect()
    ours = await EngineConnection.open(server)
    await client.query(`create type mood as enum ('sad', 'ok', 'very "happy", \\really');
      create type item as (price numeric, sold bool)`)
    await learnTypes()
    const made = names.map((name, index) => {
      const value = `(${GENERATORS[name]!.replaceAll('TEXT', TEXT)})::${name}`
      return `case when (n + ${index}) % 20 > 0 then ${value} end as c${index}`
    })
    await client.query(
      `select setseed(0.5); create table rows as select n, ${made.join(', ')} from generate_series(1, ${ROWS}) n`,
    )
  })

  after(async () => {
    await ours.close()
    await client.end()
    await server.stop()
  })

  async function learnTypes(): Promise<void> {
    const { rows } = await client.query<{ oid: number; typname: string }>(`select oid, typname from pg_type`)
    const oidOf = (name: string): number => rows.find(({ typname }) => typname === name)!.oid
    types.registerEnum(oidOf('mood'), 'mood')
    types.registerComposite(oidOf('item'), 'item', [
      { name: 'price', oid: 1700 },
      { name: 'sold', oid: 16 },
    ])
    types.registerArray(oidOf('_item'), '_item', oidOf('item'))
    for (const name of names) {
      const typname = name
        .replace(/^(.*)\[\]$/, '_$1')
        .replaceAll('"', '')
        .replace('(9)', '')
      codecs.push(types.codec(oidOf(typname)) ?? assert.fail(`no codec of ${typname}`))
    }
  }

  const COLUMNS = names.map((_, index) => `c${index}`).join(', ')

  /** Reads all of the table, and gives each value to somebody. */
  async function read(
    format: 'text' | 'binary',
    onValue: (column: number, row: number, value: unknown) => void,
  ): Promise<void> {
    const decoders = codecs.map(({ oid }) => types.decoder(oid, ValueFormat[format]))
    let row = 0
    await ours.query(`select ${COLUMNS} from rows order by n`, [], format, (event) => {
      if (event.type !== 'rows') return
      const { rows } = event
      for (; rows.next(); row++)
        for (let column = 0; column < decoders.length; column++) {
          const size = rows.size(column)
          const start = rows.start(column)
          onValue(column, row, size < 0 ? null : decoders[column]!(rows.bytes, start, start + size))
        }
    })
    assert.equal(row, ROWS)
  }

  it('are the same values in text and in binary', async () => {
    await read('text', (column, _, value) => void columns[column]!.push(value))
    await read('binary', (column, row, value) => {
      const expected = columns[column]![row]
      if (!isDeepStrictEqual(value, expected)) assert.deepEqual(value, expected, `${names[column]!}, row ${row}`)
    })
  })

  it('are those that pg has', async () => {
    const { rows } = await client.query<unknown[]>({ text: `select ${COLUMNS} from rows order by n`, rowMode: 'array' })
    assert.equal(rows.length, ROWS)
    const compared = Object.keys(THEIRS)
    for (const [column, name] of names.entries()) {
      const same = THEIRS[name]
      if (same === undefined) continue
      compared.splice(compared.indexOf(name), 1)
      for (const [row, theirs] of rows.entries()) {
        const value = columns[column]![row]
        const equal = theirs[column] === null ? value === null : same(value, theirs[column])
        assert.ok(equal, `${name}, row ${row}: ${JSON.stringify(theirs[column])}`)
      }
    }
    assert.deepEqual(compared, [])
  })

  for (const format of ['text', 'binary'] as const)
    it(`are to the server what they were when they are sent back in ${format}`, async () => {
      for (const [column, name] of names.entries()) {
        // Arrays of arrays would be one array.
        if (name.endsWith(']')) continue
        const array = arrayCodec(name)
        const sent = format === 'text' ? array.encodeText(columns[column]) : binaryOf(array, columns[column])
        // Blanks in a JSON text mean nothing.
        const as = name === 'json' ? 'jsonb' : 'text'
        // Behind `unnest` a composite would be its fields.
        const given =
          name === 'item'
            ? `(select i as place, ($1::item[])[i] as value from generate_series(1, ${ROWS}) i) as given`
            : `unnest($1::${name}[]) with ordinality as given (value, place)`
        const sql = `select count(*) from rows, ${given}
          where place = n and value::${as} is not distinct from c${column}::${as}`
        let count = ''
        await ours.query(sql, [sent], 'text', (event) => {
          if (event.type === 'rows' && event.rows.next()) count = event.rows.text(0)!
        })
        assert.equal(count, String(ROWS), name)
      }
    })

  function arrayCodec(name: string): TypeCodec {
    const codec = codecs[names.indexOf(name)]!
    const all = new TypeRegistry()
    if (name === 'mood') all.registerEnum(codec.oid, name)
    if (name === 'item')
      all.registerComposite(codec.oid, name, [
        { name: 'price', oid: 1700 },
        { name: 'sold', oid: 16 },
      ])
    all.registerArray(1, name, codec.oid)
    return all.codec(1)!
  }

  function binaryOf(codec: TypeCodec, value: unknown): Uint8Array {
    const into = new ValueWriter()
    codec.encodeBinary(value, into)
    return into.octets
  }
})

const asText = (ours: unknown, theirs: unknown): boolean => String(ours) === String(theirs)
const asItIs = (ours: unknown, theirs: unknown): boolean => isDeepStrictEqual(ours, theirs)

/** How our value of a type is that of `pg`, where that has one of its own rather than the text. */
const THEIRS: Readonly<Record<string, (ours: unknown, theirs: unknown) => boolean>> = {
  bool: asItIs,
  int2: asItIs,
  int4: asItIs,
  int8: asText,
  oid: asItIs,
  // As the server wrote it: ours is the value itself, of which that is the shortest text.
  float4: (ours, theirs) => Math.fround(theirs as number) === ours,
  float8: asItIs,
  numeric: asItIs,
  text: asItIs,
  varchar: asItIs,
  bpchar: asItIs,
  uuid: asItIs,
  json: asItIs,
  jsonb: asItIs,
  bytea: (ours, theirs) => Buffer.from(ours as Uint8Array).equals(theirs as Uint8Array),
  inet: asItIs,
  cidr: asItIs,
  mood: asItIs,
  'int4[]': asItIs,
  'text[]': asItIs,
  // Theirs has milliseconds.
  timestamptz: (ours, theirs) => Math.abs(Number(epochMicros(ours as string)) / 1000 - (theirs as Date).getTime()) <= 1,
  point: asItIs,
}
