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

/** A string, as its flags have it; octets are copied. */
export function stringOf(bytes: Uint8Array, start: number, end: number, flags: number): ReplyValue {
  if ((flags & (ReplyFlags.bytes | ReplyFlags.both)) === 0) return native.utf8Slice(bytes, start, end)
  const octets = new Uint8Array(bytes.subarray(start, end))
  return (flags & ReplyFlags.both) === 0 ? octets : new BulkString(octets, native.utf8Slice(bytes, start, end))
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
  return textOf(key) ?? (typeof key === 'object' ? '' : String(key))
}

/** The text of a string of any type; undefined for what is none. */
export function textOf(value: ReplyValue): string | undefined {
  if (typeof value === 'string') return value
  if (value instanceof BulkString || value instanceof SimpleString || value instanceof VerbatimString) return value.text
  return value instanceof Uint8Array ? native.utf8Slice(value, 0, value.length) : undefined
}

function pairsOf(items: readonly ReplyValue[]): ReplyMap {
  const pairs: (readonly [ReplyValue, ReplyValue])[] = []
  for (let i = 0; i < items.length; i += 2) pairs.push([items[i]!, items[i + 1]!])
  return new ReplyMap(pairs)
}

const PIECES_BYTES_MIN = 256

/** The pieces of a streamed string, one behind the other: however small they are, they take no more than twice that. */
export class Pieces {
  size = 0
  #bytes: Uint8Array = new Uint8Array(PIECES_BYTES_MIN)

  add(bytes: Uint8Array, start: number, end: number): void {
    const size = this.size + end - start
    if (size > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(size, this.#bytes.length * 2))
      larger.set(this.#bytes.subarray(0, this.size))
      this.#bytes = larger
    }
    this.#bytes.set(bytes.subarray(start, end), this.size)
    this.size = size
  }

  string(flags: number): ReplyValue {
    return stringOf(this.#bytes, 0, this.size, flags)
  }
}
