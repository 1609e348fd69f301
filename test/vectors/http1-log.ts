/** HTTP/1.1 events in the form that vectors have them. */

import { bytesOf, escapeBytes, type Snapshot } from 'skitai/testing'

/** The lines of an event log. */
export function logOf(events: readonly Snapshot[]): string[] {
  return events.flatMap((event) => [lineOf(event), ...fieldLines(event['fields'] ?? event['trailers'])])
}

function lineOf(event: Snapshot): string {
  const text = (name: string): string => String(event[name])
  const persistence = event['keepAlive'] === true ? 'persist' : 'last'
  switch (event.type) {
    case 'request': {
      const extras =
        (event['expectContinue'] === true ? ' expect-continue' : '') +
        (event['upgrade'] === '' ? '' : ` upgrade="${text('upgrade')}"`)
      const line = `request ${text('method')} ${text('target')} HTTP/${text('version')} ${text('form')}`
      return `${line} "${text('authority')}" ${contentOf(event)}${extras} ${persistence}`
    }
    case 'response':
      return `response ${text('status')} ${quote(text('reason'))} HTTP/${text('version')} ${contentOf(event)} ${
        persistence
      }`
    case 'inform':
      return `inform ${text('status')} ${quote(text('reason'))}`
    case 'data':
      return `data "${escapeBytes(event['bytes'] as Uint8Array)}"`
    case 'handover':
      return `handover "${escapeBytes(event['rest'] as Uint8Array)}"`
    case 'fatal': {
      const limit = event['limit'] === -1 ? '' : ` limit=${text('limit')}`
      const got = event['got'] === -1 ? '' : ` got=${text('got')}`
      return `fatal ${text('code')} ${text('wireCode')} @${text('offset')}${limit}${got}`
    }
    case 'closed':
      return `closed ${text('initiator')}`
    default:
      return event.type
  }
}

function contentOf(event: Snapshot): string {
  const length = event['contentLength']
  const framing = String(event['framing'])
  const expected = { none: 0, chunked: -1, close: -1 }[framing]
  if (framing === 'length') return `length=${String(length)}`
  return expected === length ? framing : `${framing}(${String(length)})`
}

function fieldLines(fields: unknown): string[] {
  if (!Array.isArray(fields)) return []
  return fields.map(([name, value]: [string, string]) => `  ${name}: ${escapeText(value)}`.trimEnd())
}

function quote(text: string): string {
  return `"${escapeText(text)}"`
}

function escapeText(text: string): string {
  return escapeBytes(bytesOf(text))
}
