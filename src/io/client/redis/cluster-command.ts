/** A command on its way through a cluster, from node to node. */

import { commonSlot, movableKeys } from '../../../protocols/redis/cluster/command-keys.js'
import { isTransient, redirectionOf } from '../../../protocols/redis/cluster/redirection.js'
import type { ClusterNode } from '../../../protocols/redis/cluster/slot-map.js'
import type { Attempt } from '../../../protocols/redis/cluster/topology.js'
import type { ReplyError } from '../../../protocols/redis/values.js'
import type { Command, CommandRouter } from './command.js'
import { CommandGroup } from './command-group.js'
import { keysOf } from './command-specs.js'
import { type RedisConnectionError, RedisError } from './redis-error.js'

/** Who sends commands on. */
export interface Dispatcher {
  /** False when the error is the answer. */
  redirect(routed: RoutedCommand, error: ReplyError): boolean
  /** False when the loss is the answer. */
  recover(routed: RoutedCommand, error: RedisConnectionError): boolean
}

/** One command, or one transaction. */
export class RoutedCommand implements CommandRouter {
  readonly command: Command
  readonly attempt: Attempt
  /** It may be sent to one that copies the slot. */
  readonly reads: boolean
  readonly blocking: boolean
  readonly signal: AbortSignal | undefined
  /** Where it was sent last. */
  node: ClusterNode | undefined
  /** When it is sent again, while it waits. */
  dueAt: number = 0
  readonly #dispatcher: Dispatcher
  /** Why a part of the transaction was refused. */
  #refusal: ReplyError | undefined

  constructor(
    command: Command,
    slot: number | undefined,
    options: { readonly reads: boolean; readonly blocking: boolean; readonly signal: AbortSignal | undefined },
    dispatcher: Dispatcher,
  ) {
    this.command = command
    this.attempt = { slot, redirections: 0, waits: 0 }
    this.reads = options.reads
    this.blocking = options.blocking
    this.signal = options.signal
    this.#dispatcher = dispatcher
    command.router = this
    if (command instanceof CommandGroup) for (const part of command.parts) part.router = this
  }

  refused(command: Command, error: ReplyError): boolean {
    if (command === this.command) return this.#redirect(error)
    if (command !== this.#exec) {
      // The server will not execute the transaction: its EXEC is refused, too.
      if (this.#refusal !== undefined || !isElsewhere(error, this.node!)) return false
      this.#refusal = error
      return true
    }
    const refusal = error.code === 'EXECABORT' ? this.#refusal : error
    if (refusal === undefined) return false
    if (!this.#redirect(refusal)) command.fail(new RedisError(refusal.message, 'EXEC'))
    return true
  }

  lost(command: Command, error: RedisConnectionError): boolean {
    if (command === this.command) return this.#dispatcher.recover(this, error)
    // EXEC is the one that somebody waits for. It was sent: whether it was executed nobody knows.
    return command !== this.#exec
  }

  /** Nothing of it is under way any more, and it may be sent again. */
  reset(): void {
    const { command } = this
    // Who has lent a connection for it takes that back.
    command.onSettled?.()
    command.onSettled = undefined
    command.sent = false
    this.#refusal = undefined
    if (command instanceof CommandGroup) for (const part of command.parts) part.sent = false
  }

  get #exec(): Command | undefined {
    return this.command instanceof CommandGroup ? this.command.parts.at(-1) : undefined
  }

  #redirect(error: ReplyError): boolean {
    return isElsewhere(error, this.node!) && this.#dispatcher.redirect(this, error)
  }
}

/** The slot of a command; `'several'` when its keys do not share one. */
export function slotOf(command: Command): number | 'several' | undefined {
  const { content } = command instanceof CommandGroup ? command : { content: [command] }
  return commonSlot(content.flatMap(({ spec, args }) => keysOf(spec, args) ?? movableKeys(args)))
}

function isElsewhere(error: ReplyError, asked: ClusterNode): boolean {
  return isTransient(error) || redirectionOf(error, asked) !== undefined
}
