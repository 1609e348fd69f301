/**
 * What comes over one WebSocket connection, and when (RFC 6455 sections 5 to 7): frames become events, deadlines are
 * kept, and the connection ends in order or for a fault.
 */

import { Budget } from '../core/budget.js'
import type { ClosedEvent, Engine, Millis } from '../core/engine.js'
import { UsageError } from '../core/errors.js'
import { Input } from '../core/input.js'
import { OutputQueue } from '../core/output.js'
import { readClose } from './close-frame.js'
import { deflaterOf, inflaterOf } from './deflate.js'
import { CloseCodes, type WebSocketFaultCode, webSocketFaults } from './errors.js'
import type { WebSocketEvent } from './events.js'
import { FrameWatch } from './frame-watch.js'
import { HeartbeatTimes } from './heartbeat.js'
import { InflateSlices } from './inflate-slices.js'
import { DirectionStates, lifecycle } from './lifecycle.js'
import { limitsOf, type WebSocketLimits } from './limits.js'
import { INFLATE_BYTES, MessageReader, wholeMessage } from './message-reader.js'
import type { Role, WebSocketOptions } from './options.js'
import { FAULT, frameInput, FrameReader, NEED_MORE, Opcodes } from './reader.js'
import { Sender } from './sender.js'

const THRESHOLD_BYTES = 1024

/** The final events. */
export const CLOSED: Readonly<Record<ClosedEvent['initiator'], ClosedEvent>> = {
  local: Object.freeze({ type: 'closed', initiator: 'local' }),
  remote: Object.freeze({ type: 'closed', initiator: 'remote' }),
  library: Object.freeze({ type: 'closed', initiator: 'library' }),
}

/** The events of a connection without a message under way. */
const NO_EVENTS: WebSocketEvent[] = []

/** Between two frames a connection has no reader of its own: there are many, and most are idle. */
let spareReader: FrameReader | undefined

/** The receiving side of one connection; `WebSocketEngine` adds the commands. */
export abstract class FrameLayer implements Engine<WebSocketEvent> {
  protected readonly limits: WebSocketLimits
  readonly #client: boolean
  readonly #pieces: boolean
  readonly #input: Input = new Input()
  protected readonly out: OutputQueue = new OutputQueue()
  /** While frames are read, or one is incomplete. */
  #reader: FrameReader | undefined
  /** While a message is under way; always, when messages are inflated or come in pieces. */
  #message: MessageReader | undefined
  protected readonly sender: Sender
  /** From the first control frame on. */
  #controls: Budget | undefined
  protected readonly beat: HeartbeatTimes
  /** While a frame is incomplete. */
  #watch: FrameWatch | undefined
  /** Where messages are inflated. */
  readonly #slices: InflateSlices | undefined

  /** Octets that came, and that were taken from `output`, so far. */
  bytesReceived = 0
  bytesSent = 0

  /** What the peer sends: a number of `DirectionStates`. */
  #received: number = DirectionStates.idle
  protected now: Millis = 0
  /** The peer has half-closed. */
  #ended = false
  #held = false
  #over = false
  #final: WebSocketEvent | undefined
  /** Who closed first. */
  #initiator: ClosedEvent['initiator'] = 'remote'

  /** A head was read, and its payload is awaited. */
  #inFrame = false
  /** Octets of the payload under way that were taken, and where its frame began. */
  #taken = 0
  #frameAt = 0

  #outputSince: Millis = -1
  #closeSince: Millis = -1

  protected constructor(options: WebSocketOptions, role: Role) {
    const { deflate, compression } = options
    this.limits = limitsOf(options.limits)
    this.#client = role.client
    this.#pieces = options.pieces ?? false
    if (deflate !== undefined && compression === undefined)
      throw new UsageError('WS_COMPRESSION', 'permessage-deflate was negotiated, and there is no compression')
    const used = deflate === undefined ? undefined : { deflate, compression: compression! }
    const inflater = used && inflaterOf(used.compression, used.deflate, role.client)
    this.#slices = used && new InflateSlices(this.limits.inflateBytesPerSliceMax)
    this.#message =
      inflater !== undefined || this.#pieces ? new MessageReader(this.limits, inflater, this.#pieces) : undefined
    this.sender = new Sender(
      this.out,
      role.maskingKey,
      used && {
        compression: used.compression,
        deflater: deflaterOf(used.compression, used.deflate, role.client),
        thresholdBytes: options.thresholdBytes ?? THRESHOLD_BYTES,
      },
    )
    this.beat = new HeartbeatTimes(this.limits)
  }

