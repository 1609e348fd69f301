/** What is done with PostgreSQL, by all clients in turn. */

import { median } from '../../machine.js'
import type { BenchOptions } from '../../options.js'
import { type BenchRows, clientPercent, mebibytes, ratio } from '../section.js'
import {
  type ClientSample,
  pg,
  pgPipeline,
  type PostgresClientCase,
  postgresJs,
  runTask,
  skitai,
  type Task,
} from './clients.js'
import { runPgbench, type PgbenchCase } from './pgbench.js'
import type { BenchDatabase } from './database.js'

/** One scenario. */
export interface PostgresScenario {
  readonly name: string
  readonly title: string
  run(database: BenchDatabase, options: BenchOptions): BenchRows
}

/** Somebody who does the task: a client, or pgbench. */
interface Subject {
  readonly name: string
  readonly samples: ClientSample[]
  measure(seconds: number): ClientSample
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
  clients: readonly PostgresClientCase[],
  { pgbench, atomic = false, ...task }: Task & { readonly pgbench?: PgbenchCase; readonly atomic?: boolean },
): PostgresScenario {
  return {
    name: `postgres-${name}`,
    title,
    run(database, options) {
      const { url } = database
      const subjects: Subject[] = clients.map((client) => ({
        name: client.name,
        samples: [],
        measure: (seconds) => runTask(client, url, task, seconds),
      }))
      if (atomic)
        subjects.push({
          name: 'skitai, one Sync',
          samples: [],
          measure: (seconds) => runTask(skitai, url, { ...task, task: 'atomic' }, seconds),
        })
      if (pgbench !== undefined)
        subjects.push({
          name: pgbench.pipelined === 0 ? 'pgbench' : 'pgbench, one Sync',
          samples: [],
          measure: (seconds) => runPgbench(database, pgbench, seconds),
        })
      for (let round = 0; round < options.rounds; round++)
        for (const { samples, measure } of subjects) samples.push(measure(options.seconds))
      return rowsOf(unit, task.task === 'cursor', subjects)
    },
  }
}

/** Beside the best of the other clients. */
function rowsOf(unit: string, memory: boolean, subjects: readonly Subject[]): BenchRows {
  const measured = subjects.map(({ name, samples }) => ({
    client: name,
    rate: median(samples.map(({ rate }) => rate)),
    busy: median(samples.map(({ client }) => client)),
    growthBytes: median(samples.map(({ growthBytes }) => growthBytes)),
    samples,
  }))
  const peers = new Set([pg, pgPipeline, postgresJs].map(({ name }) => name))
  const best = Math.max(...measured.filter(({ client }) => peers.has(client)).map(({ rate }) => rate))
  const head = ['client', unit, 'times the best of the others', 'client busy, %', ...(memory ? ['RSS growth MiB'] : [])]
  const rows = measured.map(({ client, rate, busy, growthBytes }) => [
    client,
    Math.round(rate).toLocaleString('en-US'),
    ratio(rate, best),
    busy === 0 ? '-' : clientPercent(busy),
    ...(memory ? [mebibytes(growthBytes)] : []),
  ])
  return { head, rows, measured }
}
