/** RST_STREAM (RFC 9113 section 6.4): ends a stream at once. */

import type { OutputQueue } from '../../core/output.js'
import { Flags, FrameTypes, writeNumbers } from './frame.js'

/** Octets of the payload: the error code. */
export const RST_STREAM_BYTES = 4

/** Writes a frame. */
export function writeRstStream(out: OutputQueue, streamId: number, errorCode: number): void {
  writeNumbers(out, FrameTypes.rstStream, Flags.none, streamId, [errorCode])
}
