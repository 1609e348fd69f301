/** 100 MB over one stream, h2c: how fast, and what it costs the server. */

import path from 'node:path'
import { median } from '../../machine.js'
import { transfer, type TransferClient, type TransferOrder, type TransferSample } from './load.js'
import { type BenchPlace, clientPercent, type BenchRows, type BenchScenario, percent, ratio } from '../section.js'
import { type Http2RunningServer, type Http2ServerName, type Http2Task, startHttp2Server } from './servers.js'

/** What is transferred: a file of random octets. */
export const contentFile: { readonly name: string; readonly bytes: number } = {
  name: 'content.bin',
  bytes: 100_000_000,
}

/** A server, and how it does it. */
interface Way {
  readonly name: Http2ServerName
  readonly task: Http2Task
  readonly how: string
}

const DOWNLOADS: readonly Way[] = [
  { name: 'skitai', task: 'download-buffer', how: 'one Buffer' },
  { name: 'node:http2 stream', task: 'download-buffer', how: 'one Buffer' },
  { name: 'skitai', task: 'download-pieces', how: 'pieces of 64 KiB' },
  { name: 'node:http2 stream', task: 'download-pieces', how: 'pieces of 64 KiB' },
  { name: 'nginx', task: 'download-buffer', how: 'a file' },
]

const UPLOADS: readonly Way[] = [
  { name: 'skitai', task: 'upload', how: 'counted' },
  { name: 'node:http2 stream', task: 'upload', how: 'counted' },
]

const CLIENTS: readonly TransferClient[] = ['h2load', 'node:http2', 'curl']

/** Both directions. */
export const transferScenarios: readonly BenchScenario[] = [
  {
    name: 'http2-download',
    title: 'Download of 100 MB over one stream, h2c',
    run: (place) => measureTransfers(place, 'download', DOWNLOADS),
  },
  {
    name: 'http2-upload',
    title: 'Upload of 100 MB over one stream, h2c',
    run: (place) => measureTransfers(place, 'upload', UPLOADS),
  },
]

interface Subject {
  readonly way: Way
  readonly server: Http2RunningServer
  readonly client: TransferClient
  readonly order: TransferOrder
  readonly samples: TransferSample[]
}

/** At the least so many transfers a round, one after the other. */
const TIMES_MIN = 2

async function measureTransfers(
  { options, folder }: BenchPlace,
  direction: 'download' | 'upload',
  ways: readonly Way[],
): Promise<BenchRows> {
  const servers: Http2RunningServer[] = []
  const file = path.join(folder, contentFile.name)
  try {
    const subjects: Subject[] = []
    for (const way of ways) {
      const server = await startHttp2Server(way, folder)
      servers.push(server)
      for (const client of CLIENTS) {
        const first = { direction, file, bytes: contentFile.bytes, times: TIMES_MIN }
        const { seconds } = await transfer(server, client, first)
        const times = Math.max(TIMES_MIN, Math.round((options.seconds / seconds) * TIMES_MIN))
        subjects.push({ way, server, client, order: { ...first, times }, samples: [] })
      }
    }
    for (let round = 0; round < options.rounds; round++)
      for (const { server, client, order, samples } of subjects) samples.push(await transfer(server, client, order))
    return transferRows(subjects.map(resultOf))
  } finally {
    for (const server of servers) await server.stop()
  }
}

interface TransferResult {
  readonly server: Http2ServerName
  readonly how: string
  readonly client: TransferClient
  readonly megabytesPerSecond: number
  readonly serverSecondsPerGigabyte: number
  readonly serverBusy: number
  readonly clientBusy: number
  readonly samples: readonly number[]
}

/** Octets a second of one sample, in MB. */
export function megabytesPerSecond({ bytes, seconds }: TransferSample): number {
  return bytes / seconds / 1e6
}

/** Processor time of the server, in seconds a GB. */
export function secondsPerGigabyte({ bytes, serverSeconds }: TransferSample): number {
  return (serverSeconds * 1e9) / bytes
}

function resultOf({ way, client, samples }: Subject): TransferResult {
  const of = (value: (sample: TransferSample) => number): number => median(samples.map(value))
  return {
    server: way.name,
    how: way.how,
    client,
    megabytesPerSecond: of(megabytesPerSecond),
    serverSecondsPerGigabyte: of(secondsPerGigabyte),
    serverBusy: of((sample) => sample.server),
    clientBusy: of((sample) => sample.client),
    samples: samples.map(megabytesPerSecond),
  }
}

function transferRows(results: readonly TransferResult[]): BenchRows {
  /** node:http2 in the same way with the same client; a file is compared with one Buffer. */
  const peerOf = ({ how, client }: TransferResult): TransferResult | undefined =>
    results.find(
      (other) =>
        other.server === 'node:http2 stream' &&
        other.client === client &&
        other.how === (how === 'a file' ? 'one Buffer' : how),
    )
  const head = [
    'server',
    'how',
    'client',
    'MB/s',
    'times node:http2',
    'server seconds a GB',
    'of node:http2',
    'server busy %',
    'client busy %',
  ]
  const rows = results.map((result) => [
    result.server,
    result.how,
    result.client,
    result.megabytesPerSecond.toFixed(0),
    ratio(result.megabytesPerSecond, peerOf(result)?.megabytesPerSecond),
    result.serverSecondsPerGigabyte.toFixed(3),
    ratio(result.serverSecondsPerGigabyte, peerOf(result)?.serverSecondsPerGigabyte),
    percent(result.serverBusy),
    clientPercent(result.clientBusy),
  ])
  return { head, rows, measured: results }
}
