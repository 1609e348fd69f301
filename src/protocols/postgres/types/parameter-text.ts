/** Parameters of which nobody has said the type: the server infers it, and reads the text. */

import { bool } from './bool.js'
import { bytea } from './bytea.js'
import { float8 } from './floats.js'
import { isInstantLike } from './iso-text.js'
import { json } from './json.js'
import { quotedText } from './piece-reader.js'
import { timestamptz } from './timestamp.js'
import { unfit } from './type-codec.js'

/**
 * The text of a value that is not null, after its JavaScript type alone: strings as they are; numbers, bigints and
 * booleans as the server writes them; octets as bytea; Dates in ISO form and UTC; arrays as arrays of the server; other
 * objects as JSON, as their `toJSON` says. Throws `UsageError` (`PG_VALUE_UNFIT`) for functions, symbols and undefined.
 */
export function parameterText(value: unknown): string {
  if (typeof value === 'string') return value
  if (typeof value === 'number') return float8.encodeText(value)
  if (typeof value === 'bigint') return String(value)
  if (typeof value === 'boolean') return bool.encodeText(value)
  if (typeof value !== 'object' || value === null) throw unfit('a parameter', 'a value', value)
  if (value instanceof Uint8Array) return bytea.encodeText(value)
  if (isInstantLike(value)) return timestamptz.encodeText(value)
  return Array.isArray(value) ? arrayText(value) : json.encodeText(value)
}

function arrayText(array: readonly unknown[]): string {
  const parts = array.map((part) => {
    if (part === null || part === undefined) return 'NULL'
    return Array.isArray(part) ? arrayText(part) : quotedText(parameterText(part))
  })
  return `{${parts.join(',')}}`
}
