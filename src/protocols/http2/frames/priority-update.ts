/** PRIORITY_UPDATE (RFC 9218 section 7.1): a client changes the priority of a response. */

import { native } from '../../core/native.js'
import type { OutputQueue } from '../../core/output.js'
import { parsePriority, type Priority } from '../priority.js'
import { Flags, FRAME_HEADER_BYTES, FrameTypes, putFrameHeader, putUint32, uint31 } from './frame.js'

/** Octets of the stream's number in front of the field value. */
export const PRIORITIZED_ID_BYTES = 4

/** The stream whose response is meant. */
export function prioritizedStream(bytes: Uint8Array, at: number): number {
  return uint31(bytes, at)
}

/** The priority in a payload. */
export function readPriorityUpdate(bytes: Uint8Array, at: number, end: number): Priority {
  return parsePriority(native.latin1Slice(bytes, at + PRIORITIZED_ID_BYTES, end))
}

/** Writes a frame. */
export function writePriorityUpdate(out: OutputQueue, streamId: number, { urgency, incremental }: Priority): void {
  const value = `u=${urgency}${incremental ? ', i' : ''}`
  const length = PRIORITIZED_ID_BYTES + value.length
  const start = out.reserve(FRAME_HEADER_BYTES + length)
  const at = putFrameHeader(out.memory, start, length, FrameTypes.priorityUpdate, Flags.none, 0)
  out.commit(putUint32(out.memory, at, streamId))
  out.latin1(value)
}
