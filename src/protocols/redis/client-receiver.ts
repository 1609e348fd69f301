/** What a server sends to a client: replies find their commands, and what nobody has asked for its kind. */

import type { ClosedEvent, Engine, Millis } from '../core/engine.js'
import { Input } from '../core/input.js'
import { OutputQueue } from '../core/output.js'
import { NO_TRANSITION } from '../core/transitions.js'
import { writeCommand } from './command-writer.js'
import type { RedisFaultCode } from './errors.js'
import type { RedisClientEvent, SubscriptionKind } from './events.js'
import { checkHandshake, type HandshakeOptions, type HandshakeStep, handshakeSteps, refusesResp3 } from './handshake.js'
import { lifecycle, ServerInputs, WaitStates } from './lifecycle.js'
import { limitsOf, type RedisLimits } from './limits.js'
import { PendingReplies } from './pending-replies.js'
import { READ_FAULT, READ_MORE, READ_PUSH, READ_REPLY, ReplyReader } from './reply-reader.js'
import { textOf } from './reply-builder.js'
import { confirmationOf, messageKindOf, pushName, Subscriptions } from './subscriptions.js'
import { ReplyError, ReplyFlags, type ReplyObject, type ReplyValue } from './values.js'

/** What a client connection is given. */
export interface RedisClientOptions extends HandshakeOptions {
  readonly limits?: Partial<RedisLimits> | undefined
  /** How messages and other pushes are read: `ReplyFlags`, added up. Default 0. */
  readonly pushFlags?: number | undefined
}

const CLOSED: Readonly<Record<ClosedEvent['initiator'], ClosedEvent>> = {
  local: Object.freeze({ type: 'closed', initiator: 'local' }),
  remote: Object.freeze({ type: 'closed', initiator: 'remote' }),
  library: Object.freeze({ type: 'closed', initiator: 'library' }),
}

/** The receiving side of one connection; `RedisClient` adds the commands. */
export abstract class RedisClientReceiver implements Engine<RedisClientEvent> {
  protected readonly out: OutputQueue = new OutputQueue()
  protected readonly pending: PendingReplies = new PendingReplies()
  protected readonly subscriptions: Subscriptions = new Subscriptions()
  /** What is waited for: a number of `WaitStates`. */
  protected state: number = WaitStates.idle
  /** MONITOR was sent, and not refused. */
  protected monitorAsked = false

  readonly #options: RedisClientOptions
  readonly #limits: RedisLimits
  readonly #pushFlags: number
  readonly #input: Input = new Input()
  readonly #reader: ReplyReader
  #protocol: 2 | 3 = 2
  #server: Readonly<Record<string, ReplyValue>> | undefined
  /** Steps of the handshake that are not answered. */
  #steps = 0
  #fallback = false
  #monitoring = false
  #started = false
  #ready = false
  /** Confirmations that the command whose turn it is still waits for; 0 before the first one. */
  #confirmations = 0
  #startedAt: Millis = 0
  #now: Millis = 0
  #outputSince: Millis = -1
  #ended = false
  #held = false
  #over = false
  /** What comes before anything else that is read. */
  #queued: RedisClientEvent | undefined
  #final: RedisClientEvent | undefined

  protected constructor(options: RedisClientOptions) {
    checkHandshake(options)
    this.#options = options
    this.#limits = limitsOf(options.limits)
    this.#pushFlags = options.pushFlags ?? 0
    this.#reader = new ReplyReader(this.#limits)
  }

  start(now: Millis): void {
    this.#now = now
    this.#startedAt = now
    this.#started = true
    this.#queued = this.#shake(handshakeSteps(this.#options, this.#options.protocol !== 2))
  }

