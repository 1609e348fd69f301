/** The machine that a bench runs on, and whether it is quiet enough to say anything. */

import os from 'node:os'
import { run } from '../tools/repo.js'

/** More running tasks than this, beside ours, blur every number. */
const LOAD_MAX = 0.5

/** What belongs beside every measured number. */
export interface Machine {
  readonly processor: string
  readonly cores: number
  readonly memoryGiB: number
  readonly system: string
  readonly node: string
  /** Commit of the measured sources; with `+` when there are changes on top. */
  readonly commit: string
  readonly date: string
}

/** Describes this machine and the sources. */
export function describeMachine(): Machine {
  return {
    processor: os.cpus()[0]?.model.trim() ?? 'unknown',
    cores: os.cpus().length,
    memoryGiB: Math.round(os.totalmem() / 2 ** 30),
    system: `${os.type()} ${os.release()}`,
    node: process.version,
    commit: commit(),
    date: new Date().toISOString().slice(0, 10),
  }
}

function commit(): string {
  const head = run('git', ['rev-parse', '--short', 'HEAD'])
  if (head.code !== 0) return 'unknown'
  return head.stdout.trim() + (run('git', ['status', '--porcelain']).stdout === '' ? '' : '+')
}

/** Ends the process with 1 when others keep the machine busy, unless `force`; then it only warns. */
export function requireQuietMachine(force: boolean): void {
  const load = os.loadavg()[0] ?? 0
  if (load <= LOAD_MAX) return
  console.error(
    `The load of this machine is ${load.toFixed(2)}, more than ${LOAD_MAX}: measurements would mean little.`,
  )
  if (force) return
  console.error('Wait until it is quiet, or pass --force.')
  process.exit(1)
}

/** The value in the middle; 0 of nothing. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  if (sorted.length === 0) return 0
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}
