/** Transactions that are executed only if what they were made from has stayed as it was. */

import type { Key, Many } from './arguments.js'
import type { Multi, ResultsOf } from './pipeline.js'
import type { ReservedRedis } from './redis.js'

/** How a watched transaction is tried. */
export interface WatchOptions {
  /** How often it is tried at the most. Default 10. */
  readonly attemptsMax?: number | undefined
}

/** Reads what it needs, and gives the commands, or undefined to leave everything as it is. */
export type WatchWork<Results extends readonly unknown[], Text, Int> = (
  link: ReservedRedis<Text, Int>,
) => Promise<Multi<Results, Text, Int> | undefined>

/** Tries once: undefined when `work` gives nothing, null when a key has changed. */
export async function watchOnce<Results extends readonly unknown[], Text, Int>(
  link: ReservedRedis<Text, Int>,
  keys: Many<Key>,
  work: WatchWork<Results, Text, Int>,
): Promise<ResultsOf<Results> | null | undefined> {
  await link.command('WATCH', keys)
  const multi = await work(link)
  return multi === undefined ? undefined : await multi.exec()
}
