/** One connection to a server: commands are sent as they come, and answered in their order. */

import { RedisClient } from '../../../protocols/redis/client.js'
import { redisFaults } from '../../../protocols/redis/errors.js'
import type {
  InvalidateEvent,
  MessageEvent,
  PushEvent,
  RedisClientEvent,
  SubscriptionEvent,
} from '../../../protocols/redis/events.js'
import type { RedisLimits } from '../../../protocols/redis/limits.js'
import type { ReplyValue } from '../../../protocols/redis/values.js'
import { clock, type Timed } from '../../clock.js'
import { Driver, type DriverHandler } from '../../driver.js'
import { type Transport, TransportError } from '../../transport.js'
import { Command } from './command.js'
import { CommandGroup } from './command-group.js'
import { CommandQueue } from './command-queue.js'
import type { CommandSpec } from './command-spec.js'
import { RedisConnectionError, RedisError } from './redis-error.js'

/** Who a connection is for, and how it is used. */
export interface ConnectionSettings {
  readonly protocol: 2 | 3
  readonly username: string | undefined
  readonly password: string | undefined
  readonly database: number
  /** As CLIENT LIST shows it. */
  readonly name: string | undefined
  readonly limits: Partial<RedisLimits>
  /** After so much silence of the server, in milliseconds, it is asked whether it is there; `Infinity` for never. */
  readonly pingIntervalMs: number
  /** How long it may take to say so. */
  readonly pingTimeoutMs: number
  /** How messages are read: `ReplyFlags`, added up. */
  readonly pushFlags: number
}

/** Who is told what happens on a connection. All of it is optional; nothing of it may throw. */
export interface ConnectionListener {
  readonly onMessage?: ((event: MessageEvent) => void) | undefined
  readonly onSubscription?: ((event: SubscriptionEvent) => void) | undefined
  readonly onInvalidate?: ((event: InvalidateEvent) => void) | undefined
  readonly onPush?: ((event: PushEvent) => void) | undefined
  readonly onMonitor?: ((line: string) => void) | undefined
  /** The connection is gone; once. `lost` are the commands that have no answer, in the order of the calls. */
  readonly onClosed?: ((connection: RedisConnection, lost: readonly Command[]) => void) | undefined
}

/** From so much output on that the server has not taken, further commands wait here. */
const OUTPUT_BYTES_MAX = 1_048_576

/** So much output does not wait for the end of the turn: the server can begin while the rest is being made. */
const EARLY_BYTES = 16_384

const PING: CommandSpec = { words: ['PING'], flags: 0, firstKey: 0, lastKey: 0, keyStep: 0, read: undefined }

/** A connection that the server has accepted. */
export class RedisConnection implements DriverHandler<RedisClientEvent>, Timed {
  readonly engine: RedisClient
  listener: ConnectionListener = {}
  /** What the server has said of itself, with RESP3. */
  server: Readonly<Record<string, ReplyValue>> | undefined
  /** Resolves when the connection is gone; with the reason unless it was us. */
  readonly closed: Promise<RedisConnectionError | undefined>
  readonly #driver: Driver<RedisClientEvent>
  readonly #sent: CommandQueue = new CommandQueue()
  readonly #waiting: CommandQueue = new CommandQueue()
  readonly #pingIntervalMs: number
  readonly #pingTimeoutMs: number
  #closing = false
  #gone = false
  /** Whether something has come since the last tick. */
  #heard = false
  #heardAt = 0
  #pinging = false
  /** Commands with a deadline were sent. */
  #timed = false
  #dismissal: RedisError | undefined
  #faultCode: keyof typeof redisFaults | undefined
  #onReady: (() => void) | undefined
  #onClosed!: (error: RedisConnectionError | undefined) => void
  #error: RedisConnectionError | undefined

