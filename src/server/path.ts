/**
 * The one canonical path of a request, made once at the edge. Guards, the router, static directories and the proxy
 * all see this value and never decode again, so none of them can be led to see another path than the next one.
 */

import { isUtf8 } from 'node:buffer'
import { HEX, VISIBLE } from '../protocols/core/ascii.js'

/** A request target taken apart. */
export interface CanonicalTarget {
  /**
   * Begins with `/`. Percent-encoding is decoded once, as UTF-8. No segment but the last is empty, none is `.` or `..`,
   * none holds a slash, a backslash or a control character.
   */
  readonly path: string
  /** What follows the `?`, as it came (visible ASCII, no `#`); empty when there is nothing. */
  readonly query: string
}

/** Why a target was refused: a key of `pathRefusals`. */
export type PathRefusal = keyof typeof pathRefusals

interface RefusalRow {
  readonly status: number
  readonly text: string
}

/** Every refusal with the status that answers it and a text. */
export const pathRefusals: {
  readonly form: RefusalRow
  readonly character: RefusalRow
  readonly percent: RefusalRow
  readonly separator: RefusalRow
  readonly control: RefusalRow
  readonly utf8: RefusalRow
  readonly dots: RefusalRow
  readonly empty: RefusalRow
} = {
  form: { status: 400, text: 'The request target is neither a path nor an http address' },
  character: { status: 400, text: 'The request target holds a character that must be percent-encoded' },
  percent: { status: 400, text: 'A percent sign is not followed by two hexadecimal digits' },
  separator: { status: 400, text: 'The path holds a backslash or an encoded slash' },
  control: { status: 400, text: 'The path holds an encoded control character' },
  utf8: { status: 400, text: 'The decoded path is not UTF-8' },
  dots: { status: 400, text: 'The path holds a dot segment' },
  empty: { status: 404, text: 'The path holds an empty segment' },
}

const HASH = 0x23
const PERCENT = 0x25
const DOT = 0x2e
const SLASH = 0x2f
const QUESTION = 0x3f
const BACKSLASH = 0x5c

/** Characters that need no second look in a path. */
const PLAIN: Uint8Array = VISIBLE.slice()
for (const code of [HASH, PERCENT, SLASH, QUESTION, BACKSLASH]) PLAIN[code] = 0

/**
 * Takes apart a request target in origin-form or absolute-form (RFC 9112 section 3.2); the authority of the latter is
 * left to the engine, which has checked it. Gives a refusal for anything that two readers could understand
 * differently. The answers to the other two forms, `*` and an authority, are up to the caller: they are refused here.
 *
 * `//` inside a path is refused with 404, not collapsed: nothing here lives at such a path, collapsing would give one
 * resource two names (which caches and guards in front of us tell apart), and a path that begins with `//` turns into
 * another host when it is put into a Location field. A client that follows a link with `.` or `..` removes the dots
 * itself (RFC 3986 section 5.2.4), so dot segments only come from those who look for a way out.
 */
export function canonicalTarget(target: string): CanonicalTarget | PathRefusal {
  if (target.charCodeAt(0) === SLASH) return canonicalOrigin(target)
  const scheme = target.slice(0, 8).toLowerCase()
  const authority = scheme === 'https://' ? 8 : scheme.startsWith('http://') ? 7 : -1
  if (authority < 0) return 'form'
  for (let at = authority; at < target.length; at++) {
    const code = target.charCodeAt(at)
    if (code === SLASH) return canonicalOrigin(target.slice(at))
    if (code === QUESTION) return canonicalOrigin('/' + target.slice(at))
  }
  return { path: '/', query: '' }
}

/** One scan decides whether there is anything to decode or refuse; a plain target costs no more than that. */
function canonicalOrigin(target: string): CanonicalTarget | PathRefusal {
  for (let at = 0; at < target.length; at++) {
    const code = target.charCodeAt(at)
    if (PLAIN[code] === 1) continue
    if (code === SLASH) {
      const next = target.charCodeAt(at + 1)
      if (next === SLASH) return 'empty'
      if (next === DOT && isDotSegment(target, at + 1)) return 'dots'
      continue
    }
    if (code === QUESTION) return withQuery(target.slice(0, at), target.slice(at + 1))
    if (code === PERCENT) return decoded(target)
    return code === BACKSLASH ? 'separator' : 'character'
  }
  return { path: target, query: '' }
}

function withQuery(path: string, query: string): CanonicalTarget | PathRefusal {
  for (let at = 0; at < query.length; at++) {
    const code = query.charCodeAt(at)
    if (VISIBLE[code] !== 1 || code === HASH) return 'character'
  }
  return { path, query }
}

/** Whether the segment that begins at `at` is `.` or `..`. */
function isDotSegment(target: string, at: number): boolean {
  const end = target.charCodeAt(at + 1) === DOT ? at + 2 : at + 1
  const code = target.charCodeAt(end)
  return end >= target.length || code === SLASH || code === QUESTION
}

/** The slow way, for a target with a percent sign in its path. Every octet is judged after the one decoding. */
function decoded(target: string): CanonicalTarget | PathRefusal {
  const mark = target.indexOf('?')
  const end = mark < 0 ? target.length : mark
  const bytes = Buffer.allocUnsafe(end)
  let length = 0
  for (let at = 0; at < end; at++) {
    const code = target.charCodeAt(at)
    if (code !== PERCENT) {
      // Plain characters were not all seen by the scan, which stopped at the first percent sign.
      if (PLAIN[code] !== 1 && code !== SLASH) return code === BACKSLASH ? 'separator' : 'character'
      bytes[length++] = code
      continue
    }
    const octet = octetAt(target, at, end)
    if (octet < 0) return 'percent'
    if (octet === SLASH || octet === BACKSLASH) return 'separator'
    if (octet < 0x20 || octet === 0x7f) return 'control'
    bytes[length++] = octet
    at += 2
  }
  const octets = bytes.subarray(0, length)
  if (!isUtf8(octets)) return 'utf8'
  const path = octets.toString('utf8')
  return segmentRefusal(path) ?? withQuery(path, mark < 0 ? '' : target.slice(mark + 1))
}

/** The octet that the percent sign at `at` stands for, or -1. */
function octetAt(target: string, at: number, end: number): number {
  if (at + 2 >= end) return -1
  const high = HEX[target.charCodeAt(at + 1)] ?? 255
  const low = HEX[target.charCodeAt(at + 2)] ?? 255
  return high > 15 || low > 15 ? -1 : high * 16 + low
}

function segmentRefusal(path: string): PathRefusal | undefined {
  const segments = path.split('/')
  for (let index = 1; index < segments.length; index++) {
    const segment = segments[index]
    if (segment === '.' || segment === '..') return 'dots'
    if (segment === '' && index < segments.length - 1) return 'empty'
  }
  return undefined
}

/** All that RFC 3986 section 3.3 lets stand unencoded in a path. */
const PLAIN_PATH = /^[A-Za-z0-9\-._~!$&'()*+,;=:@/]*$/

/**
 * Percent-encodes a canonical path for a Location field or a link: `canonicalTarget` gives `path` back. Whatever
 * `path` is, the result begins with exactly one `/` and so never names another host.
 */
export function encodePath(path: string): string {
  const rooted = '/' + path.replace(/^[/\\]+/, '')
  if (PLAIN_PATH.test(rooted)) return rooted
  return rooted.split('/').map(encodeURIComponent).join('/')
}
