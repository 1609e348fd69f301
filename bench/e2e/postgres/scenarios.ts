/** What is done with PostgreSQL, by all clients in turn. */

import type { BenchOptions } from '../../options.js'
import type { BenchRows } from '../section.js'
import { type ClientCase, measureInTurn, taskRows, type TaskSubject } from '../tasks.js'
import { pg, pgPipeline, postgresJs, runPostgresTask, skitai, type Task } from './clients.js'
import { runPgbench, type PgbenchCase } from './pgbench.js'
import type { BenchDatabase } from './database.js'

/** One scenario. */
export interface PostgresScenario {
  readonly name: string
  readonly title: string
  run(database: BenchDatabase, options: BenchOptions): BenchRows
}

const ALL = [skitai, pg, pgPipeline, postgresJs]
const SERIAL_CLIENTS = [skitai, pg, postgresJs]

const ROWS = 10_000
const COPIED = 1_000_000

/** All of them. */
export const scenarios: readonly PostgresScenario[] = [
  scenario('serial', '`select $1::int`, one connection, one at a time', 'queries/s', ALL, {
    task: 'callers',
    connections: 1,
    inFlight: 1,
    pgbench: { connections: 1, pipelined: 0 },
  }),
  scenario('burst', '`select $1::int` in bursts of 500, one connection', 'queries/s', ALL, {
    task: 'callers',
    connections: 1,
    inFlight: 500,
    atomic: true,
    pgbench: { connections: 1, pipelined: 500 },
  }),
  scenario('pool', '`select $1::int` by 100 callers, 10 connections', 'queries/s', ALL, {
    task: 'callers',
    connections: 10,
    inFlight: 100,
    pgbench: { connections: 10, pipelined: 0 },
  }),
  scenario('rows', '10,000 rows of int, text, bool, float8 and timestamptz', 'rows/s', SERIAL_CLIENTS, {
    task: 'rows',
    connections: 1,
    inFlight: 1,
    sql: `select * from bench_rows limit ${ROWS}`,
    count: ROWS,
  }),
  scenario('wide', '1,000 rows of a text of 8 KiB', 'rows/s', SERIAL_CLIENTS, {
    task: 'rows',
    connections: 1,
    inFlight: 1,
    sql: 'select * from bench_wide',
    count: 1000,
  }),
  // With postgres a second COPY on one connection never begins.
  scenario('copy-out', 'COPY of 1,000,000 short rows to the client', 'rows/s', [skitai, pg], {
    task: 'copyOut',
    connections: 1,
    inFlight: 1,
    sql: 'copy bench_copied to stdout',
    count: COPIED,
    chunkBytes: 65_536,
  }),
  scenario('copy-in', 'COPY of 1,000,000 short rows to the server, a row at a time', 'rows/s', SERIAL_CLIENTS, {
    task: 'copyIn',
    connections: 1,
    inFlight: 1,
    sql: 'copy bench_sink from stdin',
    count: COPIED,
    chunkBytes: 1,
  }),
  scenario('copy-in-64k', 'The same in pieces of 64 KiB', 'rows/s', SERIAL_CLIENTS, {
    task: 'copyIn',
    connections: 1,
    inFlight: 1,
    sql: 'copy bench_sink from stdin',
    count: COPIED,
    chunkBytes: 65_536,
  }),
  scenario('cursor', '1,000,000 rows through a cursor, 1,000 at a time', 'rows/s', SERIAL_CLIENTS, {
    task: 'cursor',
    connections: 1,
    inFlight: 1,
    sql: `select id, 'name ' || id as name from generate_series(1, ${COPIED}) id`,
    count: COPIED,
  }),
]

function scenario(
  name: string,
  title: string,
  unit: string,
  clients: readonly ClientCase[],
  { pgbench, atomic = false, ...task }: Task & { readonly pgbench?: PgbenchCase; readonly atomic?: boolean },
): PostgresScenario {
  return {
    name: `postgres-${name}`,
    title,
    run(database, options) {
      const { url } = database
      const subjects: TaskSubject[] = clients.map((client) => ({
        name: client.name,
        isPeer: client !== skitai,
        samples: [],
        measure: (seconds) => runPostgresTask(client, url, task, seconds),
      }))
      if (atomic)
        subjects.push({
          name: 'skitai, one Sync',
          isPeer: false,
          samples: [],
          measure: (seconds) => runPostgresTask(skitai, url, { ...task, task: 'atomic' }, seconds),
        })
      if (pgbench !== undefined)
        subjects.push({
          name: pgbench.pipelined === 0 ? 'pgbench' : 'pgbench, one Sync',
          isPeer: false,
          samples: [],
          measure: (seconds) => runPgbench(database, pgbench, seconds),
        })
      measureInTurn(subjects, options.rounds, options.seconds)
      return taskRows(unit, task.task === 'cursor', subjects)
    },
  }
}
