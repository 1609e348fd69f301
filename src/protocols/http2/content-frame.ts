/** The DATA frame, or the frame of an unknown type, that is being read: its payload is taken as it comes. */

import type { Stream } from './stream.js'

/** One frame; an engine keeps one and fills it anew. */
export class ContentFrame {
  /** A frame is under way. */
  open = false
  /** The stream that gets the content; undefined when it is thrown away. */
  stream: Stream | undefined
  /** Octets of content that are still to come. */
  left = 0
  /** Octets of padding behind them. */
  padding = 0
  /** Octets of the payload that are no content, but count for the windows: padding and its length. */
  overhead = 0
  endStream = false
  /** The payload counts for the windows: it is one of DATA. */
  counted = false

  /** Begins a frame. */
  begin(left: number, padding: number, overhead: number, endStream: boolean, counted: boolean): void {
    this.open = true
    this.stream = undefined
    this.left = left
    this.padding = padding
    this.overhead = overhead
    this.endStream = endStream
    this.counted = counted
  }

  /** Ends it. */
  close(): void {
    this.open = false
    this.stream = undefined
  }
}
