/** Clients of a server, each in a process of its own on the second core, that do one thing again and again. */

import { run } from '../../tools/repo.js'
import { median } from '../machine.js'
import { CLIENT_CORE } from './processes.js'
import { type BenchRows, clientPercent, mebibytes, ratio } from './section.js'

/** A client: the module that wraps it, and the function of that which opens it. */
export interface ClientCase {
  readonly name: string
  readonly module: string
  readonly open: string
}

/** What one run gave. */
export interface TaskSample {
  /** Things done a second. */
  readonly rate: number
  /** How busy the client was, in parts of one core; 0 when that is not known. */
  readonly client: number
  /** How much resident memory has grown at its peak. */
  readonly growthBytes: number
}

/** Somebody who does a task, and what that gave. */
export interface TaskSubject {
  readonly name: string
  /** Whether ours is compared with it. */
  readonly isPeer: boolean
  readonly samples: TaskSample[]
  measure(seconds: number): TaskSample
}

/** The compilers of a client learn for so long, at the least. */
const WARM_UP_SECONDS_MIN = 0.5

/** Runs `script` once, with a client and an order in JSON. Throws when what it got was wrong. */
export function runTask(script: string, client: ClientCase, order: object, seconds: number): TaskSample {
  const { name, module, open } = client
  const warmUpSeconds = Math.max(seconds / 2, WARM_UP_SECONDS_MIN)
  const text = JSON.stringify({ ...order, module, open, seconds, warmUpSeconds })
  const { code, stdout, stderr } = run('taskset', ['-c', CLIENT_CORE, process.execPath, script, text])
  if (code !== 0) throw new Error(`${name} has failed: ${stderr}`)
  const result = JSON.parse(stdout) as { done: number; seconds: number; client: number; growthBytes: number }
  return { rate: result.done / result.seconds, client: result.client, growthBytes: result.growthBytes }
}

/** All of them in turn, so many times. */
export function measureInTurn(subjects: readonly TaskSubject[], rounds: number, seconds: number): void {
  for (let round = 0; round < rounds; round++)
    for (const subject of subjects) subject.samples.push(subject.measure(seconds))
}

/** Medians, beside the best of the peers. */
export function taskRows(unit: string, memory: boolean, subjects: readonly TaskSubject[]): BenchRows {
  const measured = subjects.map(({ name, isPeer, samples }) => ({
    client: name,
    isPeer,
    rate: median(samples.map(({ rate }) => rate)),
    busy: median(samples.map(({ client }) => client)),
    growthBytes: median(samples.map(({ growthBytes }) => growthBytes)),
    samples,
  }))
  const best = Math.max(...measured.filter(({ isPeer }) => isPeer).map(({ rate }) => rate))
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
