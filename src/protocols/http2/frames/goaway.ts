/** GOAWAY (RFC 9113 section 6.8): no stream above a number is processed any more. */

import type { OutputQueue } from '../../core/output.js'
import { Flags, FrameTypes, writeNumbers } from './frame.js'

/** Octets in front of the debug data. */
export const GOAWAY_BYTES_MIN = 8

/** Writes a frame without debug data. */
export function writeGoaway(out: OutputQueue, lastStreamId: number, errorCode: number): void {
  writeNumbers(out, FrameTypes.goaway, Flags.none, 0, [lastStreamId, errorCode])
}
