/** What the rooms of the server answer with. */

/**
 * An answer; the connection turns it into bytes. It may be shared between requests: neither the list nor the octets
 * may be changed, and their identity may serve as a key for what was made from them.
 */
export interface Reply {
  /** 200..599. */
  readonly status: number
  /** Flat list: name, value, name, value; names in lower case. Without Date and the framing fields. */
  readonly fields: readonly string[]
  /**
   * The content; undefined for none. An iterable may hold a file open: take its iterator once, and call `return()` on
   * it when the end is not reached, also when not a single chunk was taken. Its chunks belong to the taker.
   */
  readonly body: undefined | string | Uint8Array | AsyncIterable<Uint8Array>
  /**
   * Octets of the content, also for HEAD (whose `body` is undefined) and for an iterable when known; -1 when unknown.
   */
  readonly length: number
}
