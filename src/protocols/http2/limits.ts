/**
 * What an HTTP/2 engine accepts at the most, what it announces, and how long it waits. Counted in protocol units, never
 * in buffer sizes.
 */

import { type LimitRange, limitsReader } from '../core/limits.js'

/** The limits of one connection. Bytes are octets on the wire; times are milliseconds, `Infinity` for no deadline. */
export interface Http2Limits {
  /** Streams of the peer at once (SETTINGS_MAX_CONCURRENT_STREAMS). */
  readonly streamsMax: number
  /** Octets of the payload of a frame, 16,384 to 16,777,215 (SETTINGS_MAX_FRAME_SIZE). */
  readonly frameBytesMax: number
  /** Octets of the dynamic table that the peer's encoder may use (SETTINGS_HEADER_TABLE_SIZE). */
  readonly decoderTableBytesMax: number
  /** Octets of the dynamic table that our encoder uses, whatever more the peer allows. */
  readonly encoderTableBytesMax: number
  /** The window of a stream, 0 to 2,147,483,647 (SETTINGS_INITIAL_WINDOW_SIZE). */
  readonly streamWindowBytes: number
  /** The window of the connection, 65,535 to 2,147,483,647. */
  readonly connectionWindowBytes: number
  /** Fields of a header section or a trailer section; pseudo-header fields and cookie crumbs are not among them. */
  readonly fieldCountMax: number
  /** Crumbs of Cookie in a header section (RFC 9113 section 8.2.3). */
  readonly crumbCountMax: number
  /** Octets of a section as RFC 9113 section 6.5.2 counts them: names, values, 32 for each field. */
  readonly fieldBytesMax: number
  /** CONTINUATION frames behind one HEADERS or PUSH_PROMISE. */
  readonly continuationsMax: number
  /** Octets of a request target. */
  readonly targetBytesMax: number
  /** Octets of the content of one message. */
  readonly bodyBytesMax: number
  /** Octets of queued output from which no further frame is read. */
  readonly outputBytesMax: number
  /** Interim responses to one request (client role). */
  readonly informCountMax: number
  /** Promised streams at once (client role, and server role whatever more the peer allows). */
  readonly pushesMax: number
  /** Resets by the peer of streams that cost us work (no complete response, or a promised one): this many at once. */
  readonly resetBurst: number
  /** And this many more a second. */
  readonly resetsPerSecond: number
  /** Streams that we had to reset for a fault: this many at once. */
  readonly faultBurst: number
  /** And this many more a second. */
  readonly faultsPerSecond: number
  /** Frames that carry nothing (PING, SETTINGS, PRIORITY, empty DATA, unknown types, …): this many at once. */
  readonly controlBurst: number
  /** And this many more a second; requests and content earn some, too. */
  readonly controlsPerSecond: number
  /** Streams that are over and still remembered, to tell a late frame from a wrong one. */
  readonly closedStreamsMax: number
  /** From the start of the connection to the end of the peer's preface. */
  readonly prefaceMs: number
  /** From SETTINGS to its acknowledgement. */
  readonly settingsMs: number
  /** From the first octet of a frame to its end, and of a field block to its last frame. */
  readonly frameMs: number
  /** From the end of a request to the response head (client role). */
  readonly responseMs: number
  /** Every span of this length must bring `bodyBytesPerSecondMin` on average while content is awaited. */
  readonly bodyMs: number
  /** How long content that nobody wants any more is taken behind an early response, before the stream is reset. */
  readonly drainMs: number
  /** The least rate of content that comes, and of content that waits for a window, in octets a second. */
  readonly bodyBytesPerSecondMin: number
  /** Every span of this length must open the windows so far that content which waits for them keeps the least rate. */
  readonly stalledMs: number
  /** Without a stream; then the connection is closed. */
  readonly idleMs: number
  /** Between two PINGs of ours while nothing comes; `Infinity` for none. */
  readonly pingEveryMs: number
  /** From PING to its answer. */
  readonly pingMs: number
  /** How long queued output may wait without any of it being taken. */
  readonly writeMs: number
  /** How long responses may stay without output after the peer has half-closed; then the peer is taken for gone. */
  readonly halfClosedMs: number
}

/** The safe defaults; docs/limits.md gives the reason for each. */
export const http2Limits: Http2Limits = {
  streamsMax: 128,
  frameBytesMax: 16_384,
  decoderTableBytesMax: 4096,
  encoderTableBytesMax: 4096,
  streamWindowBytes: 1_048_576,
  connectionWindowBytes: 4_194_304,
  fieldCountMax: 100,
  crumbCountMax: 200,
  fieldBytesMax: 32_768,
  continuationsMax: 16,
  targetBytesMax: 8192,
  bodyBytesMax: 268_435_456,
  outputBytesMax: 262_144,
  informCountMax: 20,
  pushesMax: 32,
  resetBurst: 1000,
  resetsPerSecond: 33,
  faultBurst: 1000,
  faultsPerSecond: 33,
  controlBurst: 1000,
  controlsPerSecond: 100,
  closedStreamsMax: 256,
  prefaceMs: 10_000,
  settingsMs: 10_000,
  frameMs: 10_000,
  responseMs: 60_000,
  bodyMs: 10_000,
  drainMs: 1000,
  bodyBytesPerSecondMin: 240,
  stalledMs: 30_000,
  idleMs: 120_000,
  pingEveryMs: Infinity,
  pingMs: 10_000,
  writeMs: 30_000,
  halfClosedMs: 10_000,
}

/** What the wire, or the memory of ended streams, can carry: the least and the most of each such limit. */
const RANGES: Readonly<Partial<Record<keyof Http2Limits, LimitRange>>> = {
  streamsMax: [0, 0xff_ff_ff_ff],
  frameBytesMax: [16_384, 16_777_215],
  decoderTableBytesMax: [0, 0xff_ff_ff_ff],
  encoderTableBytesMax: [0, 0xff_ff_ff_ff],
  streamWindowBytes: [0, 0x7f_ff_ff_ff],
  connectionWindowBytes: [65_535, 0x7f_ff_ff_ff],
  fieldBytesMax: [0, 0xff_ff_ff_ff],
  pushesMax: [0, 0xff_ff_ff_ff],
  closedStreamsMax: [0, 65_536],
}

/**
 * The defaults with `limits` over them. Throws `UsageError` for one that does not exist, or is not a number in its
 * range: from 0 up, and a whole one that the wire can carry where it is announced.
 */
export const limitsOf: (limits: Partial<Http2Limits> | undefined) => Http2Limits = limitsReader(
  'H2_LIMIT',
  http2Limits,
  RANGES,
)
