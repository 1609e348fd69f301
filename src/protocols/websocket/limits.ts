/**
 * What a WebSocket engine accepts at the most, and how long it waits. Counted in protocol units, never in buffer sizes.
 */

import { limitsReader } from '../core/limits.js'

/** The limits of one connection. Bytes are octets; times are milliseconds, `Infinity` for no deadline. */
export interface WebSocketLimits {
  /** Octets of the payload of one frame, as it is on the wire. */
  readonly frameBytesMax: number
  /** Octets of one message, after decompression. */
  readonly messageBytesMax: number
  /** Frames of one message. */
  readonly fragmentsMax: number
  /** Octets that the frames of a message carry on average at the least, from the 64th frame on. */
  readonly fragmentBytesMeanMin: number
  /** Octets that a compressed message may inflate to for each octet that came, beyond its first MiB. */
  readonly inflateRatioMax: number
  /** Octets that are inflated in one span of 100 ms; the rest waits for the next one. */
  readonly inflateBytesPerSliceMax: number
  /** Octets of queued output with which no further message may be sent. From half of it on, nothing more is read. */
  readonly outputBytesMax: number
  /** Ping and Pong frames of the peer: this many at once. */
  readonly controlBurst: number
  /** And this many more a second. */
  readonly controlsPerSecond: number
  /** A frame that has begun brings `frameBytesPerSecondMin` on average in every span of this length. */
  readonly frameMs: number
  /** The least rate of a frame, in octets a second. */
  readonly frameBytesPerSecondMin: number
  /** Without input for so long, we send Ping; `Infinity` for no heartbeat. */
  readonly pingEveryMs: number
  /** Without input for so long, the connection is closed with 1001. */
  readonly idleMs: number
  /** From our Close to the end of the connection. */
  readonly closeMs: number
  /** How long queued output may wait without any of it being taken. */
  readonly writeMs: number
}

/** The safe defaults; docs/limits.md gives the reason for each. */
export const webSocketLimits: WebSocketLimits = {
  frameBytesMax: 1_048_576,
  messageBytesMax: 1_048_576,
  fragmentsMax: 131_072,
  fragmentBytesMeanMin: 16,
  inflateRatioMax: 200,
  inflateBytesPerSliceMax: 16_777_216,
  outputBytesMax: 16_777_216,
  controlBurst: 200,
  controlsPerSecond: 50,
  frameMs: 10_000,
  frameBytesPerSecondMin: 240,
  pingEveryMs: 25_000,
  idleMs: 60_000,
  closeMs: 5000,
  writeMs: 30_000,
}

/**
 * The defaults with `limits` over them. Throws `UsageError` for one that does not exist, or is not a number from 0 up.
 */
export const limitsOf: (limits: Partial<WebSocketLimits> | undefined) => WebSocketLimits = limitsReader(
  'WS_LIMIT',
  webSocketLimits,
)
