/**
 * PRIORITY (RFC 9113 section 6.3): deprecated. Its grammar is checked, its content is not used; RFC 9218 took its
 * place.
 */

import type { Http2FaultCode } from '../errors.js'
import { uint31 } from './frame.js'

const LENGTH = 5

/** Checks a payload. Gives the fault, or undefined. */
export function readPriority(bytes: Uint8Array, at: number, end: number, streamId: number): Http2FaultCode | undefined {
  if (end - at !== LENGTH) return 'H2_PRIORITY_SIZE'
  return uint31(bytes, at) === streamId ? 'H2_SELF_DEPENDENCY' : undefined
}
