/**
 * What both roles of an HTTP/1.1 connection share: input and output, the message being read, the end, and the deadlines
 * (RFC 9112 section 9). The roles say what a message is and when the next one may begin.
 */

import type { ClosedEvent, Engine, Millis } from '../core/engine.js'
import { UsageError } from '../core/errors.js'
import { Input } from '../core/input.js'
import { OutputQueue } from '../core/output.js'
import { NO_TRANSITION } from '../core/transitions.js'
import { BodyReader, DATA, END } from './body-reader.js'
import type { Http1FaultCode } from './errors.js'
import type { DataEvent, EndEvent, HandoverEvent, Http1FatalEvent } from './events.js'
import { Fields } from '../core/fields.js'
import { MessageFraming } from './framing.js'
import { HalfStates, lifecycle } from './lifecycle.js'
import { type Http1Limits, limitsOf } from './limits.js'
import { HeadReader, NEED_MORE } from './reader.js'

const END_WITHOUT_TRAILERS: EndEvent = Object.freeze({ type: 'end', trailers: Fields.empty })
const CLOSED: Readonly<Record<ClosedEvent['initiator'], ClosedEvent>> = {
  local: Object.freeze({ type: 'closed', initiator: 'local' }),
  remote: Object.freeze({ type: 'closed', initiator: 'remote' }),
  library: Object.freeze({ type: 'closed', initiator: 'library' }),
}

/** Events that both roles have. */
export type CommonEvent = DataEvent | EndEvent | HandoverEvent | Http1FatalEvent | ClosedEvent

/** One connection; `Http1Server` and `Http1Client` are its roles. */
export abstract class Http1Engine<Event> implements Engine<Event | CommonEvent> {
  protected readonly limits: Http1Limits
  protected readonly input: Input = new Input()
  protected readonly out: OutputQueue = new OutputQueue()
  protected readonly head: HeadReader
  protected readonly body: BodyReader
  protected readonly framing: MessageFraming = new MessageFraming()

  /** The half that the peer sends, and the one that we send: numbers of `HalfStates`. */
  protected received: number = HalfStates.idle
  protected sent: number = HalfStates.idle
  protected now: Millis = 0
  /** When the current wait for the peer began: for a head, for a body's rate, for the next message. */
  protected waitingSince: Millis = 0
  /** The peer has half-closed. */
  protected ended = false
  /** The application does not want content now. */
  protected held = false
  /** Content that comes is dropped: its exchange has been answered. */
  protected dropping = false
  /** No further message follows the current one. */
  protected lastExchange = false

  #headBegun = false
  #bodyBytes = 0
  #over = false
  #final: CommonEvent | undefined
  #heldSince: Millis = 0
  #outputSince: Millis = -1
  #lastOutput: Millis = 0

  protected constructor(limits: Partial<Http1Limits> | undefined) {
    this.limits = limitsOf(limits)
    this.head = new HeadReader(this.limits)
    this.body = new BodyReader(this.limits)
  }

  start(now: Millis): void {
    this.now = now
    this.waitingSince = now
    this.#lastOutput = now
  }

