/** The clients of PostgreSQL that are compared. */

import path from 'node:path'
import { repoRoot } from '../../../tools/repo.js'
import { type ClientCase, runTask, type TaskSample } from '../tasks.js'

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

const FOLDER = path.join(repoRoot, 'bench/e2e/postgres')

/** Our client. */
export const skitai: ClientCase = caseOf('skitai', 'skitai')

/** The others. */
export const pg: ClientCase = caseOf('pg', 'pg')
export const pgPipeline: ClientCase = { ...caseOf('pg', 'pg'), name: 'pg, pipeline', open: 'openPipelined' }
export const postgresJs: ClientCase = caseOf('postgres', 'postgres')

function caseOf(name: string, file: string): ClientCase {
  return { name, module: path.join(FOLDER, 'clients', `${file}.js`), open: 'open' }
}

/** Runs one client once. */
export function runPostgresTask(client: ClientCase, url: string, task: Task, seconds: number): TaskSample {
  return runTask(path.join(FOLDER, 'client.js'), client, { ...task, url }, seconds)
}
