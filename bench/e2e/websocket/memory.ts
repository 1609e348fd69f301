/** Many open WebSockets on which nothing happens: what a server keeps for them. */

import { setTimeout as sleep } from 'node:timers/promises'
import { median } from '../../machine.js'
import { type BenchRows, mebibytes, ratio } from '../section.js'
import type { WebSocketScenario } from './echo.js'
import { openIdle } from './load.js'
import { startWebSocketServer, type WebSocketServerName, webSocketServers } from './servers.js'

const CONNECTIONS = 5000

/** Rounds, each with new processes; less than the others have, since memory varies little. */
const ROUNDS_MAX = 3

/** Time for a process to come to rest. */
const REST_MS = 3000

interface MemorySample {
  readonly restingBytes: number
  readonly rssBytes: number
}

/** The scenario. */
export const idleScenario: WebSocketScenario = {
  name: 'websocket-idle',
  title: `${CONNECTIONS.toLocaleString('en-US')} idle connections`,
  run: async ({ rounds }) => {
    const taken = new Map<WebSocketServerName, MemorySample[]>(webSocketServers.map((name) => [name, []]))
    for (let round = 0; round < Math.min(rounds, ROUNDS_MAX); round++)
      for (const [name, samples] of taken) samples.push(await sampleOf(name))
    return rowsOf(taken)
  },
}

/** The process is not asked to collect anything: nobody does so in earnest. */
async function sampleOf(name: WebSocketServerName): Promise<MemorySample> {
  const server = await startWebSocketServer(name, 'echo')
  try {
    await sleep(REST_MS / 3)
    const restingBytes = server.rssBytes()
    const idle = await openIdle(server.port, CONNECTIONS)
    await sleep(REST_MS)
    const rssBytes = server.rssBytes()
    await idle.end()
    return { restingBytes, rssBytes }
  } finally {
    await server.stop()
  }
}

function rowsOf(taken: ReadonlyMap<WebSocketServerName, readonly MemorySample[]>): BenchRows {
  const measured = [...taken].map(([server, samples]) => ({
    server,
    rssBytes: median(samples.map(({ rssBytes }) => rssBytes)),
    growthBytes: median(samples.map(({ rssBytes, restingBytes }) => rssBytes - restingBytes)),
    samples,
  }))
  const peer = measured.find(({ server }) => server === 'ws')
  const head = ['server', 'RSS MiB', 'times ws', 'RSS growth MiB', 'times ws', 'growth a connection, B']
  const rows = measured.map(({ server, rssBytes, growthBytes }) => [
    server,
    mebibytes(rssBytes),
    ratio(rssBytes, peer?.rssBytes),
    mebibytes(growthBytes),
    ratio(growthBytes, peer?.growthBytes),
    (growthBytes / CONNECTIONS).toFixed(0),
  ])
  return { head, rows, measured }
}
