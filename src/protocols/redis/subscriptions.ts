/** What a connection is subscribed to, as the server has confirmed it. */

import { native } from '../core/native.js'
import type { SubscriptionKind } from './events.js'
import { keyOf, textOf } from './reply-builder.js'
import type { ReplyValue } from './values.js'

/** What the commands and the confirmations of a kind are called. */
interface Confirmation {
  readonly type: 'subscribed' | 'unsubscribed'
  readonly kind: SubscriptionKind
}

/** Confirmations by the name that stands first in them. */
const CONFIRMATIONS: ReadonlyMap<string, Confirmation> = new Map([
  ['subscribe', { type: 'subscribed', kind: 'channel' }],
  ['psubscribe', { type: 'subscribed', kind: 'pattern' }],
  ['ssubscribe', { type: 'subscribed', kind: 'shard' }],
  ['unsubscribe', { type: 'unsubscribed', kind: 'channel' }],
  ['punsubscribe', { type: 'unsubscribed', kind: 'pattern' }],
  ['sunsubscribe', { type: 'unsubscribed', kind: 'shard' }],
])

/** Messages by the name that stands first in them. */
const MESSAGES: ReadonlyMap<string, SubscriptionKind> = new Map([
  ['message', 'channel'],
  ['pmessage', 'pattern'],
  ['smessage', 'shard'],
])

/** What a push of this name confirms: it has a channel, and how many there are. */
export function confirmationOf(name: string, values: readonly ReplyValue[]): Confirmation | undefined {
  const confirmation = CONFIRMATIONS.get(name)
  if (confirmation === undefined || values.length !== 3) return undefined
  const count = values[2]
  return typeof count === 'number' || typeof count === 'bigint' ? confirmation : undefined
}

/** What a push of this name, of so many elements, is a message of. */
export function messageKindOf(name: string, length: number): SubscriptionKind | undefined {
  const kind = MESSAGES.get(name)
  return kind !== undefined && length === (kind === 'pattern' ? 4 : 3) ? kind : undefined
}

/** The name that stands first in a push; undefined when that is no text. */
export function pushName(first: ReplyValue | undefined): string | undefined {
  return first === undefined ? undefined : textOf(first)
}

/** The subscriptions of one connection. */
export class Subscriptions {
  readonly #names: Readonly<Record<SubscriptionKind, Set<string>>> = {
    channel: new Set(),
    pattern: new Set(),
    shard: new Set(),
  }

  #count = 0

  /** How many there are. */
  get count(): number {
    return this.#count
  }

  /** How many there are of a kind. */
  countOf(kind: SubscriptionKind): number {
    return this.#names[kind].size
  }

  confirm({ type, kind }: Confirmation, channel: ReplyValue): void {
    if (channel === null) return
    const name = channel instanceof Uint8Array ? native.latin1Slice(channel, 0, channel.length) : keyOf(channel)
    if (type === 'subscribed') this.#names[kind].add(name)
    else this.#names[kind].delete(name)
    this.#count = this.#names.channel.size + this.#names.pattern.size + this.#names.shard.size
  }

  clear(): void {
    for (const names of Object.values(this.#names)) names.clear()
    this.#count = 0
  }
}
