/** The client of the WebSocket benches, pinned to the second core. */

import { once } from 'node:events'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { repoRoot } from '../../../tools/repo.js'
import { CLIENT_CORE, type RunningServer, startPinned } from '../processes.js'
import type { WebSocketServerName } from './servers.js'

/** What the client does. */
export interface LoadOrder {
  readonly mode: 'echo' | 'deflate' | 'broadcast'
  readonly connections: number
  /** Messages that each connection has under way; in a broadcast, messages to all that have not reached all. */
  readonly inFlight: number
  readonly bytes: number
  readonly kind: 'text' | 'binary'
  readonly target: string
  /** What is offered for permessage-deflate. */
  readonly extensions?: string
}

/** What one run gave. */
export interface LoadSample {
  /** Messages that came back, or that were delivered. */
  readonly messagesPerSecond: number
  /** How busy both sides were, in parts of one core. */
  readonly server: number
  readonly client: number
  /** Processor time of the server a message, in microseconds. */
  readonly serverMicroseconds: number
  /** What the server answered to the offer of permessage-deflate. */
  readonly extensions: string
}

const SCRIPT = path.join(repoRoot, 'bench/e2e/websocket/client.js')
const WARM_UP_SECONDS = 1

/** Runs the client once. Throws when a reply was wrong, or the server has closed a connection. */
export async function runLoad(
  server: RunningServer<WebSocketServerName>,
  order: LoadOrder,
  seconds: number,
): Promise<LoadSample> {
  const line = JSON.stringify({ ...order, port: server.port, seconds, warmUpSeconds: WARM_UP_SECONDS })
  const child = startPinned([process.execPath, SCRIPT, line], false, CLIENT_CORE)
  const ended = once(child, 'exit')
  let before = 0
  let result: ClientResult | undefined
  for await (const text of createInterface({ input: child.stdout! })) {
    if (text === 'begin') before = server.processorSeconds()
    else result = JSON.parse(text) as ClientResult
  }
  const serverSeconds = server.processorSeconds() - before
  await ended
  if (result === undefined || result.messages === 0) throw new Error(`${server.name}: the client has failed`)
  return {
    messagesPerSecond: result.messages / result.seconds,
    server: serverSeconds / result.seconds,
    client: result.client,
    serverMicroseconds: (serverSeconds * 1e6) / result.messages,
    extensions: result.extensions ?? '',
  }
}

interface ClientResult {
  readonly messages: number
  readonly seconds: number
  readonly client: number
  readonly extensions?: string
}

/** Connections that do nothing, until they are let go. */
export interface IdleLoad {
  end(): Promise<void>
}

/** Opens connections and leaves them alone. */
export async function openIdle(port: number, connections: number): Promise<IdleLoad> {
  const order = { mode: 'idle', port, connections, inFlight: 0, bytes: 0, kind: 'text', target: '/' }
  const child = startPinned([process.execPath, SCRIPT, JSON.stringify(order)], false, CLIENT_CORE, 'pipe')
  const ended = once(child, 'exit')
  for await (const text of createInterface({ input: child.stdout! })) if (text === 'open') break
  if (child.exitCode !== null) throw new Error('the connections could not be opened')
  return {
    async end() {
      child.stdin!.write('end\n')
      await ended
    },
  }
}
