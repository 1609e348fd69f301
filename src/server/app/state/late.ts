/** What is said when something should reach the client behind the head of its response. */

import { UsageError } from '../../../protocols/core/errors.js'

/** `what` is no longer possible; `instead` is what to do in time. */
export function tooLate(what: string, instead: string, otherwise = ''): UsageError {
  return new UsageError(
    'HEAD_SENT',
    `the head of the response has gone, so ${what} no more: ${instead} before the handler returns its stream, or the WebSocket is open${otherwise}`,
  )
}
