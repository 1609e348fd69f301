/** What complete parts of a reply become, as its flags have it. */

import { native } from '../core/native.js'
import { ReplyTypes } from './reply-types.js'
import {
  BulkString,
  ReplyFlags,
  ReplyMap,
  type ReplyObject,
  ReplySet,
  type ReplyValue,
  SimpleString,
  VerbatimString,
} from './values.js'

/** An aggregate of a type, with its elements; those of maps and attributes are keys and values in turn. */
export function aggregateOf(type: number, items: ReplyValue[], flags: number): ReplyValue {
  if (type === ReplyTypes.array || type === ReplyTypes.push) return items
  const typed = (flags & ReplyFlags.typed) !== 0
  if (type === ReplyTypes.set) return typed ? new ReplySet(items) : items
  if (typed) return pairsOf(items)
  return (flags & ReplyFlags.objects) !== 0 && type === ReplyTypes.map ? objectOf(items) : mapOf(items)
}

/** A string whose octets are given away. */
export function stringOf(octets: Uint8Array, flags: number): ReplyValue {
  if ((flags & ReplyFlags.bytes) !== 0) return octets
  const text = native.utf8Slice(octets, 0, octets.length)
  return (flags & ReplyFlags.both) === 0 ? text : new BulkString(octets, text)
}

function objectOf(items: readonly ReplyValue[]): ReplyObject {
  const object = Object.create(null) as ReplyObject
  for (let i = 0; i < items.length; i += 2) object[keyOf(items[i]!)] = items[i + 1]!
  return object
}

function mapOf(items: readonly ReplyValue[]): Map<ReplyValue, ReplyValue> {
  const map = new Map<ReplyValue, ReplyValue>()
  for (let i = 0; i < items.length; i += 2) map.set(items[i]!, items[i + 1]!)
  return map
}

/** The text of a value that names something, whatever type it came as. */
export function keyOf(key: ReplyValue): string {
  if (typeof key === 'string') return key
  if (key instanceof BulkString || key instanceof SimpleString || key instanceof VerbatimString) return key.text
  if (key instanceof Uint8Array) return native.utf8Slice(key, 0, key.length)
  return typeof key === 'object' ? '' : String(key)
}

function pairsOf(items: readonly ReplyValue[]): ReplyMap {
  const pairs: (readonly [ReplyValue, ReplyValue])[] = []
  for (let i = 0; i < items.length; i += 2) pairs.push([items[i]!, items[i + 1]!])
  return new ReplyMap(pairs)
}

/** Pieces as one. */
export function joined(chunks: readonly Uint8Array[], bytes: number): Uint8Array {
  const whole = new Uint8Array(bytes)
  let at = 0
  for (const chunk of chunks) {
    whole.set(chunk, at)
    at += chunk.length
  }
  return whole
}
