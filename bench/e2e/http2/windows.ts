/** Uploads to our own server with windows of several sizes, over loopback and over a line with a delay. */

import { truncateSync, copyFileSync } from 'node:fs'
import path from 'node:path'
import { median } from '../../machine.js'
import { repoRoot } from '../../../tools/repo.js'
import { announcedPort, CLIENT_CORE, running, type RunningServer, startPinned } from '../processes.js'
import { transfer, type TransferSample } from './load.js'
import { type BenchPlace, clientPercent, type BenchRows, type BenchScenario, mebibytes, percent } from '../section.js'
import { type Http2RunningServer, startHttp2Server } from './servers.js'
import { contentFile, megabytesPerSecond, secondsPerGigabyte } from './transfers.js'

const KIB = 1024
const MIB = 1024 * KIB

/** Each way, so that a round trip takes twice as long. */
const DELAY_MS = 20

/** Over a delay a window allows so much a round trip; so many of them are enough to see it. */
const ROUND_TRIPS = 50

interface Windows {
  readonly title: string
  /** That of the stream, and of the connection unless it has its own; 0 for the defaults of node:http2. */
  readonly bytes: number
  readonly connectionBytes?: number
}

const WINDOWS: readonly Windows[] = [
  { title: 'node:http2, its default', bytes: 0 },
  { title: '64 KiB', bytes: 64 * KIB },
  { title: '256 KiB', bytes: 256 * KIB },
  { title: '1 MiB', bytes: MIB },
  { title: '1 MiB, connection 4 MiB', bytes: MIB, connectionBytes: 4 * MIB },
  { title: '4 MiB', bytes: 4 * MIB },
  { title: '16 MiB', bytes: 16 * MIB },
]

/** Windows of ours matter for what comes: uploads. Those of a download are the client's. */
export const windowScenarios: readonly BenchScenario[] = [
  {
    name: 'http2-windows-loopback',
    title: 'Upload by windows, over loopback',
    run: (place) => measureWindows(place, 0),
  },
  {
    name: 'http2-windows-delayed',
    title: `Upload by windows, ${DELAY_MS} ms away`,
    run: (place) => measureWindows(place, DELAY_MS),
  },
]

interface Subject {
  readonly windows: Windows
  readonly server: Http2RunningServer
  readonly proxy: RunningServer | undefined
  readonly file: string
  readonly bytes: number
  readonly restingBytes: number
  readonly samples: TransferSample[]
  readonly rssBytes: number[]
}

async function measureWindows({ options, folder }: BenchPlace, delayMs: number): Promise<BenchRows> {
  const subjects: Subject[] = []
  try {
    for (const windows of WINDOWS) subjects.push(await startSubject(windows, folder, delayMs))
    // The first round is for the compiler.
    for (let round = -1; round < options.rounds; round++)
      for (const subject of subjects) {
        const sample = await upload(subject)
        if (round < 0) continue
        subject.samples.push(sample)
        subject.rssBytes.push(subject.server.rssBytes())
      }
    return windowRows(subjects)
  } finally {
    for (const { server, proxy } of subjects) {
      await proxy?.stop()
      await server.stop()
    }
  }
}

async function startSubject(windows: Windows, folder: string, delayMs: number): Promise<Subject> {
  const { bytes, connectionBytes = bytes } = windows
  const order =
    bytes === 0
      ? ({ name: 'node:http2 stream', task: 'upload' } as const)
      : ({
          name: 'skitai',
          task: 'upload',
          limits: { streamWindowBytes: bytes, connectionWindowBytes: connectionBytes },
        } as const)
  const server = await startHttp2Server(order, folder)
  const restingBytes = server.rssBytes()
  const proxy = delayMs === 0 ? undefined : await startProxy(server.port, delayMs)
  const size = delayMs === 0 ? contentFile.bytes : Math.min(contentFile.bytes, ROUND_TRIPS * (bytes || 64 * KIB))
  const file = path.join(folder, `content-${size}.bin`)
  copyFileSync(path.join(folder, contentFile.name), file)
  truncateSync(file, size)
  return { windows, server, proxy, file, bytes: size, restingBytes, samples: [], rssBytes: [] }
}

async function startProxy(port: number, delayMs: number): Promise<RunningServer> {
  const script = path.join(repoRoot, 'bench/e2e/http2/delay-proxy.js')
  const child = startPinned([process.execPath, script, String(port), String(delayMs)], false, CLIENT_CORE)
  return running('proxy', await announcedPort('proxy', child), child)
}

function upload({ server, proxy, file, bytes }: Subject): Promise<TransferSample> {
  const url = proxy === undefined ? server.url : `http://127.0.0.1:${proxy.port}${server.target}`
  return transfer({ ...server, url }, 'h2load', {
    direction: 'upload',
    file,
    bytes,
    times: proxy === undefined ? 10 : 1,
  })
}

function windowRows(subjects: readonly Subject[]): BenchRows {
  const measured = subjects.map(({ windows, bytes, restingBytes, samples, rssBytes }) => {
    const of = (value: (sample: TransferSample) => number): number => median(samples.map(value))
    return {
      windows: windows.title,
      bytes,
      megabytesPerSecond: of(megabytesPerSecond),
      serverSecondsPerGigabyte: of(secondsPerGigabyte),
      serverBusy: of((sample) => sample.server),
      clientBusy: of((sample) => sample.client),
      rssGrowthBytes: Math.max(...rssBytes) - restingBytes,
      samples: samples.map(megabytesPerSecond),
    }
  })
  const head = ['windows', 'MB sent', 'MB/s', 'server seconds a GB', 'server busy %', 'client busy %', 'RSS growth MiB']
  const rows = measured.map((result) => [
    result.windows,
    (result.bytes / 1e6).toFixed(1),
    result.megabytesPerSecond.toFixed(1),
    result.serverSecondsPerGigabyte.toFixed(3),
    percent(result.serverBusy),
    clientPercent(result.clientBusy),
    mebibytes(result.rssGrowthBytes),
  ])
  return { head, rows, measured }
}
