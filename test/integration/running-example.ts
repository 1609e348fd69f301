/** Examples that are services, run as people run them. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { repoRoot } from '../../tools/repo.js'

/** A running service. */
export interface RunningExample {
  /** The address that it prints. */
  readonly url: string
  /** Asks it to end, and gives the status it has ended with. */
  stop(): Promise<number | null>
}

/** Runs `examples/<name>/main.js` on a free port. */
export async function runExample(name: string, options: readonly string[] = []): Promise<RunningExample> {
  const script = path.join(repoRoot, 'examples', name, 'main.js')
  const server = spawn(
    process.execPath,
    [path.join(repoRoot, 'dist/server/cli.js'), script, '--port', '0', ...options],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  const stop = async (): Promise<number | null> => {
    const gone = once(server, 'exit')
    server.kill('SIGTERM')
    await gone
    return server.exitCode
  }
  let out = ''
  for await (const chunk of server.stdout.iterator({ destroyOnReturn: false })) {
    out += String(chunk)
    const url = /Open (https?:\/\/\S+) /.exec(out)?.[1]
    if (url === undefined) continue
    server.stdout.resume()
    return { url, stop }
  }
  throw new Error(`it ended: ${out}`)
}
