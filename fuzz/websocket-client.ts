/** Frames to the client role: any octets, and an application whose mood is decided by the first of them. */

import { checkAllWays } from './http1-oracles.js'
import { checkEvents, checkOutput, FOR_EVER } from './websocket-oracles.js'
import { subjectOf } from './websocket-subjects.js'

/** The first octet is the mood; the rest is what the server sends. */
export function fuzz(data: Uint8Array): void {
  const input = data.subarray(1)
  const whole = checkAllWays(() => subjectOf(true, data[0] ?? 0), input, [FOR_EVER])
  checkEvents(whole, input.length)
  checkOutput(whole, input.length, true)
}
