/**
 * Conversations of psql, pg and our own client with a real PostgreSQL 18, recorded: our engines see in them what stands
 * beside them, however the octets are cut, and say as a server what that one has said, octet by octet.
 *
 * `SKITAI_RECORD=1 npm test -- test/protocols/postgres/transcripts.test.ts` records them anew.
 */

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import pg from 'pg'
import { mergeData } from 'skitai/testing'
import { plainEnvironment } from '../../../tools/repo.js'
import { EngineConnection, type Place } from '../../postgres/engine-connection.js'
import { relay } from '../../postgres/relay.js'
import { startPostgres } from '../../postgres/server.js'
import { parseTurns, printTurns, record, type Turn } from '../../postgres/transcript.js'
import { logOf } from '../../vectors/postgres-log.js'

const folder = new URL('../../../../test/fixtures/postgres/', import.meta.url)

const SCRIPT = `create table t (n int4, s text, unique (n));
copy t from stdin;
1\tone
2\t\\N
\\.
copy t from stdin;
not a number\tx
\\.
select * from t order by n;
copy t to stdout;
insert into t values (1, 'twice');
do $$ begin raise notice 'careful' using hint = 'look'; end $$;
listen jobs;
notify jobs, 'now';
begin;
select 1 / 0;
rollback;
set timezone = 'Asia/Kolkata';
select n into other from t where false;
select
;
\\d t
`

async function psql({ host, port }: Place): Promise<void> {
  const target = `host=${host} port=${port} user=postgres dbname=postgres sslmode=disable gssencmode=disable`
  const child = spawn('psql', ['-X', '-q', target], { env: plainEnvironment(), stdio: ['pipe', 'ignore', 'ignore'] })
  child.stdin.end(SCRIPT)
  await once(child, 'close')
}

async function withPg({ host, port }: Place): Promise<void> {
  const client = new pg.Client({ host, port, user: 'postgres', database: 'postgres' })
  await client.connect()
  await client.query('select $1::int4 + 1 as n, $2::text as s, $3::bytea as b', [5, null, Buffer.from([0, 255])])
  for (const n of [1, 2]) await client.query({ name: 'named', text: 'select $1::int8 * 2 as n', values: [n] })
  await client.query('select 1 / $1::int4', [0]).catch(() => {})
  await client.query('selec $1', [1]).catch(() => {})
  await client.query('select 1; select 2; ')
  await client.query('')
  await client.query({
    text: 'select i from generate_series(1, 5) i where i > $1',
    values: [0],
    rows: 2,
  } as pg.QueryConfig)
  await client.end()
}

async function withOurs(place: Place): Promise<void> {
  const connection = await EngineConnection.open(place)
  const { engine } = connection
  const run = (give: () => void): Promise<void> => connection.run(give, () => {}).catch(() => {})
  await run(() => {
    engine.parse('s', 'select i, i::text as s, null as x from generate_series(1, $1::int4) i')
    engine.describe('statement', 's')
    engine.bind('p', 's', [Uint8Array.of(0, 0, 0, 5)], ['binary', 'text', 'text'])
    engine.describe('portal', 'p')
    engine.execute('p', 2)
    engine.flush()
    engine.execute('p', 2)
    engine.execute('p', 2)
    engine.closeObject('portal', 'p')
    engine.closeObject('statement', 's')
    engine.sync()
  })
  await run(() => {
    engine.parse('', 'selec')
    engine.bind('', '')
    engine.execute('')
    engine.sync()
  })
  await run(() => engine.callFunction(1299))
  await run(() => engine.callFunction(31, ['no number']))
  await run(() => engine.query('create temporary table c (n int4)'))
  for (const fails of [false, true]) {
    const copied = connection.run(
      () => engine.query('copy c from stdin'),
      (event) => {
        if (event.type !== 'copy') return
        engine.copyData(Buffer.from('1\n2\n'))
        if (fails) engine.copyFail('no more')
        else engine.copyDone()
      },
    )
    await copied.catch(() => {})
  }
  await run(() => {
    engine.parse('', 'copy c to stdout (format binary)')
    engine.bind('', '')
    engine.execute('')
    engine.sync()
  })
  await connection.close()
}

const CONVERSATIONS: Readonly<Record<string, (place: Place) => Promise<void>>> = { psql, pg: withPg, ours: withOurs }

if (process.env['SKITAI_RECORD'] === '1') {
  const server = await startPostgres()
  mkdirSync(folder, { recursive: true })
  for (const [name, converse] of Object.entries(CONVERSATIONS)) {
    const turns = await record(server, converse)
    writeFileSync(new URL(`${name}.transcript`, folder), printTurns(turns))
    writeFileSync(new URL(`${name}.events`, folder), `${eventsIn(turns, 65_536).join('\n')}\n`)
  }
  await server.stop()
}

/** What both ends have seen, in order. */
function eventsIn(turns: readonly Turn[], chunkBytes: number): string[] {
  return logOf(mergeData(relay(turns, chunkBytes).events))
}

describe('a conversation with a real server', () => {
  const names = Object.keys(CONVERSATIONS)

  test('is recorded for each client, and nothing else is', () => {
    const files = names.flatMap((name) => [`${name}.events`, `${name}.transcript`])
    assert.deepEqual(readdirSync(folder).sort(), files.sort())
  })

  for (const name of names) {
    const turns = parseTurns(readFileSync(new URL(`${name}.transcript`, folder), 'utf8'))
    const said = Buffer.concat(turns.flatMap(({ by, octets }) => (by === 'server' ? [octets] : [])))

    test(`${name}: is seen as it stands, however it is cut`, () => {
      const expected = readFileSync(new URL(`${name}.events`, folder), 'utf8')
        .trimEnd()
        .split('\n')
      for (const chunkBytes of [65_536, 1000, 7, 1]) assert.deepEqual(eventsIn(turns, chunkBytes), expected)
    })

    test(`${name}: goes through both of our roles without the change of an octet`, () => {
      for (const chunkBytes of [65_536, 13]) assert.ok(said.equals(relay(turns, chunkBytes).said), `${chunkBytes}`)
    })
  }
})
