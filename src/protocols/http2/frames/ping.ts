/** PING (RFC 9113 section 6.7): eight octets that come back. */

import type { OutputQueue } from '../../core/output.js'
import { Flags, FRAME_HEADER_BYTES, FrameTypes, putFrameHeader, putUint32, uint32 } from './frame.js'

/** Octets of the payload. */
export const PING_BYTES = 8

/** Writes a PING of ours; `number` tells its answer from others. */
export function writePing(out: OutputQueue, number: number): void {
  const start = out.reserve(FRAME_HEADER_BYTES + PING_BYTES)
  const { memory } = out
  const at = putFrameHeader(memory, start, PING_BYTES, FrameTypes.ping, Flags.none, 0)
  out.commit(putUint32(memory, putUint32(memory, at, 0), number))
}

/** Gives the payload from `at` on back to the peer. */
export function writePong(out: OutputQueue, bytes: Uint8Array, at: number): void {
  const start = out.reserve(FRAME_HEADER_BYTES + PING_BYTES)
  const { memory } = out
  const to = putFrameHeader(memory, start, PING_BYTES, FrameTypes.ping, Flags.ack, 0)
  for (let i = 0; i < PING_BYTES; i++) memory[to + i] = bytes[at + i]!
  out.commit(to + PING_BYTES)
}

/** The number of the PING that a payload answers, or -1 for one that is not ours. */
export function readPong(bytes: Uint8Array, at: number): number {
  return uint32(bytes, at) === 0 ? uint32(bytes, at + 4) : -1
}