  receive(chunk: Uint8Array, now: Millis): void {
    this.#now = now
    if (this.#over || this.#ended) return
    this.#input.push(chunk)
    this.#reader.refresh()
  }

  receiveEnd(now: Millis): void {
    this.#now = now
    this.#ended = true
  }

  advance(now: Millis): void {
    this.#now = now
    if (this.#over || now < this.deadline()) return
    if (this.#outputStall() <= now) {
      this.out.clear()
      this.#fail('REDIS_WRITE_TIMEOUT', -1)
    } else {
      this.#fail('REDIS_STARTUP_TIMEOUT', -1)
    }
  }

  poll(): RedisClientEvent | undefined {
    const queued = this.#takeQueued()
    if (queued !== undefined) return queued
    // However much output waits: a server that waits until its answers are read must not wait for ever because we wait
    // until it reads.
    while (!this.#over && !this.#held) {
      // What is true has no event of its own.
      const event = this.#next()
      if (event === undefined) break
      if (event !== true) return event
    }
    if (this.#over) {
      const final = this.#final
      this.#final = undefined
      return final
    }
    this.#input.hold()
    // What is held lies elsewhere now.
    this.#reader.refresh()
    return undefined
  }

  output(): Uint8Array | undefined {
    const octets = this.out.take()
    if (octets !== undefined) this.#outputSince = -1
    return octets
  }

  deadline(): Millis {
    if (this.#over) return Infinity
    const startup = this.#ready || !this.#started ? Infinity : this.#startedAt + this.#limits.startupMs
    return Math.min(startup, this.#outputStall())
  }

  get wantsInput(): boolean {
    return !this.#over && !this.#ended && !this.#held
  }

  get outputBytes(): number {
    return this.out.bytes
  }

  /** Whether the connection has ended: the last event was, or is about to be, delivered. */
  get over(): boolean {
    return this.#over
  }

  /** Whether the server has accepted how the connection began, and it is not over. */
  get ready(): boolean {
    return this.#ready && !this.#over
  }

  /** The version that is spoken. */
  get protocol(): 2 | 3 {
    return this.#protocol
  }

  /** Commands whose answer is not complete. */
  get pendingCount(): number {
    return this.pending.count
  }

  /** Stops or resumes events; while held, `wantsInput` is false. */
  hold(hold: boolean): void {
    this.#held = hold
  }

  /** A small plain object for logs and test failures. */
  describeState(): Record<string, unknown> {
    return {
      state: lifecycle.states[this.state],
      protocol: this.#protocol,
      pending: this.pending.count,
      subscriptions: this.subscriptions.count,
      inputBytes: this.#input.size,
      outputBytes: this.out.bytes,
      ended: this.#ended,
      held: this.#held,
      over: this.#over,
    }
  }

  /** A command was written: its answer comes behind those before. */
  protected pend(id: number, flags: number, state: number, kind?: SubscriptionKind, confirmations = 0): void {
    const first = this.pending.empty
    this.pending.add(id, flags, state, kind, confirmations)
    if (first) this.#nextCommand()
  }

  protected conclude(initiator: ClosedEvent['initiator']): void {
    this.#finish(CLOSED[initiator])
  }

  /** Writes a part of the handshake; without any step the connection is ready. */
  #shake(steps: readonly HandshakeStep[]): RedisClientEvent | undefined {
    this.#steps = steps.length
    for (const { args, state } of steps) {
      writeCommand(this.out, args)
      this.pend(0, ReplyFlags.objects, state)
    }
    return steps.length === 0 ? this.#becomeReady() : undefined
  }

  #takeQueued(): RedisClientEvent | undefined {
    const queued = this.#queued
    if (queued !== undefined) this.#queued = undefined
    return queued
  }

  #becomeReady(): RedisClientEvent {
    this.#ready = true
    return { type: 'ready', protocol: this.#protocol, server: this.#server }
  }

  /** The next event; true when a reply had none, undefined when more input is needed, or the connection is over. */
  #next(): RedisClientEvent | true | undefined {
    const input = this.#input
    const reader = this.#reader
    const { pending } = this
    // Most are the values of ordinary commands, and no lines, messages or parts of the start. Measured with short
    // strings: 0.85 of the time.
    const ordinary = this.state === WaitStates.command && this.subscriptions.count === 0
    const flags = ordinary ? pending.flags : this.#flags()
    const read = reader.read(input, flags, this.#pushFlags)
    if (read === READ_MORE) return this.#ended ? this.#onEnd() : undefined
    if (read === READ_FAULT) {
      const { code, at: faultAt, limit, got } = reader.fault!
      return this.#fail(code, input.position(faultAt), limit, got)
    }
    const value = reader.take()
    if (ordinary && read === READ_REPLY && typeof value !== 'object' && !this.#monitoring) {
      const { id } = pending
      pending.shift()
      this.state = pending.empty ? WaitStates.idle : pending.state
      return { type: 'reply', id, value, attributes: reader.attributes }
    }
    const position = reader.begin
    if (read === READ_PUSH) return this.#onPush(value as ReplyValue[], position)
    if (value instanceof ReplyError) return this.#onError(value, position)
    if (this.#protocol === 2 && Array.isArray(value) && this.#readsMessages()) {
      const event = this.#onSubscriberArray(value, position)
      if (event !== undefined || this.#over) return event
    }
    return this.#onValue(value, position)
  }

  /** How the next reply is read. */
  #flags(): number {
    return this.#protocol === 2 && this.#readsMessages() ? this.#pushFlags : this.pending.flags
  }

  /** With RESP2, what comes to a subscriber is an array; to commands it has PING only. */
  #readsMessages(): boolean {
    return this.subscriptions.count > 0 || this.state === WaitStates.subscribe || this.state === WaitStates.unsubscribe
  }

  #onValue(value: ReplyValue, at: number): RedisClientEvent | true | undefined {
    const line = this.#monitoring ? textOf(value) : undefined
    // Lines begin with the time.
    const isLine = line !== undefined && line !== 'OK' && line !== 'RESET'
    if (!this.#step(isLine ? ServerInputs.line : ServerInputs.value, at)) return undefined
    if (isLine) return { type: 'monitor', line }
    const { id } = this.pending
    const { state } = this
    if (state === WaitStates.monitor) this.#monitoring = true
    if (state === WaitStates.reset) this.#reset()
    this.#answered()
    if (id === 0) return this.#onHandshake(state, value, at)
    return { type: 'reply', id, value, attributes: this.#reader.attributes }
  }

  #onError(error: ReplyError, at: number): RedisClientEvent | true | undefined {
    // It may come in any state.
    const { state } = this
    const { id } = this.pending
    if (!this.pending.empty) this.#answered()
    if (state === WaitStates.hello && refusesResp3(error)) {
      this.#fallback = true
      return this.#onHandshakeStep()
    }
    // Behind a HELLO that was refused nothing counts but what comes after it.
    if (state === WaitStates.setup || (this.#fallback && state === WaitStates.select)) return this.#onHandshakeStep()
    if (state === WaitStates.monitor) this.monitorAsked = false
    if (!this.#ready) this.#fail('REDIS_HANDSHAKE', at)
    return { type: 'error', id, error }
  }

  #onHandshake(state: number, value: ReplyValue, at: number): RedisClientEvent | true | undefined {
    if (state === WaitStates.hello) {
      if (!isObject(value)) return this.#fail('REDIS_HANDSHAKE', at)
      this.#protocol = 3
      this.#server = value
    }
    return this.#onHandshakeStep()
  }

  /** A step of the handshake is answered; behind the last one the connection is ready, or begins again with RESP2. */
  #onHandshakeStep(): RedisClientEvent | true {
    if (--this.#steps > 0) return true
    if (!this.#fallback) return this.#becomeReady()
    this.#fallback = false
    return this.#shake(handshakeSteps(this.#options, false)) ?? true
  }

  #onPush(values: ReplyValue[], at: number): RedisClientEvent | true | undefined {
    const name = pushName(values[0])
    if (name === undefined) return this.#fail('REDIS_PUSH', at)
    const event = this.#onSubscriberPush(name, values, at)
    if (event !== undefined || this.#over) return event
    if (name === 'invalidate' && values.length === 2 && (values[1] === null || Array.isArray(values[1])))
      return { type: 'invalidate', keys: values[1] }
    return { type: 'push', kind: name, values: values.slice(1) }
  }

  /** An array to a subscriber (RESP2): undefined when it is a reply. */
  #onSubscriberArray(values: readonly ReplyValue[], at: number): RedisClientEvent | undefined {
    const name = pushName(values[0])
    return name === undefined ? undefined : this.#onSubscriberPush(name, values, at)
  }

  #onSubscriberPush(name: string, values: readonly ReplyValue[], at: number): RedisClientEvent | undefined {
    const kind = messageKindOf(name, values.length)
    if (kind !== undefined)
      return {
        type: 'message',
        kind,
        channel: values[values.length - 2]!,
        pattern: kind === 'pattern' ? values[1] : undefined,
        payload: values[values.length - 1]!,
      }
    const confirmation = confirmationOf(name, values)
    if (confirmation === undefined) return undefined
    if (!this.#step(ServerInputs[confirmation.type], at)) return undefined
    const awaited = confirmation.type === 'subscribed' ? WaitStates.subscribe : WaitStates.unsubscribe
    const mine = this.state === awaited && this.pending.kind === confirmation.kind
    // Only the end of a subscription comes by itself.
    if (!mine && confirmation.type === 'subscribed') return this.#fail('REDIS_UNEXPECTED', at)
    const { id } = this.pending
    // One that names nothing is answered once for each that there is, or once.
    if (mine && this.#confirmations === 0)
      this.#confirmations = this.pending.confirmations || Math.max(this.subscriptions.countOf(confirmation.kind), 1)
    const channel = values[1]!
    this.subscriptions.confirm(confirmation, channel)
    const last = mine && --this.#confirmations === 0
    if (last) this.#answered()
    return { ...confirmation, id: mine ? id : 0, channel, count: Number(values[2]), last }
  }

  #answered(): void {
    this.pending.shift()
    this.#confirmations = 0
    this.#nextCommand()
  }

  #nextCommand(): void {
    if (!this.pending.empty) this.state = this.pending.state
    else this.state = this.#monitoring ? WaitStates.monitoring : WaitStates.idle
  }

  /** RESET has made the connection what it was before the handshake, but for the database and the name. */
  #reset(): void {
    this.#protocol = 2
    this.#monitoring = false
    this.monitorAsked = false
    this.subscriptions.clear()
  }

  #step(input: number, at: number): boolean {
    if (lifecycle.next(this.state, input) !== NO_TRANSITION) return true
    this.#fail('REDIS_UNEXPECTED', at)
    return false
  }

  #onEnd(): undefined {
    const truncated = !this.pending.empty || this.#input.size > 0 || this.#reader.inside
    if (truncated && this.state !== WaitStates.quit)
      this.#fail('REDIS_TRUNCATED', this.#input.position(this.#input.end))
    else this.conclude('remote')
  }

  #outputStall(): Millis {
    if (this.out.bytes === 0) return Infinity
    if (this.#outputSince < 0) this.#outputSince = this.#now
    return this.#outputSince + this.#limits.writeMs
  }

  #fail(code: RedisFaultCode, offset: number, limit = -1, got = -1): undefined {
    this.#finish({ type: 'fatal', code, wireCode: 0, offset, limit, got })
  }

  #finish(event: RedisClientEvent): void {
    this.#over = true
    this.#final = event
    this.#input.clear()
  }
}

/** Whether it is a map that was read as an object. */
function isObject(value: ReplyValue): value is ReplyObject {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === null
}
