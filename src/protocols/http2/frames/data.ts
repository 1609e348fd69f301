/** DATA (RFC 9113 section 6.1): content. */

import type { OutputQueue } from '../../core/output.js'
import { Flags, FRAME_HEADER_BYTES, FrameTypes, putFrameHeader } from './frame.js'

/**
 * Writes the header of a DATA frame whose payload has `length` octets; they must follow. With `padding`, the octets of it
 * that are no content, the first of them is written here and the others stand at the end.
 */
export function writeDataHeader(
  out: OutputQueue,
  streamId: number,
  length: number,
  endStream: boolean,
  padding = 0,
): void {
  const start = out.reserve(FRAME_HEADER_BYTES + 1)
  const flags = (endStream ? Flags.endStream : Flags.none) | (padding > 0 ? Flags.padded : Flags.none)
  let at = putFrameHeader(out.memory, start, length, FrameTypes.data, flags, streamId)
  if (padding > 0) out.memory[at++] = padding - 1
  out.commit(at)
}
