/** Keys for the frames that a WebSocket client sends (RFC 6455 section 10.3). */

import { randomFillSync } from 'node:crypto'

/** Measured: one key takes as long to draw as a thousand. */
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
