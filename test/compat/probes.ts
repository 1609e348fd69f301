/** Small handlers, each of which tries one thing of the interface `(req, res)` of Node. */

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Case, Log } from './comparing.js'

/** A question, and the handler that answers it. */
export interface Probe extends Omit<Case, 'path'> {
  readonly handle: (request: IncomingMessage, response: ServerResponse, log: Log) => unknown
}

/** Answers with what was found out. */
export function tell(response: ServerResponse, found: unknown): void {
  response.setHeader('content-type', 'application/json')
  response.end(JSON.stringify(found))
}

/** What a function throws: the code, or the class; nothing when it does not. */
export function thrown(run: () => unknown): string {
  try {
    run()
    return 'nothing'
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? (error as Error).name
  }
}

/** Notes events of an emitter as they come. */
export function watch(
  log: Log,
  name: string,
  emitter: { on(event: string, listener: (...args: unknown[]) => void): unknown },
  events: readonly string[],
): void {
  for (const event of events)
    emitter.on(event, (...args) => {
      const detail = event === 'error' ? ` ${(args[0] as NodeJS.ErrnoException).code}` : ''
      log.note(`${name} ${event}${detail}`)
    })
}

export const REQUEST_EVENTS = ['data', 'end', 'close', 'aborted', 'error', 'pause', 'resume'] as const
export const RESPONSE_EVENTS = ['prefinish', 'finish', 'close', 'drain', 'error', 'pipe', 'unpipe'] as const
