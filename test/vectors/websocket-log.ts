/** WebSocket events in the form that vectors have them. */

import type { Snapshot } from 'skitai/testing'
import { contentOf, textOf } from './websocket-notation.js'

/** The lines of an event log. */
export function logOf(events: readonly Snapshot[]): string[] {
  return events.map(lineOf)
}

function lineOf(event: Snapshot): string {
  const text = (name: string): string => String(event[name])
  const content = (): string => contentOf(event['bytes'] as Uint8Array)
  switch (event.type) {
    case 'text':
      return `text ${textOf(text('text'))}`
    case 'binary':
    case 'data':
    case 'ping':
      return `${event.type} ${content()}`
    case 'pong':
      return `pong ${content()} ${text('roundTripMs')}`
    case 'message':
      return `message ${text('kind')}`
    case 'close':
      return `close ${text('code')} ${textOf(text('reason'))}`
    case 'fatal':
      return (
        `fatal ${text('code')} ${text('wireCode')} @${text('offset')}` +
        (event['limit'] === -1 ? '' : ` limit=${text('limit')}`) +
        (event['got'] === -1 ? '' : ` got=${text('got')}`)
      )
    case 'closed':
      return `closed ${text('initiator')}`
    default:
      return event.type
  }
}
