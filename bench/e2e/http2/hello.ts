/** Many small requests: how many a server answers, beside the other servers. */

import { median } from '../../machine.js'
import { type H2loadSample, runH2load, verifyHttp2Answer } from './load.js'
import {
  type BenchPlace,
  clientPercent,
  type BenchRows,
  type BenchScenario,
  mebibytes,
  percent,
  ratio,
} from '../section.js'
import { type Http2RunningServer, type Http2ServerName, startHttp2Server } from './servers.js'

const SERVERS: readonly Http2ServerName[] = [
  'skitai',
  'node:http2 stream',
  'node:http2 compat',
  'fastify',
  'Deno.serve',
  'nginx',
  'nghttpd',
]

/** What all servers answer. */
export const HELLO = 'Hello, World!'

const CONNECTIONS = 8

/** Over h2c and TLS, with many streams a connection and with one. */
export const helloScenarios: readonly BenchScenario[] = ([false, true] as const).flatMap((tls) =>
  [100, 1].map((streams) => ({
    name: `http2-hello-${tls ? 'tls' : 'h2c'}-${CONNECTIONS}x${streams}`,
    title: `Hello, World! over ${tls ? 'TLS' : 'h2c'}, ${CONNECTIONS} connections × ${streams} ${streams === 1 ? 'stream' : 'streams'}`,
    run: (place: BenchPlace) => measureHello(place, tls, streams),
  })),
)

interface HelloResult {
  readonly server: Http2ServerName
  readonly requestsPerSecond: number
  readonly meanMs: number
  /** Processor time of the server a request. */
  readonly serverMicroseconds: number
  readonly serverBusy: number
  readonly clientBusy: number
  readonly rssBytes: number
  readonly samples: readonly number[]
  /** Names of the fields of an answer: how much the servers say is part of the work. */
  readonly fields: readonly string[]
}

interface Subject {
  readonly server: Http2RunningServer
  readonly fields: readonly string[]
  readonly samples: H2loadSample[]
  readonly rssBytes: number[]
}

/** All servers run at once, and all but one of them wait: none loses what its compiler has learnt. */
async function measureHello({ options, folder }: BenchPlace, tls: boolean, streams: number): Promise<BenchRows> {
  const load = (seconds: number): string[] => [
    `--clients=${CONNECTIONS}`,
    `--max-concurrent-streams=${streams}`,
    `--duration=${Math.max(1, Math.round(seconds))}`,
  ]
  const subjects: Subject[] = []
  try {
    for (const name of SERVERS) {
      const server = await startHttp2Server({ name, task: 'hello', tls }, folder)
      const subject: Subject = { server, fields: [], samples: [], rssBytes: [] }
      subjects.push(subject)
    }
    for (const [index, subject] of subjects.entries()) {
      subjects[index] = { ...subject, fields: await verifyHttp2Answer(subject.server, HELLO) }
      await runH2load(subject.server, load(options.seconds / 2))
    }
    for (let round = 0; round < options.rounds; round++)
      for (const { server, samples, rssBytes } of subjects) {
        const sample = await runH2load(server, load(options.seconds))
        if (sample.bytes < sample.requests * HELLO.length) throw new Error(`${server.name}: answers were too short`)
        samples.push(sample)
        rssBytes.push(server.rssBytes())
      }
    return helloRows(subjects.map(resultOf))
  } finally {
    for (const { server } of subjects) await server.stop()
  }
}

function resultOf({ server, fields, samples, rssBytes }: Subject): HelloResult {
  const of = (value: (sample: H2loadSample) => number): number => median(samples.map(value))
  return {
    server: server.name,
    requestsPerSecond: of((sample) => sample.requestsPerSecond),
    meanMs: of((sample) => sample.meanMs),
    serverMicroseconds: of((sample) => (sample.serverSeconds * 1e6) / sample.requests),
    serverBusy: of((sample) => sample.server),
    clientBusy: of((sample) => sample.client),
    rssBytes: median(rssBytes),
    samples: samples.map((sample) => sample.requestsPerSecond),
    fields,
  }
}

function helloRows(results: readonly HelloResult[]): BenchRows {
  const rate = (name: Http2ServerName): number | undefined =>
    results.find(({ server }) => server === name)?.requestsPerSecond
  const head = [
    'server',
    'requests/s',
    'times node:http2 stream',
    'times nginx',
    'mean ms',
    'server µs a request',
    'server busy %',
    'client busy %',
    'RSS MiB',
  ]
  const rows = results.map((result) => [
    result.server,
    result.requestsPerSecond.toFixed(0),
    ratio(result.requestsPerSecond, rate('node:http2 stream')),
    ratio(result.requestsPerSecond, rate('nginx')),
    result.meanMs.toFixed(2),
    result.serverMicroseconds.toFixed(2),
    percent(result.serverBusy),
    clientPercent(result.clientBusy),
    mebibytes(result.rssBytes),
  ])
  return { head, rows, measured: results }
}
