/** What all frames have in common (RFC 9113 section 4.1): length, type, flags, stream. */

import type { OutputQueue } from '../../core/output.js'

/** Octets of a frame header. */
export const FRAME_HEADER_BYTES = 9

/** The types of frames; others are unknown and ignored. */
export const FrameTypes = {
  data: 0x0,
  headers: 0x1,
  priority: 0x2,
  rstStream: 0x3,
  settings: 0x4,
  pushPromise: 0x5,
  ping: 0x6,
  goaway: 0x7,
  windowUpdate: 0x8,
  continuation: 0x9,
  /** RFC 7838 section 4; ignored. */
  altsvc: 0xa,
  /** RFC 8336 section 2; ignored. */
  origin: 0xc,
  /** RFC 9218 section 7.1. */
  priorityUpdate: 0x10,
} as const

/** The flags; what a bit means depends on the type. */
export const Flags = {
  none: 0,
  endStream: 0x1,
  ack: 0x1,
  endHeaders: 0x4,
  padded: 0x8,
  priority: 0x20,
} as const

/** Writes a frame header at a position and gives the one behind it. */
export function putFrameHeader(
  into: Uint8Array,
  at: number,
  length: number,
  type: number,
  flags: number,
  streamId: number,
): number {
  into[at] = length >>> 16
  into[at + 1] = length >>> 8
  into[at + 2] = length
  into[at + 3] = type
  into[at + 4] = flags
  return putUint32(into, at + 5, streamId)
}

/** Writes 32 bits, most significant octet first, and gives the position behind them. */
export function putUint32(into: Uint8Array, at: number, value: number): number {
  into[at] = value >>> 24
  into[at + 1] = value >>> 16
  into[at + 2] = value >>> 8
  into[at + 3] = value
  return at + 4
}

/** Reads 32 bits as an unsigned number. */
export function uint32(bytes: Uint8Array, at: number): number {
  return uint31(bytes, at) + (bytes[at]! >= 0x80 ? 0x80_00_00_00 : 0)
}

/** Reads 31 bits; the first one is reserved and ignored. */
export function uint31(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! & 0x7f) << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!
}

/** Writes a frame whose payload is `values`, 32 bits each. */
export function writeNumbers(
  out: OutputQueue,
  type: number,
  flags: number,
  streamId: number,
  values: readonly number[],
): void {
  const length = values.length * 4
  let at = out.reserve(FRAME_HEADER_BYTES + length)
  const { memory } = out
  at = putFrameHeader(memory, at, length, type, flags, streamId)
  for (const value of values) at = putUint32(memory, at, value)
  out.commit(at)
}
