/** PUSH_PROMISE (RFC 9113 section 6.6): announces a stream of the server, with the request that it answers. */

import type { Http2FaultCode } from '../errors.js'
import { Flags, uint31 } from './frame.js'
import { type FragmentPlace, unpad } from './headers.js'

/** Octets of the promised stream's number. */
export const PROMISED_ID_BYTES = 4

/** What a payload holds. */
export interface PromisePlace extends FragmentPlace {
  promisedId: number
}

/** Finds promised stream and fragment in the payload from `at` to `end`. Gives the fault, or undefined. */
export function readPushPromise(
  bytes: Uint8Array,
  at: number,
  end: number,
  flags: number,
  place: PromisePlace,
): Http2FaultCode | undefined {
  place.fragmentAt = at
  place.fragmentEnd = end
  place.dependency = -1
  if ((flags & Flags.padded) !== 0) {
    const fault = unpad(bytes, at, end, place)
    if (fault !== undefined) return fault
  }
  if (place.fragmentEnd - place.fragmentAt < PROMISED_ID_BYTES) return 'H2_FRAME_SIZE'
  place.promisedId = uint31(bytes, place.fragmentAt)
  place.fragmentAt += PROMISED_ID_BYTES
  return undefined
}
