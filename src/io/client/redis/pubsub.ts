/**
 * Subscriptions: a connection of its own, whichever version is spoken, because the server ends one that takes its
 * messages too slowly. It comes back when it is lost, with all that is subscribed to.
 */

import type { MessageEvent, SubscriptionEvent, SubscriptionKind } from '../../../protocols/redis/events.js'
import { guarded } from '../guarded.js'
import { Audience } from './audience.js'
import { Command } from './command.js'
import { CommandFlags, type CommandSpec } from './command-spec.js'
import type { RedisConnection } from './connection.js'
import type { LinkSettings } from './link.js'
import { RedisLink } from './link.js'
import { RedisConnectionError } from './redis-error.js'
import { textOf } from './replies.js'
import { type OnRedisMessage, type SubscribeOptions, Subscriber } from './subscription.js'

const WORDS: Readonly<Record<SubscriptionKind, readonly [subscribe: string, unsubscribe: string]>> = {
  channel: ['SUBSCRIBE', 'UNSUBSCRIBE'],
  pattern: ['PSUBSCRIBE', 'PUNSUBSCRIBE'],
  shard: ['SSUBSCRIBE', 'SUNSUBSCRIBE'],
}

const KINDS: readonly SubscriptionKind[] = ['channel', 'pattern', 'shard']

/** Names in one command, when all is subscribed to again. */
const NAMES_MAX = 1000

