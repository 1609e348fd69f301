/** Commands that are answered in a way of their own, or change what a connection is. */

import { UsageError } from '../core/errors.js'
import { native } from '../core/native.js'
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

/** What begins and ends a transaction. */
export const MULTI: SpecialCommand = special(command, false)
export const END_OF_MULTI: SpecialCommand = special(command, false)

const SPECIAL: ReadonlyMap<string, SpecialCommand> = new Map([
  ['SUBSCRIBE', special(subscribe, true, 'channel')],
  ['PSUBSCRIBE', special(subscribe, true, 'pattern')],
  ['SSUBSCRIBE', special(subscribe, true, 'shard')],
  ['UNSUBSCRIBE', special(unsubscribe, true, 'channel')],
  ['PUNSUBSCRIBE', special(unsubscribe, true, 'pattern')],
  ['SUNSUBSCRIBE', special(unsubscribe, true, 'shard')],
  ['PING', special(command, true)],
  ['MULTI', MULTI],
  ['EXEC', END_OF_MULTI],
  ['DISCARD', END_OF_MULTI],
  ['MONITOR', special(monitor, false)],
  ['RESET', special(reset, true)],
  ['QUIT', special(quit, true)],
])

/** What would leave it open which reply belongs to which command, or the version of the protocol. */
const REFUSED: ReadonlySet<string> = new Set(['HELLO', 'SYNC', 'PSYNC', 'REPLCONF'])

/** What a command is. Throws `UsageError` for one that an engine cannot follow. */
export function specialCommand(args: readonly CommandArgument[]): SpecialCommand {
  const [first] = args
  if (typeof first !== 'string') throw new UsageError('REDIS_ARGUMENTS', 'the name of a command is a string')
  const found = SPECIAL.get(first)
  if (found !== undefined) return found
  const name = upperCase(first)
  if (REFUSED.has(name)) throw refused(name)
  if (name === 'CLIENT' && wordOf(args[1]) === 'REPLY') throw refused('CLIENT REPLY')
  return SPECIAL.get(name) ?? ORDINARY
}

function refused(name: string): UsageError {
  return new UsageError('REDIS_COMMAND', `${name} is not for a connection that others use`)
}

/** Almost all names are in capital letters, and looking at them takes a tenth of the time of making sure. */
function upperCase(name: string): string {
  for (let i = 0; i < name.length; i++) {
    const code = name.charCodeAt(i)
    if (code > 0x60) return name.toUpperCase()
  }
  return name
}

function wordOf(argument: CommandArgument | undefined): string {
  const octets = argument instanceof Uint8Array
  return (octets ? native.latin1Slice(argument, 0, argument.length) : String(argument)).toUpperCase()
}
