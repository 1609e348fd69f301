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
    case 'startup':
      return `startup ${quoted(event['user'])} ${quoted(event['database'])} ${text('minor')}${list('unknown')}`
    case 'handover':
      return `handover ${event['direct'] === true ? 'direct' : 'asked'} ${octets(event['rest'])}`
    case 'cancel':
      return `cancel ${text('processId')} ${octets(event['key'])}`
    case 'password':
      return `password ${quoted(event['password'])}`
    case 'query':
      return `query ${text('id')} ${quoted(event['sql'])}`
    case 'parse':
      return `parse ${text('id')} ${quoted(event['name'])} ${quoted(event['sql'])}${list('typeOids')}`
    case 'bind':
      return `bind ${text('id')} ${quoted(event['portal'])} ${quoted(event['statement'])} [${values(event)}]${list('resultFormats')}`
    case 'describe':
    case 'close':
      return `${event.type} ${text('id')} ${text('what')} ${quoted(event['name'])}`
    case 'execute':
      return `execute ${text('id')} ${quoted(event['portal'])} ${text('rowsMax')}`
    case 'functionCall':
      return `functionCall ${text('id')} ${text('oid')} [${values(event)}] ${text('resultFormat')}`
    case 'copyFail':
      return `copyFail ${text('id')} ${quoted(event['reason'])}`
    case 'functionResult':
      return `functionResult ${text('id')} ${event['value'] === null ? 'null' : octets(event['value'])}`
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

function values(event: Snapshot): string {
  const all = event['values'] as (string | Uint8Array | null)[]
  return all
    .map((value) =>
      value === null ? 'null' : typeof value === 'string' ? quoted(value) : `x:${Buffer.from(value).toString('hex')}`,
    )
    .join(', ')
}

/** Rows, columns and fields of errors, a line each. */
function indented(event: Snapshot): string[] {
  switch (event.type) {
    case 'startup':
      return (event['parameters'] as [string, string][]).map(([name, value]) => `  ${name} ${quoted(value)}`)
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
