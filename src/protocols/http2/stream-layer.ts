/**
 * The streams of a connection (RFC 9113 sections 5 and 6.9): how they begin and end, what the application does with
 * them, their windows, faults and deadlines. The frames about them are in engine.ts.
 */

import type { Millis } from '../core/engine.js'
import { UsageError } from '../core/errors.js'
import type { OutputQueue } from '../core/output.js'
import { NO_TRANSITION } from '../core/transitions.js'
import { Budget } from '../core/budget.js'
import { Http2Connection } from './connection.js'
import { ContentFrame } from './content-frame.js'
import { ErrorCodes, type Http2FaultCode, http2Faults } from './errors.js'
import { writeRstStream } from './frames/rst-stream.js'
import { lifecycle, StreamInputs, StreamStates } from './lifecycle.js'
import type { Http2Limits } from './limits.js'
import { ReceiveWindows } from './receive-window.js'
import { checkedTrailers, Sender, type SenderOwner } from './sender.js'
import { SettingIds } from './settings.js'
import { Owed, Stream } from './stream.js'
import { Ends, Streams } from './streams.js'

const WINDOW_MAX = 0x7f_ff_ff_ff

/** Smaller frames, cut so by a window while more content waits, are no use to anybody (CVE-2019-9511). */
const DRIBBLE_BYTES = 256

/** What we announce, as identifiers and values; only what differs from the standard's initial values. */
export function announcedBy(limits: Http2Limits, extra: readonly number[]): number[] {
  const list = [...extra, SettingIds.streamsMax, limits.streamsMax]
  list.push(SettingIds.initialWindowBytes, limits.streamWindowBytes, SettingIds.fieldBytesMax, limits.fieldBytesMax)
  if (limits.decoderTableBytesMax !== 4096) list.push(SettingIds.headerTableBytes, limits.decoderTableBytesMax)
  if (limits.frameBytesMax !== 16_384) list.push(SettingIds.frameBytesMax, limits.frameBytesMax)
  return list
}

/** A connection with its streams, without the frames about them. */
export abstract class Http2StreamLayer<Event> extends Http2Connection<Event> implements SenderOwner {
  protected readonly sender: Sender
  protected readonly streams: Streams
  protected readonly windows: ReceiveWindows
  /** The frame of content that is being read. */
  protected readonly content: ContentFrame = new ContentFrame()
  /** The highest stream that the peer has opened. */
  protected peerHighestId = 0
  /** The highest of them that was processed. */
  protected peerProcessedId = 0

  readonly #faults: Budget
  #sweepAt: Millis = Infinity

  protected constructor(
    limits: Partial<Http2Limits> | undefined,
    announce: (limits: Http2Limits) => number[],
    padTo: number,
  ) {
    super(limits, announce)
    const all = this.limits
    this.sender = new Sender(this, all.encoderTableBytesMax, padTo)
    this.streams = new Streams(all.closedStreamsMax)
    this.windows = new ReceiveWindows(this.sender.out, all.connectionWindowBytes)
    this.#faults = new Budget(all.faultBurst, all.faultsPerSecond)
  }

  /** Octets of content of a stream that wait; 0 for one that is gone. */
  queuedBytes(streamId: number): number {
    return this.streams.get(streamId)?.queuedBytes ?? 0
  }

  /**
   * The application has used so many octets of content: the windows open again (RFC 9113 section 5.2.2). More than was
   * delivered counts as all of it. Does nothing for a stream that is gone, whose content was given back with it.
   */
  consume(streamId: number, octets: number): void {
    if (!Number.isSafeInteger(octets) || octets < 0) throw new UsageError('H2_LENGTH', `not a length: ${octets}`)
    const stream = this.find(streamId)
    if (stream === undefined) return
    const used = Math.min(octets, stream.unconsumed)
    stream.unconsumed -= used
    stream.credit += used
    this.windows.give(used)
    const content = this.content
    // Within a frame nothing is told, so that it does not matter how the frame was cut.
    const tells = content.stream !== stream && stream.state !== StreamStates.halfClosedRemote
    const told = tells && this.windows.flushStream(stream)
    if (!content.open) this.windows.flush(told)
  }

  /** Sends content. The octets belong to the engine from now on; those of a response to HEAD are dropped. */
  sendData(streamId: number, octets: Uint8Array): void {
    const stream = this.#sending(streamId, StreamInputs.sendData, 'sendData')
    if (stream === undefined) return
    checkOctets(octets)
    if (stream.owed >= 0) {
      if (octets.length > stream.owed)
        throw new UsageError('H2_LENGTH', `${octets.length - stream.owed} octets more than announced`)
      stream.owed -= octets.length
    }
    if (stream.owed === Owed.none || octets.length === 0) return
    this.sender.data(stream, octets)
    this.watchStall(stream)
  }

