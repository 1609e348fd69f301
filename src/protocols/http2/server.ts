/** The server role of an HTTP/2 connection: requests come, each on a stream of its own, and responses go. */

import { UsageError } from '../core/errors.js'
import { Fields } from '../core/fields.js'
import { isFieldValue } from '../core/http-syntax.js'
import { native } from '../core/native.js'
import { Http2Engine } from './engine.js'
import { ErrorCodes, type Http2FaultCode, http2Faults } from './errors.js'
import type { Http2ServerEvent, RequestEvent } from './events.js'
import { checkedFields, type FieldsToSend } from './fields-to-send.js'
import { Flags, FrameTypes } from './frames/frame.js'
import { prioritizedStream, readPriorityUpdate } from './frames/priority-update.js'
import { writeRstStream } from './frames/rst-stream.js'
import { SETTING_BYTES } from './frames/settings.js'
import { StreamStates } from './lifecycle.js'
import type { Http2Limits } from './limits.js'
import { announcedLength, checkContent, checkFinal, checkLength, checkRequestLine } from './outgoing.js'
import { type Priority, priorityOf, URGENCY_LEVELS } from './priority.js'
import { ResponseHeads } from './response-heads.js'
import type { ParsedRequest } from './section-reader.js'
import { SettingIds } from './settings.js'
import { Owed, type Stream } from './stream.js'
import { announcedBy, checkOctets } from './stream-layer.js'
import { Ends } from './streams.js'

/** What a server connection is given. */
export interface Http2ServerOptions {
  /** The value of Date now, an IMF-fixdate (RFC 9110 section 5.6.7). Called for each response: keep it for a second. */
  readonly date: () => string
  readonly limits?: Partial<Http2Limits>
  /** Whether extended CONNECT (RFC 8441) is understood. Default false. */
  readonly connectProtocol?: boolean
  /**
   * Payloads of DATA, HEADERS and PUSH_PROMISE are padded to multiples of so many octets, 2 to 256, to hide how long
   * they are (RFC 9113 section 10.7). Default 0: no padding.
   */
  readonly padTo?: number
}

/** A request that came as HTTP/1.1, with an Upgrade to h2c (RFC 7540 section 3.2). */
export interface UpgradedRequest {
  /** What HTTP2-Settings holds, decoded: a payload of SETTINGS. */
  readonly settings: Uint8Array
  readonly method: string
  readonly scheme: string
  readonly authority: string
  readonly target: string
  /** Without the fields that were about the connection. */
  readonly fields: Fields
  readonly content: Uint8Array
}

/** A request whose response is promised (RFC 9113 section 8.4). */
export interface PromisedRequest {
  readonly method: 'GET' | 'HEAD'
  readonly scheme: string
  readonly authority: string
  readonly target: string
  readonly fields: FieldsToSend
}

const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'

const STREAM_ID_MAX = 0x7f_ff_ff_ff

const TEXT: readonly string[] = ['content-type', 'text/plain']

/** What the statuses of the error table say to people. */
const REFUSALS: Readonly<Record<number, string>> = {
  408: 'The content arrives too slowly',
  413: 'The content is larger than the limit',
  414: 'The request target is too long',
  417: 'An expectation other than 100-continue',
  431: 'The header fields are too large or too many',
}

/**
 * One server connection (RFC 9113). Events: `request`, then `data`* and `end` unless it was complete; commands answer
 * each stream. Commands throw `UsageError` when they do not fit, and do nothing for a stream, or a connection, that is
 * gone.
 */
export class Http2Server extends Http2Engine<Http2ServerEvent, ParsedRequest> {
  readonly #date: () => string
  readonly #heads: ResponseHeads
  #dateValue = ''
  #prefaceAt = 0
  /** Streams of the peer that count against the limit. */
  #slots = 0
  /** Streams that are gone, whose work goes on: they keep their slots. */
  readonly #working: Set<number> = new Set()
  #promisedId = 0
  #promised = 0
  /** Priorities that came before their requests (RFC 9218 section 7.1). */
  #earlyPriorities: Map<number, Priority> | undefined

