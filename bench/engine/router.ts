/**
 * The router rows of the engine bench: routes of an app beside find-my-way, the router of Fastify. Both know the same
 * routes and look up the same paths in random order, each a string of its own, as a parser makes it.
 */

import { createRequire } from 'node:module'
import path from 'node:path'
import { Router } from '#src/server/app/router.js'
import { repoRoot } from '../../tools/repo.js'
import { median } from '../machine.js'
import type { BenchOptions } from '../options.js'
import { markdownTable } from '../record.js'

/** One row of the results. */
export interface RouterResult {
  readonly routes: number
  readonly shape: string
  readonly router: string
  readonly nsPerLookup: number
  /** How many times as fast as the other, in the same run. */
  readonly timesOther: number
}

interface Subject {
  readonly name: string
  /** Gives whether a route was found. */
  find(path: string): boolean
  readonly samples: number[]
}

const COUNTS = [10, 1000]
const LOOKUPS = 50_000

/** Rules in the way of find-my-way, by the number of the route. */
const shapes: Readonly<Record<string, (at: number) => string>> = {
  'no parameter': (at) => `/static/page${at}`,
  'one at the end': (at) => `/api/v1/thing${at}/:id`,
  'one in the middle': (at) => `/users/:id/item${at}`,
  two: (at) => `/shop${at}/:category/products/:id`,
  'all of these': (at) => Object.values(shapes)[at % 4]!(at),
}

/** Runs the rows whose name holds `options.only`. */
export function benchRouter(options: BenchOptions): RouterResult[] {
  const results = COUNTS.flatMap((count) =>
    Object.keys(shapes)
      .filter((shape) => `router ${shape}`.includes(options.only))
      .flatMap((shape) => measure(count, shape, options)),
  )
  if (results.length > 0) console.log(results.map(show).join('\n'))
  return results
}

function measure(routes: number, shape: string, options: BenchOptions): RouterResult[] {
  const rules = Array.from({ length: routes }, (_, at) => shapes[shape]!(at))
  const subjects = [ours(rules), findMyWay(rules)]
  const asked = rules.map((rule, at) => rule.replace(/:\w+/g, `value${at}`))
  for (const { name, find } of subjects)
    for (const one of asked) if (!find(one)) throw new Error(`${name} does not find ${one}`)
  const passes = Math.max(3, Math.ceil(options.seconds * 4))
  for (let round = -1; round < options.rounds; round++)
    for (const { find, samples } of subjects) {
      const times = Array.from({ length: passes }, () => pass(find, asked))
      // The compilers learn in the first one.
      if (round >= 0) samples.push(median(times))
    }
  const [first, second] = subjects.map(({ samples }) => median(samples))
  return subjects.map(({ name }, index) => ({
    routes,
    shape,
    router: name,
    nsPerLookup: index === 0 ? first! : second!,
    timesOther: index === 0 ? second! / first! : first! / second!,
  }))
}

/** Nanoseconds a lookup. */
function pass(find: (path: string) => boolean, asked: readonly string[]): number {
  // A string that was looked up before knows its hash: no request has such a one.
  const fresh = Array.from({ length: LOOKUPS }, () =>
    Buffer.from(asked[Math.floor(Math.random() * asked.length)]!).toString('latin1'),
  )
  let found = 0
  const begin = process.hrtime.bigint()
  for (const one of fresh) if (find(one)) found++
  const took = Number(process.hrtime.bigint() - begin)
  if (found !== LOOKUPS) throw new Error(`${LOOKUPS - found} paths were not found`)
  return took / LOOKUPS
}

function ours(rules: readonly string[]): Subject {
  const router = new Router<{ rule: string; methods: readonly string[]; defaults: undefined }>()
  for (const rule of rules) router.add({ rule: rule.replace(/:(\w+)/g, '<$1>'), methods: ['GET'], defaults: undefined })
  return { name: 'skitai', find: (asked) => router.find('GET', asked).found === 'route', samples: [] }
}

function findMyWay(rules: readonly string[]): Subject {
  interface Made {
    on(method: string, rule: string, handler: () => void): void
    find(method: string, path: string): object | null
  }
  const make = createRequire(path.join(repoRoot, 'bench', 'package.json'))('find-my-way') as () => Made
  const router = make()
  for (const rule of rules) router.on('GET', rule, () => {})
  return { name: 'find-my-way', find: (asked) => router.find('GET', asked) !== null, samples: [] }
}

function show({ routes, shape, router, nsPerLookup, timesOther }: RouterResult): string {
  return `${`${routes} routes, ${shape}`.padEnd(32)}${router.padEnd(14)}${nsPerLookup.toFixed(0)} ns, ${timesOther.toFixed(2)} times`
}

/** The rows as a section of the page. */
export function routerTable(results: readonly RouterResult[]): string {
  const rows = results.map(({ routes, shape, router, nsPerLookup, timesOther }) => [
    `${routes} routes, parameters: ${shape}`,
    router,
    nsPerLookup.toFixed(0),
    timesOther.toFixed(2),
  ])
  return `### Routes of an app\n\n${markdownTable(['routes', 'router', 'ns a lookup', 'times the other'], rows)}`
}