  /** Ends the message, behind what waits; with trailer fields or without. */
  sendEnd(streamId: number, trailers?: readonly string[]): void {
    const stream = this.#sending(streamId, StreamInputs.sendEnd, 'sendEnd')
    if (stream === undefined) return
    if (stream.owed > 0) throw new UsageError('H2_LENGTH', `${stream.owed} octets less than announced`)
    const checked = checkedTrailers(trailers)
    if (checked !== undefined && stream.tunnel) throw new UsageError('H2_TRAILER', 'a tunnel has no trailers')
    this.sender.end(stream, checked)
    this.watchStall(stream)
  }

  /** Ends a stream at once (RFC 9113 section 6.4); by default with CANCEL. What waits of it is dropped. */
  reset(streamId: number, errorCode: number = ErrorCodes.CANCEL): void {
    if (!Number.isInteger(errorCode) || errorCode < 0 || errorCode > 0xff_ff_ff_ff)
      throw new UsageError('H2_ERROR_CODE', `not an error code: ${String(errorCode)}`)
    const stream = this.find(streamId)
    if (stream === undefined) return
    writeRstStream(this.out, stream.id, errorCode)
    stream.working = false
    this.endStream(stream, Ends.reset)
  }

  /** A small plain object for logs and test failures. */
  describeState(): Record<string, unknown> {
    const streams: Record<string, unknown> = {}
    for (const { id, state, queuedBytes, sendWindow, receiveWindow } of this.streams.values())
      streams[id] = { state: lifecycle.states[state], queuedBytes, sendWindow, receiveWindow }
    const { window, out } = this.sender
    return { over: this.over, sendWindow: window, outputBytes: out.bytes, inputBytes: this.input.size, streams }
  }

  /** For the sender: content or the end of a message went out. */
  onSent(stream: Stream, octets: number, ended: boolean): void {
    if (octets >= DRIBBLE_BYTES || stream.queuedBytes === 0) this.earn(2)
    stream.stalledBytes += octets
    if (stream.stalledSince >= 0 && stream.queuedBytes === 0) stream.stalledSince = -1
    if (!ended) return
    stream.state = lifecycle.next(stream.state, StreamInputs.sendEnd)
    if (stream.state === StreamStates.closed) this.endStream(stream, Ends.ended)
    else this.onMessageSent(stream)
  }

  /** Whether a number is one that the peer gives to streams. */
  protected abstract isPeerId(streamId: number): boolean
  /** The highest number that we have given to a stream. */
  protected abstract get ownHighestId(): number
  /** Our message is complete, that of the peer is not. */
  protected abstract onMessageSent(stream: Stream): void
  /** A stream has ended; `how` is one of `Ends`. */
  protected abstract onStreamEnd(stream: Stream, how: number): void
  /** Answers a fault with a status before the stream is reset; gives the status, or 0. */
  protected abstract answerFault(stream: Stream, status: number): number
  /** How long the wait is that begins with `beginWait`. */
  protected abstract waitMs(stream: Stream): Millis
  /** It has passed. */
  protected abstract onAwaited(stream: Stream): void

  protected override get out(): OutputQueue {
    return this.sender.out
  }

  protected override get lastPeerId(): number {
    return this.peerProcessedId
  }

  protected override get streamCount(): number {
    return this.streams.size
  }

  protected override get midContent(): boolean {
    return this.content.open
  }

  protected override onStart(): void {
    this.windows.open()
  }

  protected override fill(): void {
    if (!this.over) this.sender.fill()
  }

  protected override streamDeadline(): Millis {
    return this.#sweepAt
  }

  protected override onOver(): void {
    for (const stream of this.streams.values()) this.sender.remove(stream)
    this.streams.clear()
    this.content.close()
    this.#sweepAt = Infinity
  }

  /** Opens a stream: ours or the peer's. */
  protected open(streamId: number, state: number): Stream {
    const stream = new Stream(streamId, this.windows.initialBytes, this.peer.initialWindowBytes)
    stream.state = state
    this.streams.add(stream)
    this.onStreamsChanged()
    return stream
  }

  /** Ends a stream, and gives back what of it was not consumed. */
  protected endStream(stream: Stream, how: number): void {
    stream.state = StreamStates.closed
    this.sender.remove(stream)
    this.streams.end(stream, how)
    if (stream.unconsumed > 0) {
      this.windows.give(stream.unconsumed)
      stream.unconsumed = 0
      if (!this.content.open) this.windows.flush(false)
    }
    this.onStreamEnd(stream, how)
    this.onStreamsChanged()
  }

