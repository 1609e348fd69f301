/** Starts the WebSocket servers, each in a process of its own on the first core. */

import path from 'node:path'
import { platformProgram } from '../../../tools/packages.js'
import { repoRoot } from '../../../tools/repo.js'
import { announcedPort, running, type RunningServer, startPinned } from '../processes.js'

/** The servers by the names that they have in the results. */
export type WebSocketServerName = 'skitai' | 'ws' | 'Bun.serve'

/** What a server is asked to do; one process does one of them. */
export type WebSocketTask = 'echo' | 'broadcast' | 'deflate'

/** All of them, ours first. */
export const webSocketServers: readonly WebSocketServerName[] = ['skitai', 'ws', 'Bun.serve']

const SCRIPTS: Readonly<Record<WebSocketServerName, string>> = {
  skitai: 'skitai.js',
  ws: 'ws.js',
  'Bun.serve': 'bun.js',
}

/** Starts a server. */
export async function startWebSocketServer(
  name: WebSocketServerName,
  task: WebSocketTask,
): Promise<RunningServer<WebSocketServerName>> {
  const runtime = name === 'Bun.serve' ? platformProgram('bench', '@oven', 'bin/bun') : process.execPath
  const child = startPinned([runtime, path.join(repoRoot, 'bench/e2e/websocket/servers', SCRIPTS[name]), task])
  return running(name, await announcedPort(name, child), child)
}