  constructor(options: Http2ServerOptions) {
    const connectProtocol = options.connectProtocol ?? false
    const extra = [SettingIds.noRfc7540Priorities, 1]
    if (connectProtocol) extra.push(SettingIds.connectProtocol, 1)
    super(options.limits, (limits) => announcedBy(limits, extra), options.padTo ?? 0, connectProtocol)
    this.#date = options.date
    this.#heads = new ResponseHeads(this.sender.encoder)
  }

  /**
   * Goes on with a request that asked for an Upgrade to h2c: it is stream 1, and complete. Call right after `start`;
   * the client's preface follows. Events: `request`, `data` if it has content, `end`.
   */
  acceptUpgrade(upgrade: UpgradedRequest): void {
    if (this.over) return
    if (this.peerHighestId > 0 || this.input.size > 0)
      throw new UsageError('H2_STATE', 'acceptUpgrade does not fit: the connection has begun')
    const { settings, method, scheme, authority, target, fields, content } = upgrade
    if (settings.length % SETTING_BYTES !== 0) throw new UsageError('H2_SETTINGS', 'not a payload of SETTINGS')
    checkRequestLine(method, scheme, authority, target)
    this.applySettings(settings, 0, settings.length)
    if (this.over) return
    // Clients in wide use take little behind 101 in one piece: content waits for their preface.
    this.sender.paused = true
    const stream = this.#begin(1, StreamStates.halfClosedRemote)
    stream.head = method === 'HEAD'
    const endStream = content.length === 0
    const priority = stream.priority
    const contentLength = content.length
    const head = { method, scheme, authority, target, protocol: '', fields, contentLength, priority }
    this.emit({ type: 'request', streamId: 1, ...head, endStream, expectContinue: false })
    if (endStream) return
    this.emit({ type: 'data', streamId: 1, bytes: content })
    this.emit({ type: 'end', streamId: 1, trailers: Fields.empty })
  }

  /** Sends an interim response, 1xx but 101 (RFC 9110 section 15.2). */
  sendInform(streamId: number, status: number, fields: FieldsToSend): void {
    const stream = this.heading(streamId, 'sendInform')
    if (stream === undefined) return
    if (stream.state === StreamStates.reservedLocal)
      throw new UsageError('H2_STATE', 'sendInform does not fit: a promised response has no interim ones')
    if (status > 199) throw new UsageError('H2_STATUS', `not an interim status: ${status}`)
    const block = this.#heads.encode(status, fields, -1, '')
    if (status === 100) this.#allowContent(stream)
    this.sender.block(FrameTypes.headers, Flags.none, streamId, block)
  }

  /** Asks for the content that the client holds back (RFC 9110 section 10.1.1). Does nothing when it holds none. */
  sendContinue(streamId: number): void {
    const stream = this.streams.get(streamId)
    if (stream?.awaitsContinue === true && !stream.headSent) this.sendInform(streamId, 100, [])
  }

  /** Sends a whole response. Content for a HEAD request or a status without content is measured, not sent. */
  sendResponse(streamId: number, status: number, fields: FieldsToSend, body: string | Uint8Array = ''): void {
    const stream = this.heading(streamId, 'sendResponse')
    if (stream === undefined) return
    const size = typeof body === 'string' ? native.utf8Length(body) : checkOctets(body).length
    checkFinal(status)
    checkContent(stream, status, size)
    const tunnel = stream.tunnel && status < 300
    const ends = size === 0 || stream.head || status === 304
    const length = tunnel ? -1 : announcedLength(status, size)
    const block = this.#heads.encode(status, fields, length, this.#dateNow())
    stream.tunnel = tunnel
    this.#writeHead(stream, block, ends)
    if (!ends) this.sender.whole(stream, body, size)
    if (!ends && stream.queuedBytes > 0) this.watchStall(stream)
  }

  /**
   * Sends a response head; `sendData` and `sendEnd` follow. `length` is the size of the content in octets, -1 when it
   * is not known. 2xx to CONNECT opens a tunnel: DATA both ways.
   */
  sendHead(streamId: number, status: number, fields: FieldsToSend, length = -1): void {
    const stream = this.heading(streamId, 'sendHead')
    if (stream === undefined) return
    checkLength(length)
    checkFinal(status)
    checkContent(stream, status, length)
    const tunnel = stream.tunnel && status < 300
    const bodiless = stream.head || status === 204 || status === 205 || status === 304
    const announced = tunnel ? -1 : announcedLength(status, length)
    const block = this.#heads.encode(status, fields, announced, this.#dateNow())
    stream.tunnel = tunnel
    this.#writeHead(stream, block, false)
    stream.owed = bodiless ? Owed.none : length >= 0 && !tunnel ? length : Owed.unknown
  }

