/**
 * The frames about streams (RFC 9113 section 6), for both roles: what is right, what costs the stream, what costs the
 * connection. The roles say what a field block means and who may open a stream.
 */

import { Fields } from '../core/fields.js'
import { NO_TRANSITION } from '../core/transitions.js'
import { Budget } from '../core/budget.js'
import type { Http2FaultCode } from './errors.js'
import { ErrorCodes } from './errors.js'
import { FieldBlock } from './field-block.js'
import { Flags, FRAME_HEADER_BYTES, FrameTypes, uint31, uint32 } from './frames/frame.js'
import { readHeaders } from './frames/headers.js'
import { readPriority } from './frames/priority.js'
import { type PromisePlace, readPushPromise } from './frames/push-promise.js'
import { lifecycle, StreamInputs, StreamStates } from './lifecycle.js'
import type { Http2Limits } from './limits.js'
import { SectionReader } from './section-reader.js'
import type { Stream } from './stream.js'
import { Http2StreamLayer } from './stream-layer.js'
import { Ends } from './streams.js'

/** DATA frames of this size and more are no flood. */
const USEFUL_BYTES = 1024

/** One connection; `Http2Server` and `Http2Client` are its roles. */
export abstract class Http2Engine<Event, Meaning> extends Http2StreamLayer<Event> {
  protected readonly block: FieldBlock<Meaning>
  protected readonly sections: SectionReader
  readonly #place: PromisePlace = { fragmentAt: 0, fragmentEnd: 0, dependency: -1, promisedId: 0 }
  readonly #resets: Budget

  protected constructor(
    limits: Partial<Http2Limits> | undefined,
    announce: (limits: Http2Limits) => number[],
    padTo: number,
    connectProtocol: boolean,
  ) {
    super(limits, announce, padTo)
    this.block = new FieldBlock(this.limits)
    this.sections = new SectionReader(this.limits, connectProtocol)
    this.#resets = new Budget(this.limits.resetBurst, this.limits.resetsPerSecond)
  }

  /** A field block that opens a stream, or belongs to one that is no longer there. */
  protected abstract onSectionWithoutStream(): void
  /** A field block on a stream that lives, and may get one. */
  protected abstract onSectionOf(stream: Stream): void
  /** PUSH_PROMISE has come; gives the fault, or undefined. */
  protected abstract checkPromise(promisedId: number): Http2FaultCode | undefined
  /** The request of a promise is complete, which has passed the check: none does that a server gets. */
  protected onPromise?(): void
  /** Whether the peer, by resetting a stream, throws work of ours away. */
  protected abstract isCostlyReset(stream: Stream): boolean
  /** PRIORITY_UPDATE has come. */
  protected abstract onPriorityUpdate(bytes: Uint8Array, at: number, end: number): void

  protected override get midBlock(): boolean {
    return this.block.open
  }

  protected override onTableAnnounced(bytes: number): void {
    this.block.decoder.setTableBytesMax(bytes)
  }

  protected override beginContent(): boolean {
    const { frame, input, content } = this
    let { length } = frame
    if (frame.type !== FrameTypes.data) {
      input.at += FRAME_HEADER_BYTES
      if (this.spend(1)) content.begin(length, 0, 0, false, false)
      return true
    }
    let at = input.at + FRAME_HEADER_BYTES
    let padding = 0
    if ((frame.flags & Flags.padded) !== 0) {
      if (length > 0 && input.end <= at) return false
      padding = length > 0 ? input.bytes[at++]! : 0
      if (padding >= length) {
        this.fail(length > 0 ? 'H2_PADDING' : 'H2_FRAME_SIZE', frame.offset)
        return true
      }
      length -= padding + 1
    }
    input.at = at
    content.begin(length, padding, frame.length - length, (frame.flags & Flags.endStream) !== 0, true)
    this.#checkContent(length)
    return true
  }

