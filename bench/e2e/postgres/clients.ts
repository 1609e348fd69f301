/** The clients that are compared, each in a process of its own on the second core; the server is on the first. */

import path from 'node:path'
import { repoRoot, run } from '../../../tools/repo.js'
import { CLIENT_CORE } from '../processes.js'

/** What is done again and again; `sql` and `count` say what is read, and how many rows it has. */
export interface Task {
  readonly task: 'callers' | 'atomic' | 'rows' | 'copyOut' | 'copyIn' | 'cursor'
  readonly connections: number
  /** Queries under way. */
  readonly inFlight: number
  readonly sql?: string
  readonly count?: number
  /** Octets of the pieces that are copied in, at the least; each ends with a row. */
  readonly chunkBytes?: number
}

/** What one run gave. */
export interface ClientSample {
  /** Queries or rows a second. */
  readonly rate: number
  /** How busy the client was, in parts of one core. */
  readonly client: number
  /** How much resident memory has grown at its peak. */
  readonly growthBytes: number
}

/** A client. */
export interface PostgresClientCase {
  readonly name: string
  readonly module: string
  readonly open: string
}

const FOLDER = path.join(repoRoot, 'bench/e2e/postgres')

/** Our client. */
export const skitai: PostgresClientCase = caseOf('skitai', 'skitai')

/** The others. */
export const pg: PostgresClientCase = caseOf('pg', 'pg')
export const pgPipeline: PostgresClientCase = { ...caseOf('pg', 'pg'), name: 'pg, pipeline', open: 'openPipelined' }
export const postgresJs: PostgresClientCase = caseOf('postgres', 'postgres')

function caseOf(name: string, file: string): PostgresClientCase {
  return { name, module: path.join(FOLDER, 'clients', `${file}.js`), open: 'open' }
}

/** Runs one client once. Throws when what it got was wrong. */
export function runTask(
  { name, module, open }: PostgresClientCase,
  url: string,
  task: Task,
  seconds: number,
): ClientSample {
  const order = JSON.stringify({ ...task, module, open, url, seconds, warmUpSeconds: Math.max(seconds / 2, 0.5) })
  const { code, stdout, stderr } = run('taskset', [
    '-c',
    CLIENT_CORE,
    process.execPath,
    path.join(FOLDER, 'client.js'),
    order,
  ])
  if (code !== 0) throw new Error(`${name} has failed: ${stderr}`)
  const result = JSON.parse(stdout) as { done: number; seconds: number; client: number; growthBytes: number }
  return { rate: result.done / result.seconds, client: result.client, growthBytes: result.growthBytes }
}