  /**
   * Promises the response to a request that belongs to that of `streamId` (RFC 9113 section 8.4), and gives the number
   * of its stream, to be answered like any other. 0 when the peer wants no pushes, has no place for one more, or the
   * request it belongs to is gone.
   */
  pushPromise(streamId: number, request: PromisedRequest): number {
    const parent = this.find(streamId)
    const { method, scheme, authority, target, fields } = request
    if (method !== 'GET' && method !== 'HEAD')
      throw new UsageError('H2_METHOD', `cannot be promised: ${String(method)}`)
    checkRequestLine(method, scheme, authority, target)
    const checked = checkedFields(fields, 'request')
    if (parent === undefined || this.isLeaving || !this.#hasPlaceForPromise()) return 0
    if (streamId % 2 === 0 || parent.state === StreamStates.halfClosedLocal || parent.endQueued)
      throw new UsageError('H2_STATE', 'pushPromise does not fit: the response is complete, or a promised one itself')
    this.#promisedId += 2
    this.#promised++
    const { encoder } = this.sender
    encoder.beginBehind(this.#promisedId)
    encoder.field(':method', method)
    encoder.field(':scheme', scheme)
    encoder.field(':authority', authority)
    encoder.field(':path', target)
    for (let i = 0; i < checked.length; i += 2) encoder.field(checked[i]!, checked[i + 1]!)
    this.sender.block(FrameTypes.pushPromise, Flags.none, streamId, encoder.end())
    const stream = this.open(this.#promisedId, StreamStates.reservedLocal)
    stream.head = method === 'HEAD'
    stream.priority = parent.priority
    return this.#promisedId
  }

  /**
   * The work for a stream that was reset, by the peer or for a fault, has ended: its place is free. Without this the
   * stream counts as open, so that resets do not buy more work at once than the limit allows (CVE-2023-44487).
   */
  release(streamId: number): void {
    if (this.#working.delete(streamId)) this.#slots--
  }

  protected override writePreface(): void {
    // The server's preface is its SETTINGS.
  }

  protected override readPreface(): boolean {
    const { input } = this
    while (this.#prefaceAt < PREFACE.length) {
      if (input.at === input.end) return false
      if (input.bytes[input.at] !== PREFACE.charCodeAt(this.#prefaceAt)) {
        this.fail('H2_PREFACE', input.position(input.at))
        return false
      }
      input.at++
      this.#prefaceAt++
    }
    return true
  }

  protected override isPeerId(streamId: number): boolean {
    return streamId % 2 === 1
  }

  protected override get ownHighestId(): number {
    return this.#promisedId
  }

  protected override onSectionWithoutStream(): void {
    const { block } = this
    const { streamId, offset } = block
    if (!this.isPeerId(streamId)) return this.#onOwnSection(streamId, offset)
    if (streamId <= this.peerHighestId) return this.onLateSection(streamId)
    this.peerHighestId = streamId
    // The peer was told that it is not processed: it may send it on another connection.
    if (this.isFinal) {
      this.streams.remember(streamId, Ends.reset)
      this.spend(1)
      return
    }
    this.peerProcessedId = streamId
    const read = this.#readRequest()
    if (this.#slots >= this.limits.streamsMax) return this.faultId(streamId, 'H2_STREAM_REFUSED', offset)
    if (block.selfDependent) return this.faultId(streamId, 'H2_SELF_DEPENDENCY', offset)
    if (typeof read === 'string') return this.#refuse(streamId, read, offset, this.sections.isHead)
    this.#onRequest(streamId, read)
  }

  /** A field block on one of our own numbers: promised streams that are over, or nothing at all. */
  #onOwnSection(streamId: number, offset: number): void {
    if (this.isIdle(streamId)) this.fail('H2_STREAM_ID', offset)
    else this.fail('H2_STREAM_ENDED', offset)
  }

  #readRequest(): ParsedRequest | Http2FaultCode {
    const { block } = this
    if (block.meaning !== undefined) return block.meaning
    const read = this.sections.readRequest(block.decoder)
    if (typeof read !== 'string') block.meaning = read
    return read
  }

  #onRequest(streamId: number, request: ParsedRequest): void {
    const { block, limits } = this
    const { method, protocol, declaredLength } = request
    const { endStream, offset } = block
    const tunnel = method === 'CONNECT'
    if (endStream && declaredLength > 0 && !tunnel) return this.faultId(streamId, 'H2_CONTENT_LENGTH_MISMATCH', offset)
    if (declaredLength > limits.bodyBytesMax && !tunnel)
      return this.#refuse(
        streamId,
        'H2_CONTENT_TOO_LARGE',
        offset,
        method === 'HEAD',
        limits.bodyBytesMax,
        declaredLength,
      )
    const stream = this.#begin(streamId, endStream ? StreamStates.halfClosedRemote : StreamStates.open)
    const early = this.#earlyPriorities?.get(streamId)
    if (early !== undefined) this.#earlyPriorities!.delete(streamId)
    stream.priority = early ?? request.priority
    stream.head = method === 'HEAD'
    stream.tunnel = tunnel
    stream.headReceived = true
    stream.declared = endStream || tunnel ? -1 : declaredLength
    stream.awaitsContinue = request.expectContinue && !endStream
    this.earn()
    if (!endStream && !tunnel) this.beginWait(stream)
    const event: RequestEvent = {
      type: 'request',
      streamId,
      method,
      scheme: request.scheme,
      authority: request.authority,
      target: request.target,
      protocol,
      fields: request.fields,
      contentLength: endStream ? 0 : stream.declared,
      priority: stream.priority,
      endStream,
      expectContinue: stream.awaitsContinue,
    }
    this.emit(event)
  }

  /** Refuses a request that never becomes a stream for the application, with a status where there is one. */
  #refuse(streamId: number, code: Http2FaultCode, offset: number, head: boolean, limit = -1, declared = -1): void {
    const { status } = http2Faults[code]
    if (status === 0) return this.faultId(streamId, code, offset)
    const stream = this.open(streamId, this.block.endStream ? StreamStates.halfClosedRemote : StreamStates.open)
    this.#slots++
    stream.headReceived = true
    stream.declared = declared
    stream.head = head
    // The application never hears of it, however long the response has to wait.
    stream.dropping = true
    this.answerFault(stream, status)
    this.tellFault(streamId, code, status, offset, limit, declared)
  }

  #begin(streamId: number, state: number): Stream {
    this.peerHighestId = streamId
    this.peerProcessedId = streamId
    this.#slots++
    const stream = this.open(streamId, state)
    stream.working = true
    return stream
  }

