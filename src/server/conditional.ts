/** Conditional requests: preconditions, and how validators are compared (RFC 9110 sections 8.8 and 13). */

import type { Fields } from '../protocols/core/fields.js'
import { parseHttpDate } from './http-date.js'

/** What validates the representation that a request selects. */
export interface Validators {
  /** The entity tag with its quotes, `W/` in front of a weak one; empty when there is none. */
  readonly etag: string
  /** The value of Last-Modified, whole seconds in milliseconds since 1970; NaN when there is none. */
  readonly lastModifiedMs: number
  /** Octets of the content; -1 when unknown. */
  readonly length: number
}

/** What the preconditions demand: go on (`proceed`), go on without the range (`ignoreRange`), or answer that status. */
export type Verdict = 'proceed' | 'ignoreRange' | 304 | 412

/** Whether the request has any field that `evaluate` looks at. */
export function isConditional(fields: Fields): boolean {
  return (
    fields.has('if-none-match') ||
    fields.has('if-modified-since') ||
    fields.has('range') ||
    fields.has('if-match') ||
    fields.has('if-unmodified-since')
  )
}

/**
 * Evaluates the preconditions in the order of RFC 9110 section 13.2.2. `current` is undefined when there is no current
 * representation. To be called when the answer without them would be 2xx, before the method is performed.
 *
 * A malformed list of tags matches nothing; a malformed date is as good as no field.
 */
export function evaluate(method: string, fields: Fields, current: Validators | undefined, nowMs: number): Verdict {
  const reads = method === 'GET' || method === 'HEAD'
  const ifMatch = fields.get('if-match')
  if (ifMatch !== undefined) {
    if (!matchesAny(ifMatch, current, true)) return 412
  } else {
    const since = dateOf(fields, 'if-unmodified-since', nowMs)
    if (current !== undefined && since !== undefined && current.lastModifiedMs > since.timeMs) return 412
  }
  const ifNoneMatch = fields.get('if-none-match')
  if (ifNoneMatch !== undefined) {
    if (matchesAny(ifNoneMatch, current, false)) return reads ? 304 : 412
  } else if (reads && current !== undefined) {
    const since = dateOf(fields, 'if-modified-since', nowMs)
    if (since !== undefined && current.lastModifiedMs <= since.timeMs && !contradicts(since, current)) return 304
  }
  const ifRange = method === 'GET' ? fields.get('if-range') : undefined
  if (ifRange === undefined || current === undefined) return 'proceed'
  return matchesIfRange(ifRange, current, nowMs) ? 'proceed' : 'ignoreRange'
}

/** Whether two entity tags are equal by strong (RFC 9110 section 8.8.3.2) or by weak comparison. */
export function tagsMatch(a: string, b: string, strong: boolean): boolean {
  if (strong) return a === b && !isWeak(a)
  return opaque(a) === opaque(b)
}

function isWeak(tag: string): boolean {
  return tag.startsWith('W/')
}

function opaque(tag: string): string {
  return isWeak(tag) ? tag.slice(2) : tag
}

/** If-Match and If-None-Match: `*`, or a list of tags of which one is to match. */
function matchesAny(list: string, current: Validators | undefined, strong: boolean): boolean {
  if (current === undefined) return false
  if (list === '*') return true
  // The usual case: the one tag that we have given out.
  if (list === current.etag && !(strong && isWeak(list))) return current.etag !== ''
  const tags = parseTags(list)
  return current.etag !== '' && tags.some((tag) => tagsMatch(tag, current.etag, strong))
}

/** One tag with the blanks and commas around it. A tag may hold commas (RFC 9110 section 8.8.3). */
const TAG = /[\t ,]*((?:W\/)?"[\x21\x23-\x7e\x80-\xff]*")[\t ]*(?:,|$)/y

/** The entity tags of a list; none when anything in it is malformed. */
export function parseTags(list: string): readonly string[] {
  const tags: string[] = []
  let at = 0
  while (at < list.length) {
    TAG.lastIndex = at
    const match = TAG.exec(list)
    if (match === null) return /^[\t ,]*$/.test(list.slice(at)) ? tags : []
    tags.push(match[1] ?? '')
    at = TAG.lastIndex
  }
  return tags
}

interface Since {
  readonly timeMs: number
  /** The parameter `length` that old clients append to If-Modified-Since, or -1. */
  readonly length: number
}

/** No date with its parameter is longer; the pattern below is not made for long texts. */
const DATE_BYTES_MAX = 64

const LENGTH_PARAMETER = /^(.*?)[\t ]*;[\t ]*length=(\d{1,15})$/i

function dateOf(fields: Fields, name: string, nowMs: number): Since | undefined {
  const value = fields.get(name)
  if (value === undefined || value.length > DATE_BYTES_MAX) return undefined
  const withLength = LENGTH_PARAMETER.exec(value)
  const timeMs = parseHttpDate(withLength?.[1] ?? value, nowMs)
  return Number.isNaN(timeMs) ? undefined : { timeMs, length: Number(withLength?.[2] ?? -1) }
}

function contradicts(since: Since, current: Validators): boolean {
  return since.length >= 0 && current.length >= 0 && since.length !== current.length
}

/** If-Range holds a tag, compared strongly, or a date that must be exactly ours (RFC 9110 section 13.1.5). */
function matchesIfRange(value: string, current: Validators, nowMs: number): boolean {
  if (value.includes('"')) return current.etag !== '' && tagsMatch(value, current.etag, true)
  return parseHttpDate(value, nowMs) === current.lastModifiedMs
}
