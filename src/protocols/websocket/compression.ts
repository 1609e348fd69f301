/**
 * Raw DEFLATE (RFC 1951), as an engine is given it: pure computation, but nothing that protocols bring along.
 * `skitai/io` has one over zlib. Every call is synchronous: two messages are never compressed at once, and no memory
 * waits for a thread.
 */

/** Makes compressors and decompressors. They are taken for one message, or for a connection that keeps its context. */
export interface Compression {
  /** A compressor without context whose window has `windowBits` (8 to 15) at the most. */
  deflater(windowBits: number): Deflater
  /** A decompressor without context whose window has `windowBits` (8 to 15) at the least. */
  inflater(windowBits: number): Inflater
}

/** Compresses messages, each with the context of those before. */
export interface Deflater {
  /**
   * Compresses octets of a message. With `last` all of it is out, on an octet boundary behind an empty block without
   * compression, which ends with 00 00 FF FF (RFC 7692 section 7.2.1). The octets are the caller's own.
   */
  deflate(octets: Uint8Array, last: boolean): Uint8Array
  /** Forgets the context: the next message does not refer to those before. */
  reset(): void
  /** Gives it back; it is not used any more. */
  release(): void
}

/** Inflates messages, each with the context of those before. */
export interface Inflater {
  /** How many octets the last `inflate` took, and how many it gave. */
  readonly consumed: number
  readonly produced: number
  /**
   * Inflates `input` from `start` to `end` into `output`, as far as both go. Gives whether that was DEFLATE so far.
   * Behind a final block a new stream begins (RFC 7692 section 7.2.3.4). Call again while `output` was filled, or
   * something was not taken.
   */
  inflate(input: Uint8Array, start: number, end: number, output: Uint8Array): boolean
  /** Gives it back; it is not used any more. */
  release(): void
}
