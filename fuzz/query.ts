/** A query: it is refused, or read as browsers read it; what a route declares comes out of it as it is declared. */

import { latin1Of } from 'skitai/testing'
import { bool, float, HttpError, int, list, optional, str } from '#src/server/index.js'
import { PAIRS_MAX, readPairs } from '#src/server/app/args/pairs.js'
import { ArgsReader } from '#src/server/app/args/reader.js'

const declared = { n: int({ max: 9, default: 1 }), x: optional(float()), s: str(''), b: bool(false), l: list(int()) }
const strict = new ArgsReader('/', [], { query: declared, body: undefined, extra: false })
const open = new ArgsReader('/<id>', ['id'], { query: declared, body: undefined, extra: true })

/** What stands behind the question mark. */
export function fuzz(data: Uint8Array): void {
  const text = latin1Of(data)
  const pairs = orRefused(() => readPairs(text))
  if (pairs !== undefined) {
    ensure(pairs.length % 2 === 0 && pairs.length <= 2 * PAIRS_MAX, 'halves of pairs, or too many')
    // In front of the first `&` a question mark would be taken for that of a URL.
    const known = [...new URLSearchParams(`&${text}`)].flat()
    ensure(JSON.stringify(pairs) === JSON.stringify(known), 'read in another way than browsers do')
  }
  for (const reader of [strict, open]) {
    const args = orRefused(() => reader.read({ id: 'path' }, text, () => Promise.reject(new Error('no content'))))
    if (args === undefined || args instanceof Promise) continue
    const { n, x, s, b, l, id } = args
    ensure(Number.isSafeInteger(n) && (n as number) <= 9, 'no whole number')
    ensure(x === undefined || Number.isFinite(x), 'no number')
    ensure(typeof s === 'string' && typeof b === 'boolean' && id === 'path', 'another type than is declared')
    ensure(Array.isArray(l) && l.every(Number.isSafeInteger), 'no list of numbers')
    ensure(Object.getPrototypeOf(args) === null, 'inherited names')
  }
}

/** Nothing but 400 may come of what a client sends. */
function orRefused<Value>(read: () => Value): Value | undefined {
  try {
    return read()
  } catch (error) {
    ensure(error instanceof HttpError && error.status === 400, `refused as ${String(error)}`)
    return undefined
  }
}

function ensure(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Error(what)
}
