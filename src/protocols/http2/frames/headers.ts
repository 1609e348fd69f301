/** HEADERS (RFC 9113 section 6.2): the first fragment of a field block. */

import type { Http2FaultCode } from '../errors.js'
import { Flags, uint31 } from './frame.js'

/** Where the fragment lies in a payload, and on which stream this one is said to depend. */
export interface FragmentPlace {
  fragmentAt: number
  fragmentEnd: number
  /** The stream that this one depends on (deprecated, RFC 9113 section 5.3.2); -1 when nothing is said. */
  dependency: number
}

const PRIORITY_BYTES = 5

/** Finds the fragment in the payload from `at` to `end`. Gives the fault, or undefined. */
export function readHeaders(
  bytes: Uint8Array,
  at: number,
  end: number,
  flags: number,
  place: FragmentPlace,
): Http2FaultCode | undefined {
  place.fragmentAt = at
  place.fragmentEnd = end
  place.dependency = -1
  if ((flags & (Flags.padded | Flags.priority)) === 0) return undefined
  if ((flags & Flags.padded) !== 0) {
    const fault = unpad(bytes, at, end, place)
    if (fault !== undefined) return fault
  }
  if ((flags & Flags.priority) !== 0) {
    if (place.fragmentEnd - place.fragmentAt < PRIORITY_BYTES)
      return (flags & Flags.padded) === 0 ? 'H2_FRAME_SIZE' : 'H2_PADDING'
    place.dependency = uint31(bytes, place.fragmentAt)
    place.fragmentAt += PRIORITY_BYTES
  }
  return undefined
}

/** Leaves the padding out: one octet with its length in front, the padding itself behind (section 6.1). */
export function unpad(bytes: Uint8Array, at: number, end: number, place: FragmentPlace): Http2FaultCode | undefined {
  if (at === end) return 'H2_FRAME_SIZE'
  const padding = bytes[at]!
  if (padding > end - at - 1) return 'H2_PADDING'
  place.fragmentAt = at + 1
  place.fragmentEnd = end - padding
  return undefined
}
