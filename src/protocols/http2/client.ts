/** The client role of an HTTP/2 connection: requests go, each on a stream of its own, responses and promises come. */

import { UsageError } from '../core/errors.js'
import { isToken } from '../core/http-syntax.js'
import { native } from '../core/native.js'
import { Http2Engine } from './engine.js'
import type { Http2FaultCode } from './errors.js'
import type { Http2ClientEvent } from './events.js'
import { checkedFields, type FieldsToSend } from './fields-to-send.js'
import { Flags, FrameTypes } from './frames/frame.js'
import { writePriorityUpdate } from './frames/priority-update.js'
import { lifecycle, StreamInputs, StreamStates } from './lifecycle.js'
import type { Http2Limits } from './limits.js'
import { checkLength, checkRequestLine, checkTunnel } from './outgoing.js'
import { type Priority, priorityOf, URGENCY_LEVELS } from './priority.js'
import type { ParsedResponse } from './section-reader.js'
import { SettingIds } from './settings.js'
import { Owed, type Stream } from './stream.js'
import { announcedBy, checkOctets } from './stream-layer.js'
import { Ends } from './streams.js'

/** What a client connection is given. */
export interface Http2ClientOptions {
  readonly limits?: Partial<Http2Limits>
  /** Whether the server may promise responses (RFC 9113 section 8.4). Default false. */
  readonly push?: boolean
  /**
   * Payloads of DATA and HEADERS are padded to multiples of so many octets, 2 to 256, to hide how long they are (RFC
   * 9113 section 10.7). Default 0: no padding.
   */
  readonly padTo?: number
}

/** The head of a request to send. */
export interface RequestToSend {
  readonly method: string
  /** `https` by default. Nothing for CONNECT without a protocol. */
  readonly scheme?: string
  /** Host and optional port; host and port for CONNECT. */
  readonly authority: string
  /** `/` by default. Nothing for CONNECT without a protocol. */
  readonly target?: string
  readonly fields?: FieldsToSend
  /** Of an extended CONNECT (RFC 8441), which the peer's settings must allow. */
  readonly protocol?: string
}

const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'
const STREAM_ID_MAX = 0x7f_ff_ff_ff
const NO_FIELDS: FieldsToSend = []

/**
 * One client connection (RFC 9113). Events of a stream: `inform`*, `response`, then `data`* and `end` unless it was
 * complete; `push` for promises. Commands throw `UsageError` when they do not fit, and do nothing for a stream, or a
 * connection, that is gone.
 */
export class Http2Client extends Http2Engine<Http2ClientEvent, ParsedResponse> {
  readonly #push: boolean
  #nextId = 1
  #open = 0
  #promised = 0

  constructor(options: Http2ClientOptions = {}) {
    const push = options.push ?? false
    super(
      options.limits,
      (limits) =>
        announcedBy({ ...limits, streamsMax: push ? limits.pushesMax : 0 }, [SettingIds.enablePush, push ? 1 : 0]),
      options.padTo ?? 0,
      false,
    )
    this.#push = push
    // A server never takes pushes (section 8.4): what it says of them is an error.
    this.peer.enablePush = false
  }

  /** Whether a request can be sent now: the peer allows one more, and nobody leaves. */
  get canRequest(): boolean {
    return !this.over && !this.isLeaving && this.#open < this.peer.streamsMax && this.#nextId <= STREAM_ID_MAX
  }

  /** Sends a whole request and gives the number of its stream. Throws `UsageError` while `canRequest` is false. */
  sendRequest(request: RequestToSend, body: string | Uint8Array = ''): number {
    const size = typeof body === 'string' ? native.utf8Length(body) : checkOctets(body).length
    if (size > 0 && request.method === 'CONNECT') throw new UsageError('H2_CONTENT', 'CONNECT has no content')
    const hasContent = size > 0 || mayHaveContent(request.method)
    const stream = this.#sendHead(request, hasContent ? size : -1, size === 0)
    if (size > 0) {
      this.sender.whole(stream, body, size)
      if (stream.queuedBytes > 0) this.watchStall(stream)
    }
    return stream.id
  }

  /**
   * Sends a request head and gives the number of its stream; `sendData` and `sendEnd` follow. `length` is the size of
   * the content in octets, -1 when it is not known.
   */
  sendHead(request: RequestToSend, length = -1): number {
    checkLength(length)
    const tunnel = request.method === 'CONNECT'
    const stream = this.#sendHead(request, tunnel ? -1 : length, false)
    stream.owed = tunnel || length < 0 ? Owed.unknown : length
    return stream.id
  }

