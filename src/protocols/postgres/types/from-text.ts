/** Values that a caller gives as text, for a format that is not text. */

import { UsageError } from '../../core/errors.js'
import { utf8Of } from './octets.js'
import type { Decode } from './type-codec.js'
import { ValueError } from './value-error.js'

/** Reads a caller's text with the decoder of its type; what is wrong with it is the caller's fault (`UsageError`). */
export function fromText<Value>(decodeText: Decode<Value>, text: string): Value {
  const octets = utf8Of(text)
  try {
    return decodeText(octets, 0, octets.length)
  } catch (error) {
    if (error instanceof ValueError) throw new UsageError('PG_VALUE_UNFIT', error.message)
    throw error
  }
}
