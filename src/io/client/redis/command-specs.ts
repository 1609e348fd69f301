/** Commands by their names and by their methods. */

import type { CommandArgument } from '../../../protocols/redis/command-writer.js'
import { CommandFlags, type CommandSpec } from './command-spec.js'
import { COMMAND_ROWS } from './command-table.js'

const byName: Map<string, CommandSpec> = new Map()
const byMethod: Map<string, CommandSpec> = new Map()

for (const [method, words, flags, firstKey, lastKey, keyStep, read] of COMMAND_ROWS) {
  const spec: CommandSpec = { words, flags, firstKey, lastKey, keyStep, read }
  byName.set(words.join(' '), spec)
  if (method !== '') byMethod.set(method, spec)
}

/** Each command that has a method, by the name of it. */
export const specsByMethod: ReadonlyMap<string, CommandSpec> = byMethod

/** One that the table is known to have. */
export function specOf(name: string): CommandSpec {
  return byName.get(name)!
}

/** The same command, with its reply as it comes. */
export function rawSpecOf(args: readonly CommandArgument[]): CommandSpec {
  const name = String(args[0]).toUpperCase()
  const found = byName.get(name) ?? byName.get(`${name} ${String(args[1]).toUpperCase()}`)
  // Of a command that is not known, it may do anything.
  if (found === undefined)
    return {
      words: [name],
      flags: CommandFlags.write | CommandFlags.movableKeys,
      firstKey: 0,
      lastKey: 0,
      keyStep: 0,
      read: undefined,
    }
  return { ...found, read: undefined }
}

/** Whether it makes its connection wait. Of some commands, only their BLOCK does. */
export function blocks(spec: CommandSpec, args: readonly CommandArgument[]): boolean {
  if ((spec.flags & CommandFlags.blocking) === 0) return false
  const [name] = spec.words
  if (name !== 'XREAD' && name !== 'XREADGROUP') return true
  for (const argument of args) {
    const word = typeof argument === 'string' ? argument.toUpperCase() : ''
    if (word === 'BLOCK') return true
    if (word === 'STREAMS') return false
  }
  return false
}

/** The keys of a command, by their places in the table; undefined where these depend on the arguments. */
export function keysOf(spec: CommandSpec, args: readonly CommandArgument[]): CommandArgument[] | undefined {
  if ((spec.flags & CommandFlags.movableKeys) !== 0) return undefined
  const { firstKey, lastKey, keyStep } = spec
  if (firstKey === 0) return []
  const keys: CommandArgument[] = []
  const last = lastKey < 0 ? args.length + lastKey : lastKey
  for (let at = firstKey; at <= last && at < args.length; at += keyStep) keys.push(args[at]!)
  return keys
}