  /** Finds the stream of the content, and whether it may have it. */
  #checkContent(size: number): void {
    const { frame, content, windows } = this
    const { streamId, offset } = frame
    if (!windows.take(frame.length)) return this.fail('H2_WINDOW_EXCEEDED_CONNECTION', offset)
    if (size === 0 && !content.endStream && !this.spend(1)) return
    const stream = this.streams.get(streamId)
    if (stream === undefined) return this.#onLateContent(streamId)
    if (lifecycle.next(stream.state, StreamInputs.receiveData) === NO_TRANSITION)
      return stream.state === StreamStates.halfClosedRemote
        ? this.faultStream(stream, 'H2_STREAM_CLOSED', offset)
        : this.fail('H2_STREAM_RESERVED', offset)
    if (!stream.headReceived) return this.faultStream(stream, 'H2_DATA_EARLY', offset)
    stream.receiveWindow -= frame.length
    // Our SETTINGS may have made the window negative; an end needs none (section 6.9.1).
    if (stream.receiveWindow < 0 && frame.length > 0) return this.faultStream(stream, 'H2_WINDOW_EXCEEDED', offset)
    stream.received += size
    const { declared, received } = stream
    if (declared >= 0 && (received > declared || (content.endStream && received < declared)))
      return this.faultStream(stream, 'H2_CONTENT_LENGTH_MISMATCH', offset, declared, received)
    const { bodyBytesMax } = this.limits
    if (received > bodyBytesMax && !stream.tunnel)
      return this.faultStream(stream, 'H2_CONTENT_TOO_LARGE', offset, bodyBytesMax, received)
    stream.awaitsContinue = false
    if (size >= USEFUL_BYTES) this.earn(1)
    content.stream = stream
  }

  /** Content for a stream that does not live (section 5.1). It is thrown away, unless it is an error of its own. */
  #onLateContent(streamId: number): void {
    const { offset } = this.frame
    if (this.isIdle(streamId)) return this.fail('H2_STREAM_IDLE', offset)
    const how = this.streams.howEnded(streamId)
    if (how === Ends.ended) this.fail('H2_STREAM_ENDED', offset)
    else if (how === Ends.peerReset) this.faultId(streamId, 'H2_STREAM_CLOSED', offset)
    else this.spend(1)
  }

  protected override readContent(): boolean {
    const { content, input } = this
    if (!content.open) return false
    const available = input.end - input.at
    if (content.left > 0) {
      if (available === 0) return false
      this.#takeContent(Math.min(available, content.left))
      return true
    }
    const skipped = Math.min(available, content.padding)
    input.at += skipped
    content.padding -= skipped
    if (content.padding > 0) return false
    this.#endContent()
    return true
  }

  #takeContent(size: number): void {
    const { content, input } = this
    const bytes = input.bytes.subarray(input.at, input.at + size)
    input.at += size
    content.left -= size
    const { stream } = content
    if (stream === undefined || stream.state === StreamStates.closed) {
      if (content.counted) this.windows.give(size)
      return
    }
    stream.awaitedBytes += size
    if (stream.dropping) {
      // Its own window stays shut: a client that sends without end waits there.
      this.windows.give(size)
      return
    }
    stream.unconsumed += size
    this.emit({ type: 'data', streamId: stream.id, bytes })
  }

  #endContent(): void {
    const { content, windows } = this
    const { stream, overhead, endStream } = content
    let told = false
    content.close()
    if (content.counted) windows.give(overhead)
    if (stream !== undefined && stream.state !== StreamStates.closed) {
      stream.credit += overhead
      if (endStream) this.#receiveEndOf(stream, Fields.empty)
      else if (!stream.dropping) told = windows.flushStream(stream)
    }
    windows.flush(told)
  }

  /** Trailers: a second field block of a message (section 8.1). */
  protected receiveTrailers(stream: Stream): void {
    const { block } = this
    const { offset } = block
    if (stream.tunnel) return this.faultStream(stream, 'H2_TUNNEL', offset)
    if (!block.endStream) return this.faultStream(stream, 'H2_TRAILERS_OPEN', offset)
    // A block that was a head cannot be trailers: it has pseudo-header fields.
    const trailers = block.meaning === undefined ? this.sections.readTrailers(block.decoder) : 'H2_PSEUDO_UNKNOWN'
    if (typeof trailers === 'string') return this.faultStream(stream, trailers, offset)
    const { declared, received } = stream
    if (declared >= 0 && received < declared)
      return this.faultStream(stream, 'H2_CONTENT_LENGTH_MISMATCH', offset, declared, received)
    this.#receiveEndOf(stream, trailers)
  }

  /** The peer's message is complete. */
  #receiveEndOf(stream: Stream, trailers: Fields): void {
    stream.state = lifecycle.next(stream.state, StreamInputs.receiveEnd)
    stream.awaitedSince = -1
    if (!stream.dropping) this.emit({ type: 'end', streamId: stream.id, trailers })
    if (stream.state === StreamStates.closed) this.endStream(stream, Ends.ended)
  }

  protected override onStreamFrame(bytes: Uint8Array, at: number, end: number): void {
    const { frame } = this
    switch (frame.type) {
      case FrameTypes.headers:
        return this.#onHeaders(bytes, at, end)
      case FrameTypes.continuation:
        return this.#onContinuation(bytes, at, end)
      case FrameTypes.windowUpdate:
        if (this.spend(1)) this.enlarge(frame.streamId, uint31(bytes, at), frame.offset)
        return
      case FrameTypes.rstStream:
        return this.#onReset(uint32(bytes, at))
      case FrameTypes.priority:
        return this.#onPriority(bytes, at, end)
      case FrameTypes.priorityUpdate:
        if (this.spend(1)) this.onPriorityUpdate(bytes, at, end)
        return
      default:
        return this.#onPushPromise(bytes, at, end)
    }
  }

  #onHeaders(bytes: Uint8Array, at: number, end: number): void {
    const { frame, block } = this
    const place = this.#place
    const fault = readHeaders(bytes, at, end, frame.flags, place)
    if (fault !== undefined) return this.fail(fault, frame.offset)
    block.begin(frame.streamId, 0, (frame.flags & Flags.endStream) !== 0, frame.offset)
    block.selfDependent = place.dependency === frame.streamId
    this.#addFragment(bytes, place.fragmentAt, place.fragmentEnd)
  }

  #onPushPromise(bytes: Uint8Array, at: number, end: number): void {
    const { frame, block } = this
    const place = this.#place
    const fault = readPushPromise(bytes, at, end, frame.flags, place) ?? this.checkPromise(place.promisedId)
    if (fault !== undefined) return this.fail(fault, frame.offset)
    block.begin(frame.streamId, place.promisedId, false, frame.offset)
    block.selfDependent = false
    this.#addFragment(bytes, place.fragmentAt, place.fragmentEnd)
  }

  #onContinuation(bytes: Uint8Array, at: number, end: number): void {
    const { frame, block } = this
    if (frame.streamId !== block.streamId) return this.fail('H2_CONTINUATION', frame.offset)
    const { continuationsMax } = this.limits
    if (++block.continuations > continuationsMax)
      return this.fail('H2_CONTINUATIONS_TOO_MANY', frame.offset, continuationsMax, block.continuations)
    this.#addFragment(bytes, at, end)
  }

  #addFragment(bytes: Uint8Array, at: number, end: number): void {
    const { frame, block } = this
    const last = (frame.flags & Flags.endHeaders) !== 0
    if (!block.add(bytes, at, end, last)) return this.fail('H2_COMPRESSION', frame.offset)
    if (!last) return
    if (block.promisedId !== 0) return this.onPromise!()
    const stream = this.streams.get(block.streamId)
    if (stream === undefined) return this.onSectionWithoutStream()
    if (block.selfDependent) return this.faultStream(stream, 'H2_SELF_DEPENDENCY', block.offset)
    if (lifecycle.next(stream.state, StreamInputs.receiveHeaders) !== NO_TRANSITION) return this.onSectionOf(stream)
    if (stream.state === StreamStates.halfClosedRemote) this.faultStream(stream, 'H2_STREAM_CLOSED', block.offset)
    else this.fail('H2_STREAM_RESERVED', block.offset)
  }

  /** A field block on a stream that was opened and does not live any more (section 5.1). */
  protected onLateSection(streamId: number): void {
    const { offset } = this.block
    const how = this.streams.howEnded(streamId)
    if (how === Ends.ended) this.fail('H2_STREAM_ENDED', offset)
    else if (how === Ends.peerReset) this.faultId(streamId, 'H2_STREAM_CLOSED', offset)
    // Of ours that are forgotten, too, something may be under way.
    else if (how === Ends.reset || !this.isPeerId(streamId)) this.spend(1)
    else this.fail('H2_STREAM_ID_REUSED', offset)
  }

  #onReset(errorCode: number): void {
    const { streamId, offset } = this.frame
    const stream = this.streams.get(streamId)
    if (stream === undefined) {
      if (this.isIdle(streamId)) this.fail('H2_STREAM_IDLE', offset)
      else this.spend(1)
      return
    }
    this.emit({ type: 'reset', streamId, errorCode, unprocessed: errorCode === ErrorCodes.REFUSED_STREAM })
    const costly = this.isCostlyReset(stream)
    this.endStream(stream, Ends.peerReset)
    if (costly && !this.#resets.spend(1, this.now)) this.fail('H2_RESETS_TOO_MANY', offset, this.#resets.burst)
  }

  #onPriority(bytes: Uint8Array, at: number, end: number): void {
    const { streamId, offset } = this.frame
    if (!this.spend(1)) return
    const fault = readPriority(bytes, at, end, streamId)
    if (fault === undefined) return
    const stream = this.streams.get(streamId)
    if (stream !== undefined) this.faultStream(stream, fault, offset)
    else if (this.isIdle(streamId)) this.fail(fault === 'H2_PRIORITY_SIZE' ? 'H2_FRAME_SIZE' : 'H2_STREAM_ID', offset)
  }
}
