/** HTTP/2 events in the form that vectors have them. */

import { errorCodeName } from 'skitai/http2'
import { bytesOf, escapeBytes, type Snapshot } from 'skitai/testing'

/** The lines of an event log. */
export function logOf(events: readonly Snapshot[]): string[] {
  return events.flatMap((event) => [lineOf(event), ...fieldLines(event['fields'] ?? event['trailers'])])
}

function lineOf(event: Snapshot): string {
  const text = (name: string): string => String(event[name])
  const code = (name: string): string => errorCodeName(Number(event[name])) ?? text(name)
  const limits = (): string =>
    (event['limit'] === -1 ? '' : ` limit=${text('limit')}`) + (event['got'] === -1 ? '' : ` got=${text('got')}`)
  switch (event.type) {
    case 'request':
      return `request ${text('streamId')} ${requestLine(event)}${endOf(event)}${
        event['expectContinue'] === true ? ' expect-continue' : ''
      }${priorityOf(event)}`
    case 'push':
      return `push ${text('streamId')} promised=${text('promisedId')} ${requestLine(event)}${priorityOf(event)}`
    case 'response':
      return `response ${text('streamId')} ${text('status')} length=${text('contentLength')}${endOf(event)}`
    case 'inform':
      return `inform ${text('streamId')} ${text('status')}`
    case 'data':
      return `data ${text('streamId')} ${contentOf(event['bytes'] as Uint8Array)}`
    case 'end':
      return `end ${text('streamId')}`
    case 'reset':
      return `reset ${text('streamId')} ${code('errorCode')}${event['unprocessed'] === true ? ' unprocessed' : ''}`
    case 'streamFault':
      return `streamFault ${text('streamId')} ${text('code')} ${code('errorCode')}${
        event['status'] === 0 ? '' : ` ${text('status')}`
      }${limits()}`
    case 'pong':
      return `pong ${text('roundTripMs')}`
    case 'goaway':
      return `goaway ${text('lastStreamId')} ${code('errorCode')} ${contentOf(event['debugData'] as Uint8Array)}`
    case 'fatal':
      return `fatal ${text('code')} ${code('wireCode')}${limits()}`
    case 'closed':
      return `closed ${text('initiator')}`
    default:
      return event.type
  }
}

function requestLine(event: Snapshot): string {
  const text = (name: string): string => String(event[name])
  const protocol = event['protocol'] === '' ? '' : ` protocol=${text('protocol')}`
  const scheme = event['scheme'] === '' ? '-' : text('scheme')
  return `${text('method')} ${scheme} "${text('authority')}" ${text('target')} length=${text('contentLength')}${protocol}`
}

function priorityOf(event: Snapshot): string {
  const { urgency, incremental } = event['priority'] as { urgency: number; incremental: boolean }
  return urgency === 3 && !incremental ? '' : ` u=${urgency}${incremental ? ',i' : ''}`
}

function endOf(event: Snapshot): string {
  return event['endStream'] === true ? ' end_stream' : ''
}

function contentOf(bytes: Uint8Array): string {
  const same = bytes.every((octet) => octet === bytes[0])
  return same && bytes.length > 32 ? `size=${bytes.length}` : `"${escapeBytes(bytes)}"`
}

function fieldLines(fields: unknown): string[] {
  if (!Array.isArray(fields)) return []
  return fields.map(([name, value]: [string, string]) => `  ${name}: ${escapeBytes(bytesOf(value))}`.trimEnd())
}
