/** What is done with Redis, by all clients in turn. */

import path from 'node:path'
import { repoRoot } from '../../../tools/repo.js'
import type { BenchOptions } from '../../options.js'
import type { BenchRows } from '../section.js'
import { type ClientCase, measureInTurn, runTask, taskRows, type TaskSubject } from '../tasks.js'

/** One scenario. */
export interface RedisScenario {
  readonly name: string
  readonly title: string
  run(url: string, options: BenchOptions): BenchRows
}

interface Task {
  readonly task: 'get' | 'set' | 'lrange' | 'hgetall' | 'publish'
  /** Commands under way. */
  readonly inFlight: number
  /** Elements of what is read. */
  readonly count?: number
}

const FOLDER = path.join(repoRoot, 'bench/e2e/redis')

const ours = caseOf('skitai', 'skitai')
const clients = [ours, caseOf('ioredis, auto-pipelining', 'ioredis'), caseOf('redis', 'node-redis')]

function caseOf(name: string, file: string): ClientCase {
  return { name, module: path.join(FOLDER, 'clients', `${file}.js`), open: 'open' }
}

/** Elements of the list and the hash. */
export const ELEMENTS = 1000

/** All of them. */
export const scenarios: readonly RedisScenario[] = [
  scenario('get-serial', 'GET, one at a time', 'commands/s', { task: 'get', inFlight: 1 }),
  scenario('get-burst', 'GET in bursts of 1,000, one connection', 'commands/s', { task: 'get', inFlight: 1000 }),
  scenario('set-burst', 'SET of 1 KiB in bursts of 1,000, one connection', 'commands/s', {
    task: 'set',
    inFlight: 1000,
  }),
  scenario('lrange', 'LRANGE of 1,000', 'commands/s', { task: 'lrange', inFlight: 1, count: ELEMENTS }),
  scenario('hgetall', 'HGETALL of 1,000', 'commands/s', { task: 'hgetall', inFlight: 1, count: ELEMENTS }),
  scenario('publish', '1 publisher, 100 subscribers on one connection', 'messages delivered/s', {
    task: 'publish',
    inFlight: 100,
  }),
]

function scenario(name: string, title: string, unit: string, task: Task): RedisScenario {
  return {
    name: `redis-${name}`,
    title,
    run(url, options) {
      const subjects: TaskSubject[] = clients.map((client) => ({
        name: client.name,
        isPeer: client !== ours,
        samples: [],
        measure: (seconds) => runTask(path.join(FOLDER, 'client.js'), client, { ...task, url }, seconds),
      }))
      measureInTurn(subjects, options.rounds, options.seconds)
      return taskRows(unit, false, subjects)
    },
  }
}
