/** What the commands of both roles check before they change anything: methods, targets, status codes, content. */

import { UsageError } from '../core/errors.js'
import { isAuthority, isTargetText, isToken, isTunnelTarget } from '../core/http-syntax.js'
import type { Stream } from './stream.js'

const SCHEME = /^[a-z][a-z0-9+.-]*$/

/** Throws `UsageError` when method, scheme, authority and target make no request (RFC 9113 section 8.3.1). */
export function checkRequestLine(method: string, scheme: string, authority: string, target: string): void {
  if (typeof method !== 'string' || !isToken(method))
    throw new UsageError('H2_METHOD', `not a method: ${JSON.stringify(method)}`)
  if (typeof scheme !== 'string' || !SCHEME.test(scheme))
    throw new UsageError('H2_SCHEME', `not a scheme: ${JSON.stringify(scheme)}`)
  if (typeof authority !== 'string' || !isAuthority(authority))
    throw new UsageError('H2_AUTHORITY', `not an authority: ${JSON.stringify(authority)}`)
  const fits =
    typeof target === 'string' && isTargetText(target) && (target.startsWith('/') || isAsterisk(method, target))
  if (!fits) throw new UsageError('H2_TARGET', `not a target for ${method}: ${JSON.stringify(target)}`)
}

/** Throws `UsageError` when `authority` is none that CONNECT can have (section 8.5). */
export function checkTunnel(authority: string): void {
  if (typeof authority !== 'string' || !isTunnelTarget(authority))
    throw new UsageError('H2_AUTHORITY', `not a host and port: ${JSON.stringify(authority)}`)
}

function isAsterisk(method: string, target: string): boolean {
  return target === '*' && method === 'OPTIONS'
}

/** Throws `UsageError` for what is no status of a final response. */
export function checkFinal(status: number): void {
  if (!Number.isInteger(status) || status < 200 || status > 599)
    throw new UsageError('H2_STATUS', `not a status from 200 to 599: ${String(status)}`)
}

/** Throws `UsageError` for what is no length: -1 for an unknown one. */
export function checkLength(length: number): void {
  if (!Number.isSafeInteger(length) || length < -1) throw new UsageError('H2_LENGTH', `not a length: ${length}`)
}

/** 204 and 205 have no content (RFC 9110 section 15), nor has a 2xx to CONNECT (section 9.3.6). */
export function checkContent(stream: Stream, status: number, size: number): void {
  if (size > 0 && stream.tunnel && status < 300) throw new UsageError('H2_CONTENT', 'a tunnel has no content')
  if (size > 0 && (status === 204 || status === 205)) throw new UsageError('H2_CONTENT', `${status} has no content`)
}

/** What Content-Length says, -1 for nothing (RFC 9110 section 8.6). */
export function announcedLength(status: number, size: number): number {
  if (status === 204 || (status === 304 && size <= 0)) return -1
  return status === 205 ? Math.max(size, 0) : size
}
