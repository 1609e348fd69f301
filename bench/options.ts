/** The options that every bench has. */

import { parseArgs } from 'node:util'

/** How to run a bench. */
export interface BenchOptions {
  /** How often each case is measured; the median counts. */
  readonly rounds: number
  /** How long one measurement takes, in seconds. */
  readonly seconds: number
  /** Only cases whose name contains this; all when empty. */
  readonly only: string
  /** Measure although the machine is busy. */
  readonly force: boolean
  /** The slow download takes its whole length. */
  readonly full: boolean
  /** Whether results are written; not when only some cases run. */
  readonly record: boolean
}

/** What `npm run bench` can do. */
export const USAGE = `npm run bench -- [engine | e2e | app | http2 | websocket | foreign | postgres | redis] [options]

  engine            parsers alone, beside node's own and http-parser-js
  e2e               servers over loopback, beside their peers; needs wrk and nginx
  app               apps: parameters, JSON, pages, uploads, beside other frameworks; needs wrk
  http2             the same for HTTP/2; needs h2load, nghttpd, nginx and curl
  websocket         the same for WebSocket
  foreign           apps of other frameworks on our server, beside their own; needs wrk
  postgres          clients of a real PostgreSQL, beside their peers; needs pgbench
  redis             clients of a real Redis, beside their peers; needs redis-server

  --rounds N        how often each case is measured; the median counts (default 5)
  --seconds N       how long one measurement of a server takes (default 5)
  --only TEXT       only cases whose name contains TEXT; nothing is written then
  --full            the slow download runs to its end (17 minutes a server)
  --force           measure although the machine is busy
  --no-record       write neither bench/results nor docs/BENCHMARKS.md
  --help            this text`

/** Reads the command line. Throws a TypeError that says what is wrong with it. */
export function readOptions(args: readonly string[]): { readonly bench: string; readonly options: BenchOptions } {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    allowNegative: true,
    options: {
      rounds: { type: 'string', default: '5' },
      seconds: { type: 'string', default: '5' },
      only: { type: 'string', default: '' },
      full: { type: 'boolean', default: false },
      force: { type: 'boolean', default: false },
      record: { type: 'boolean', default: true },
      help: { type: 'boolean', default: false },
    },
  })
  const { only, full, force } = values
  const options = {
    rounds: positive('rounds', values.rounds),
    seconds: positive('seconds', values.seconds),
    only,
    full,
    force,
    record: values.record && only === '',
  }
  return { bench: values.help ? 'help' : (positionals[0] ?? 'all'), options }
}

function positive(name: string, text: string): number {
  const value = Number(text)
  if (!(value > 0)) throw new TypeError(`--${name} takes a number above 0, not ${text}`)
  return value
}
