/** Runs a client to its end, pinned to the second core, and tells how busy both sides were. */

import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { CLIENT_CORE, endedProcessorSeconds, type RunningServer } from './processes.js'

const execute = promisify(execFile)

/** How busy both sides were while a client ran, in parts of one core. */
export interface Busyness {
  readonly server: number
  readonly client: number
  /** Processor time of the server, in seconds. */
  readonly serverSeconds: number
}

/** What a client program wrote, and how busy both sides were. */
export interface ClientRun extends Busyness {
  readonly stdout: string
}

/** Runs a client to its end. No other process that this one has started may end meanwhile. */
export async function runClient(server: RunningServer, command: readonly string[], env = {}): Promise<ClientRun> {
  const before = { server: server.processorSeconds(), client: endedProcessorSeconds(), at: performance.now() }
  const options = { env: { ...process.env, ...env }, maxBuffer: 2 ** 24 }
  const { stdout } = await execute('taskset', ['-c', CLIENT_CORE, ...command], options)
  const seconds = (performance.now() - before.at) / 1000
  const serverSeconds = server.processorSeconds() - before.server
  const client = (endedProcessorSeconds() - before.client) / seconds
  return { stdout, server: serverSeconds / seconds, client, serverSeconds }
}