  private constructor(transport: Transport, settings: ConnectionSettings) {
    const { protocol, username, password, database, name, limits, pushFlags } = settings
    this.engine = new RedisClient({
      protocol,
      username,
      password,
      database,
      name,
      pushFlags,
      limits,
    })
    this.#pingIntervalMs = settings.pingIntervalMs
    this.#pingTimeoutMs = settings.pingTimeoutMs
    this.closed = new Promise((resolve) => (this.#onClosed = resolve))
    this.#driver = new Driver(transport, this.engine, this)
  }

  /**
   * Begins on a transport. Rejects with `RedisError` when the server refuses, with `RedisConnectionError` when it does
   * not behave or is gone, and with the reason of `signal`; then the transport is gone, too.
   */
  static async begin(
    transport: Transport,
    settings: ConnectionSettings,
    signal: AbortSignal,
  ): Promise<RedisConnection> {
    let connection
    try {
      connection = new RedisConnection(transport, settings)
    } catch (error) {
      transport.destroy()
      throw error
    }
    return connection.#begin(signal)
  }

  async #begin(signal: AbortSignal): Promise<RedisConnection> {
    const onAbort = (): void => this.destroy(signal.reason as Error)
    const ready = new Promise<void>((resolve) => (this.#onReady = resolve))
    signal.addEventListener('abort', onAbort)
    if (signal.aborted) onAbort()
    else this.#driver.start()
    await ready
    signal.removeEventListener('abort', onAbort)
    if (!this.#gone) return this
    if (signal.aborted) throw signal.reason
    throw this.#dismissal ?? this.#error
  }

  get transport(): Transport {
    return this.#driver.transport
  }

  /** Whether commands can be given to it. */
  get isUsable(): boolean {
    return !this.#gone && !this.#closing && this.engine.ready
  }

  /** Commands that are not answered. */
  get load(): number {
    return this.#sent.count + this.#waiting.count
  }

  /** Why it is gone; undefined while it is not, or if it was us. */
  get error(): RedisConnectionError | undefined {
    return this.#error
  }

  /** Sends a command, or lets it wait while the server does not take what was sent before. */
  send(command: Command): void {
    if (!this.isUsable) {
      command.lose(this.lossOf(command))
    } else if (this.#waiting.count > 0 || this.engine.outputBytes >= OUTPUT_BYTES_MAX) {
      this.#timed ||= command.deadline < Infinity
      this.#waiting.push(command)
    } else {
      this.#driver.enter()
      this.#write(command)
      if (this.engine.outputBytes >= EARLY_BYTES) this.#driver.settle()
    }
  }

  /** Nobody waits for a command any more: when it was not sent, it will not be. */
  drop(command: Command): void {
    if (!command.sent) this.#waiting.remove(command)
  }

  /** Ends the connection once all is answered. Resolves when it is gone. */
  async close(): Promise<void> {
    this.#closing = true
    this.#closeWhenIdle()
    await this.closed
  }

  /** Ends the connection now; what has no answer is lost. */
  destroy(error?: Error): void {
    if (error === undefined) this.#closing = true
    this.#driver.destroy(error)
  }

  onEvent(event: RedisClientEvent): void {
    switch (event.type) {
      case 'reply':
        this.#heard = true
        this.#sent.shift()!.succeed(event.value)
        return
      case 'message':
        this.#heard = true
        return this.listener.onMessage?.(event)
      case 'error':
        this.#heard = true
        if (event.id === 0) this.#dismissal = new RedisError(event.error.message, '')
        else this.#sent.shift()!.refuse(event.error)
        return
      case 'invalidate':
        return this.listener.onInvalidate?.(event)
      case 'subscribed':
      case 'unsubscribed':
        this.#heard = true
        this.listener.onSubscription?.(event)
        if (event.id !== 0 && event.last) this.#sent.shift()!.succeed(event.count)
        return
      case 'push':
        return this.listener.onPush?.(event)
      case 'monitor':
        this.#heard = true
        return this.listener.onMonitor?.(event.line)
      case 'ready':
        this.server = event.server
        this.#begun()
        return
      case 'fatal':
        this.#faultCode = event.code
        // There is nothing to tell the server, and nothing to wait for.
        this.#driver.cut()
        return
      default:
        if (event.initiator !== 'local') this.#driver.cut()
    }
  }

  onPolled(): boolean {
    if (this.#closing) this.#closeWhenIdle()
    return false
  }

  /** Inside of it nothing can be sent: the driver has just written. */
  onFlushed(): void {
    if (this.#waiting.count > 0 && this.engine.outputBytes < OUTPUT_BYTES_MAX) queueMicrotask(() => this.#pump())
  }

  onClosed(error: Error | undefined): void {
    this.#gone = true
    this.engine.abort()
    clock.remove(this)
    this.#error = this.#closing && error === undefined ? undefined : this.#failure(error)
    const lost = [...this.#sent.takeAll(), ...this.#waiting.takeAll()].filter((command) => command.spec !== PING)
    const { onClosed } = this.listener
    if (onClosed === undefined) for (const command of lost) command.lose(this.lossOf(command))
    else onClosed(this, lost)
    this.#onReady?.()
    this.#onClosed(this.#error)
  }

  /** Redis stays what it is. */
  onReleased(transport: Transport): void {
    transport.destroy()
    this.onClosed(undefined)
  }

  onTick(now: number): void {
    if (this.#timed) this.#expire(now)
    if (this.#heard) {
      this.#heard = false
      this.#heardAt = now
      this.#pinging = false
      return
    }
    const silentMs = now - this.#heardAt
    if (this.#pinging) {
      if (silentMs >= this.#pingIntervalMs + this.#pingTimeoutMs)
        this.destroy(new TransportError('REDIS_PING_TIMEOUT', this.transport.peer, 'the server does not answer'))
    } else if (silentMs >= this.#pingIntervalMs && this.engine.ready) {
      this.#driver.enter()
      const ping = new Command(PING.words, PING, 0, ignore, ignore)
      this.#write(ping)
      // Behind MONITOR there is none.
      this.#pinging = ping.sent
    }
  }

  /** What to tell a caller whose command has no answer. */
  lossOf(command: Command): RedisConnectionError {
    const { code, message, cause } = this.#error ?? this.#failure(undefined)
    return new RedisConnectionError(code, message, command.sent, cause)
  }

  #begun(): void {
    this.#heardAt = clock.now
    clock.add(this)
    this.#onReady?.()
    this.#onReady = undefined
  }

  #write(command: Command): void {
    if (command instanceof CommandGroup) {
      command.begin()
      for (const part of command.parts) this.#write(part)
      return
    }
    try {
      this.engine.command(command.args, command.replyFlags)
    } catch (error) {
      command.fail(error)
      return
    }
    this.#timed ||= command.deadline < Infinity
    command.sent = true
    this.#sent.push(command)
  }

  #pump(): void {
    if (this.#gone || !this.engine.ready) return
    this.#driver.enter()
    while (this.#waiting.count > 0 && this.engine.outputBytes < OUTPUT_BYTES_MAX) {
      const command = this.#waiting.shift()!
      if (!command.settled) this.#write(command)
    }
  }

  /** Replies of commands that were given up are still to come; nobody gets them. */
  #expire(now: number): void {
    let timed = false
    for (const queue of [this.#sent, this.#waiting])
      for (const command of queue) {
        if (command.settled) continue
        if (now >= command.deadline) command.expire()
        else timed ||= command.deadline < Infinity
      }
    this.#timed = timed
  }

  #closeWhenIdle(): void {
    if (this.#gone || this.load > 0 || !this.engine.ready) return
    this.#driver.enter()
    this.engine.close()
  }

  /** Why the connection is gone, or cannot be used. */
  #failure(error: Error | undefined): RedisConnectionError {
    const dismissal = this.#dismissal
    if (dismissal !== undefined)
      return new RedisConnectionError(
        dismissal.code,
        `the server has ended the connection: ${dismissal.message}`,
        false,
        dismissal,
      )
    const fault = this.#faultCode
    if (fault !== undefined) return new RedisConnectionError(fault, redisFaults[fault].text, false, error)
    if (error === undefined) return new RedisConnectionError('REDIS_CLOSED', 'the connection is closed', false)
    const known = error instanceof TransportError || error instanceof RedisConnectionError
    const code = known ? error.code : 'REDIS_CLOSED'
    return new RedisConnectionError(code, `the connection is gone: ${error.message}`, false, error)
  }
}

function ignore(): void {}
