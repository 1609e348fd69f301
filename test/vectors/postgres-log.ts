/** PostgreSQL events in the form that vectors have them. */

import { escapeBytes, type Snapshot } from 'skitai/testing'

/** The lines of an event log. */
export function logOf(events: readonly Snapshot[]): string[] {
  return events.flatMap((event) => [lineOf(event), ...indented(event)])
}

function quoted(text: unknown): string {
  return `"${escapeBytes(new TextEncoder().encode(String(text)))}"`
}

function octets(value: unknown): string {
  return `"${escapeBytes(value as Uint8Array)}"`
}

function lineOf(event: Snapshot): string {
  const text = (name: string): string => String(event[name])
  const list = (name: string): string => (event[name] as readonly unknown[]).map((each) => ` ${String(each)}`).join('')
  switch (event.type) {
    case 'authenticated':
      return `authenticated ${text('method')}`
    case 'negotiated':
      return `negotiated ${text('minor')}${list('unknown')}`
    case 'parameter':
      return `parameter ${text('name')} ${quoted(event['value'])}`
    case 'keyData':
      return `keyData ${text('processId')} ${octets(event['key'])}`
    case 'ready':
      return `ready ${text('id')} ${text('status')}`
    case 'complete':
      return `complete ${text('id')} ${quoted(event['tag'])}`
    case 'parameters':
      return `parameters ${text('id')}${list('typeOids')}`
    case 'copy':
      return `copy ${text('id')} ${text('direction')} ${text('format')}${list('columnFormats')}`
    case 'copyData':
      return `copyData ${text('id')} ${octets(event['bytes'])}`
    case 'notification':
      return `notification ${text('processId')} ${quoted(event['channel'])} ${quoted(event['payload'])}`
    case 'fatal':
      return (
        `fatal ${text('code')} @${text('offset')}` +
        (event['limit'] === -1 ? '' : ` limit=${text('limit')}`) +
        (event['got'] === -1 ? '' : ` got=${text('got')}`)
      )
    case 'closed':
      return `closed ${text('initiator')}`
    default:
      return 'id' in event ? `${event.type} ${text('id')}` : event.type
  }
}

/** Rows, columns and fields of errors, a line each. */
function indented(event: Snapshot): string[] {
  switch (event.type) {
    case 'rows':
      return (event['rows'] as (Uint8Array | null)[][]).map((row) =>
        ['  row', ...row.map((value) => (value === null ? 'null' : octets(value)))].join(' '),
      )
    case 'fields':
      return (event['fields'] as { name: string; typeOid: number; format: string }[]).map(
        ({ name, typeOid, format }) => `  ${name} ${typeOid} ${format}`,
      )
    case 'error':
    case 'notice':
      return Object.entries(event[event.type] as object)
        .filter(([, value]) => value !== undefined)
        .map(([name, value]) => `  ${name} ${quoted(value)}`)
    default:
      return []
  }
}
