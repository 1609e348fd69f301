/** Range requests on the replies of apps: one part of content whose length is known (RFC 9110 section 14). */

import { tagsMatch } from './conditional.js'
import type { Exchange } from './exchange.js'
import { contentRange, selectRanges, unsatisfiedRange } from './range.js'
import { FieldLines, type FieldsToSend } from '../protocols/http1/writer.js'

/** A reply to a request with Range. */
export interface RangedReply {
  readonly status: 200 | 206 | 416
  readonly fields: FieldsToSend
  readonly body: Uint8Array
}

/** Whether the request asks for a part. */
export function isRangeable(exchange: Exchange): boolean {
  return exchange.method === 'GET' && exchange.fields.has('range')
}

/**
 * The part of `octets` that the request asks for: one range; several, or a validator that does not match, give the
 * whole.
 */
export function withRange(exchange: Exchange, octets: Uint8Array, fields: FieldsToSend): RangedReply {
  const whole: RangedReply = { status: 200, fields, body: octets }
  const etag = valueOf(fields, 'etag')
  const condition = exchange.fields.get('if-range')
  if (condition !== undefined && (etag === undefined || !tagsMatch(condition, etag, true))) return whole
  const selection = selectRanges(exchange.fields.get('range') ?? '', octets.length)
  if (selection === 'whole') return whole
  if (selection === 'unsatisfiable')
    return { status: 416, fields: ['content-range', unsatisfiedRange(octets.length)], body: new Uint8Array(0) }
  const [range, ...others] = selection
  if (range === undefined || others.length > 0) return whole
  const list = fields instanceof FieldLines ? linesToList(fields) : fields
  return {
    status: 206,
    fields: [...list, 'content-range', contentRange(range, octets.length)],
    body: octets.subarray(range.start, range.end),
  }
}

function linesToList(lines: FieldLines): string[] {
  const list: string[] = []
  for (const line of lines.text.split('\r\n')) {
    const colon = line.indexOf(': ')
    if (colon > 0) list.push(line.slice(0, colon), line.slice(colon + 2))
  }
  return list
}

function valueOf(fields: FieldsToSend, name: string): string | undefined {
  const list = fields instanceof FieldLines ? linesToList(fields) : fields
  for (let i = 0; i < list.length; i += 2) if (list[i]!.toLowerCase() === name) return list[i + 1]
  return undefined
}
