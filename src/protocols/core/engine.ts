/**
 * The contract of every engine: a plain object for one connection, driven from outside. Bytes, end of input, time and
 * commands go in; events, bytes and a deadline come out. Nothing else crosses.
 */

/** A point in time or a span, in milliseconds. Only differences matter; it never goes backwards. */
export type Millis = number

/** Bytes that stay valid until the next `receive`; copy what must live longer. */
export type BorrowedBytes = Uint8Array

/**
 * One connection of one protocol, in one role.
 *
 * Drain rule: after each mutation (`start`, `receive`, `receiveEnd`, `advance`, a command) the driver drains `poll`
 * until it gives `undefined`, then takes `output`, then re-arms `deadline`. Commands may be issued while draining.
 */
export interface Engine<Event> {
  /**
   * Begins the connection: deadlines run from `now`, and a role that speaks first writes its preface. Once, before all
   * else.
   */
  start(now: Millis): void
  /**
   * The peer sent `chunk`. Never throws for what a peer sent. The chunk must stay untouched until the drain has ended.
   */
  receive(chunk: Uint8Array, now: Millis): void
  /** The peer half-closed: no byte will follow. */
  receiveEnd(now: Millis): void
  /** Fires every deadline that is not later than `now`. */
  advance(now: Millis): void
  /** The next event in wire order, or `undefined` when there is none for now. */
  poll(): Event | undefined
  /**
   * The next bytes to write, or `undefined`. They belong to the caller; the engine never writes into them again. They
   * may be a view of memory that other connections share: write them, do not transfer their buffer. Where little output
   * waits again, `poll` may have more: a driver that took much settles once more.
   */
  output(): Uint8Array | undefined
  /** When `advance` must be called at the latest; `Infinity` for never. */
  deadline(): Millis
  /** Whether more input is welcome. A chunk that is already under way is still taken, never dropped. */
  readonly wantsInput: boolean
  /** Bytes queued for `output`. A producer that sees it grow pauses. */
  readonly outputBytes: number
}

/**
 * The connection has ended in order: write what `output` still holds, then end the transport. The last event of an
 * engine. `initiator` tells who wanted it: our application, the peer, or the engine by itself (an idle deadline).
 */
export interface ClosedEvent {
  readonly type: 'closed'
  readonly initiator: 'local' | 'remote' | 'library'
}

/**
 * The peer broke the protocol, a limit or a deadline. The answer that the standard asks for is already in `output`:
 * write it, then end the transport. The last event of an engine.
 */
export interface FatalEvent<Code extends string = string> {
  readonly type: 'fatal'
  /** Which rule was broken: a key of the protocol's error table. */
  readonly code: Code
  /** What goes over the wire for it: an HTTP status, an error code; 0 when nothing does. */
  readonly wireCode: number
  /** Absolute position in the connection's input of the first byte that cannot be right. */
  readonly offset: number
  /** The limit that was passed, or -1. */
  readonly limit: number
  /** What came instead, or -1. */
  readonly got: number
}
