/**
 * Frames to the client role: any octets behind the server's SETTINGS, after requests that the first of them decides.
 */

import { concat } from 'skitai/testing'
import { checkAllWays } from './http1-oracles.js'
import { checkEvents, checkOutput, FOR_EVER } from './http2-oracles.js'
import { clientSubject, OPENING } from './http2-subjects.js'

/** What the requests of the client may bring into its output. */
const CONTENT_BYTES_MAX = 110_000

/** The first octet is the mood, the second whether SETTINGS are left out (255); the rest is what the server sends. */
export function fuzz(data: Uint8Array): void {
  const mood = data[0] ?? 0
  const rest = data.subarray(2)
  const input = data[1] === 255 ? rest : concat([OPENING.client, rest])
  const whole = checkAllWays(() => clientSubject(mood), input, [FOR_EVER])
  checkEvents(whole, 'response', input.length)
  checkOutput(whole, input.length, CONTENT_BYTES_MAX)
}
