/** Scans as sequences of pages. */

import type { CommandArgument } from '../../../protocols/redis/command-writer.js'
import type { Key } from './arguments.js'
import { textOf } from './replies.js'

/** What is looked for. */
export interface ScanOptions {
  /** A pattern like `user:*`. */
  readonly match?: string | undefined
  /** About how many the server looks at in one go. */
  readonly count?: number | undefined
  /** Keys of one type, as `hash`; for `scanAll` only. */
  readonly type?: string | undefined
}

type Page<Item> = readonly [cursor: never, items: Item[]]

/** The pages of SCAN and SSCAN. */
export function scanPages<Text>(
  send: (args: readonly CommandArgument[]) => Promise<Page<Text>>,
  before: readonly Key[],
  options: ScanOptions,
): AsyncGenerator<Text[], void, undefined> {
  return pages(send, before, options)
}

/** The pages of HSCAN and ZSCAN, as pairs. */
export function hscanPages<Pair>(
  send: (args: readonly CommandArgument[]) => Promise<Page<Pair>>,
  key: Key,
  options: ScanOptions,
): AsyncGenerator<Pair[], void, undefined> {
  return pages(send, [key], options)
}

async function* pages<Item>(
  send: (args: readonly CommandArgument[]) => Promise<Page<Item>>,
  before: readonly Key[],
  { match, count, type }: ScanOptions,
): AsyncGenerator<Item[], void, undefined> {
  const words: CommandArgument[] = []
  if (match !== undefined) words.push('MATCH', match)
  if (count !== undefined) words.push('COUNT', count)
  if (type !== undefined) words.push('TYPE', type)
  let cursor = '0'
  do {
    const [next, items] = await send([...before, cursor, ...words])
    cursor = textOf(next)
    yield items
  } while (cursor !== '0')
}