  protected override onSectionOf(stream: Stream): void {
    this.receiveTrailers(stream)
  }

  protected override checkPromise(): Http2FaultCode {
    return 'H2_PUSH_FORBIDDEN'
  }

  protected override isCostlyReset(stream: Stream): boolean {
    // Behind a complete response the rest of the request is of no use: a client that keeps it does what it should.
    return stream.state !== StreamStates.halfClosedLocal
  }

  protected override onPriorityUpdate(bytes: Uint8Array, at: number, end: number): void {
    const streamId = prioritizedStream(bytes, at)
    const { offset } = this.frame
    if (streamId === 0) return this.fail('H2_PRIORITY_UPDATE', offset)
    const priority = readPriorityUpdate(bytes, at, end)
    const stream = this.streams.get(streamId)
    if (stream !== undefined) return this.#prioritize(stream, priority)
    if (!this.isIdle(streamId)) return
    if (!this.isPeerId(streamId)) return this.fail('H2_PRIORITY_UPDATE', offset)
    this.#earlyPriorities ??= new Map()
    // A peer that speaks of more streams than it may open is not heard.
    if (this.#earlyPriorities.size < this.limits.streamsMax) this.#earlyPriorities.set(streamId, priority)
  }

  /** Changes the order in which the response of a stream is sent: what the server knows better than the client. */
  setPriority(streamId: number, { urgency, incremental }: Priority): void {
    if (!Number.isInteger(urgency) || urgency < 0 || urgency >= URGENCY_LEVELS)
      throw new UsageError('H2_PRIORITY', `not an urgency: ${String(urgency)}`)
    const stream = this.find(streamId)
    if (stream !== undefined) this.#prioritize(stream, priorityOf(urgency, incremental))
  }

  #prioritize(stream: Stream, priority: Priority): void {
    this.sender.prioritize(stream, () => (stream.priority = priority))
  }

