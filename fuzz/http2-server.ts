/**
 * Frames to the server role: any octets behind the preface, an application whose mood is decided by the first of them.
 */

import { concat } from 'skitai/testing'
import { checkAllWays } from './http1-oracles.js'
import { checkEvents, checkOutput, FOR_EVER } from './http2-oracles.js'
import { CONTENT_BYTES_MAX, OPENING, serverSubject } from './http2-subjects.js'

/** The first octet is the mood, the second whether the preface is left out (255); the rest is what the client sends. */
export function fuzz(data: Uint8Array): void {
  const mood = data[0] ?? 0
  const rest = data.subarray(2)
  const input = data[1] === 255 ? rest : concat([OPENING.server, rest])
  const whole = checkAllWays(() => serverSubject(mood), input, [FOR_EVER])
  checkEvents(whole, 'request', input.length)
  checkOutput(whole, input.length, CONTENT_BYTES_MAX)
}
