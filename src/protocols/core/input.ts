/**
 * The bytes that arrived and were not consumed. A chunk is read where it lies; only what is left of it when the drain
 * ends is copied, into a buffer that doubles, so that a dripping peer costs linear time. An idle connection holds
 * nothing.
 */

const NOTHING = new Uint8Array(0)
const HELD_BYTES_MIN = 256

/** The input of one connection: `bytes` from `at` to `end`. The reader moves `at`. */
export class Input {
  bytes: Uint8Array = NOTHING
  at = 0
  end = 0

  /** Absolute position of `bytes[0]` in the connection's input. */
  #origin = 0
  #owned = false

  /** Octets that wait. */
  get size(): number {
    return this.end - this.at
  }

  /** The absolute position of index `at` in the connection's input. */
  position(at: number): number {
    return this.#origin + at
  }

  /** Adds a chunk. It is read in place until `hold`. */
  push(chunk: Uint8Array): void {
    if (this.at < this.end) {
      this.#append(chunk)
      return
    }
    this.#origin += this.end
    this.bytes = chunk
    this.at = 0
    this.end = chunk.length
    this.#owned = false
  }

  /**
   * Ends the drain: what is left is copied if it still lies in the caller's chunk, and nothing is kept if nothing is
   * left.
   */
  hold(): void {
    if (this.at === this.end) this.clear()
    else if (!this.#owned) this.#move(0)
  }

  /** Drops what waits. */
  clear(): void {
    this.#origin += this.end
    this.bytes = NOTHING
    this.at = 0
    this.end = 0
    this.#owned = false
  }

  /** Takes all that waits, as a copy of its own. */
  takeRest(): Uint8Array {
    // Not `slice`: a chunk may be a Buffer of Node, whose `slice` shares the memory of the driver.
    const rest = new Uint8Array(this.bytes.subarray(this.at, this.end))
    this.clear()
    return rest
  }

  #append(chunk: Uint8Array): void {
    // What lies behind `end` was never handed out, so appending there breaks no promise; moving down would.
    if (!this.#owned || this.bytes.length - this.end < chunk.length) this.#move(chunk.length)
    this.bytes.set(chunk, this.end)
    this.end += chunk.length
  }

  #move(more: number): void {
    const size = this.end - this.at
    let capacity = HELD_BYTES_MIN
    while (capacity < size + more) capacity *= 2
    const bytes = new Uint8Array(capacity)
    bytes.set(this.bytes.subarray(this.at, this.end))
    this.#origin += this.at
    this.bytes = bytes
    this.at = 0
    this.end = size
    this.#owned = true
  }
}
