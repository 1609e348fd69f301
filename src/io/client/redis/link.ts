/**
 * The connection to one server that comes back when it is lost. Commands wait while there is none, as many and as long
 * as they may.
 */

import { clock, type Timed } from '../../clock.js'
import { UsageError } from '../../../protocols/core/errors.js'
import { guarded } from '../guarded.js'
import type { Command } from './command.js'
import { CommandQueue } from './command-queue.js'
import { CommandFlags } from './command-spec.js'
import type { ConnectionListener, RedisConnection } from './connection.js'
import { RedisConnectionError, RedisError } from './redis-error.js'

/** How a link behaves. Times are milliseconds. */
export interface LinkSettings {
  readonly queueMax: number
  readonly queueTimeoutMs: number
  readonly inFlight: 'fail' | 'retry'
  readonly retryMax: number
  readonly backoffMs: number
  readonly backoffMaxMs: number
  /** Makes a connection. */
  readonly connect: (signal: AbortSignal) => Promise<RedisConnection>
  /** What else is told of its connections. */
  readonly listener?: ConnectionListener | undefined
  /**
   * A connection was made; it is used when this settles. What it rejects with has the connection given up, as if it had
   * failed to be made.
   */
  readonly prepare?: ((connection: RedisConnection) => Promise<unknown> | undefined) | undefined
  readonly onConnect?: (() => void) | undefined
  readonly onDisconnect?: ((error: Error) => void) | undefined
}

/** How a link is doing. */
export interface LinkStats {
  readonly connected: boolean
  /** Commands that wait for a connection. */
  readonly queued: number
  /** Commands that are not answered. */
  readonly inFlight: number
  /** Connections that were made. */
  readonly connects: number
  /** Attempts to connect that have failed. */
  readonly failures: number
  /** Commands that were sent again. */
  readonly retries: number
  /** The last reason why there was no connection; undefined since there is one. */
  readonly lastError: unknown
}

/** The part of a pause by which it varies, so that not all clients come back at once. */
const JITTER = 0.5

/** Errors to the beginning of a connection that pass by themselves. */
const PASSING: ReadonlySet<string> = new Set(['LOADING', 'MASTERDOWN', 'BUSY', 'TRYAGAIN', 'CLUSTERDOWN', 'MOVED'])

/** One link. It connects with the first command. */
export class RedisLink implements Timed {
  readonly #settings: LinkSettings
  readonly #queue: CommandQueue = new CommandQueue()
  #connection: RedisConnection | undefined
  #controller: AbortController | undefined
  #failuresInRow = 0
  #pause: NodeJS.Timeout | undefined
  #lastError: unknown
  #connects = 0
  #failures = 0
  #retries = 0
  #closed = false
  #onIdle: (() => void) | undefined

  constructor(settings: LinkSettings) {
    this.#settings = settings
  }

  get stats(): LinkStats {
    return {
      connected: this.#connection !== undefined,
      queued: this.#queue.count,
      inFlight: this.#connection?.load ?? 0,
      connects: this.#connects,
      failures: this.#failures,
      retries: this.#retries,
      lastError: this.#lastError,
    }
  }

  /** The connection of now; undefined while there is none. */
  get connection(): RedisConnection | undefined {
    return this.#connection
  }

  /** Sends a command, or lets it wait for a connection. */
  run(command: Command): void {
    const connection = this.#connection
    if (connection !== undefined) connection.send(command)
    else this.#enqueue(command)
  }

  /** Nobody waits for a command any more. */
  drop(command: Command): void {
    this.#queue.remove(command)
    this.#connection?.drop(command)
  }

