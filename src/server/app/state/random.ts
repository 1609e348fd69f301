/** Random octets that nobody can guess, taken from a block: asking the system for a few costs as much as for many. */

import { randomFillSync } from 'node:crypto'

const BLOCK_BYTES = 8192

const block = Buffer.allocUnsafeSlow(BLOCK_BYTES)
let used = BLOCK_BYTES

/** `size` random octets (1..8192) of the caller's own. None is given twice, and none stays in the block. */
export function randomOctets(size: number): Buffer {
  if (used + size > BLOCK_BYTES) {
    randomFillSync(block)
    used = 0
  }
  const octets = Buffer.from(block.subarray(used, used + size))
  block.fill(0, used, used + size)
  used += size
  return octets
}

/** A random name of `size` octets in base64url. */
export function randomName(size: number): string {
  return randomOctets(size).toString('base64url')
}