  /** Asks for another order of responses (RFC 9218 section 7.1). Does nothing for a stream that is gone. */
  sendPriority(streamId: number, priority: Priority): void {
    const { urgency, incremental } = priority
    if (!Number.isInteger(urgency) || urgency < 0 || urgency >= URGENCY_LEVELS)
      throw new UsageError('H2_PRIORITY', `not an urgency: ${String(urgency)}`)
    if (this.find(streamId) !== undefined) writePriorityUpdate(this.out, streamId, priorityOf(urgency, incremental))
  }

  protected override writePreface(): void {
    this.out.latin1(PREFACE)
  }

  protected override readPreface(): boolean {
    // The server's preface is its SETTINGS.
    return true
  }

  protected override isPeerId(streamId: number): boolean {
    return streamId % 2 === 0
  }

  protected override get ownHighestId(): number {
    return this.#nextId - 2
  }

  protected override onSettings(initialWindowBefore: number): Http2FaultCode | undefined {
    if (this.peer.enablePush) return 'H2_SETTINGS_VALUE'
    return super.onSettings(initialWindowBefore)
  }

  protected override onSectionWithoutStream(): void {
    const { streamId, offset } = this.block
    if (this.isIdle(streamId)) this.fail('H2_STREAM_IDLE', offset)
    else this.onLateSection(streamId)
  }

  protected override onSectionOf(stream: Stream): void {
    if (stream.headReceived) return this.receiveTrailers(stream)
    const { block } = this
    const { offset, endStream } = block
    const read = block.meaning ?? this.sections.readResponse(block.decoder)
    if (typeof read === 'string') return this.faultStream(stream, read, offset)
    block.meaning = read
    const { status, fields, declaredLength } = read
    if (status < 200) return this.#onInform(stream, read)
    stream.state = lifecycle.next(stream.state, StreamInputs.receiveHeaders)
    stream.headReceived = true
    stream.awaitedSince = -1
    stream.tunnel = stream.tunnel && status < 300
    const bodiless = stream.head || status === 204 || status === 304 || stream.tunnel
    if (!bodiless && endStream && declaredLength > 0)
      return this.faultStream(stream, 'H2_CONTENT_LENGTH_MISMATCH', offset, declaredLength, 0)
    if (!bodiless && declaredLength > this.limits.bodyBytesMax)
      return this.faultStream(stream, 'H2_CONTENT_TOO_LARGE', offset, this.limits.bodyBytesMax, declaredLength)
    stream.declared = stream.tunnel ? -1 : bodiless ? 0 : declaredLength
    const contentLength = endStream || (bodiless && !stream.tunnel) ? 0 : stream.declared
    this.earn()
    this.emit({ type: 'response', streamId: stream.id, status, fields, contentLength, endStream })
    if (!endStream) return
    stream.state = lifecycle.next(stream.state, StreamInputs.receiveEnd)
    if (stream.state === StreamStates.closed) this.endStream(stream, Ends.ended)
  }