  /**
   * Content that still comes for a response that is complete is not wanted (section 8.1). The client gets a moment to
   * find out by itself: some in wide use take a reset while they send for a failure of the whole exchange.
   */
  protected override onMessageSent(stream: Stream): void {
    if (stream.tunnel) return
    stream.dropping = true
    this.windows.give(stream.unconsumed)
    stream.unconsumed = 0
    this.beginWait(stream)
  }

  protected override onStreamEnd(stream: Stream, how: number): void {
    if (!this.isPeerId(stream.id)) {
      this.#promised--
      return
    }
    // What was answered is over for the application as well; what was not may still be worked on.
    if (how !== Ends.ended && stream.working && !stream.headSent) this.#working.add(stream.id)
    else this.#slots--
  }

  protected override answerFault(stream: Stream, status: number): number {
    if (status === 0 || stream.headSent) return 0
    this.sendResponse(stream.id, status, TEXT, `${REFUSALS[status]!}.\n`)
    return status
  }

  protected override waitMs(stream: Stream): number {
    return stream.dropping && stream.state === StreamStates.halfClosedLocal ? this.limits.drainMs : this.limits.bodyMs
  }

  protected override onAwaited(stream: Stream): void {
    if (stream.state === StreamStates.halfClosedLocal) {
      writeRstStream(this.out, stream.id, ErrorCodes.NO_ERROR)
      return this.endStream(stream, Ends.reset)
    }
    const { bodyMs, bodyBytesPerSecondMin } = this.limits
    const least = (bodyMs * bodyBytesPerSecondMin) / 1000
    if (this.#awaitsContent(stream) && stream.awaitedBytes < least)
      this.faultStream(stream, 'H2_BODY_TIMEOUT', -1, least, stream.awaitedBytes)
    else this.beginWait(stream)
  }

  /** Whether the peer was expected to send content of this stream all the time. */
  #awaitsContent(stream: Stream): boolean {
    return (
      !stream.headSent &&
      !stream.awaitsContinue &&
      !stream.tunnel &&
      stream.receiveWindow > 0 &&
      this.windows.isOpen &&
      this.windows.openings === stream.awaitedOpening &&
      this.out.bytes < this.limits.outputBytesMax
    )
  }

  protected override onInputEnd(): void {
    for (const stream of this.streams.values()) {
      const { state } = stream
      // Nobody misses the rest of a request that was answered.
      if (stream.dropping && state === StreamStates.halfClosedLocal) this.endStream(stream, Ends.reset)
      else if (state === StreamStates.open || state === StreamStates.halfClosedLocal)
        this.faultStream(stream, 'H2_TRUNCATED', this.input.position(this.input.end))
    }
  }

  #hasPlaceForPromise(): boolean {
    const { peer, limits } = this
    if (!peer.enablePush || this.#promised >= Math.min(peer.streamsMax, limits.pushesMax)) return false
    return this.#promisedId + 2 <= Math.min(STREAM_ID_MAX, this.peerLastId)
  }

  #allowContent(stream: Stream): void {
    if (!stream.awaitsContinue) return
    stream.awaitsContinue = false
    this.beginWait(stream)
  }

  #writeHead(stream: Stream, block: Uint8Array, ends: boolean): void {
    if (stream.state === StreamStates.reservedLocal) stream.state = StreamStates.halfClosedRemote
    stream.headSent = true
    this.sender.block(FrameTypes.headers, ends ? Flags.endStream : Flags.none, stream.id, block)
    if (ends) this.onSent(stream, 0, true)
  }

  #dateNow(): string {
    const value = this.#date()
    if (value !== this.#dateValue) {
      if (!isFieldValue(value)) throw new UsageError('H2_DATE', `not a date: ${JSON.stringify(value)}`)
      this.#dateValue = value
    }
    return value
  }
}
