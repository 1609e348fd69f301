/** Names and values of a query or a form: those that URLSearchParams has, or a 400 with a reason. */

import { latin1Of } from 'skitai/testing'
import { PAIRS_MAX, readPairs } from '#src/server/app/args/pairs.js'
import { HttpError } from '#src/server/http-error.js'

/** A query string. */
export function fuzz(data: Uint8Array): void {
  const text = latin1Of(data)
  // A question mark in front would be taken for the one in front of the query, and Node mixes octets and characters.
  const encoded = text.replaceAll(/[\x80-\xff]/g, encodeURIComponent)
  const wanted = [...new URLSearchParams(`&${encoded}`)].flat()
  let pairs: string[]
  try {
    pairs = readPairs(text)
  } catch (error) {
    ensure(error instanceof HttpError && error.status === 400, `not refused but failed: ${String(error)}`)
    const malformed = /%(?![\dA-Fa-f]{2})/.test(text) || wanted.some((value) => value.includes('\ufffd'))
    ensure(malformed || wanted.length > PAIRS_MAX * 2, 'refused without a reason')
    return
  }
  ensure(pairs.length <= PAIRS_MAX * 2, 'too many pairs')
  ensure(pairs.length === wanted.length && pairs.every((value, at) => value === wanted[at]), 'other pairs')
}

function ensure(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Error(what)
}