  /** The peer broke a rule on a stream that lives: it is reset. */
  protected faultStream(stream: Stream, code: Http2FaultCode, offset: number, limit = -1, got = -1): void {
    const status = this.answerFault(stream, http2Faults[code].status)
    if (stream.state !== StreamStates.closed) {
      writeRstStream(this.out, stream.id, http2Faults[code].errorCode)
      this.endStream(stream, Ends.reset)
    }
    this.tellFault(stream.id, code, status, offset, limit, got)
  }

  /** The same for one that does not live, and must not. */
  protected faultId(streamId: number, code: Http2FaultCode, offset: number): void {
    writeRstStream(this.out, streamId, http2Faults[code].errorCode)
    this.streams.remember(streamId, Ends.reset)
    this.tellFault(streamId, code, 0, offset)
  }

  /** Reports a fault on a stream, and counts it. */
  protected tellFault(
    streamId: number,
    code: Http2FaultCode,
    status: number,
    offset: number,
    limit = -1,
    got = -1,
  ): void {
    const { errorCode } = http2Faults[code]
    this.emit({ type: 'streamFault', streamId, code, errorCode, status, offset, limit, got })
    // Whoever makes us reset streams without end costs as much as whoever resets them (CVE-2025-8671).
    if (!this.#faults.spend(1, this.now)) this.fail('H2_FAULTS_TOO_MANY', offset, this.#faults.burst)
  }

  /** The stream of a command; undefined when it is gone. Throws `UsageError` for one that never was. */
  protected find(streamId: number): Stream | undefined {
    const stream = this.streams.get(streamId)
    if (stream !== undefined || this.over) return stream
    const highest = this.isPeerId(streamId) ? this.peerHighestId : this.ownHighestId
    if (!Number.isInteger(streamId) || streamId <= 0 || streamId > highest)
      throw new UsageError('H2_STREAM', `there is no stream ${String(streamId)}`)
    return undefined
  }

  /** The stream of a command that sends, if the command fits; undefined when it is gone. */
  #sending(streamId: number, input: number, command: string): Stream | undefined {
    const stream = this.find(streamId)
    if (stream === undefined || this.over) return undefined
    this.checkStep(stream, input, command)
    if (!stream.headSent) throw new UsageError('H2_STATE', `${command} does not fit: no head was sent`)
    return stream
  }

  /** The stream for a head of ours; undefined when it is gone. */
  protected heading(streamId: number, command: string): Stream | undefined {
    const stream = this.find(streamId)
    if (stream === undefined || this.over) return undefined
    this.checkStep(stream, StreamInputs.sendHeaders, command)
    if (stream.headSent) throw new UsageError('H2_STATE', `${command} does not fit: the head was sent`)
    return stream
  }

  /** Throws `UsageError` when a command does not fit the state. */
  protected checkStep(stream: Stream, input: number, command: string): void {
    if (lifecycle.next(stream.state, input) === NO_TRANSITION || stream.endQueued)
      throw new UsageError('H2_STATE', `${command} does not fit: the stream is ${lifecycle.states[stream.state]!}`)
  }

  /** Content of ours may wait for a window from now on. */
  protected watchStall(stream: Stream): void {
    if (stream.queuedBytes === 0 || stream.stalledSince >= 0) return
    stream.stalledSince = this.now
    stream.stalledBytes = 0
    stream.stalledAtBytes = this.sender.sentBytes
    this.#sweepBy(this.now + this.limits.stalledMs)
  }

  /** The peer's message, or the next of its content, is awaited from now on. */
  protected beginWait(stream: Stream): void {
    stream.awaitedSince = this.now
    stream.awaitedBytes = 0
    stream.awaitedOpening = this.windows.openings
    this.#sweepBy(this.now + this.waitMs(stream))
  }

  #sweepBy(time: Millis): void {
    if (time < this.#sweepAt) this.#sweepAt = time
  }

  /** Ends the streams whose deadline has passed, and finds the next deadline. */
  protected override sweepStreams(): void {
    this.#sweepAt = Infinity
    for (const stream of this.streams.values()) {
      if (stream.awaitedSince >= 0) {
        const due = stream.awaitedSince + this.waitMs(stream)
        if (due > this.now) this.#sweepBy(due)
        else this.onAwaited(stream)
      }
      if (stream.stalledSince >= 0 && stream.state !== StreamStates.closed) this.#sweepStalled(stream)
    }
  }

