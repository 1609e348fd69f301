/**
 * The client role of a Redis connection, RESP2 and RESP3. Commands are sent as they are given, any number of them
 * before the first answer; each gets a number, and the event of its answer has it.
 */

import { UsageError } from '../core/errors.js'
import { type RedisClientOptions, RedisClientReceiver } from './client-receiver.js'
import { checkCommand, type CommandArgument, writeCommand } from './command-writer.js'
import { WaitStates } from './lifecycle.js'
import { END_OF_MULTI, MULTI, specialCommand } from './special-commands.js'

/**
 * One client connection. Commands throw `UsageError` when they do not fit, and do nothing once the connection is over;
 * they may be given as soon as the server has accepted how the connection begins.
 */
export class RedisClient extends RedisClientReceiver {
  #lastId = 0
  /** Behind MULTI, before EXEC. */
  #transaction = false

  constructor(options: RedisClientOptions = {}) {
    super(options)
  }

  /**
   * Sends a command: its name and its arguments. `flags` says how the reply is read: `ReplyFlags`, added up. What
   * subscribes is answered by `subscribed` events, all others by `reply` or `error`.
   */
  command(args: readonly CommandArgument[], flags = 0): number {
    if (this.over) return this.#lastId
    if (!this.ready) throw new UsageError('REDIS_STATE', 'the server is not ready for commands yet')
    checkCommand(args)
    const special = specialCommand(args)
    const { state, whileSubscribed, kind } = special
    if (this.monitorAsked && state !== WaitStates.reset && state !== WaitStates.quit)
      throw new UsageError('REDIS_STATE', 'behind MONITOR there is RESET and QUIT only')
    if (!whileSubscribed && this.protocol === 2 && this.subscriptions.count > 0)
      throw new UsageError('REDIS_STATE', `with RESP2 a subscriber cannot send ${String(args[0])}`)
    // Its confirmations would be parts of the reply to EXEC.
    if (kind !== undefined && this.#transaction)
      throw new UsageError('REDIS_STATE', `within a transaction there is no ${String(args[0])}`)
    writeCommand(this.out, args)
    if (special === MULTI) this.#transaction = true
    else if (special === END_OF_MULTI || state === WaitStates.reset) this.#transaction = false
    else if (state === WaitStates.monitor) this.monitorAsked = true
    this.pend(++this.#lastId, flags, state, kind, args.length - 1)
    return this.#lastId
  }

  /** Ends the connection in order, once what was written has left. What is under way gets no answer any more. */
  close(): void {
    if (!this.over) this.conclude('local')
  }

  /** Ends the connection now. */
  abort(): void {
    if (this.over) return
    this.out.clear()
    this.conclude('local')
  }
}
