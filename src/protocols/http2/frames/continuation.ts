/** CONTINUATION (RFC 9113 section 6.10): a further fragment of a field block. All of its payload is fragment. */

import type { OutputQueue } from '../../core/output.js'
import { Flags, FRAME_HEADER_BYTES, FrameTypes, putFrameHeader } from './frame.js'

/**
 * Writes a field block: one frame of `type` with `prefix` octets of its own in front, then as many CONTINUATION frames
 * as the peer's frame size needs. `block` is the prefix and the field block behind it.
 */
export function writeBlock(
  out: OutputQueue,
  type: number,
  flags: number,
  streamId: number,
  block: Uint8Array,
  frameBytesMax: number,
): void {
  for (let from = 0, first = true; first || from < block.length; first = false) {
    const to = Math.min(from + frameBytesMax, block.length)
    const last = to === block.length ? Flags.endHeaders : Flags.none
    const at = out.reserve(FRAME_HEADER_BYTES)
    const frame = first ? type : FrameTypes.continuation
    out.commit(putFrameHeader(out.memory, at, to - from, frame, (first ? flags : Flags.none) | last, streamId))
    out.append(block.subarray(from, to))
    from = to
  }
}
