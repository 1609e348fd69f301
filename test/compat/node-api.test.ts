import type { IncomingMessage, ServerResponse } from 'node:http'
import { nodeHandler } from '#src/server/index.js'
import { compare, Log } from './comparing.js'
import { headProbes } from './head-probes.js'
import type { Probe } from './probes.js'
import { requestProbes } from './request-probes.js'
import { responseProbes } from './response-probes.js'

function run(suite: string, probes: readonly Probe[]): Promise<void> {
  return compare(
    suite,
    () => {
      const log = new Log()
      const listener = (req: IncomingMessage, res: ServerResponse): void =>
        void probes[Number(/^\/(\d+)/.exec(req.url!)![1])]!.handle(req, res, log)
      return { target: nodeHandler(listener), listener, log }
    },
    probes.map((probe, index) => ({ ...probe, path: `/${index}?q=a%20b` })),
  )
}

await run('request', requestProbes)
await run('head', headProbes)
await run('response', responseProbes)
