/** Names and values of a query string or of urlencoded content, as they come from a form. */

import { HttpError } from '../../http-error.js'

/** Parameters of one source at the most: a table with chosen keys costs more than its octets (CVE-2026-21717). */
export const PAIRS_MAX = 1000

/**
 * Takes `a=1&b=2` apart into a flat list: name, value (WHATWG URL, application/x-www-form-urlencoded). Throws
 * `HttpError` 400 for a percent sign that stands for nothing, octets that are not UTF-8, or more than 1,000 pairs.
 */
export function readPairs(text: string): string[] {
  const pairs: string[] = []
  const length = text.length
  for (let at = 0; at < length;) {
    let end = text.indexOf('&', at)
    if (end < 0) end = length
    if (end > at) {
      let equals = text.indexOf('=', at)
      if (equals < 0 || equals > end) equals = end
      if (pairs.length >= PAIRS_MAX * 2) throw new HttpError(400, `There are more than ${PAIRS_MAX} parameters`)
      pairs.push(decode(text.slice(at, equals)), decode(text.slice(equals + 1, end)))
    }
    at = end + 1
  }
  return pairs
}

function decode(text: string): string {
  const blanks = text.includes('+') ? text.replaceAll('+', ' ') : text
  if (!blanks.includes('%')) return blanks
  try {
    return decodeURIComponent(blanks)
  } catch (cause) {
    const error = new HttpError(400, 'A parameter is not percent-encoded UTF-8')
    error.cause = cause
    throw error
  }
}
