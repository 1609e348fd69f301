/**
 * What an HTTP/1.1 engine accepts at the most, and how long it waits. Counted in protocol units, never in buffer sizes.
 */

import { limitsReader } from '../core/limits.js'

/** The limits of one connection. Bytes are octets on the wire; times are milliseconds, `Infinity` for no deadline. */
export interface Http1Limits {
  /** Empty lines (CRLF) tolerated before a request line. RFC 9112 section 2.2 asks for at least one. */
  readonly emptyLinesMax: number
  /** Octets of a method. The longest registered one has 17. */
  readonly methodBytesMax: number
  /** Octets of a request target. RFC 9112 section 3 recommends at least 8,000 for the whole line. */
  readonly targetBytesMax: number
  /** Octets of a reason phrase. */
  readonly reasonBytesMax: number
  /** Field lines of a head, and of a trailer section. */
  readonly fieldCountMax: number
  /** Octets of all field lines of a head with their line ends. */
  readonly fieldBytesMax: number
  /** The same for a trailer section. */
  readonly trailerBytesMax: number
  /** Octets of the content of one message, after the transfer coding was removed. */
  readonly bodyBytesMax: number
  /** Octets of the extensions of one chunk. */
  readonly chunkExtensionBytesMax: number
  /** Octets of the extensions of all chunks of a message. */
  readonly chunkExtensionsBytesMax: number
  /** Octets of an unread request body that are taken and dropped after an early response, to keep the connection. */
  readonly drainBytesMax: number
  /** Octets held while the application is busy with an earlier message; then the peer is paused. */
  readonly heldBytesMax: number
  /** Octets of queued output from which no further request is begun; 0 means none ever is. */
  readonly outputBytesMax: number
  /** Interim responses to one request (client role). */
  readonly informCountMax: number
  /** From the start of the connection to its first byte; then it is closed without an answer. */
  readonly firstByteMs: number
  /** From the first byte of a head to its end (server role); then 408. */
  readonly headMs: number
  /** From the end of a request to the response head (client role). */
  readonly responseMs: number
  /** Every span of this length must bring `bodyBytesPerSecondMin` on average while a body is awaited. */
  readonly bodyMs: number
  /** The least rate of a body, in octets a second. */
  readonly bodyBytesPerSecondMin: number
  /** Between two requests of a connection; then it is closed. */
  readonly idleMs: number
  /** How long queued output may wait without any of it being taken. */
  readonly writeMs: number
  /** How long a response may stay without output after the peer has half-closed; then the peer is taken for gone. */
  readonly halfClosedMs: number
}

/** The safe defaults; docs/limits.md gives the reason for each. */
export const http1Limits: Http1Limits = {
  emptyLinesMax: 4,
  methodBytesMax: 32,
  targetBytesMax: 8192,
  reasonBytesMax: 512,
  fieldCountMax: 100,
  fieldBytesMax: 32_768,
  trailerBytesMax: 8192,
  bodyBytesMax: 268_435_456,
  chunkExtensionBytesMax: 256,
  chunkExtensionsBytesMax: 16_384,
  drainBytesMax: 65_536,
  heldBytesMax: 65_536,
  outputBytesMax: 262_144,
  informCountMax: 20,
  firstByteMs: 10_000,
  headMs: 10_000,
  responseMs: 60_000,
  bodyMs: 10_000,
  bodyBytesPerSecondMin: 240,
  idleMs: 30_000,
  writeMs: 30_000,
  halfClosedMs: 10_000,
}

/**
 * The defaults with `limits` over them. Throws `UsageError` for one that does not exist, or is not a number from 0 up.
 */
export const limitsOf: (limits: Partial<Http1Limits> | undefined) => Http1Limits = limitsReader('H1_LIMIT', http1Limits)
