/** Starts apps of other frameworks, each in a process of its own on the first core. */

import path from 'node:path'
import { repoRoot } from '../../../tools/repo.js'
import { announcedPort, running, type RunningServer, startPinned } from '../processes.js'

/** The frameworks. */
export type Framework = 'express' | 'hono'

/** The servers of each, by the names that they have in the results: ours, then the one that it is compared with. */
export const hosts: Readonly<Record<Framework, readonly string[]>> = {
  express: ['skitai', 'node:http'],
  hono: ['skitai', '@hono/node-server', 'skitai, lightResponse: false'],
}

/** Starts an app on a server. */
export async function startForeign(framework: Framework, host: string): Promise<RunningServer> {
  const script = path.join(repoRoot, 'bench/e2e/foreign/servers', `${framework}.js`)
  const child = startPinned([process.execPath, script, host])
  return running(host, await announcedPort(`${framework} on ${host}`, child), child)
}
