/** Messages that come back, or go to all: how many a server handles, beside the others. */

import { median } from '../../machine.js'
import type { BenchOptions } from '../../options.js'
import { type BenchRows, clientPercent, percent, ratio } from '../section.js'
import { type LoadOrder, type LoadSample, runLoad } from './load.js'
import { startWebSocketServer, type WebSocketServerName, webSocketServers, type WebSocketTask } from './servers.js'

/** One scenario. */
export interface WebSocketScenario {
  readonly name: string
  readonly title: string
  run(options: BenchOptions): Promise<BenchRows>
}

interface EchoShape {
  readonly name: string
  readonly bytes: number
  readonly size: string
  readonly connections: number
  readonly inFlight: number
}

const ECHOES: readonly EchoShape[] = [
  { name: '16b-16x32', bytes: 16, size: '16 B', connections: 16, inFlight: 32 },
  { name: '16b-64x1', bytes: 16, size: '16 B', connections: 64, inFlight: 1 },
  { name: '1k-16x16', bytes: 1024, size: '1 KiB', connections: 16, inFlight: 16 },
  { name: '64k-16x2', bytes: 65_536, size: '64 KiB', connections: 16, inFlight: 2 },
]

const echoScenarios = ECHOES.flatMap((shape) =>
  (['text', 'binary'] as const).map((kind): WebSocketScenario => {
    const { name, bytes, size, connections, inFlight } = shape
    return {
      name: `websocket-echo-${name}-${kind}`,
      title: `Echo of ${size}, ${kind}, ${connections} connections × ${inFlight} in flight`,
      run: async (options) =>
        measure(options, 'echo', { mode: 'echo', bytes, connections, inFlight, kind, target: '/' }),
    }
  }),
)

/** Without context, so that the frames of the client can be made once; it is what all servers agree to. */
const EXTENSIONS = 'permessage-deflate; server_no_context_takeover; client_no_context_takeover'

const deflateScenario: WebSocketScenario = {
  name: 'websocket-deflate-1k',
  title: 'Echo of 1 KiB of JSON with permessage-deflate, 16 connections × 4 in flight',
  run: async (options) =>
    measure(options, 'deflate', {
      mode: 'deflate',
      bytes: 1024,
      connections: 16,
      inFlight: 4,
      kind: 'text',
      target: '/',
      extensions: EXTENSIONS,
    }),
}

const BROADCAST_CONNECTIONS = 1000

const broadcastScenarios = [1, 4, 16].map((inFlight): WebSocketScenario => ({
  name: `websocket-broadcast-${inFlight}`,
  title: `Broadcast of 64 B to ${BROADCAST_CONNECTIONS} connections, ${inFlight} under way`,
  run: async (options) =>
    measure(options, 'broadcast', {
      mode: 'broadcast',
      bytes: 64,
      connections: BROADCAST_CONNECTIONS,
      inFlight,
      kind: 'text',
      target: '/?room=all',
    }),
}))

/** All of them. */
export const loadScenarios: readonly WebSocketScenario[] = [...echoScenarios, deflateScenario, ...broadcastScenarios]

/** All servers run at once, and all but one of them wait: none loses what its compiler has learnt. */
async function measure(options: BenchOptions, task: WebSocketTask, order: LoadOrder): Promise<BenchRows> {
  const subjects = []
  try {
    for (const name of webSocketServers)
      subjects.push({ server: await startWebSocketServer(name, task), samples: [] as LoadSample[] })
    for (const { server } of subjects) await runLoad(server, order, options.seconds / 2)
    for (let round = 0; round < options.rounds; round++)
      for (const { server, samples } of subjects) samples.push(await runLoad(server, order, options.seconds))
    return rowsOf(subjects.map(({ server, samples }) => resultOf(server.name, samples)))
  } finally {
    for (const { server } of subjects) await server.stop()
  }
}

interface Result {
  readonly server: WebSocketServerName
  readonly messagesPerSecond: number
  readonly serverMicroseconds: number
  readonly serverBusy: number
  readonly clientBusy: number
  readonly samples: readonly LoadSample[]
}

function resultOf(server: WebSocketServerName, samples: readonly LoadSample[]): Result {
  const of = (value: (sample: LoadSample) => number): number => median(samples.map(value))
  return {
    server,
    messagesPerSecond: of((sample) => sample.messagesPerSecond),
    serverMicroseconds: of((sample) => sample.serverMicroseconds),
    serverBusy: of((sample) => sample.server),
    clientBusy: of((sample) => sample.client),
    samples,
  }
}

function rowsOf(results: readonly Result[]): BenchRows {
  const rate = (name: WebSocketServerName): number | undefined =>
    results.find(({ server }) => server === name)?.messagesPerSecond
  const head = [
    'server',
    'messages/s',
    'times ws',
    'times Bun',
    'server µs a message',
    'server busy %',
    'client busy %',
  ]
  const rows = results.map((result) => [
    result.server,
    result.messagesPerSecond.toFixed(0),
    ratio(result.messagesPerSecond, rate('ws')),
    ratio(result.messagesPerSecond, rate('Bun.serve')),
    result.serverMicroseconds.toFixed(2),
    percent(result.serverBusy),
    clientPercent(result.clientBusy),
  ])
  return { head, rows, measured: results }
}