  start(now: Millis): void {
    this.now = now
    this.beat.heard(now)
  }

  receive(chunk: Uint8Array, now: Millis): void {
    this.now = now
    if (this.#over || this.#ended) return
    this.beat.heard(now)
    this.bytesReceived += chunk.length
    // Behind Close nothing counts (RFC 6455 section 5.5.1).
    if (this.#received !== DirectionStates.closed) this.#input.push(chunk)
  }

  receiveEnd(now: Millis): void {
    this.now = now
    this.#ended = true
  }

  advance(now: Millis): void {
    this.now = now
    if (this.#over || now < this.deadline()) return
    if (this.#outputStall() <= now) {
      this.out.clear()
      this.fail('WS_WRITE_TIMEOUT', -1)
    } else if (this.#closeDeadline() <= now) {
      this.#onCloseExpired()
    } else if (this.#watch !== undefined && this.#frameDeadline() <= now) {
      this.#endFrameSpan(this.#watch)
    } else if (this.#beatDeadline() <= now) {
      this.#onSilence()
    }
  }

  poll(): WebSocketEvent | undefined {
    if (this.#over) {
      // What stands behind the end of a message comes before the end of the connection.
      const event = this.#message?.queue.shift() ?? this.#final
      if (event === this.#final) this.#final = undefined
      return event
    }
    const event = this.#next()
    if (event !== undefined) return event
    if (this.#over) return this.poll()
    this.#input.hold()
    this.#rest()
    return undefined
  }

  output(): Uint8Array | undefined {
    const wanted = this.wantsInput
    const octets = this.out.take()
    if (octets !== undefined) {
      this.bytesSent += octets.length
      this.#outputSince = -1
      // While too much output waited nothing was read: the peer was not silent.
      if (!wanted && this.wantsInput) this.#resume()
    }
    return octets
  }

  deadline(): Millis {
    if (this.#over) return Infinity
    const slice = this.#sliceAt()
    return Math.min(
      this.#outputStall(),
      this.#closeDeadline(),
      this.#frameDeadline(),
      this.#beatDeadline(),
      slice > this.now ? slice : Infinity,
    )
  }

  get wantsInput(): boolean {
    return !this.#over && !this.#ended && this.#mayRead()
  }

  get outputBytes(): number {
    return this.out.bytes
  }

  /**
   * Whether the connection has ended: the last event was, or is about to be, delivered. Commands do nothing any more.
   */
  get over(): boolean {
    return this.#over
  }

  /** Whether messages can be sent: no Close was. */
  get open(): boolean {
    return !this.#over && this.sender.state !== DirectionStates.closed
  }

  /** Stops or resumes events. While held, `wantsInput` is false and the peer's time stands still. */
  hold(hold: boolean): void {
    if (this.#held === hold) return
    this.#held = hold
    if (!hold) this.#resume()
  }

  /** A small plain object for logs and test failures. */
  describeState(): Record<string, unknown> {
    return {
      received: lifecycle.states[this.#received],
      sent: lifecycle.states[this.sender.state],
      inFrame: this.#inFrame,
      inputBytes: this.#input.size,
      outputBytes: this.out.bytes,
      ended: this.#ended,
      held: this.#held,
      over: this.#over,
    }
  }

  /** Whether frames are read now. */
  #mayRead(): boolean {
    // Half of the room is for what an application sends upon one message.
    return !this.#held && this.out.bytes * 2 < this.limits.outputBytesMax && this.#sliceAt() <= this.now
  }

  #next(): WebSocketEvent | undefined {
    for (;;) {
      if (this.#held) return undefined
      const queue = this.#message?.queue ?? NO_EVENTS
      if (queue.length > 0) return queue.shift()
      if (this.#received === DirectionStates.closed) return this.#onBehindClose()
      if (!this.#mayRead()) return undefined
      const reader = this.#reader ?? this.#takeReader()
      const read = this.#inFrame ? this.#readPayload(reader) : this.#readHead(reader)
      if (read === undefined) return this.#ended && !this.#over ? this.#onEnd() : undefined
      if (read !== true) return read
    }
  }

  /** Gives true when there is more to read, undefined when more input is needed or the connection has ended. */
  #readHead(reader: FrameReader): WebSocketEvent | true | undefined {
    const input = this.#input
    const at = reader.read(this.#received, input.bytes, input.at, input.end)
    if (at === NEED_MORE) return undefined
    if (at === FAULT) return this.fail(reader.fault, input.position(reader.faultAt), reader.faultLimit, reader.faultGot)
    const { opcode, fin, length } = reader
    this.#frameAt = input.position(input.at)
    if (
      fin &&
      !reader.compressed &&
      !this.#pieces &&
      this.#received === DirectionStates.idle &&
      input.end - at >= length &&
      (opcode === Opcodes.text || opcode === Opcodes.binary) &&
      length <= this.limits.messageBytesMax
    )
      return this.#readWhole(reader, at)
    if (opcode < Opcodes.close) {
      const message = (this.#message ??= new MessageReader(this.limits, undefined, false))
      if (opcode !== Opcodes.continuation) message.begin(opcode === Opcodes.text, reader.compressed)
      if (!message.beginFrame(length)) return this.#failMessage(message, this.#frameAt)
    } else if (opcode !== Opcodes.close && !this.#mayControl()) {
      return this.fail('WS_CONTROL_FLOOD', this.#frameAt, this.limits.controlBurst)
    }
    input.at = at
    this.#inFrame = true
    this.#taken = 0
    return true
  }

  /** The short way: a message in one frame in one chunk. */
  #readWhole({ opcode, length, key }: FrameReader, at: number): WebSocketEvent | undefined {
    const input = this.#input
    const event = wholeMessage(opcode === Opcodes.text, input.bytes, at, at + length, !this.#client, key)
    if (typeof event === 'number') return this.fail('WS_UTF8', input.position(at) + event)
    input.at = at + length
    return event
  }

  #readPayload(reader: FrameReader): WebSocketEvent | true | undefined {
    const { opcode, fin, length, key } = reader
    if (opcode >= Opcodes.close) return this.#readControl(reader)
    const input = this.#input
    const message = this.#message!
    const left = length - this.#taken
    let size = Math.min(left, input.size)
    // How a compressed message is cut must not depend on how its octets arrive.
    if (message.compressed) {
      size = Math.min(left, INFLATE_BYTES)
      if (input.size < size) return undefined
    }
    if (size === 0 && left > 0) return undefined
    const { at } = input
    const phase = this.#taken & 3
    // Behind a frame that is not the last one anything may come.
    const more = fin ? left - size : this.limits.messageBytesMax
    const valid = message.compressed
      ? message.compressedPart(input.bytes, at, at + size, !this.#client, key, phase)
      : message.part(input.bytes, at, at + size, !this.#client, key, phase, more)
    this.#countInflated(message)
    if (!valid) return this.#failMessage(message, input.position(at))
    input.at += size
    this.#taken += size
    return size === left ? this.#endFrame(reader, message) : true
  }

  #endFrame({ opcode, fin }: FrameReader, message: MessageReader): WebSocketEvent | true | undefined {
    this.#inFrame = false
    this.#received = lifecycle.next(this.#received, frameInput(opcode, fin))
    if (!fin) return true
    const event = message.finish()
    this.#countInflated(message)
    if (event === undefined) return this.#failMessage(message, this.#input.position(this.#input.at))
    if (this.#slices === undefined && !this.#pieces) this.#message = undefined
    return event
  }

  #readControl({ opcode, length, key }: FrameReader): WebSocketEvent | undefined {
    const input = this.#input
    if (input.size < length) return undefined
    const payload = new Uint8Array(length)
    for (let i = 0; i < length; i++)
      payload[i] = input.bytes[input.at + i]! ^ (this.#client ? 0 : key >>> (24 - (i & 3) * 8))
    const payloadAt = input.position(input.at)
    input.at += length
    this.#inFrame = false
    if (opcode === Opcodes.close) return this.#onClose(payload, payloadAt)
    if (opcode === Opcodes.pong)
      return { type: 'pong', bytes: payload, roundTripMs: this.beat.ponged(payload, this.now) }
    if (this.sender.state !== DirectionStates.closed) this.sender.control(Opcodes.pong, payload.slice(), 'pong')
    return { type: 'ping', bytes: payload }
  }

  #onClose(payload: Uint8Array, at: number): WebSocketEvent | undefined {
    const close = readClose(payload)
    if ('fault' in close) return this.fail(close.fault, at + close.at)
    this.#received = DirectionStates.closed
    if (this.open) this.sendClose(close.code, '', 'remote')
    return close
  }

  /** Both have closed. A server ends the transport; a client lets it do so (RFC 6455 section 7.1.1). */
  #onBehindClose(): undefined {
    this.#input.clear()
    if (!this.#client || this.#ended) this.#conclude()
  }

  #onEnd(): undefined {
    return this.fail('WS_TRUNCATED', this.#input.position(this.#input.end))
  }

  #onCloseExpired(): void {
    if (this.#received === DirectionStates.closed) this.#conclude()
    else this.fail('WS_CLOSE_TIMEOUT', -1)
  }

  #onSilence(): void {
    if (this.beat.isIdle(this.now)) {
      this.sendClose(CloseCodes.GOING_AWAY, 'idle', 'library')
      return
    }
    this.sendPing(this.beat.nextPayload())
  }

  protected sendPing(payload: Uint8Array): void {
    this.sender.control(Opcodes.ping, payload, 'ping')
    this.beat.pinged(payload, this.now)
  }

  protected sendClose(code: number, reason: string, initiator: ClosedEvent['initiator']): void {
    this.sender.close(code, reason)
    this.#initiator = initiator
    this.#closeSince = this.now
  }

  #countInflated(message: MessageReader): void {
    const bytes = message.takeInflated()
    if (bytes > 0) this.#slices?.count(bytes, this.now)
  }

  /** When more may be inflated: now or before, if it may. */
  #sliceAt(): Millis {
    return this.#slices === undefined ? this.now : this.#slices.nextAt(this.now)
  }

  #mayControl(): boolean {
    this.#controls ??= new Budget(this.limits.controlBurst, this.limits.controlsPerSecond)
    return this.#controls.spend(1, this.now)
  }

  #takeReader(): FrameReader {
    const reader = spareReader ?? new FrameReader()
    spareReader = undefined
    reader.begin(!this.#client, this.#slices !== undefined, this.limits)
    this.#reader = reader
    return reader
  }

  /** Everything that came was read, as far as it can be: what only an incomplete frame needs is kept for one only. */
  #rest(): void {
    const incompleteAt = this.#incompleteAt()
    if (incompleteAt !== this.#watch?.frameAt)
      this.#watch = incompleteAt === undefined ? undefined : new FrameWatch(this.limits, incompleteAt, this.now)
    if (this.#inFrame || this.#reader === undefined) return
    spareReader = this.#reader
    this.#reader = undefined
  }

  /** Time was not the peer's while nothing was read. */
  #resume(): void {
    this.beat.heard(this.now)
    this.#watch?.again(this.bytesReceived, this.now)
  }

  /** Where the frame begins that has not come whole. */
  #incompleteAt(): number | undefined {
    if (this.#inFrame) return this.#frameAt
    return this.#input.size > 0 ? this.#input.position(this.#input.at) : undefined
  }

  #endFrameSpan(watch: FrameWatch): void {
    const { bytesMin } = watch
    const bytes = watch.bytes(this.bytesReceived)
    if (bytes < bytesMin) this.fail('WS_FRAME_TIMEOUT', -1, bytesMin, bytes)
    else watch.again(this.bytesReceived, this.now)
  }

  #outputStall(): Millis {
    if (this.out.bytes === 0) return Infinity
    if (this.#outputSince < 0) this.#outputSince = this.now
    return this.#outputSince + this.limits.writeMs
  }

  #closeDeadline(): Millis {
    return this.#closeSince < 0 ? Infinity : this.#closeSince + this.limits.closeMs
  }

  #frameDeadline(): Millis {
    return this.#watch !== undefined && this.wantsInput ? this.#watch.deadline() : Infinity
  }

  #beatDeadline(): Millis {
    return this.open && this.wantsInput ? this.beat.deadline() : Infinity
  }

  #failMessage({ fault, faultAt, faultLimit, faultGot }: MessageReader, at: number): undefined {
    return this.fail(fault, at + faultAt, faultLimit, faultGot)
  }

  /** Ends the connection for a fault of the peer. `offset` is absolute; -1 for a deadline. */
  protected fail(code: WebSocketFaultCode, offset: number, limit = -1, got = -1): undefined {
    const { closeCode, text } = webSocketFaults[code]
    const wireCode = this.open ? closeCode : 0
    if (wireCode > 0) this.sender.close(wireCode, text)
    this.finish({ type: 'fatal', code, wireCode, offset, limit, got })
  }

  #conclude(): undefined {
    this.finish(CLOSED[this.#initiator])
  }

  protected finish(final: WebSocketEvent): void {
    // What a message in pieces has given so far still comes; what was held back is lost with the connection.
    const message = this.#message
    const events = message?.queue.splice(0) ?? NO_EVENTS
    this.#over = true
    this.#final = final
    this.#input.clear()
    message?.release()
    message?.queue.push(...events)
    this.sender.release()
  }
}
