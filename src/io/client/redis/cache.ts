/**
 * Replies that are kept here as long as the server says that they are true (client-side caching). A reply belongs to
 * its keys: when one of them changes it is gone, and when the change comes while the reply is under way it is not kept.
 */

import { clock } from '../../clock.js'
import { native } from '../../../protocols/core/native.js'
import type { CommandArgument } from '../../../protocols/redis/command-writer.js'
import { BulkString, type ReplyValue } from '../../../protocols/redis/values.js'
import type { Command } from './command.js'
import { CommandGroup } from './command-group.js'
import { CommandFlags, type CommandSpec } from './command-spec.js'
import { keysOf } from './command-specs.js'
import type { RedisConfig } from './config.js'
import { textOf } from './replies.js'

/** How a cache is doing. */
export interface CacheStats {
  /** Replies that are kept. */
  readonly size: number
  readonly hits: number
  readonly misses: number
  /** Keys that were told to have changed. */
  readonly invalidations: number
  /** How often all was dropped, because the connection was lost or anything may have changed. */
  readonly flushes: number
}

interface Kept {
  readonly value: ReplyValue
  readonly keys: readonly string[]
  /** By the clock. */
  readonly until: number
}

/** A reply under way; it is kept if nothing has happened to its keys. */
export interface Pending {
  readonly id: string
  readonly keys: readonly string[]
  good: boolean
}

/** Longer commands are not kept. */
const ID_CHARS_MAX = 4096

/** One cache. It is on while its connection is. */
export class ReplyCache {
  /** The one that is longest unused comes first. */
  readonly #kept: Map<string, Kept> = new Map()
  readonly #max: number
  readonly #ttlMs: number
  readonly #idsByKey: Map<string, Set<string>> = new Map()
  readonly #pending: Set<Pending> = new Set()
  readonly #prefixes: readonly string[]
  #on = false
  #hits = 0
  #misses = 0
  #invalidations = 0
  #flushes = 0

  constructor({ max, ttlMs, prefixes }: NonNullable<RedisConfig['cache']>) {
    this.#prefixes = prefixes
    this.#max = max
    this.#ttlMs = ttlMs
  }

  get stats(): CacheStats {
    return {
      size: this.#kept.size,
      hits: this.#hits,
      misses: this.#misses,
      invalidations: this.#invalidations,
      flushes: this.#flushes,
    }
  }

  /** The server tells what changes from now on. */
  begin(): void {
    this.flush()
    this.#on = true
  }

  /** It does not any more. */
  end(): void {
    this.#on = false
    this.flush()
  }

  /** What is kept of a reply, as a copy of its own; else undefined. */
  find(id: string): ReplyValue | undefined {
    const kept = this.#kept.get(id)
    if (kept === undefined || clock.now >= kept.until) {
      this.#misses++
      return undefined
    }
    this.#hits++
    this.#kept.delete(id)
    this.#kept.set(id, kept)
    return copyOf(kept.value)
  }

  /** What a command is kept as; undefined when it is not. */
  idOf({ spec, args, replyFlags }: Command): string | undefined {
    if (!this.#on || (spec.flags & CommandFlags.cacheable) === 0) return undefined
    let id = `${replyFlags}`
    for (const argument of args) {
      const text = argument instanceof Uint8Array ? `b${latin1(argument)}` : `t${argument}`
      // With its length before it, no argument can look like two.
      id += `,${text.length}:${text}`
    }
    return id.length > ID_CHARS_MAX || !this.#isTracked(spec, args) ? undefined : id
  }

  /** The command is sent: `settle` with its reply. */
  expect(id: string, { spec, args }: Command): Pending {
    const pending: Pending = { id, keys: (keysOf(spec, args) ?? []).map(keyText), good: this.#on }
    this.#pending.add(pending)
    return pending
  }

  /** The reply has come, or none (undefined). */
  settle(pending: Pending, value: ReplyValue | undefined): void {
    this.#pending.delete(pending)
    if (!pending.good || !this.#on || value === undefined) return
    const { id, keys } = pending
    this.#remove(id)
    this.#kept.set(id, { value: copyOf(value), keys, until: clock.now + this.#ttlMs })
    if (this.#kept.size > this.#max) this.#remove(this.#kept.keys().next().value!)
    for (const key of keys) {
      const ids = this.#idsByKey.get(key)
      if (ids === undefined) this.#idsByKey.set(key, new Set([id]))
      else ids.add(id)
    }
  }

  /** The server tells that keys have changed; null: any may have. */
  invalidate(keys: readonly ReplyValue[] | null): void {
    if (keys === null) return this.flush()
    for (const key of keys) {
      this.#invalidations++
      this.#drop(textOf(key))
    }
  }

  /** We change something ourselves: whoever reads it behind that must not get what was before. */
  onWrite(command: Command): void {
    if (!this.#on) return
    if (command instanceof CommandGroup) for (const { spec, args } of command.content) this.#onWrite(spec, args)
    else this.#onWrite(command.spec, command.args)
  }

  /** Drops all; replies under way are not kept either. */
  flush(): void {
    this.#flushes++
    for (const pending of this.#pending) pending.good = false
    this.#kept.clear()
    this.#idsByKey.clear()
  }

  #onWrite(spec: CommandSpec, args: readonly CommandArgument[]): void {
    if ((spec.flags & CommandFlags.write) === 0) return
    const keys = keysOf(spec, args)
    if (keys === undefined || keys.length === 0) this.flush()
    else for (const key of keys) this.#drop(keyText(key))
  }

  #drop(key: string): void {
    for (const pending of this.#pending) if (pending.good && pending.keys.includes(key)) pending.good = false
    const ids = this.#idsByKey.get(key)
    if (ids !== undefined) for (const id of ids) this.#remove(id)
  }

  #remove(id: string): void {
    const kept = this.#kept.get(id)
    if (kept === undefined) return
    this.#kept.delete(id)
    for (const key of kept.keys) {
      const ids = this.#idsByKey.get(key)
      if (ids?.delete(id) === true && ids.size === 0) this.#idsByKey.delete(key)
    }
  }

  /** In broadcast mode the server tells of some keys only. */
  #isTracked(spec: CommandSpec, args: readonly CommandArgument[]): boolean {
    if (this.#prefixes.length === 0) return true
    return (keysOf(spec, args) ?? []).every((key) => this.#prefixes.some((prefix) => keyText(key).startsWith(prefix)))
  }
}

function keyText(key: CommandArgument): string {
  return key instanceof Uint8Array ? native.utf8Slice(key, 0, key.length) : String(key)
}

function latin1(octets: Uint8Array): string {
  return native.latin1Slice(octets, 0, octets.length)
}

/** Callers may change what they get. */
function copyOf(value: ReplyValue): ReplyValue {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(copyOf)
  if (value instanceof Uint8Array) return value.slice()
  if (value instanceof BulkString) return new BulkString(value.bytes.slice(), value.text)
  if (value instanceof Map) return new Map([...value].map(([key, one]) => [copyOf(key), copyOf(one)]))
  if (Object.getPrototypeOf(value) !== null) return value
  const copy = Object.create(null) as Record<string, ReplyValue>
  for (const [name, one] of Object.entries(value as Record<string, ReplyValue>)) copy[name] = copyOf(one)
  return copy
}