  /** Connects now, unless it is connected, or about to be. */
  wake(): void {
    const busy = this.#connection !== undefined || this.#controller !== undefined || this.#pause !== undefined
    if (!busy && !this.#closed) void this.#connect()
  }

  /**
   * Gives up the connection of now, as if it were lost: there will be another one. An attempt that may wait for a
   * server that does not answer is given up, too, and so is a pause: the next attempt is made at once.
   */
  reconnect(error: Error): void {
    this.#connection?.destroy(error)
    if (this.#controller === undefined && this.#pause === undefined) return
    clearTimeout(this.#pause)
    this.#pause = undefined
    this.#controller?.abort(error)
    this.#controller = undefined
    this.wake()
  }

  /** Takes no more commands; resolves when all are answered and the connection is gone. */
  async close(): Promise<void> {
    this.#closed = true
    if (this.#queue.count > 0) await new Promise<void>((resolve) => (this.#onIdle = resolve))
    this.#giveUp()
    await this.#connection?.close()
  }

  /** Ends at once; what has no answer is lost. */
  terminate(): void {
    this.#closed = true
    this.#giveUp()
    this.#connection?.destroy()
    for (const command of this.#queue.takeAll()) command.lose(closedError(command.sent))
    this.#left()
  }

  onTick(now: number): void {
    const { queueTimeoutMs } = this.#settings
    for (const command of this.#queue.takeAll()) {
      if (now >= command.deadline) command.expire()
      else if (now - command.waitsSince >= queueTimeoutMs)
        command.fail(this.#noConnection('REDIS_QUEUE_TIMEOUT', `no connection in ${queueTimeoutMs} ms`, command))
      if (!command.settled) this.#queue.push(command)
    }
    this.#left()
  }

  #enqueue(command: Command): void {
    const { queueMax } = this.#settings
    if (this.#closed) return command.lose(closedError(command.sent))
    if (this.#queue.count >= queueMax)
      return command.fail(this.#noConnection('REDIS_QUEUE_FULL', `${queueMax} commands wait already`, command))
    command.waitsSince = clock.now
    this.#queue.push(command)
    if (this.#queue.count === 1) clock.add(this)
    // Somebody waits: the process must not end before.
    this.#pause?.ref()
    this.wake()
  }

  #noConnection(code: string, message: string, { sent }: Command): RedisConnectionError {
    return new RedisConnectionError(code, message, sent, this.#lastError)
  }

  async #connect(): Promise<void> {
    const controller = new AbortController()
    this.#controller = controller
    try {
      const connection = await this.#settings.connect(controller.signal)
      connection.listener = {
        ...this.#settings.listener,
        onClosed: (_, lost) => this.#onClosed(connection, lost),
      }
      await this.#prepare(connection, controller.signal)
      if (connection.isUsable) this.#connected(connection)
      else throw connection.error ?? closedError(false)
    } catch (error) {
      // Who has given it up may have begun another one.
      if (controller.signal.aborted) return
      this.#controller = undefined
      this.#failed(error)
    }
  }

  async #prepare(connection: RedisConnection, signal: AbortSignal): Promise<void> {
    const onAbort = (): void => connection.destroy()
    signal.addEventListener('abort', onAbort)
    try {
      signal.throwIfAborted()
      await this.#settings.prepare?.(connection)
    } catch (error) {
      connection.destroy()
      throw error
    }
    signal.removeEventListener('abort', onAbort)
  }

  #connected(connection: RedisConnection): void {
    this.#controller = undefined
    this.#connection = connection
    this.#connects++
    this.#failuresInRow = 0
    this.#lastError = undefined
    this.#tell(this.#settings.onConnect)
    for (const command of this.#queue.takeAll()) this.run(command)
    this.#left()
  }

  /** What will not pass by itself is told to all who wait; whatever it is, it is tried again. */
  #failed(error: unknown): void {
    this.#failures++
    this.#lastError = error
    this.#tell(this.#settings.onDisconnect, error as Error)
    const final = (error instanceof RedisError && !PASSING.has(error.code)) || error instanceof UsageError
    if (final) for (const command of this.#queue.takeAll()) command.fail(error)
    else this.#offerElsewhere()
    this.#left()
    if (final && this.#connects === 0) return
    this.#retryLater()
  }

  /** What may be sent to another server does not wait for this one. */
  #offerElsewhere(): void {
    const [here, elsewhere]: [Command[], Command[]] = [[], []]
    for (const command of this.#queue.takeAll()) (command.router === undefined ? here : elsewhere).push(command)
    this.#queue.putBack(here)
    for (const command of elsewhere)
      command.lose(this.#noConnection('REDIS_NO_CONNECTION', 'there is no connection', command))
  }

  #retryLater(): void {
    if (this.#closed && this.#queue.count === 0) return
    const { backoffMs, backoffMaxMs } = this.#settings
    const pauseMs = Math.min(backoffMs * 2 ** this.#failuresInRow++, backoffMaxMs)
    this.#pause = setTimeout(
      () => {
        this.#pause = undefined
        void this.#connect()
      },
      pauseMs * (1 - JITTER * Math.random()),
    )
    if (this.#queue.count === 0) this.#pause.unref()
  }

  #onClosed(connection: RedisConnection, lost: readonly Command[]): void {
    const before = this.#connection === connection
    if (before) this.#connection = undefined
    this.#settings.listener?.onClosed?.(connection, lost)
    const { error } = connection
    const back = lost.filter((command) => !command.settled && !this.#lose(command, connection))
    if (back.length > 0) {
      for (const command of back) command.waitsSince = clock.now
      this.#queue.putBack(back)
      clock.add(this)
    }
    if (!before || this.#closed) return
    this.#lastError = error
    if (error !== undefined) this.#tell(this.#settings.onDisconnect, error)
    this.#retryLater()
  }

  /** False for a command that is to be sent again. */
  #lose(command: Command, connection: RedisConnection): boolean {
    const error = connection.lossOf(command)
    if (command.router?.lost(command, error) === true) return true
    const { inFlight, retryMax } = this.#settings
    if (!this.#closed) {
      if (!command.sent) return false
      const harmless = (command.spec.flags & (CommandFlags.readonly | CommandFlags.idempotent)) !== 0
      if (inFlight === 'retry' && harmless && command.retries < retryMax) {
        command.retries++
        command.sent = false
        this.#retries++
        return false
      }
    }
    command.fail(error)
    return true
  }

  #tell<Arguments extends readonly unknown[]>(
    callback: ((...given: Arguments) => void) | undefined,
    ...given: Arguments
  ): void {
    if (callback !== undefined) guarded(() => callback(...given))
  }

  #giveUp(): void {
    clearTimeout(this.#pause)
    this.#pause = undefined
    this.#controller?.abort(closedError(false))
    this.#controller = undefined
  }

  /** Nobody waits any more: nothing needs to tick, and `close` goes on. */
  #left(): void {
    if (this.#queue.count > 0) return
    clock.remove(this)
    this.#pause?.unref()
    this.#onIdle?.()
    this.#onIdle = undefined
  }
}

function closedError(mayHaveRun: boolean): RedisConnectionError {
  return new RedisConnectionError('REDIS_CLOSED', 'the client is closed', mayHaveRun)
}
