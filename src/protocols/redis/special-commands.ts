/** Commands that are answered in a way of their own, or change what a connection is. */

import { UsageError } from '../core/errors.js'
import type { CommandArgument } from './command-writer.js'
import type { SubscriptionKind } from './events.js'
import { WaitStates } from './lifecycle.js'

/** How a command is answered. */
export interface SpecialCommand {
  /** What its answer is waited for in: a number of `WaitStates`. */
  readonly state: number
  /** Of subscriptions: what they are to. */
  readonly kind: SubscriptionKind | undefined
  /** Whether it may be sent while there are subscriptions, with RESP2. */
  readonly whileSubscribed: boolean
}

function special(state: number, whileSubscribed: boolean, kind?: SubscriptionKind): SpecialCommand {
  return { state, kind, whileSubscribed }
}

const { command, subscribe, unsubscribe, monitor, reset, quit } = WaitStates

/** What all others are. */
export const ORDINARY: SpecialCommand = special(command, false)

const SPECIAL: ReadonlyMap<string, SpecialCommand> = new Map([
  ['SUBSCRIBE', special(subscribe, true, 'channel')],
  ['PSUBSCRIBE', special(subscribe, true, 'pattern')],
  ['SSUBSCRIBE', special(subscribe, true, 'shard')],
  ['UNSUBSCRIBE', special(unsubscribe, true, 'channel')],
  ['PUNSUBSCRIBE', special(unsubscribe, true, 'pattern')],
  ['SUNSUBSCRIBE', special(unsubscribe, true, 'shard')],
  ['PING', special(command, true)],
  ['MONITOR', special(monitor, false)],
  ['RESET', special(reset, true)],
  ['QUIT', special(quit, true)],
])

/** What would leave it open which reply belongs to which command, or the version of the protocol. */
const REFUSED: ReadonlySet<string> = new Set(['HELLO', 'SYNC', 'PSYNC'])

/** What a command is. Throws `UsageError` for one that an engine cannot follow. */
export function specialCommand(args: readonly CommandArgument[]): SpecialCommand {
  const [first] = args
  if (typeof first !== 'string') throw new UsageError('REDIS_ARGUMENTS', 'the name of a command is a string')
  const found = SPECIAL.get(first)
  if (found !== undefined) return found
  const name = first.toUpperCase()
  if (REFUSED.has(name) || (name === 'CLIENT' && String(args[1]).toUpperCase() === 'REPLY'))
    throw new UsageError(
      'REDIS_COMMAND',
      `${args.length > 1 && name === 'CLIENT' ? 'CLIENT REPLY' : name} is not for a connection that others use`,
    )
  return SPECIAL.get(name) ?? ORDINARY
}