  #onInform(stream: Stream, { status, fields }: ParsedResponse): void {
    const { offset, endStream } = this.block
    const { informCountMax } = this.limits
    if (endStream) return this.faultStream(stream, 'H2_INFORM_END', offset)
    if (stream.state === StreamStates.reservedRemote) return this.faultStream(stream, 'H2_STATUS', offset)
    if (++stream.informs > informCountMax)
      return this.faultStream(stream, 'H2_INFORMS_TOO_MANY', offset, informCountMax, stream.informs)
    this.emit({ type: 'inform', streamId: stream.id, status, fields })
  }

  protected override checkPromise(promisedId: number): Http2FaultCode | undefined {
    if (!this.#push) return 'H2_PUSH_FORBIDDEN'
    const { streamId } = this.frame
    if (!this.isPeerId(promisedId) || promisedId <= this.peerHighestId) return 'H2_PUSH_STREAM'
    const parent = this.streams.get(streamId)
    if (parent === undefined) {
      // A request that we have reset may have promises under way; one that the server ended may not.
      if (this.isPeerId(streamId) || this.isIdle(streamId)) return 'H2_PUSH_STREAM'
      return this.streams.howEnded(streamId) === Ends.reset ? undefined : 'H2_PUSH_STREAM'
    }
    const { state } = parent
    return !this.isPeerId(streamId) && (state === StreamStates.open || state === StreamStates.halfClosedLocal)
      ? undefined
      : 'H2_PUSH_STREAM'
  }

  protected override onPromise(): void {
    const { block, limits } = this
    const { streamId, promisedId, offset } = block
    this.peerHighestId = promisedId
    const parent = this.streams.get(streamId)
    const read = block.meaning === undefined ? this.sections.readRequest(block.decoder) : 'H2_PSEUDO_UNKNOWN'
    if (this.isFinal) return this.streams.remember(promisedId, Ends.reset)
    this.peerProcessedId = promisedId
    if (parent === undefined || this.#promised >= limits.pushesMax)
      return this.faultId(promisedId, 'H2_PUSH_REFUSED', offset)
    if (typeof read === 'string') return this.faultId(promisedId, read, offset)
    const { method, declaredLength, expectContinue: _, ...request } = read
    if ((method !== 'GET' && method !== 'HEAD') || declaredLength > 0)
      return this.faultId(promisedId, 'H2_PUSH_REQUEST', offset)
    const stream = this.open(promisedId, StreamStates.reservedRemote)
    stream.head = method === 'HEAD'
    this.#promised++
    this.beginWait(stream)
    this.emit({ type: 'push', streamId, promisedId, method, ...request, contentLength: 0 })
  }

  protected override isCostlyReset(stream: Stream): boolean {
    // Of our own streams the peer can reset no more than we open.
    return this.isPeerId(stream.id)
  }

  protected override onPriorityUpdate(): void {
    this.fail('H2_PRIORITY_UPDATE', this.frame.offset)
  }

  protected override onMessageSent(stream: Stream): void {
    // From the end of the request on the response is awaited.
    if (!stream.headReceived) this.beginWait(stream)
  }

  protected override onStreamEnd(stream: Stream): void {
    if (this.isPeerId(stream.id)) this.#promised--
    else this.#open--
  }

  protected override answerFault(): number {
    return 0
  }

  protected override waitMs(): number {
    return this.limits.responseMs
  }

  /** The head of the response; behind it nothing is awaited: an event stream says nothing for long. */
  protected override onAwaited(stream: Stream): void {
    this.faultStream(stream, 'H2_RESPONSE_TIMEOUT', -1)
  }

  protected override onInputEnd(): void {
    for (const stream of this.streams.values())
      this.faultStream(stream, 'H2_TRUNCATED', this.input.position(this.input.end))
  }

  #sendHead(request: RequestToSend, length: number, ends: boolean): Stream {
    const { method, scheme = 'https', authority, target = '/', fields = NO_FIELDS, protocol } = request
    const tunnel = method === 'CONNECT'
    const plainTunnel = tunnel && protocol === undefined
    if (plainTunnel) checkTunnel(authority)
    else checkRequestLine(method, scheme, authority, target)
    if (protocol !== undefined && !(tunnel && this.peer.connectProtocol && isToken(protocol)))
      throw new UsageError('H2_PROTOCOL', 'a protocol is a token, for CONNECT, where the peer understands it')
    const checked = checkedFields(fields, 'request')
    if (!this.canRequest) throw new UsageError('H2_STREAMS_MAX', 'no further stream can be opened')
    const { encoder } = this.sender
    encoder.begin()
    encoder.field(':method', method)
    if (!plainTunnel) {
      encoder.field(':scheme', scheme)
      encoder.field(':path', target)
    }
    encoder.field(':authority', authority)
    if (protocol !== undefined) encoder.field(':protocol', protocol)
    for (let i = 0; i < checked.length; i += 2) encoder.field(checked[i]!, checked[i + 1]!)
    if (length >= 0) encoder.field('content-length', String(length))
    const streamId = this.#nextId
    this.#nextId += 2
    this.#open++
    const finishes = ends && !tunnel
    this.sender.block(FrameTypes.headers, finishes ? Flags.endStream : Flags.none, streamId, encoder.end())
    const stream = this.open(streamId, StreamStates.open)
    stream.head = method === 'HEAD'
    stream.tunnel = tunnel
    stream.headSent = true
    if (finishes) this.onSent(stream, 0, true)
    return stream
  }
}

/** Methods that say how long their content is even when there is none (RFC 9110 section 8.6). */
function mayHaveContent(method: string): boolean {
  return method === 'POST' || method === 'PUT' || method === 'PATCH'
}
