/** The client of one server. */

import { UsageError } from '../../../protocols/core/errors.js'
import type { SubscriptionKind } from '../../../protocols/redis/events.js'
import { ReplyFlags } from '../../../protocols/redis/values.js'
import type { Lease } from '../../pool.js'
import type { Key, Many } from './arguments.js'
import type { Command } from './command.js'
import { configOf, type RedisOptions } from './config.js'
import type { RedisConnection } from './connection.js'
import { limitCommand, RedisCore, type RedisStats } from './core.js'
import { type ConsumeOptions, consume, type ConsumedEntry } from './consume.js'
import { monitor } from './monitor.js'
import { transportOpener } from './open.js'
import type { ResultsOf } from './pipeline.js'
import {
  type Call,
  callOf,
  type CallOptions,
  type IntWith,
  PLAIN_CALL,
  RedisBase,
  type TextWith,
} from './redis-base.js'
import type { OnRedisMessage, RedisSubscription, SubscribeOptions } from './subscription.js'
import { watchOnce, type WatchOptions, type WatchWork } from './watch.js'
import { RedisWatchError } from './watch-error.js'

/** Payloads are text, or octets where the client gives octets. */
type Payload<Text> = Text extends Uint8Array ? Uint8Array : string

/** A client, or a view of one with options of its own. It connects with its first command. */
export class Redis<Text = string, Int = number> extends RedisBase<Text, Int> {
  readonly #core: RedisCore

  /** `redis` makes one. */
  constructor(core: RedisCore, call: Call = PLAIN_CALL) {
    super(call)
    this.#core = core
  }

  /** How the client is doing, all of its views together. */
  get stats(): RedisStats {
    return this.#core.stats
  }

