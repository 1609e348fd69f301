/** Keys for the frames that a WebSocket client sends (RFC 6455 section 10.3). */

import { randomFillSync } from 'node:crypto'

/** One call for randomness costs as much as the keys of a hundred frames: a few KiB are drawn at a time. */
const keys: Uint32Array = new Uint32Array(1024)
let next = keys.length

/** 32 bits that nobody can foresee. */
export function maskingKey(): number {
  if (next === keys.length) {
    randomFillSync(keys)
    next = 0
  }
  return keys[next++]!
}
