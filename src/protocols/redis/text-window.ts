/**
 * Short texts out of many: one native call decodes a window of the chunk, and each text is a part of it. Measured with
 * an array of 1,000 strings of 8 octets: 24 ns a string, 62 ns with a call for each.
 *
 * A part of 13 characters or more keeps its window alive, so windows are small, and those of texts that stand alone,
 * which others may outlive, are no larger than a few of them.
 */

import { native } from '../core/native.js'

const WINDOW_BYTES = 8192

/** The same for texts that stand alone. */
const WINDOW_ALONE_BYTES = 512

/** Below this, a window costs more than it saves. */
const WINDOW_BYTES_MIN = 256

/** V8 copies parts that are shorter, so that they keep nothing alive. */
const COPIED_CHARS_MAX = 12

/** Longer texts are decoded by themselves. */
const WINDOWED_BYTES_MAX = 512
const WINDOWED_ALONE_BYTES_MAX = 64

/** Texts out of one chunk after another. */
export class TextWindow {
  #text = ''
  #from = 0
  #end = 0
  #ascii = false

  /** Another chunk, or what is left of one has moved. */
  clear(): void {
    this.#text = ''
    this.#end = 0
  }

  /** The UTF-8 from `start` to `end`, of octets that end at `chunkEnd`; `alone` when it may outlive its neighbours. */
  slice(bytes: Uint8Array, start: number, end: number, chunkEnd: number, alone: boolean): string {
    const size = end - start
    if (size > (alone ? WINDOWED_ALONE_BYTES_MAX : WINDOWED_BYTES_MAX)) return native.utf8Slice(bytes, start, end)
    const windowBytes = alone ? WINDOW_ALONE_BYTES : WINDOW_BYTES
    const isTooLarge = size > COPIED_CHARS_MAX && this.#end - this.#from > windowBytes
    if (start < this.#from || end > this.#end || isTooLarge) {
      if (chunkEnd - start < WINDOW_BYTES_MIN) return native.utf8Slice(bytes, start, end)
      this.#open(bytes, start, Math.min(start + windowBytes, chunkEnd))
    }
    if (!this.#ascii) return native.utf8Slice(bytes, start, end)
    return this.#text.substring(start - this.#from, end - this.#from)
  }

  #open(bytes: Uint8Array, start: number, end: number): void {
    this.#text = native.latin1Slice(bytes, start, end)
    this.#from = start
    this.#end = end
    // Each character beyond ASCII takes two octets in UTF-8.
    this.#ascii = native.utf8Length(this.#text) === end - start
  }
}