/** All subscriptions of one client. The connection is there while there are any. */
export class PubSub<Text> {
  readonly #settings: Omit<LinkSettings, 'listener' | 'prepare' | 'onConnect' | 'onDisconnect'>
  readonly #onDisconnect: ((error: Error) => void) | undefined
  readonly #subscribers: Readonly<Record<SubscriptionKind, Map<string, Audience<Text>>>> = {
    channel: new Map(),
    pattern: new Map(),
    shard: new Map(),
  }
  #link: RedisLink | undefined
  #lost: { readonly error: Error; readonly since: number } | undefined
  #closed = false

  constructor(
    settings: Omit<LinkSettings, 'listener' | 'prepare' | 'onConnect' | 'onDisconnect'>,
    onDisconnect: ((error: Error) => void) | undefined,
  ) {
    this.#settings = settings
    this.#onDisconnect = onDisconnect
  }

  /** Names that are subscribed to. */
  get count(): number {
    return KINDS.reduce((sum, kind) => sum + this.#subscribers[kind].size, 0)
  }

  /** Resolves when the server has confirmed all names. Rejects with its error, or when there is no connection. */
  async subscribe(
    kind: SubscriptionKind,
    names: readonly string[],
    onMessage: OnRedisMessage<Text> | undefined,
    options: SubscribeOptions,
  ): Promise<Subscriber<Text>> {
    if (this.#closed) throw new RedisConnectionError('REDIS_CLOSED', 'the client is closed', false)
    const distinct = [...new Set(names)]
    const leave = (): Promise<void> => this.#leave(kind, distinct, subscriber)
    const subscriber: Subscriber<Text> = new Subscriber(onMessage, options, leave)
    const all = this.#subscribers[kind]
    for (const name of distinct) {
      const audience = all.get(name) ?? new Audience<Text>()
      all.set(name, audience)
      audience.add(subscriber)
    }
    try {
      // Also when others have subscribed already: then it is confirmed by the time that this is answered.
      await this.#send(WORDS[kind][0], distinct)
    } catch (error) {
      subscriber.fail(error as Error)
      await this.#leave(kind, distinct, subscriber)
      throw error
    }
    return subscriber
  }

  /** Nobody is subscribed any more: iterators are done. */
  async close(): Promise<void> {
    this.#closed = true
    const all = new Set(
      KINDS.flatMap((kind) => [...this.#subscribers[kind].values()].flatMap(({ subscribers }) => subscribers)),
    )
    await Promise.all([...all].map((subscriber) => subscriber.close()))
    this.#end()
  }

  /** Gives up the connection of now: another one is made, with all that is subscribed to. */
  reconnect(error: Error): void {
    this.#link?.reconnect(error)
  }

  async #send(word: string, names: readonly string[]): Promise<void> {
    const link = (this.#link ??= this.#open())
    const spec: CommandSpec = {
      words: [word],
      flags: CommandFlags.idempotent,
      firstKey: 0,
      lastKey: 0,
      keyStep: 0,
      read: undefined,
    }
    await new Promise<void>((resolve, reject) =>
      link.run(new Command([word, ...names], spec, 0, () => resolve(), reject)),
    )
  }

  async #leave(kind: SubscriptionKind, names: readonly string[], subscriber: Subscriber<Text>): Promise<void> {
    const all = this.#subscribers[kind]
    const left: string[] = []
    for (const name of names) {
      const others = all.get(name)?.without(subscriber)
      if (others === undefined) continue
      if (others.subscribers.length > 0) all.set(name, others)
      else if (all.delete(name)) left.push(name)
    }
    if (this.count === 0) this.#end()
    else if (left.length > 0) await this.#send(WORDS[kind][1], left).catch(() => {})
  }

  #open(): RedisLink {
    return new RedisLink({
      ...this.#settings,
      listener: {
        onMessage: (event) => this.#onMessage(event),
        onSubscription: (event) => this.#onSubscription(event),
      },
      prepare: (connection) => this.#restore(connection),
      onConnect: () => this.#onBack(),
      onDisconnect: (error) => {
        this.#lost ??= { error, since: performance.now() }
        this.#onDisconnect?.(error)
      },
    })
  }

  #end(): void {
    const link = this.#link
    this.#link = undefined
    this.#lost = undefined
    link?.terminate()
  }

  /** Subscribes a new connection to all that there is. */
  async #restore(connection: RedisConnection): Promise<void> {
    const sent: Promise<unknown>[] = []
    for (const kind of KINDS) {
      const names = [...this.#subscribers[kind].keys()]
      for (let at = 0; at < names.length; at += NAMES_MAX) {
        const args = [WORDS[kind][0], ...names.slice(at, at + NAMES_MAX)]
        const spec: CommandSpec = { words: [args[0]!], flags: 0, firstKey: 0, lastKey: 0, keyStep: 0, read: undefined }
        sent.push(new Promise((resolve, reject) => connection.send(new Command(args, spec, 0, resolve, reject))))
      }
    }
    await Promise.all(sent)
  }

  #onBack(): void {
    const lost = this.#lost
    this.#lost = undefined
    if (lost === undefined) return
    const gap = { error: lost.error, durationMs: performance.now() - lost.since }
    const told = new Set<Subscriber<Text>>()
    for (const kind of KINDS)
      for (const { subscribers } of this.#subscribers[kind].values())
        for (const subscriber of subscribers) told.add(subscriber)
    for (const { onGap } of told) if (onGap !== undefined) guarded(() => onGap(gap))
  }

  /** By itself a server ends a subscription when the slot of the channel moves away. */
  #onSubscription(event: SubscriptionEvent): void {
    if (event.type === 'subscribed' || event.id !== 0 || event.channel === null) return
    const name = textOf(event.channel)
    if (!this.#subscribers[event.kind].has(name)) return
    this.#link?.reconnect(new RedisConnectionError('REDIS_UNSUBSCRIBED', `the server has unsubscribed ${name}`, false))
  }

  #onMessage({ kind, channel, pattern, payload }: MessageEvent): void {
    const channelText = typeof channel === 'string' ? channel : textOf(channel)
    const patternText = pattern === undefined ? undefined : textOf(pattern)
    const audience = this.#subscribers[kind].get(patternText ?? channelText)
    audience?.deliver({ channel: channelText, pattern: patternText, payload: payload as Text })
  }
}