  /**
   * Content of ours that waits for a window. Small increments do not begin the time anew (CVE-2026-49975). Streams that
   * wait for the window of the connection have their rate together: it may all go to the one in front.
   */
  #sweepStalled(stream: Stream): void {
    const { now, limits } = this
    const due = stream.stalledSince + limits.stalledMs
    if (due > now) return this.#sweepBy(due)
    const least = (limits.stalledMs * limits.bodyBytesPerSecondMin) / 1000
    const { sender } = this
    if (stream.sendWindow <= 0) {
      const got = stream.stalledBytes
      if (got < least) return this.faultStream(stream, 'H2_STREAM_STALLED', -1, least, got)
    } else if (sender.window <= 0) {
      const got = sender.sentBytes - stream.stalledAtBytes
      const together = least * sender.waiting
      if (got < together) return this.faultStream(stream, 'H2_STREAM_STALLED', -1, together, got)
    }
    stream.stalledSince = -1
    this.watchStall(stream)
  }

  protected override onSettings(initialWindowBefore: number): Http2FaultCode | undefined {
    const { peer, sender } = this
    sender.paused = false
    sender.frameBytesMax = peer.frameBytesMax
    sender.encoder.setPeerTableBytesMax(peer.headerTableBytes)
    const change = peer.initialWindowBytes - initialWindowBefore
    if (change === 0) return undefined
    for (const stream of this.streams.values()) {
      stream.sendWindow += change
      if (stream.sendWindow > WINDOW_MAX) return 'H2_WINDOW_OVERFLOW_CONNECTION'
      sender.onWindow(stream)
    }
    return undefined
  }

  /** Requests, or promises, that the peer has not taken, and will not. */
  protected override onPeerLeaves(lastStreamId: number): void {
    for (const stream of this.streams.values()) {
      if (this.isPeerId(stream.id) || stream.id <= lastStreamId) continue
      this.emit({ type: 'reset', streamId: stream.id, errorCode: ErrorCodes.REFUSED_STREAM, unprocessed: true })
      this.endStream(stream, Ends.peerReset)
    }
  }

  /** Our windows are in force from now on: what the peer sends next keeps to them (section 6.9.2). */
  protected override onSettingsAcknowledged(): void {
    const { limits, windows } = this
    const change = limits.streamWindowBytes - windows.initialBytes
    windows.initialBytes = limits.streamWindowBytes
    for (const stream of this.streams.values()) {
      stream.receiveWindow += change
      // What was used of the larger window before may be all that the smaller one has.
      if (lifecycle.next(stream.state, StreamInputs.receiveData) !== NO_TRANSITION) windows.flushStream(stream)
    }
    this.onTableAnnounced(limits.decoderTableBytesMax)
  }

  /** The peer knows the size of our decoder's table. */
  protected abstract onTableAnnounced(bytes: number): void

  /** The peer opens a window; streamId 0 is the connection. */
  protected enlarge(streamId: number, increment: number, offset: number): void {
    const { sender } = this
    if (streamId === 0) {
      sender.window += increment
      if (increment === 0) this.fail('H2_WINDOW_INCREMENT_CONNECTION', offset)
      else if (sender.window > WINDOW_MAX) this.fail('H2_WINDOW_OVERFLOW_CONNECTION', offset)
      return
    }
    const stream = this.streams.get(streamId)
    if (stream === undefined) {
      if (this.isIdle(streamId)) this.fail('H2_STREAM_IDLE', offset)
      return
    }
    if (lifecycle.next(stream.state, StreamInputs.receiveWindow) === NO_TRANSITION)
      return this.fail('H2_STREAM_RESERVED', offset)
    if (increment === 0) return this.faultStream(stream, 'H2_WINDOW_INCREMENT', offset)
    stream.sendWindow += increment
    if (stream.sendWindow > WINDOW_MAX) return this.faultStream(stream, 'H2_WINDOW_OVERFLOW', offset, WINDOW_MAX)
    sender.onWindow(stream)
  }

  /** Whether a stream that does not live has never begun. */
  protected isIdle(streamId: number): boolean {
    return streamId > (this.isPeerId(streamId) ? this.peerHighestId : this.ownHighestId)
  }
}

/** Gives `octets` back. Throws `UsageError` for anything else. */
export function checkOctets(octets: Uint8Array): Uint8Array {
  if (!ArrayBuffer.isView(octets) || octets.BYTES_PER_ELEMENT !== 1)
    throw new UsageError('H2_CONTENT', 'content is a Uint8Array')
  return octets
}
