/** The message that cancels what another connection runs ("Canceling Requests in Progress" of the documentation). */

import { UsageError } from '../core/errors.js'

const CODE = [0x04, 0xd2, 0x16, 0x2e] as const
const KEY_BYTES_MIN = 4
const KEY_BYTES_MAX = 256

/**
 * CancelRequest, to be sent on a connection of its own, which the server then ends without an answer. Throws
 * `UsageError` for a key that does not have 4 to 256 octets.
 */
export function cancelRequest(processId: number, key: Uint8Array): Uint8Array {
  if (key.length < KEY_BYTES_MIN || key.length > KEY_BYTES_MAX)
    throw new UsageError('PG_KEY', `a key has ${KEY_BYTES_MIN} to ${KEY_BYTES_MAX} octets, not ${key.length}`)
  const length = 12 + key.length
  const id = [processId >>> 24, processId >>> 16, processId >>> 8, processId]
  return Uint8Array.from([0, 0, length >>> 8, length, ...CODE, ...id, ...key])
}
