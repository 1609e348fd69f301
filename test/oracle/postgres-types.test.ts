/**
 * The codecs beside the server itself: what it writes in text and in binary decodes to the same value, and what we make
 * of that value again, in both formats, is to the server what it was.
 */

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import pg from 'pg'
import { int8Number } from '#src/protocols/postgres/types/integers.js'
import { TypeRegistry, ValueFormat, ValueWriter, type TypeCodec } from '#src/protocols/postgres/types/index.js'
import { startPostgres, type PostgresServer } from '../postgres/server.js'
import { ARRAY_LITERALS, LITERALS } from './postgres-literals.js'

const SCHEMA = `
  create type mood as enum ('sad', 'ok', 'very "happy", \\really');
  create type textrange as range (subtype = text, multirange_type_name = textmultirange);
  create type item as (price numeric, sold bool);
  create type inventory as (name text, supplier int4, counts int4[], best item);`

const ZONES = ['UTC', 'Europe/Berlin', 'America/St_Johns', 'Asia/Kolkata']
const INTERVAL_STYLES = ['postgres', 'postgres_verbose', 'iso_8601', 'sql_standard']

/** Here a string is a value of its own and not the server's text of one. */
const OTHER_FORMS = ['"char"', 'json', 'jsonb']

describe('the codecs beside PostgreSQL', () => {
  let server: PostgresServer
  let client: pg.Client
  const types = new TypeRegistry()
  /** The oids of the types in the database, by name; of `_int4` for `int4[]`, too. */
  const oids = new Map<string, number>()
  /** The functions by which the server writes values in binary, by oid. The client of the tests reads only text. */
  const senders = new Map<number, string>()

  before(async () => {
    server = await startPostgres()
    client = new pg.Client({ host: server.host, port: server.port, user: 'postgres', database: 'postgres' })
    await client.connect()
    await client.query(SCHEMA)
    await learnTypes()
  })
  after(async () => {
    await client.end()
    await server.stop()
  })

  async function learnTypes(): Promise<void> {
    const sql = 'select oid::int8, typname, typsend::text from pg_type'
    const { rows } = await client.query<{ oid: string; typname: string; typsend: string }>(sql)
    for (const { oid, typname, typsend } of rows) {
      oids.set(typname, Number(oid))
      senders.set(Number(oid), typsend)
    }
    const oidOf = (name: string): number => oids.get(name) ?? assert.fail(`no type ${name}`)
    types.registerEnum(oidOf('mood'), 'mood')
    types.registerRange(oidOf('textrange'), 'textrange', 25)
    types.registerComposite(oidOf('item'), 'item', [
      { name: 'price', oid: 1700 },
      { name: 'sold', oid: 16 },
    ])
    types.registerComposite(oidOf('inventory'), 'inventory', [
      { name: 'name', oid: 25 },
      { name: 'supplier', oid: 23 },
      { name: 'counts', oid: 1007 },
      { name: 'best', oid: oidOf('item') },
    ])
    for (const name of ['mood', 'textrange', 'inventory'])
      types.registerArray(oidOf(`_${name}`), `_${name}`, oidOf(name))
  }

  function codecOf(type: string): TypeCodec {
    const name = type
      .replaceAll('"', '')
      .replace(/\(.*\)/, '')
      .replace(/(.*)\[\]$/, '_$1')
    return types.codec(oids.get(name) ?? assert.fail(`no type ${name}`)) ?? assert.fail(`no codec of ${name}`)
  }

  /** One column of texts. A Buffer among the parameters goes in binary. */
  async function texts(text: string, values: readonly unknown[]): Promise<string[]> {
    const raw = { getTypeParser: () => (value: string) => value }
    const { rows } = await client.query<[string]>({ text, values: [...values], rowMode: 'array', types: raw })
    return rows.map((row) => row[0])
  }

  /** What the server writes in binary for the values of a query whose one column has the name `value`. */
  async function binaries(codec: TypeCodec, sql: string, values: readonly unknown[]): Promise<Buffer[]> {
    const sender = senders.get(codec.oid) ?? assert.fail(`nothing writes ${codec.name}`)
    const rows = await texts(`select encode(${sender}(value), 'hex') from (${sql}) as list`, values)
    return rows.map((hex) => Buffer.from(hex, 'hex'))
  }

  function decodeText(codec: TypeCodec, text: string): unknown {
    const octets = Buffer.from(text)
    return codec.decodeText(octets, 0, octets.length)
  }

  /** The rows of a query in both formats, decoded; the text as it came. */
  async function decodeBoth(codec: TypeCodec, sql: string, values: readonly unknown[]): Promise<[string[], unknown[]]> {
    const written = await texts(sql, values)
    const decoded = written.map((text) => decodeText(codec, text))
    for (const [index, octets] of (await binaries(codec, sql, values)).entries())
      assert.deepEqual(codec.decodeBinary(octets, 0, octets.length), decoded[index], written[index])
    return [written, decoded]
  }

  function binaryOf(codec: TypeCodec, value: unknown): Buffer {
    const into = new ValueWriter()
    codec.encodeBinary(value, into)
    return Buffer.from(into.octets)
  }

  for (const { type, literals } of LITERALS) {
    it(`${type}: ${literals.length} values`, async () => {
      const codec = codecOf(type)
      const array = codecOf(type.includes('"') ? '_char' : `_${type}`)
      const sql = `select list[place] as value
        from (select $1::${type}[] as list) as lists, generate_series(1, cardinality(list)) as place order by place`
      const literal = `{${literals.map((one) => `"${one.replace(/["\\]/g, '\\$&')}"`).join(',')}}`
      const [written, values] = await decodeBoth(codec, sql, [literal])
      assert.equal(values.length, literals.length)
      assert.deepEqual(await texts(sql, [array.encodeText(values)]), written, 'encoded in text')
      assert.deepEqual(await texts(sql, [binaryOf(array, values)]), written, 'encoded in binary')
      // What the server wrote is a value that a caller may send, too, but for those that are texts of another form.
      if (OTHER_FORMS.includes(type)) return
      assert.deepEqual(await texts(sql, [array.encodeText(written)]), written, 'the text itself in text')
      assert.deepEqual(await texts(sql, [binaryOf(array, written)]), written, 'the text itself in binary')
    })
  }

  for (const { type, literals } of ARRAY_LITERALS) {
    it(`${type}: ${literals.length} values`, async () => {
      const codec = codecOf(type)
      for (const literal of literals) {
        const sql = `select $1::${type} as value`
        const [written, [value]] = await decodeBoth(codec, sql, [literal])
        assert.deepEqual(await texts(sql, [codec.encodeText(value)]), written, 'encoded in text')
        assert.deepEqual(await texts(sql, [binaryOf(codec, value)]), written, 'encoded in binary')
      }
    })
  }

  it('drops the lower bounds of an array and nothing else of it', async () => {
    const [, values] = await decodeBoth(codecOf('int4[]'), 'select $1::int4[] as value', ['[0:1][-5:-4]={{1,2},{3,4}}'])
    assert.deepEqual(values, [
      [
        [1, 2],
        [3, 4],
      ],
    ])
  })

  it('has an instant in UTC in every time zone of a session', async () => {
    const codec = codecOf('timestamptz')
    const literals = LITERALS.find(({ type }) => type === 'timestamptz')!.literals
    const zoned = literals.filter((one) => / .*[+-]\d\d/.test(one))
    assert.ok(zoned.length > 200)
    const sql =
      'select text::timestamptz as value from unnest($1::text[]) with ordinality as list(text, place) order by place'
    const seen = new Set<string>()
    for (const zone of ZONES) {
      await client.query(`set time zone '${zone}'`)
      const [, values] = await decodeBoth(codec, sql, [zoned])
      seen.add(JSON.stringify(values))
    }
    await client.query(`set time zone 'UTC'`)
    assert.equal(seen.size, 1)
  })

  it('reads intervals in every IntervalStyle', async () => {
    const literals = LITERALS.find(({ type }) => type === 'interval')!.literals
    for (const style of INTERVAL_STYLES) {
      await client.query(`set intervalstyle = ${style}`)
      const sql =
        'select text::interval as value from unnest($1::text[]) with ordinality as list(text, place) order by place'
      await decodeBoth(codecOf('interval'), sql, [literals])
    }
    await client.query('set intervalstyle = postgres')
  })

  it('reads bytea in the escape format', async () => {
    await client.query('set bytea_output = escape')
    const sql = `select decode(lpad(to_hex(n), 2, '0'), 'hex') || '\\\\'::bytea as value from generate_series(0, 255) n`
    await decodeBoth(codecOf('bytea'), sql, [])
    await client.query('set bytea_output = hex')
  })

  it('reads int8 as a number where that is exact', async () => {
    const literals = LITERALS.find(({ type }) => type === 'int8')!.literals
    const sql = 'select text::int8 as value from unnest($1::text[]) with ordinality as list(text, place) order by place'
    const [written, values] = await decodeBoth(int8Number, sql, [literals])
    for (const [index, value] of values.entries()) {
      assert.equal(typeof value, Number.isSafeInteger(Number(written[index])) ? 'number' : 'bigint')
      assert.equal(String(value), written[index])
    }
  })

  it('reads records, void, names of the catalog, and types that it does not know', async () => {
    const record = types.codec(2249) ?? assert.fail()
    const [octets] = await binaries(
      record,
      `select row(1, 'a'::text, null::int4, row(true, 2::int8), '{1}'::int2[]) as value`,
      [],
    )
    assert.deepEqual(record.decodeBinary(octets!, 0, octets!.length), [1, 'a', null, [true, 2n], [1]])
    const [text] = await texts(`select row(1, 'a,b'::text, null::int4)`, [])
    assert.deepEqual(decodeText(record, text!), ['1', 'a,b', null])
    const [, nothing] = await decodeBoth(codecOf('void'), 'select pg_sleep(0) as value', [])
    assert.deepEqual(nothing, [null])
    const regclass = codecOf('regclass')
    const [oid] = await binaries(regclass, `select 'pg_class'::regclass as value`, [])
    assert.equal(regclass.decodeBinary(oid!, 0, oid!.length), '1259')
    assert.deepEqual(await texts('select $1::regclass', [binaryOf(regclass, '1259')]), ['pg_class'])
    assert.deepEqual(await texts('select $1::regclass', [regclass.encodeText('pg_class')]), ['pg_class'])
    const box = new Uint8Array([1, 2, 3])
    assert.deepEqual(types.decoder(oids.get('box')!, ValueFormat.binary)(box, 1, 3), new Uint8Array([2, 3]))
    assert.equal(types.decoder(oids.get('box')!, ValueFormat.text)(Buffer.from('(1,2)'), 0, 5), '(1,2)')
  })

  it('knows every type by the oid and the name that the server has for it', () => {
    for (const [name, oid] of oids) {
      const codec = types.codec(oid)
      if (codec !== undefined) assert.equal(codec.name, name)
    }
  })
})