  /** The same client with other options for its commands, as `r.with({ bytes: true }).get('k')`. */
  with<const Options extends CallOptions>(options: Options): Redis<TextWith<Options, Text>, IntWith<Options, Int>> {
    return new Redis(this.#core, callOf(this.call, options))
  }

  /** Resolves when the server is there and accepts us. Needs not be called. */
  async connect(): Promise<void> {
    await this.command('PING')
  }

  /** A connection of our own, with the options of the client. It must be released. */
  async reserve(): Promise<ReservedRedis<Text, Int>> {
    const lease = await this.#core.reserve(this.call.signal)
    return new ReservedRedis(lease, this.#core, this.call, { released: false })
  }

  /**
   * A transaction that is executed only if the keys stay as they are (WATCH): `work` reads what it needs, and gives the
   * commands. When a key has changed meanwhile, it is called again. Resolves with the results, or with undefined when
   * `work` gives nothing; rejects with what it throws, and with `RedisWatchError` when it was tried too often.
   */
  async watch<Results extends readonly unknown[]>(
    keys: Many<Key>,
    work: WatchWork<Results, Text, Int>,
    { attemptsMax = 10 }: WatchOptions = {},
  ): Promise<ResultsOf<Results> | undefined> {
    const link = await this.reserve()
    try {
      for (let attempt = 0; attempt < attemptsMax; attempt++) {
        const results = await watchOnce(link, keys, work)
        if (results !== null) return results
      }
      throw new RedisWatchError(attemptsMax)
    } finally {
      await link.release()
    }
  }

  /** Messages of channels: to `onMessage`, or to who iterates. Resolves when the server has confirmed all. */
  subscribe(
    channels: Many<string>,
    onMessage?: OnRedisMessage<Payload<Text>> | SubscribeOptions,
    options?: SubscribeOptions,
  ): Promise<RedisSubscription<Payload<Text>>> {
    return this.#subscribe('channel', channels, onMessage, options)
  }

  /** As `subscribe`, of all channels that fit a pattern like `news.*`. */
  psubscribe(
    patterns: Many<string>,
    onMessage?: OnRedisMessage<Payload<Text>> | SubscribeOptions,
    options?: SubscribeOptions,
  ): Promise<RedisSubscription<Payload<Text>>> {
    return this.#subscribe('pattern', patterns, onMessage, options)
  }

  /** As `subscribe`, of channels that belong to a slot (sharded pub/sub, Redis 7). */
  ssubscribe(
    channels: Many<string>,
    onMessage?: OnRedisMessage<Payload<Text>> | SubscribeOptions,
    options?: SubscribeOptions,
  ): Promise<RedisSubscription<Payload<Text>>> {
    return this.#subscribe('shard', channels, onMessage, options)
  }

  /**
   * All that the server executes, for whomever (MONITOR): each line of it is the `payload` of a message. It ends with
   * its connection, which is one of those of `reserve`.
   */
  monitor(
    onMessage?: OnRedisMessage<string>,
    options: Omit<SubscribeOptions, 'onGap'> = {},
  ): Promise<RedisSubscription<string>> {
    return monitor(this.#core, onMessage, options, this.call.signal)
  }

  /** The entries of streams for one consumer of a group, as long as one iterates. */
  consume(
    streams: Many<string>,
    group: string,
    consumer: string,
    options: ConsumeOptions = {},
  ): AsyncGenerator<ConsumedEntry<Text>, void, undefined> {
    return consume<Text>(this, typeof streams === 'string' ? [streams] : streams, group, consumer, options)
  }

  /** Takes no more commands; resolves when all are answered, and all connections are gone. */
  close(): Promise<void> {
    return this.#core.close()
  }

  /** Ends all connections at once; what has no answer is lost. Resolves when they are gone. */
  terminate(): Promise<void> {
    return this.#core.terminate()
  }

  protected override dispatch(command: Command): void {
    this.#core.run(command, this.call.timeoutMs, this.call.signal)
  }

  async #subscribe(
    kind: SubscriptionKind,
    names: Many<string>,
    second: OnRedisMessage<Payload<Text>> | SubscribeOptions | undefined,
    third: SubscribeOptions | undefined,
  ): Promise<RedisSubscription<Payload<Text>>> {
    const onMessage = typeof second === 'function' ? second : undefined
    const options = third ?? (typeof second === 'function' ? {} : (second ?? {}))
    const list = typeof names === 'string' ? [names] : names
    if (list.length === 0) throw new UsageError('REDIS_ARGUMENTS', 'there is nothing to subscribe to')
    const octets = (this.call.replyFlags & ReplyFlags.bytes) !== 0
    const pubSub = octets ? this.#core.octets : this.#core.texts
    return (await pubSub.subscribe(kind, list, onMessage as never, options)) as unknown as RedisSubscription<
      Payload<Text>
    >
  }
}

/** A connection that nobody else uses, until it is released. What is sent here may change it. */
export class ReservedRedis<Text = string, Int = number> extends RedisBase<Text, Int> {
  readonly #lease: Lease<RedisConnection>
  readonly #core: RedisCore
  /** Of all views together. */
  readonly #state: { released: boolean }

  /** `reserve` makes one. */
  constructor(lease: Lease<RedisConnection>, core: RedisCore, call: Call, state: { released: boolean }) {
    super(call)
    this.#lease = lease
    this.#core = core
    this.#state = state
  }

  /** The same connection with other options for its commands. */
  with<const Options extends CallOptions>(
    options: Options,
  ): ReservedRedis<TextWith<Options, Text>, IntWith<Options, Int>> {
    return new ReservedRedis(this.#lease, this.#core, callOf(this.call, options), this.#state)
  }

  /** Gives it back, once: what was sent is answered before, and what has changed about the connection is undone. */
  async release(): Promise<void> {
    if (this.#state.released) return
    this.#state.released = true
    const { resource } = this.#lease
    // Only the connection itself could tell what was done to it.
    if (resource.isUsable) await resource.close()
    this.#lease.destroy()
  }

  protected override dispatch(command: Command): void {
    const { signal, timeoutMs } = this.call
    if (this.#state.released) return command.fail(new UsageError('REDIS_STATE', 'the connection has been released'))
    limitCommand(command, timeoutMs ?? this.#core.config.commandTimeoutMs)
    const { resource } = this.#lease
    if (signal !== undefined) {
      if (signal.aborted) return command.fail(signal.reason)
      command.watch(signal, () => resource.drop(command))
    }
    this.#core.cache?.onWrite(command)
    resource.send(command)
  }
}

/**
 * A client of one server, from a URL as `redis://user:password@host:6379/0`, or from options. Throws `UsageError` for
 * what does not fit. It connects with its first command.
 */
export function redis(options?: string | RedisOptions): Redis {
  const config = configOf(options)
  return new Redis(new RedisCore(config, transportOpener(config)))
}
