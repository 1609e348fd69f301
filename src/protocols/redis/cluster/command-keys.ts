/** The keys of commands whose places depend on their arguments, and the slot that keys share. */

import type { CommandArgument } from '../command-writer.js'
import { keySlot } from '../key-slot.js'

/** Commands that say how many keys they have: at which word that number stands. The keys follow it. */
const COUNT_AT: ReadonlyMap<string, number> = new Map([
  ...['LMPOP', 'ZMPOP', 'SINTERCARD', 'ZDIFF', 'ZINTER', 'ZINTERCARD', 'ZUNION'].map((name) => [name, 1] as const),
  ...['EVAL', 'EVAL_RO', 'EVALSHA', 'EVALSHA_RO', 'FCALL', 'FCALL_RO', 'BLMPOP', 'BZMPOP'].map(
    (name) => [name, 2] as const,
  ),
  ...['ZDIFFSTORE', 'ZINTERSTORE', 'ZUNIONSTORE'].map((name) => [name, 2] as const),
])

/** Commands with one key before what they count, or with options that may name one more. */
const FIRST_KEY: ReadonlySet<string> = new Set([
  'ZDIFFSTORE',
  'ZINTERSTORE',
  'ZUNIONSTORE',
  'SORT',
  'SORT_RO',
  'GEORADIUS',
  'GEORADIUSBYMEMBER',
])

const STORES: ReadonlySet<string> = new Set(['STORE', 'STOREDIST'])

/**
 * The keys of a command that says itself where they are: `args` are all of its words. None for one that is not known,
 * or whose numbers do not fit: the server tells what is wrong with it.
 */
export function movableKeys(args: readonly CommandArgument[]): readonly CommandArgument[] {
  const name = wordAt(args, 0)
  if (name === 'XREAD' || name === 'XREADGROUP') return streamKeys(args)
  if (name === 'MIGRATE') return migratedKeys(args)
  const keys = FIRST_KEY.has(name) ? args.slice(1, 2) : []
  const countAt = COUNT_AT.get(name)
  if (countAt !== undefined) {
    const count = Number(args[countAt])
    if (count > 0) keys.push(...args.slice(countAt + 1, countAt + 1 + count))
  } else if (keys.length > 0) {
    const storeAt = args.findIndex((_, at) => at > 1 && STORES.has(wordAt(args, at)))
    if (storeAt > 0) keys.push(...args.slice(storeAt + 1, storeAt + 2))
  }
  return keys
}

/** The slot of all keys; undefined when there is none, `'several'` when they do not share one (CROSSSLOT). */
export function commonSlot(keys: readonly CommandArgument[]): number | 'several' | undefined {
  let common: number | undefined
  for (const key of keys) {
    const slot = keySlot(key instanceof Uint8Array ? key : String(key))
    if (common !== undefined && slot !== common) return 'several'
    common = slot
  }
  return common
}

/** Behind STREAMS come the keys, and as many ids. */
function streamKeys(args: readonly CommandArgument[]): readonly CommandArgument[] {
  const from = args.findIndex((_, at) => at > 0 && wordAt(args, at) === 'STREAMS') + 1
  return from === 0 ? [] : args.slice(from, from + Math.floor((args.length - from) / 2))
}

/** One key, or an empty one and more behind KEYS. */
function migratedKeys(args: readonly CommandArgument[]): readonly CommandArgument[] {
  const from = args.findIndex((_, at) => at > 3 && wordAt(args, at) === 'KEYS') + 1
  return from === 0 ? args.slice(3, 4) : args.slice(from)
}

function wordAt(args: readonly CommandArgument[], at: number): string {
  const word = args[at]
  return typeof word === 'string' ? word.toUpperCase() : ''
}
