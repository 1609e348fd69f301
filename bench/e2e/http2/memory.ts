/** Many open streams on which nothing happens: what a server keeps for them. */

import { once } from 'node:events'
import { type ClientHttp2Session, connect } from 'node:http2'
import { setTimeout as sleep } from 'node:timers/promises'
import { median } from '../../machine.js'
import { type BenchPlace, type BenchRows, type BenchScenario, mebibytes, ratio } from '../section.js'
import { type Http2RunningServer, type Http2ServerName, startHttp2Server } from './servers.js'

const CONNECTIONS = 100
const STREAMS = 100

/** Rounds, each with new processes; less than the others have, since memory varies little. */
const ROUNDS_MAX = 3

const SERVERS: readonly Http2ServerName[] = ['skitai', 'node:http2 stream']

/** What a browser says of itself, and a target that no other request has. */
const FIELDS = {
  'user-agent': 'Mozilla/5.0 (X11; Linux x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36',
  accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8',
  'accept-encoding': 'gzip, deflate, br, zstd',
  'accept-language': 'en-GB,en;q=0.9,de;q=0.8',
}

/** The scenario. */
export const memoryScenarios: readonly BenchScenario[] = [
  {
    name: 'http2-open-streams',
    title: `${CONNECTIONS} connections × ${STREAMS} open streams, idle`,
    run: measureMemory,
  },
]

/** Memory of one process, before the connections and with them; after a collection, unless something else is said. */
interface MemorySample {
  readonly restingBytes: number
  /** With the connections, as the process has grown. */
  readonly uncollectedBytes: number
  readonly rssBytes: number
  readonly heapBytes: number
}

async function measureMemory({ options, folder }: BenchPlace): Promise<BenchRows> {
  const taken = SERVERS.map(() => [] as MemorySample[])
  for (let round = 0; round < Math.min(options.rounds, ROUNDS_MAX); round++)
    for (const [index, name] of SERVERS.entries()) {
      const server = await startHttp2Server({ name, task: 'never', asked: true }, folder)
      try {
        taken[index]!.push(await sampleOf(server))
      } finally {
        await server.stop()
      }
    }
  const measured = SERVERS.map((server, index) => {
    const samples = taken[index]!
    const of = (value: (sample: MemorySample) => number): number => median(samples.map(value))
    return {
      server,
      rssBytes: of((sample) => sample.rssBytes),
      uncollectedBytes: of((sample) => sample.uncollectedBytes),
      rssGrowthBytes: of((sample) => sample.rssBytes - sample.restingBytes),
      heapBytes: of((sample) => sample.heapBytes),
      samples,
    }
  })
  const peer = measured.find(({ server }) => server === 'node:http2 stream')
  const head = [
    'server',
    'RSS MiB',
    'of node:http2',
    'RSS growth MiB',
    'of node:http2',
    'heap MiB',
    'growth a stream, B',
    'RSS uncollected MiB',
    'of node:http2',
  ]
  const rows = measured.map(({ server, rssBytes, rssGrowthBytes, heapBytes, uncollectedBytes }) => [
    server,
    mebibytes(rssBytes),
    ratio(rssBytes, peer?.rssBytes),
    mebibytes(rssGrowthBytes),
    ratio(rssGrowthBytes, peer?.rssGrowthBytes),
    mebibytes(heapBytes),
    (rssGrowthBytes / CONNECTIONS / STREAMS).toFixed(0),
    mebibytes(uncollectedBytes),
    ratio(uncollectedBytes, peer?.uncollectedBytes),
  ])
  return { head, rows, measured }
}

async function sampleOf(server: Http2RunningServer): Promise<MemorySample> {
  await ask(server, 'memory')
  const restingBytes = server.rssBytes()
  const sessions = await Promise.all(Array.from({ length: CONNECTIONS }, () => openStreams(server.port)))
  try {
    while ((await ask(server, 'requests')).requests < CONNECTIONS * STREAMS) await sleep(50)
    const uncollectedBytes = server.rssBytes()
    const { heapBytes } = await ask(server, 'memory')
    const rssBytes = server.rssBytes()
    if (sessions.some((session) => session.destroyed)) throw new Error(`${server.name} has closed a connection`)
    return { restingBytes, uncollectedBytes, rssBytes, heapBytes }
  } finally {
    for (const session of sessions) session.destroy()
  }
}

interface ServerAnswer {
  readonly requests: number
  readonly heapBytes: number
}

/** Asks a server how many requests wait, or for its memory, which it then collects first. */
async function ask({ child }: Http2RunningServer, question: 'requests' | 'memory'): Promise<ServerAnswer> {
  const answer = once(child, 'message')
  child.send(question)
  const [told] = (await answer) as [ServerAnswer]
  return told
}

/** One connection whose requests wait for ever. */
async function openStreams(port: number): Promise<ClientHttp2Session> {
  const session = connect(`http://127.0.0.1:${port}`)
  // The server's process is ended before its connections are.
  session.on('error', () => session.destroy())
  // More streams than a client may open before it knows the server's settings are queued by node.
  await once(session, 'remoteSettings')
  for (let i = 0; i < STREAMS; i++) session.request({ ':path': `/?stream=${i}`, ...FIELDS }).on('error', () => {})
  return session
}
