/** Bytes → frames (RFC 9113 section 4.1): headers of frames, and whether their length fits their type. */

import type { Input } from '../core/input.js'
import type { Http2FaultCode } from './errors.js'
import { FRAME_HEADER_BYTES, FrameTypes, uint31 } from './frames/frame.js'
import { GOAWAY_BYTES_MIN } from './frames/goaway.js'
import { PING_BYTES } from './frames/ping.js'
import { PRIORITIZED_ID_BYTES } from './frames/priority-update.js'
import { RST_STREAM_BYTES } from './frames/rst-stream.js'
import { SETTING_BYTES } from './frames/settings.js'
import { WINDOW_UPDATE_BYTES } from './frames/window-update.js'
import { Flags } from './frames/frame.js'

/** The frame that is being read. Filled anew for each. */
export class FrameReader {
  type = 0
  flags = 0
  streamId = 0
  /** Octets of the payload. */
  length = 0
  /** Absolute position of the frame in the connection's input. */
  offset = 0

  /** Reads the header at the front of the input, and leaves it there; false when it is not there yet. */
  read(input: Input): boolean {
    if (input.end - input.at < FRAME_HEADER_BYTES) return false
    const { bytes, at } = input
    this.length = (bytes[at]! << 16) | (bytes[at + 1]! << 8) | bytes[at + 2]!
    this.type = bytes[at + 3]!
    this.flags = bytes[at + 4]!
    this.streamId = uint31(bytes, at + 5)
    return true
  }

  /** What is wrong with the header by itself, or undefined. `lengthMax` is what we announced. */
  check(lengthMax: number): Http2FaultCode | undefined {
    const { length } = this
    if (length > lengthMax) return 'H2_FRAME_TOO_LARGE'
    switch (this.type) {
      case FrameTypes.data:
      case FrameTypes.headers:
      case FrameTypes.pushPromise:
      case FrameTypes.continuation:
      case FrameTypes.priority:
        return this.streamId === 0 ? 'H2_STREAM_ID' : undefined
      case FrameTypes.rstStream:
        if (this.streamId === 0) return 'H2_STREAM_ID'
        return length === RST_STREAM_BYTES ? undefined : 'H2_FRAME_SIZE'
      case FrameTypes.settings:
        if (this.streamId !== 0) return 'H2_STREAM_ID'
        if ((this.flags & Flags.ack) !== 0) return length === 0 ? undefined : 'H2_FRAME_SIZE'
        return length % SETTING_BYTES === 0 ? undefined : 'H2_FRAME_SIZE'
      case FrameTypes.ping:
        if (this.streamId !== 0) return 'H2_STREAM_ID'
        return length === PING_BYTES ? undefined : 'H2_FRAME_SIZE'
      case FrameTypes.goaway:
        if (this.streamId !== 0) return 'H2_STREAM_ID'
        return length >= GOAWAY_BYTES_MIN ? undefined : 'H2_FRAME_SIZE'
      case FrameTypes.windowUpdate:
        return length === WINDOW_UPDATE_BYTES ? undefined : 'H2_FRAME_SIZE'
      case FrameTypes.priorityUpdate:
        if (this.streamId !== 0) return 'H2_STREAM_ID'
        return length >= PRIORITIZED_ID_BYTES ? undefined : 'H2_FRAME_SIZE'
      default:
        return undefined
    }
  }
}
