/** One command on its way: its words, and who waits for what comes of it. */

import type { CommandArgument } from '../../../protocols/redis/command-writer.js'
import type { ReplyError, ReplyValue } from '../../../protocols/redis/values.js'
import { type CommandSpec, nameOf } from './command-spec.js'
import { type RedisConnectionError, RedisError, RedisTimeoutError } from './redis-error.js'

/** Decides what becomes of commands that a node of several has not executed. */
export interface CommandRouter {
  /** The server has refused it; true when it is taken care of. */
  refused(command: Command, error: ReplyError): boolean
  /** It has come back without an answer; true when it is taken care of. */
  lost(command: Command, error: RedisConnectionError): boolean
}

/** It settles once: what comes later is not for anybody. */
export class Command {
  readonly args: readonly CommandArgument[]
  readonly spec: CommandSpec
  /** How its reply is read: `ReplyFlags`, added up. */
  readonly replyFlags: number
  readonly #resolve: (value: never) => void
  readonly #reject: (error: unknown) => void
  settled: boolean = false
  /** Whether it was given to a connection. */
  sent: boolean = false
  /** How often it was sent again. */
  retries: number = 0
  /** When it was put where it waits, by the clock. */
  waitsSince: number = 0
  timeoutMs: number = Infinity
  /** By the clock; `Infinity` for none. */
  deadline: number = Infinity
  /** Called when it has settled. */
  onSettled: (() => void) | undefined
  /** Undefined where there is one server only. */
  router: CommandRouter | undefined
  #signal: AbortSignal | undefined
  #onAbort: (() => void) | undefined

  constructor(
    args: readonly CommandArgument[],
    spec: CommandSpec,
    replyFlags: number,
    resolve: (value: never) => void,
    reject: (error: unknown) => void,
  ) {
    this.args = args
    this.spec = spec
    this.replyFlags = replyFlags
    this.#resolve = resolve
    this.#reject = reject
  }

  /** Calls `onAbort` when the signal aborts before it has settled; it has settled with the reason then. */
  watch(signal: AbortSignal, onAbort: () => void): void {
    this.#signal = signal
    this.#onAbort = (): void => {
      this.fail(signal.reason)
      onAbort()
    }
    signal.addEventListener('abort', this.#onAbort)
  }

  /** The server has answered. */
  succeed(value: ReplyValue): void {
    if (this.settled) return
    const { read } = this.spec
    if (read === undefined) {
      this.#settle()
      this.#resolve(value as never)
      return
    }
    let result
    try {
      result = read(value, this.args)
    } catch (error) {
      this.fail(error)
      return
    }
    this.#settle()
    this.#resolve(result as never)
  }

  /** The server has refused. */
  refuse(error: ReplyError): void {
    if (this.router?.refused(this, error) === true) return
    if (!this.settled) this.fail(new RedisError(error.message, nameOf(this.spec)))
  }

  fail(error: unknown): void {
    if (this.settled) return
    this.#settle()
    this.#reject(error)
  }

  /** There is no answer, and none will come. */
  lose(error: RedisConnectionError): void {
    if (this.router?.lost(this, error) !== true) this.fail(error)
  }

  /** It takes too long. */
  expire(): void {
    this.fail(new RedisTimeoutError(this.timeoutMs, this.sent))
  }

  #settle(): void {
    this.settled = true
    if (this.#signal !== undefined) this.#signal.removeEventListener('abort', this.#onAbort!)
    if (this.onSettled !== undefined) this.onSettled()
  }
}
