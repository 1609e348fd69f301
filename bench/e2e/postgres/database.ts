/** The database that the clients talk to: a real PostgreSQL, pinned to the core of servers. */

import pg from 'pg'
import { runOrThrow } from '../../../tools/repo.js'
import { startPostgres } from '../../../test/postgres/server.js'
import { SERVER_CORE } from '../processes.js'

/** A database with what the scenarios read. */
export interface BenchDatabase {
  readonly host: string
  readonly port: number
  readonly url: string
  readonly version: string
  stop(): Promise<void>
}

const TABLES = `
  create table bench_rows (id int, name text, active bool, score float8, seen timestamptz);
  insert into bench_rows
    select i, 'name of row ' || i, i % 3 = 0, i / 7.0, timestamptz '2026-01-01 00:00Z' + i * interval '1.25 s'
    from generate_series(1, 10000) i;
  create table bench_wide (id int, body text);
  insert into bench_wide select i, repeat('skitai ', 1170) from generate_series(1, 1000) i;
  create unlogged table bench_copied (id int, name text);
  insert into bench_copied select i, 'name ' || i % 1000 from generate_series(1, 1000000) i;
  create unlogged table bench_sink (id int, name text);
  vacuum analyze`

/** Starts it. Tables that are copied are not logged: disks are not what is compared. */
export async function startDatabase(): Promise<BenchDatabase> {
  const server = await startPostgres({ settings: ['shared_buffers = 256MB', 'max_wal_size = 4GB'] })
  const { host, port } = server
  const url = `postgres://postgres@${host}:${port}/postgres`
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  for (const statement of TABLES.split(/;\n/)) await client.query(statement)
  const version = String((await client.query('show server_version')).rows[0]?.server_version)
  await client.end()
  runOrThrow('taskset', ['-acp', SERVER_CORE, String(server.pid)])
  return { host, port, url, version, stop: () => server.stop() }
}
