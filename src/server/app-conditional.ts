/**
 * Conditional and range requests on the replies of apps (RFC 9110 sections 13 and 14). Preconditions count where the
 * handler has set ETag or Last-Modified: without a validator there is nothing that could be compared. Ranges count
 * where the length of the content is known; several of them are answered with several parts, as for files.
 */

import { randomUUID } from 'node:crypto'
import type { StreamBody } from './app/values.js'
import { evaluate, type Validators } from './conditional.js'
import type { Exchange } from './exchange.js'
import { fieldOf } from './field-list.js'
import { parseHttpDate } from './http-date.js'
import { type ByteRange, contentRange, planMultipart, selectRanges, unsatisfiedRange } from './range.js'

type Content = string | Uint8Array | StreamBody

/** What is sent instead of the whole content: a flat list of fields, and content or none. */
export interface ConditionalReply {
  readonly status: 200 | 206 | 304 | 412 | 416
  readonly fields: readonly string[]
  readonly body: Content | undefined
}

/** The answer to a GET or HEAD request whose reply would be 200 with `fields` (a flat list) and `body`. */
export function conditionalReply(exchange: Exchange, fields: readonly string[], body: Content): ConditionalReply {
  const whole: ConditionalReply = { status: 200, fields, body }
  const { method, fields: asked } = exchange
  const validators = validatorsOf(fields, body)
  if (validators !== undefined) {
    const verdict = evaluate(method, asked, validators, Date.now())
    if (verdict === 304) return { status: 304, fields: notModifiedFields(fields), body: undefined }
    if (verdict === 412) return { status: 412, fields: [], body: undefined }
    if (verdict === 'ignoreRange') return whole
  } else if (asked.has('if-range')) {
    return whole
  }
  const range = method === 'GET' ? asked.get('range') : undefined
  if (range === undefined || isStream(body)) return whole
  const octets = typeof body === 'string' ? Buffer.from(body) : body
  const selection = selectRanges(range, octets.length)
  if (selection === 'whole') return whole
  if (selection === 'unsatisfiable')
    return { status: 416, fields: ['content-range', unsatisfiedRange(octets.length)], body: undefined }
  const [only] = selection
  return only !== undefined && selection.length === 1
    ? singlePart(fields, octets, only)
    : severalParts(fields, octets, selection)
}

function singlePart(fields: readonly string[], octets: Uint8Array, range: ByteRange): ConditionalReply {
  return {
    status: 206,
    fields: [...fields, 'content-range', contentRange(range, octets.length)],
    body: octets.subarray(range.start, range.end),
  }
}

function severalParts(fields: readonly string[], octets: Uint8Array, ranges: readonly ByteRange[]): ConditionalReply {
  const type = fieldOf(fields, 'content-type') ?? 'application/octet-stream'
  const plan = planMultipart(ranges, octets.length, type, randomUUID())
  const parts = ranges.flatMap(({ start, end }, index) => [
    Buffer.from(plan.heads[index]!, 'latin1'),
    octets.subarray(start, end),
  ])
  return {
    status: 206,
    fields: [...without(fields, (name) => name === 'content-type'), 'content-type', plan.type],
    body: Buffer.concat([...parts, Buffer.from(plan.tail, 'latin1')]),
  }
}

function isStream(body: Content): body is StreamBody {
  return typeof body !== 'string' && !(body instanceof Uint8Array)
}

/** What the handler has set; undefined when it is neither ETag nor a Last-Modified that is a date. */
function validatorsOf(fields: readonly string[], body: Content): Validators | undefined {
  const etag = fieldOf(fields, 'etag') ?? ''
  const modified = fieldOf(fields, 'last-modified')
  const lastModifiedMs = modified === undefined ? Number.NaN : parseHttpDate(modified, Date.now())
  if (etag === '' && Number.isNaN(lastModifiedMs)) return undefined
  const length = isStream(body) ? -1 : Buffer.byteLength(body)
  return { etag, lastModifiedMs, length }
}

/**
 * A 304 repeats what tells caches about the reply, not what describes content that is not sent (RFC 9110 section
 * 15.4.5).
 */
function notModifiedFields(fields: readonly string[]): string[] {
  return without(fields, (name) => name.startsWith('content-') && name !== 'content-location')
}

function without(fields: readonly string[], isDropped: (name: string) => boolean): string[] {
  const kept: string[] = []
  for (let i = 0; i < fields.length; i += 2)
    if (!isDropped(fields[i]!.toLowerCase())) kept.push(fields[i]!, fields[i + 1]!)
  return kept
}
