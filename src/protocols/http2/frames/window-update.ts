/** WINDOW_UPDATE (RFC 9113 section 6.9): so many octets more may be sent. */

import type { OutputQueue } from '../../core/output.js'
import { Flags, FrameTypes, writeNumbers } from './frame.js'

/** Octets of the payload: the increment. */
export const WINDOW_UPDATE_BYTES = 4

/** Writes a frame for a stream, or for the connection (0). */
export function writeWindowUpdate(out: OutputQueue, streamId: number, increment: number): void {
  writeNumbers(out, FrameTypes.windowUpdate, Flags.none, streamId, [increment])
}