  receive(chunk: Uint8Array, now: Millis): void {
    this.now = now
    if (!this.#over && !this.ended) this.input.push(chunk)
  }

  receiveEnd(now: Millis): void {
    this.now = now
    this.ended = true
    this.#lastOutput = now
  }

  advance(now: Millis): void {
    this.now = now
    if (this.#over || now < this.deadline()) return
    if (this.#outputStall() <= now) {
      this.out.clear()
      this.fail('H1_WRITE_TIMEOUT', -1)
    } else if (this.#halfClosedStall() <= now) {
      this.fail('H1_PEER_GONE', -1)
    } else if (this.received === HalfStates.body) {
      this.#endRateWindow()
    } else {
      this.onWaitExpired()
    }
  }

  poll(): Event | CommonEvent | undefined {
    if (this.#over) {
      const final = this.#final
      this.#final = undefined
      return final
    }
    const event = this.next()
    if (event === undefined) {
      if (this.#final !== undefined) return this.poll()
      this.input.hold()
    }
    return event
  }

  output(): Uint8Array | undefined {
    const awaited = this.awaitsContent()
    const octets = this.out.take()
    if (octets !== undefined) {
      this.#outputSince = -1
      this.#lastOutput = this.now
      // While too much output waited, content was not awaited: it is not late, its time begins anew.
      if (!awaited && this.received === HalfStates.body && this.awaitsContent()) this.beginWait()
      // Nor is a head awaited before what it answers, or what it follows, has left.
      if (this.out.bytes === 0 && this.received === HalfStates.idle && !this.#headBegun) this.beginWait()
    }
    return octets
  }

  deadline(): Millis {
    if (this.#over) return Infinity
    let wait = Infinity
    if (this.received === HalfStates.body) {
      if (this.awaitsContent()) wait = this.waitingSince + this.limits.bodyMs
    } else if (this.out.bytes === 0 || this.#headBegun) {
      // A peer that still takes our output is not late; whether it takes it fast enough, the write deadline tells.
      wait = this.waitingSince + this.waitMs()
    }
    return Math.min(wait, this.#outputStall(), this.#halfClosedStall())
  }

  get wantsInput(): boolean {
    if (this.#over || this.ended || this.out.bytes >= this.limits.outputBytesMax) return false
    if (this.received === HalfStates.body && this.held) return false
    return this.received < HalfStates.done || this.input.size < this.limits.heldBytesMax
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

  /**
   * Stops or resumes the `data` and `end` events of the message under way. While held, `wantsInput` is false and the
   * peer's time stands still. A server forgets it when the exchange is answered.
   */
  holdBody(hold: boolean): void {
    if (this.held === hold || this.dropping) return
    this.held = hold
    // Only the time of holding is forgiven: a new span at each release would let content drip for ever.
    if (hold) this.#heldSince = this.now
    else if (this.received === HalfStates.body)
      this.waitingSince += this.now - Math.max(this.#heldSince, this.waitingSince)
  }

  /** Ends the connection now, without a word: what is under way stays incomplete. */
  abort(): void {
    if (this.#over) return
    this.out.clear()
    this.finish(CLOSED.local)
  }

  /** A small plain object for logs and test failures. */
  describeState(): Record<string, unknown> {
    return {
      received: lifecycle.states[this.received],
      sent: lifecycle.states[this.sent],
      inputBytes: this.input.size,
      outputBytes: this.out.bytes,
      ended: this.ended,
      held: this.held,
      lastExchange: this.lastExchange,
      over: this.#over,
    }
  }

  /** The next event of the role, or undefined. */
  protected abstract next(): Event | CommonEvent | undefined
  /** How long the peer may take now for what is not content; `Infinity` while it is our turn. */
  protected abstract waitMs(): Millis
  /** The wait of `waitMs` has passed. */
  protected abstract onWaitExpired(): void
  /** Writes what answers a fault; gives the status that went out, or 0. */
  protected abstract answerFault(code: Http1FaultCode): number
  /** Whether the peer, which has half-closed, still waits for a message of ours. */
  protected abstract owesResponse(): boolean
  /** The half-closed peer cannot send what is missing; `midway` when a message is incomplete. */
  protected abstract onInputEnd(midway: boolean): CommonEvent | undefined

  /** Whether the peer's content is awaited: not held by us, nor by output that the peer does not take. */
  protected awaitsContent(): boolean {
    return !this.held && this.out.bytes < this.limits.outputBytesMax
  }

  /** Moves a half on, or throws a `UsageError` that names the command. Changes nothing when it throws. */
  protected step(state: number, input: number, command: string): number {
    const next = lifecycle.next(state, input)
    if (next === NO_TRANSITION)
      throw new UsageError('H1_STATE', `${command} does not fit: the message is ${lifecycle.states[state]!}`)
    return next
  }

  /** Starts the clock of a wait. */
  protected beginWait(): void {
    this.waitingSince = this.now
    this.#bodyBytes = 0
  }

  /** Whether a head has begun to arrive. */
  protected get headBegun(): boolean {
    return this.#headBegun
  }

  /** Reads a head. Gives true when it is complete; otherwise undefined, or what ends the connection. */
  protected readHead(): boolean | CommonEvent | undefined {
    const { input, head } = this
    if (input.size === 0 && !head.midway) return this.ended ? this.onInputEnd(false) : undefined
    const at = head.read(input.bytes, input.at, input.end)
    if (at >= 0) {
      input.at = at
      this.#headBegun = false
      return true
    }
    if (at !== NEED_MORE) return this.fail(head.fault, input.position(head.faultAt), head.faultLimit)
    input.at += head.dropEmptyLines()
    if (this.ended) return this.onInputEnd(head.midway)
    if (head.midway) this.beginHead()
    return undefined
  }

  /** The first octet of a head came: its deadline runs from now on. */
  protected beginHead(): void {
    if (this.#headBegun) return
    this.#headBegun = true
    this.beginWait()
  }

  /** Reads content. Gives its next event, or undefined. */
  protected readBody(): CommonEvent | undefined {
    const { input, body } = this
    const code = body.read(input)
    if (code === DATA) {
      this.#bodyBytes += body.data.length
      return { type: 'data', bytes: body.data }
    }
    if (code === END || (code === NEED_MORE && this.ended && body.untilClose)) {
      this.received = HalfStates.done
      return body.trailers === Fields.empty ? END_WITHOUT_TRAILERS : { type: 'end', trailers: body.trailers }
    }
    if (code !== NEED_MORE) return this.fail(body.fault, input.position(body.faultAt), body.faultLimit)
    return this.ended ? this.fail('H1_TRUNCATED_BODY', input.position(input.end)) : undefined
  }

  /** Ends the connection for a fault of the peer. `offset` is absolute; -1 for a deadline. */
  protected fail(code: Http1FaultCode, offset: number, limit = -1, got = -1): undefined {
    const wireCode = this.answerFault(code)
    this.finish({ type: 'fatal', code, wireCode, offset, limit, got })
  }

  /** Ends the connection in order. */
  protected conclude(initiator: ClosedEvent['initiator']): undefined {
    this.finish(CLOSED[initiator])
  }

  /** Hands the connection over to another protocol, with what came behind the message. */
  protected handOver(): undefined {
    this.finish({ type: 'handover', rest: this.input.takeRest() })
  }

  protected finish(final: CommonEvent): undefined {
    this.#over = true
    this.#final = final
    this.input.clear()
  }

  #endRateWindow(): void {
    const least = (this.limits.bodyMs * this.limits.bodyBytesPerSecondMin) / 1000
    if (this.#bodyBytes < least) this.fail('H1_BODY_TIMEOUT', -1, least, this.#bodyBytes)
    else this.beginWait()
  }

  #outputStall(): Millis {
    if (this.out.bytes === 0) return Infinity
    if (this.#outputSince < 0) this.#outputSince = this.now
    return this.#outputSince + this.limits.writeMs
  }

  #halfClosedStall(): Millis {
    if (!this.ended || !this.owesResponse()) return Infinity
    return this.#lastOutput + this.limits.halfClosedMs
  }
}
