/** What comes over the wire into what methods give: the same for RESP2 and RESP3. */

import type { CommandArgument } from '../../../protocols/redis/command-writer.js'
import { native } from '../../../protocols/core/native.js'
import { BulkString, ReplyError, type ReplyObject, type ReplyValue } from '../../../protocols/redis/values.js'
import type { StreamEntries, StreamEntry } from './reply-shapes.js'

/** The text of a string, however it was asked for. */
export function textOf(value: ReplyValue | undefined): string {
  if (typeof value === 'string') return value
  if (value instanceof Uint8Array) return native.utf8Slice(value, 0, value.length)
  if (value instanceof BulkString) return value.text
  return String(value)
}

/** A double is text with RESP2. */
export function readDouble(value: ReplyValue): ReplyValue {
  if (value === null || typeof value === 'number' || value instanceof ReplyError) return value
  const text = textOf(value)
  if (text === 'inf') return Infinity
  return text === '-inf' ? -Infinity : Number(text)
}

/** Doubles, some of them null. */
export function readDoubles(value: ReplyValue): ReplyValue {
  return Array.isArray(value) ? value.map(readDouble) : value
}

/** ZADD with INCR gives a score, else how many were added. */
export function readAdded(value: ReplyValue): ReplyValue {
  return typeof value === 'bigint' ? value : readDouble(value)
}

/** A map is an array of names and values with RESP2. */
export function readObject(value: ReplyValue): ReplyValue {
  if (!Array.isArray(value)) return value
  const object = Object.create(null) as ReplyObject
  for (let i = 0; i + 1 < value.length; i += 2) object[textOf(value[i])] = value[i + 1]!
  return object
}

/** Maps in an array. */
export function readObjects(value: ReplyValue): ReplyValue {
  return Array.isArray(value) ? value.map(readObject) : value
}

/** Members with scores: pairs with RESP3, in turn with RESP2. */
export function readScored(value: ReplyValue): ReplyValue {
  return pairsOf(value, readDouble)
}

/** Members, with their scores where these were asked for. */
export function readMembers(value: ReplyValue, args: readonly CommandArgument[]): ReplyValue {
  return asksFor(args, 'WITHSCORES') ? readScored(value) : value
}

/** Fields, with their values where these were asked for. */
export function readFields(value: ReplyValue, args: readonly CommandArgument[]): ReplyValue {
  return asksFor(args, 'WITHVALUES') ? pairsOf(value, asItIs) : value
}

/** A page of the fields of a hash. */
export function readHashPage(value: ReplyValue): ReplyValue {
  return page(value, (items) => pairsOf(items, asItIs))
}

/** A page of the members of a sorted set. */
export function readScoredPage(value: ReplyValue): ReplyValue {
  return page(value, readScored)
}

/** A key, a member and its score. */
export function readKeyedPop(value: ReplyValue): ReplyValue {
  return Array.isArray(value) ? [value[0]!, value[1]!, readDouble(value[2]!)] : value
}

/** A key, and members with their scores. */
export function readManyPop(value: ReplyValue): ReplyValue {
  return Array.isArray(value) ? [value[0]!, readScored(value[1]!)] : value
}

/** Places as numbers. */
export function readPositions(value: ReplyValue): ReplyValue {
  return readEach(value, readDoubles)
}

/** Places that were searched for, with what was asked for beside them. */
export function readNear(value: ReplyValue, args: readonly CommandArgument[]): ReplyValue {
  const distanceAt = asksFor(args, 'WITHDIST') ? 1 : -1
  return readEach(value, (match) =>
    Array.isArray(match)
      ? match.map((part, at) => (Array.isArray(part) ? readDoubles(part) : at === distanceAt ? readDouble(part) : part))
      : match,
  )
}

/** Entries of a stream. Those that were deleted meanwhile are left out. */
export function readEntries(value: ReplyValue): ReplyValue {
  return entriesOf(value) as unknown as ReplyValue
}

/** XCLAIM: entries, or with JUSTID their ids. */
export function readClaimed(value: ReplyValue, args: readonly CommandArgument[]): ReplyValue {
  return asksFor(args, 'JUSTID') ? value : readEntries(value)
}

/** XAUTOCLAIM: where to go on, the entries or their ids, the ids of deleted ones (none before Redis 7). */
export function readAutoClaimed(value: ReplyValue, args: readonly CommandArgument[]): ReplyValue {
  return Array.isArray(value) ? [value[0]!, readClaimed(value[1]!, args), value[2] ?? []] : value
}

/** Entries by their streams: a map with RESP3, pairs with RESP2. */
export function readStreams(value: ReplyValue): ReplyValue {
  if (value === null || typeof value !== 'object' || value instanceof ReplyError) return value
  const pairs = Array.isArray(value)
    ? (value as [ReplyValue, ReplyValue][])
    : (Object.entries(value) as [string, ReplyValue][])
  const streams = pairs.map(([stream, entries]): StreamEntries<ReplyValue> => ({
    stream: textOf(stream),
    entries: entriesOf(entries),
  }))
  return streams as unknown as ReplyValue
}

function entriesOf(value: ReplyValue): StreamEntry<ReplyValue>[] {
  const entries: StreamEntry<ReplyValue>[] = []
  for (const entry of value as ReplyValue[])
    if (Array.isArray(entry)) entries.push({ id: textOf(entry[0]), fields: readObject(entry[1] ?? []) as ReplyObject })
  return entries
}

function page(value: ReplyValue, read: (items: ReplyValue) => ReplyValue): ReplyValue {
  return Array.isArray(value) ? [value[0]!, read(value[1]!)] : value
}

function pairsOf(value: ReplyValue, read: (second: ReplyValue) => ReplyValue): ReplyValue {
  if (!Array.isArray(value)) return value
  if (Array.isArray(value[0]))
    return value.map((pair) => [(pair as ReplyValue[])[0]!, read((pair as ReplyValue[])[1]!)])
  const pairs: ReplyValue[] = []
  for (let i = 0; i + 1 < value.length; i += 2) pairs.push([value[i]!, read(value[i + 1]!)])
  return pairs
}

function readEach(value: ReplyValue, read: (element: ReplyValue) => ReplyValue): ReplyValue {
  return Array.isArray(value) ? value.map(read) : value
}

function asItIs(value: ReplyValue): ReplyValue {
  return value
}

/** Whether a word stands among the options: they begin behind the key and one more word at the least. */
function asksFor(args: readonly CommandArgument[], word: string): boolean {
  for (let i = args.length - 1; i > 1; i--) {
    const argument = args[i]
    if (typeof argument === 'string' && argument.length === word.length && argument.toUpperCase() === word) return true
  }
  return false
}
