/** pgbench, the load generator in C that comes with PostgreSQL: what the server can do when the client costs little. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { runOrThrow } from '../../../tools/repo.js'
import { CLIENT_CORE } from '../processes.js'
import type { ClientSample } from './clients.js'
import type { BenchDatabase } from './database.js'

/** What it does. */
export interface PgbenchCase {
  readonly connections: number
  /** Queries in one pipeline, which ends with the one Sync that it has; 0 for one after the other. */
  readonly pipelined: number
}

const QUERY = 'select :value::int;\n'

/** Runs it once, with statements that are prepared. */
export function runPgbench(
  { host, port }: BenchDatabase,
  { connections, pipelined }: PgbenchCase,
  seconds: number,
): ClientSample {
  const folder = mkdtempSync(path.join(tmpdir(), 'skitai-pgbench-'))
  try {
    const file = path.join(folder, 'script.sql')
    const queries = pipelined === 0 ? QUERY : `\\startpipeline\n${QUERY.repeat(pipelined)}\\endpipeline\n`
    writeFileSync(file, `\\set value random(1, 1000)\n${queries}`)
    const where = ['-h', host, '-p', String(port), '-U', 'postgres']
    const how = ['-n', '-M', 'prepared', '-c', String(connections), '-T', String(Math.max(1, Math.round(seconds)))]
    const text = runOrThrow('taskset', ['-c', CLIENT_CORE, 'pgbench', ...where, ...how, '-f', file, 'postgres'])
    const transactions = /^tps = ([\d.]+)/m.exec(text)?.[1]
    if (transactions === undefined) throw new Error(`pgbench tells no rate: ${text}`)
    return { rate: Number(transactions) * Math.max(pipelined, 1), client: 0, growthBytes: 0 }
  } finally {
    rmSync(folder, { recursive: true })
  }
}
