/**
 * What is about the connection as a whole (RFC 9113 sections 3.4, 4, 6.5, 6.7, 6.8): preface, frames one after the
 * other, settings, PING, the end, deadlines. The streams are in engine.ts.
 */

import type { ClosedEvent, Engine, Millis } from '../core/engine.js'
import { Input } from '../core/input.js'
import type { OutputQueue } from '../core/output.js'
import { Budget } from '../core/budget.js'
import { ErrorCodes, type Http2FaultCode, http2Faults } from './errors.js'
import type { CommonEvent, Http2FatalEvent } from './events.js'
import { Flags, FRAME_HEADER_BYTES, FrameTypes, uint31, uint32 } from './frames/frame.js'
import { GOAWAY_BYTES_MIN, writeGoaway } from './frames/goaway.js'
import { readPong, writePing, writePong } from './frames/ping.js'
import { readSettings, SETTING_BYTES, writeSettings, writeSettingsAck } from './frames/settings.js'
import { type Http2Limits, limitsOf } from './limits.js'
import { FrameReader } from './reader.js'
import { initialSettings, type Settings } from './settings.js'
import { Waits } from './waits.js'

const CLOSED: Readonly<Record<ClosedEvent['initiator'], ClosedEvent>> = {
  local: Object.freeze({ type: 'closed', initiator: 'local' }),
  remote: Object.freeze({ type: 'closed', initiator: 'remote' }),
  library: Object.freeze({ type: 'closed', initiator: 'library' }),
}

/** How far we are with leaving (section 6.8): not at all, said so, said which streams are the last. */
const Leaving = { no: 0, announced: 1, final: 2 } as const

const STREAM_ID_MAX = 0x7f_ff_ff_ff
const DEBUG_BYTES_MAX = 1024

/** What a useful frame earns of the budget for those that carry nothing. */
const EARNED_BY_STREAM = 4

/** One connection without its streams. */
export abstract class Http2Connection<Event> implements Engine<Event | CommonEvent> {
  protected readonly limits: Http2Limits
  protected readonly input: Input = new Input()
  protected readonly frame: FrameReader = new FrameReader()
  protected readonly waits: Waits
  /** What the peer has told; what it has not told is as the standard says. */
  protected readonly peer: Settings = initialSettings()
  protected now: Millis = 0
  /** The peer has half-closed. */
  protected ended = false
  /** Pairs of identifier and value, that we announce. */
  protected readonly announced: readonly number[]
  /** The peer will open no stream of ours, or process it, above this. */
  protected peerLastId: number = STREAM_ID_MAX

  readonly #controls: Budget
  #over = false
  #final: CommonEvent | undefined
  #next: Event | CommonEvent | undefined
  #queue: (Event | CommonEvent)[] = []
  #endTold = false
  #settingsCame = false
  #unacknowledged = 0
  #leaving: number = Leaving.no
  #pings = 0
  /** The application wants to know of the answer. */
  #pingAsked = false
  #peerLeaves = false

  protected constructor(limits: Partial<Http2Limits> | undefined, announce: (limits: Http2Limits) => number[]) {
    this.limits = limitsOf(limits)
    this.announced = announce(this.limits)
    this.waits = new Waits(this.limits)
    this.#controls = new Budget(this.limits.controlBurst, this.limits.controlsPerSecond)
  }

  start(now: Millis): void {
    this.now = now
    this.waits.preface = now
    this.waits.settings = now
    this.waits.idle = now
    this.waits.input = now
    this.writePreface()
    writeSettings(this.out, this.announced)
    this.#unacknowledged = 1
    this.onStart()
  }

