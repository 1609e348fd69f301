/** Which fields may stand in a trailer section (RFC 9110 section 6.5.1). */

import { Fields } from './fields.js'

/** Fields for framing, routing, request modifiers, authentication, response control and content format. */
const FORBIDDEN: ReadonlySet<string> = new Set([
  'age',
  'authentication-info',
  'authorization',
  'cache-control',
  'connection',
  'content-encoding',
  'content-length',
  'content-range',
  'content-type',
  'cookie',
  'date',
  'expect',
  'expires',
  'forwarded',
  'host',
  'keep-alive',
  'location',
  'max-forwards',
  'pragma',
  'proxy-authenticate',
  'proxy-authentication-info',
  'proxy-authorization',
  'proxy-connection',
  'range',
  'retry-after',
  'set-cookie',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'vary',
  'via',
  'www-authenticate',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
])

/** Whether a field of this name (any case) must not stand in a trailer section. */
export function isForbiddenTrailer(name: string): boolean {
  return FORBIDDEN.has(name.toLowerCase())
}

/** `fields` without those that must not stand in a trailer section: they are dropped, never merged and never obeyed. */
export function keptTrailers(fields: Fields): Fields {
  const kept: string[] = []
  for (let i = 0; i < fields.count; i++)
    if (!isForbiddenTrailer(fields.rawName(i))) kept.push(fields.rawName(i), fields.value(i))
  return kept.length === fields.count * 2 ? fields : Fields.of(kept)
}
