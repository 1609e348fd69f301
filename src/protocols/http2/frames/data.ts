/** DATA (RFC 9113 section 6.1): content. */

import type { OutputQueue } from '../../core/output.js'
import { Flags, FRAME_HEADER_BYTES, FrameTypes, putFrameHeader } from './frame.js'

/** Writes the header of a DATA frame; `length` octets of content must follow. */
export function writeDataHeader(out: OutputQueue, streamId: number, length: number, endStream: boolean): void {
  const at = out.reserve(FRAME_HEADER_BYTES)
  out.commit(
    putFrameHeader(out.memory, at, length, FrameTypes.data, endStream ? Flags.endStream : Flags.none, streamId),
  )
}