  receive(chunk: Uint8Array, now: Millis): void {
    this.now = now
    if (this.#over || this.ended) return
    this.waits.input = now
    this.input.push(chunk)
  }

  receiveEnd(now: Millis): void {
    this.now = now
    this.ended = true
  }

  poll(): Event | CommonEvent | undefined {
    for (;;) {
      const event = this.#next
      if (event !== undefined) {
        this.#next = this.#queue.shift()
        return event
      }
      if (this.#over) {
        const final = this.#final
        this.#final = undefined
        return final
      }
      if (this.readContent()) continue
      // What the frames before have made possible goes out before the answers to the next one, however they were cut.
      this.fill()
      if (this.midContent || this.out.bytes >= this.limits.outputBytesMax || !this.#readFrame()) break
    }
    this.#rest()
    return this.#next === undefined && !this.#over ? undefined : this.poll()
  }

  output(): Uint8Array | undefined {
    this.fill()
    const octets = this.out.take()
    if (octets !== undefined) {
      this.waits.output = -1
      if (this.waits.halfClosed >= 0) this.waits.halfClosed = this.now
    }
    return octets
  }

  advance(now: Millis): void {
    this.now = now
    if (!this.#over && now >= this.deadline()) this.#expire()
  }

  deadline(): Millis {
    if (this.#over) return Infinity
    const { waits } = this
    if (this.out.bytes === 0) waits.output = -1
    else if (waits.output < 0) waits.output = this.now
    return Math.min(waits.deadline(this.#idleMs()), this.streamDeadline())
  }

  get wantsInput(): boolean {
    return !this.#over && !this.ended && this.out.bytes < this.limits.outputBytesMax
  }

  get outputBytes(): number {
    return this.out.bytes
  }

  /** Whether the connection has ended: the last event was, or is about to be, delivered. Commands do nothing then. */
  get over(): boolean {
    return this.#over
  }

  /** The peer's settings that are in force. */
  get peerSettings(): Readonly<Settings> {
    return this.peer
  }

  /** Asks the peer for a sign of life (RFC 9113 section 6.7): `pong` tells how long it took. One at a time. */
  ping(): void {
    if (this.#over) return
    this.#pingAsked = true
    this.#sendPing()
  }

  /**
   * Leaves in two steps (RFC 9113 section 6.8): the peer is told now, streams that are on their way are still taken for
   * a round trip, then no new one is. The connection ends when all are over.
   */
  announceClose(): void {
    if (this.#over || this.#leaving !== Leaving.no) return
    this.#leaving = Leaving.announced
    writeGoaway(this.out, STREAM_ID_MAX, ErrorCodes.NO_ERROR)
    this.#sendPing()
  }

  /** Takes no new stream from now on, and ends the connection when those under way are over. */
  close(): void {
    if (this.#over || this.#leaving === Leaving.final) return
    this.#leaving = Leaving.final
    writeGoaway(this.out, this.lastPeerId, ErrorCodes.NO_ERROR)
    this.onStreamsChanged()
  }

  /** Ends the connection now, without a word. */
  abort(): void {
    if (this.#over) return
    this.out.clear()
    this.#finish(CLOSED.local)
  }

  /** The output queue, which the sender of the streams owns. */
  protected abstract get out(): OutputQueue
  /** The highest stream of the peer that was processed. */
  protected abstract get lastPeerId(): number
  /** How many streams live. */
  protected abstract get streamCount(): number
  /** Whether a frame of content is being read. */
  protected abstract get midContent(): boolean
  /** Whether a field block is under way. */
  protected abstract get midBlock(): boolean
  /** Writes what stands in front of the first frame. */
  protected abstract writePreface(): void
  /** Takes what the peer puts in front of its first frame; false while it is not complete. */
  protected abstract readPreface(): boolean
  protected abstract onStart(): void
  /** Reads content of the frame under way; true if there was progress. */
  protected abstract readContent(): boolean
  /** Begins a frame whose payload is taken as it comes; false while too little of it is there. */
  protected abstract beginContent(): boolean
  /** A frame about streams, whole; its payload is from `at` to `end`. */
  protected abstract onStreamFrame(bytes: Uint8Array, at: number, end: number): void
  /** Moves content to the output. */
  protected abstract fill(): void
  /** When a stream's deadline passes at the earliest. */
  protected abstract streamDeadline(): Millis
  protected abstract sweepStreams(): void
  /** The peer's settings have changed; gives the fault, or undefined. */
  protected abstract onSettings(initialWindowBefore: number): Http2FaultCode | undefined
  protected abstract onSettingsAcknowledged(): void
  /** Streams of ours above the number will not be processed. */
  protected abstract onPeerLeaves(lastStreamId: number): void
  /** No octet will follow: streams whose message is incomplete are lost. */
  protected abstract onInputEnd(): void
  protected abstract onOver(): void

  /** Delivers an event, in order. */
  protected emit(event: Event | CommonEvent): void {
    if (this.#next === undefined) this.#next = event
    else this.#queue.push(event)
  }

  /** Takes from the budget for frames that carry nothing; false when the connection has ended over it. */
  protected spend(tokens: number): boolean {
    if (this.#controls.spend(tokens, this.now)) return true
    this.fail('H2_CONTROL_FLOOD', this.frame.offset, this.#controls.burst)
    return false
  }

  /** Something useful came or went. */
  protected earn(tokens: number = EARNED_BY_STREAM): void {
    this.#controls.earn(tokens)
  }

  /** Whether no new stream of the peer is taken any more. */
  protected get isFinal(): boolean {
    return this.#leaving === Leaving.final
  }

  /** Whether either side has said that it leaves: no new stream of ours. */
  protected get isLeaving(): boolean {
    return this.#leaving !== Leaving.no || this.#peerLeaves
  }

  /** Ends the connection for a fault of the peer. `offset` is absolute; -1 for a deadline. */
  protected fail(code: Http2FaultCode, offset: number, limit = -1, got = -1): void {
    if (this.#over) return
    const { errorCode } = http2Faults[code]
    writeGoaway(this.out, this.lastPeerId, errorCode)
    const final: Http2FatalEvent = { type: 'fatal', code, wireCode: errorCode, offset, limit, got }
    this.#finish(final)
  }

  /** Ends the connection in order. */
  protected conclude(initiator: ClosedEvent['initiator']): void {
    if (this.#leaving !== Leaving.final && !this.ended) writeGoaway(this.out, this.lastPeerId, ErrorCodes.NO_ERROR)
    this.#finish(CLOSED[initiator])
  }

  /** A stream was opened or has ended. */
  protected onStreamsChanged(): void {
    if (this.streamCount > 0) {
      this.waits.idle = -1
    } else if (this.#leaving === Leaving.final) {
      this.conclude('local')
    } else if (this.#endTold) {
      this.conclude('remote')
    } else {
      this.waits.idle = this.now
    }
  }

  #finish(final: CommonEvent): void {
    this.#over = true
    this.#final = final
    this.input.clear()
    this.waits.clear()
    this.onOver()
  }

  /** Reads one frame; false when it is not complete yet. */
  #readFrame(): boolean {
    const { input, frame } = this
    if (!this.#settingsCame && !this.readPreface()) return this.#over
    if (!frame.read(input)) return false
    frame.offset = input.position(input.at)
    const fault = this.#checkHeader()
    if (fault !== undefined) {
      const limit = fault === 'H2_FRAME_TOO_LARGE' ? this.limits.frameBytesMax : -1
      this.fail(fault, frame.offset, limit, limit < 0 ? -1 : frame.length)
      return true
    }
    if (frame.type === FrameTypes.data || frame.type > FrameTypes.continuation) {
      if (frame.type !== FrameTypes.priorityUpdate) return this.beginContent()
    }
    const at = input.at + FRAME_HEADER_BYTES
    const end = at + frame.length
    if (input.end < end) return false
    input.at = end
    this.#dispatch(input.bytes, at, end)
    // The time of a field block runs from its first frame.
    if (!this.midBlock) this.waits.frame = -1
    return true
  }

  #checkHeader(): Http2FaultCode | undefined {
    const { frame } = this
    const { type } = frame
    if (!this.#settingsCame && (type !== FrameTypes.settings || (frame.flags & Flags.ack) !== 0))
      return 'H2_PREFACE_SETTINGS'
    if ((type === FrameTypes.continuation) !== this.midBlock) return 'H2_CONTINUATION'
    return frame.check(this.limits.frameBytesMax)
  }

  #dispatch(bytes: Uint8Array, at: number, end: number): void {
    switch (this.frame.type) {
      case FrameTypes.settings:
        return this.#onSettings(bytes, at, end)
      case FrameTypes.ping:
        return this.#onPing(bytes, at)
      case FrameTypes.goaway:
        return this.#onGoaway(bytes, at, end)
      default:
        return this.onStreamFrame(bytes, at, end)
    }
  }

  #onSettings(bytes: Uint8Array, at: number, end: number): void {
    const { peer, frame } = this
    if ((frame.flags & Flags.ack) !== 0) return this.#onAcknowledgement()
    if (!this.spend(1 + (end - at) / SETTING_BYTES / 8)) return
    const first = !this.#settingsCame
    const before = peer.noRfc7540Priorities
    this.#settingsCame = true
    this.waits.preface = -1
    this.applySettings(bytes, at, end)
    // Said once and for all (RFC 9218 section 2.1).
    if (!first && peer.noRfc7540Priorities !== before) this.fail('H2_SETTINGS_VALUE', frame.offset)
    if (this.#over) return
    writeSettingsAck(this.out)
    this.emit({ type: 'settings', settings: { ...peer } })
  }

  /** Puts a payload of SETTINGS in force. */
  protected applySettings(bytes: Uint8Array, at: number, end: number): void {
    const before = this.peer.initialWindowBytes
    const fault = readSettings(bytes, at, end, this.peer) ?? this.onSettings(before)
    if (fault !== undefined) this.fail(fault, this.frame.offset)
  }

  #onAcknowledgement(): void {
    if (this.#unacknowledged === 0) return this.fail('H2_SETTINGS_ACK', this.frame.offset)
    this.#unacknowledged--
    this.waits.settings = -1
    this.onSettingsAcknowledged()
  }

  #onPing(bytes: Uint8Array, at: number): void {
    if (!this.spend(1)) return
    if ((this.frame.flags & Flags.ack) === 0) return writePong(this.out, bytes, at)
    if (this.waits.ping < 0 || readPong(bytes, at) !== this.#pings) return
    const roundTripMs = this.now - this.waits.ping
    this.waits.ping = -1
    if (this.#pingAsked) this.emit({ type: 'pong', roundTripMs })
    this.#pingAsked = false
    if (this.#leaving === Leaving.announced) this.close()
  }

  #onGoaway(bytes: Uint8Array, at: number, end: number): void {
    if (!this.spend(1)) return
    const lastStreamId = uint31(bytes, at)
    if (lastStreamId > this.peerLastId) return this.fail('H2_GOAWAY_RAISED', this.frame.offset)
    this.peerLastId = lastStreamId
    this.#peerLeaves = true
    const debugEnd = Math.min(end, at + GOAWAY_BYTES_MIN + DEBUG_BYTES_MAX)
    this.emit({
      type: 'goaway',
      lastStreamId,
      errorCode: uint32(bytes, at + 4),
      debugData: new Uint8Array(bytes.subarray(at + GOAWAY_BYTES_MIN, debugEnd)),
    })
    this.onPeerLeaves(lastStreamId)
  }

  #sendPing(): void {
    if (this.waits.ping >= 0) return
    this.#pings = (this.#pings + 1) >>> 0
    this.waits.ping = this.now
    writePing(this.out, this.#pings)
  }

  /** All that was there has been read. */
  #rest(): void {
    const { input, waits } = this
    if (this.ended && !this.#endTold && !this.#over) this.#endInput()
    // What is held back because the peer takes no output is not late.
    const reads = this.out.bytes < this.limits.outputBytesMax
    if (reads && !this.midContent && (input.size > 0 || this.midBlock)) {
      if (waits.frame < 0) waits.frame = this.now
    } else {
      waits.frame = -1
    }
    input.hold()
  }

  #endInput(): void {
    // Whether it ended within a frame is only known once what was held back for the output has been read.
    if (this.out.bytes >= this.limits.outputBytesMax) return
    this.#endTold = true
    if (!this.#settingsCame && this.streamCount === 0) return this.conclude('remote')
    if (this.midContent || this.midBlock || this.input.size > 0)
      return this.fail('H2_TRUNCATED_FRAME', this.input.position(this.input.end))
    this.onInputEnd()
    if (this.#over) return
    if (this.streamCount === 0) return this.conclude('remote')
    this.waits.halfClosed = this.now
    this.emit({ type: 'halfClose' })
  }

  #expire(): void {
    const { waits, limits, now } = this
    if (waits.passed(waits.output, limits.writeMs, now)) {
      this.out.clear()
      this.fail('H2_WRITE_TIMEOUT', -1)
    } else if (waits.passed(waits.preface, limits.prefaceMs, now)) {
      this.fail('H2_PREFACE_TIMEOUT', -1)
    } else if (waits.passed(waits.settings, limits.settingsMs, now)) {
      this.fail('H2_SETTINGS_TIMEOUT', -1)
    } else if (waits.passed(waits.frame, limits.frameMs, now)) {
      this.fail('H2_FRAME_TIMEOUT', -1)
    } else if (waits.passed(waits.halfClosed, limits.halfClosedMs, now)) {
      this.fail('H2_PEER_GONE', -1)
    } else if (waits.passed(waits.ping, limits.pingMs, now)) {
      this.fail('H2_PING_TIMEOUT', -1)
    } else if (waits.passed(waits.idle, this.#idleMs(), now)) {
      this.conclude('library')
    } else {
      if (waits.pingDue() <= now) this.#sendPing()
      if (this.streamDeadline() <= now) this.sweepStreams()
    }
  }

  /** A peer that has said that it leaves is not waited for as long. */
  #idleMs(): Millis {
    return this.#peerLeaves ? Math.min(this.limits.idleMs, this.limits.halfClosedMs) : this.limits.idleMs
  }
}
