/** The client of a cluster. */

import { UsageError } from '../../../protocols/core/errors.js'
import type { SubscriptionKind } from '../../../protocols/redis/events.js'
import { ReplyFlags } from '../../../protocols/redis/values.js'
import type { Many } from './arguments.js'
import { clusterConfigOf, type RedisClusterOptions } from './cluster-config.js'
import { ClusterCore, type RedisClusterStats } from './cluster-core.js'
import { ClusterPubSub } from './cluster-pubsub.js'
import type { Command } from './command.js'
import type { RedisCore } from './core.js'
import {
  type Call,
  callOf,
  type CallOptions,
  type IntWith,
  PLAIN_CALL,
  RedisBase,
  type TextWith,
} from './redis-base.js'
import type { ScanOptions } from './scan.js'
import type { OnRedisMessage, RedisSubscription, SubscribeOptions } from './subscription.js'

/** Payloads are text, or octets where the client gives octets. */
type Payload<Text> = Text extends Uint8Array ? Uint8Array : string

/** What all views have in common. */
interface Shared {
  readonly core: ClusterCore
  readonly texts: ClusterPubSub<string>
  readonly octets: ClusterPubSub<Uint8Array>
}

/**
 * A client of a cluster, or a view of one with options of its own. Commands go to the node that has their keys; those
 * without keys to any primary. It connects with its first command.
 */
export class RedisCluster<Text = string, Int = number> extends RedisBase<Text, Int> {
  readonly #shared: Shared

  /** `redisCluster` makes one. */
  constructor(shared: Shared, call: Call = PLAIN_CALL) {
    super(call)
    this.#shared = shared
  }

  /** How the client is doing, all of its views together. */
  get stats(): RedisClusterStats & { readonly subscriptions: number } {
    const { core, texts, octets } = this.#shared
    return { ...core.stats, subscriptions: texts.count + octets.count }
  }

  /** The same client with other options for its commands, as `c.with({ bytes: true }).get('k')`. */
  with<const Options extends CallOptions>(
    options: Options,
  ): RedisCluster<TextWith<Options, Text>, IntWith<Options, Int>> {
    return new RedisCluster(this.#shared, callOf(this.call, options))
  }

  /** Resolves when a node is there, accepts us and has told of the others. Needs not be called. */
  async connect(): Promise<void> {
    await this.command('PING')
  }

  /** Each primary of now, for commands that concern one node, as DBSIZE or FLUSHALL. Nothing is sent on from there. */
  async primaries(): Promise<ClusterPrimary<Text, Int>[]> {
    await this.connect()
    return this.#shared.core.primaries().map(({ node, core }) => new ClusterPrimary(node.address, core, this.call))
  }

  /** All keys of all nodes (SCAN), node after node. What moves between nodes meanwhile may come twice, or not. */
  override async *scanAll(options: ScanOptions = {}): AsyncGenerator<Text, void, undefined> {
    for (const primary of await this.primaries()) yield* primary.scanAll(options)
  }

  /** Messages of channels, whichever node they are published at. As `subscribe` of a client of one server. */
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

  /**
   * As `subscribe`, of sharded channels, all of one slot; it follows the slot from node to node (Redis 7). Rejects with
   * `RedisError` (CROSSSLOT) when they belong to several.
   */
  ssubscribe(
    channels: Many<string>,
    onMessage?: OnRedisMessage<Payload<Text>> | SubscribeOptions,
    options?: SubscribeOptions,
  ): Promise<RedisSubscription<Payload<Text>>> {
    return this.#subscribe('shard', channels, onMessage, options)
  }

  /** Takes no more commands; resolves when all are answered, and all connections are gone. */
  async close(): Promise<void> {
    const { core, texts, octets } = this.#shared
    await Promise.all([texts.close(), octets.close(), core.close()])
  }

  /** Ends all connections at once; what has no answer is lost. Resolves when they are gone. */
  async terminate(): Promise<void> {
    const { core, texts, octets } = this.#shared
    await Promise.all([texts.close(), octets.close(), core.terminate()])
  }

  protected override dispatch(command: Command): void {
    this.#shared.core.run(command, this.call.timeoutMs, this.call.signal)
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
    await this.connect()
    const { texts, octets } = this.#shared
    const pubSub = (this.call.replyFlags & ReplyFlags.bytes) !== 0 ? octets : texts
    return (await pubSub.subscribe(kind, list, onMessage as never, options)) as unknown as RedisSubscription<
      Payload<Text>
    >
  }
}

/** One primary of a cluster. */
export class ClusterPrimary<Text = string, Int = number> extends RedisBase<Text, Int> {
  /** `host:port`. */
  readonly address: string
  readonly #core: RedisCore

  /** `primaries` makes them. */
  constructor(address: string, core: RedisCore, call: Call) {
    super(call)
    this.address = address
    this.#core = core
  }

  protected override dispatch(command: Command): void {
    this.#core.run(command, this.call.timeoutMs, this.call.signal)
  }
}

/**
 * A client of a cluster, from nodes that are asked for the others, as `['10.0.0.1:6379']`, or from options. Throws
 * `UsageError` for what does not fit. It connects with its first command.
 */
export function redisCluster(options: readonly string[] | RedisClusterOptions): RedisCluster {
  const core = new ClusterCore(clusterConfigOf(options))
  const texts = new ClusterPubSub<string>(core, 0)
  const octets = new ClusterPubSub<Uint8Array>(core, ReplyFlags.bytes)
  core.onChange = () => {
    texts.follow()
    octets.follow()
  }
  return new RedisCluster({ core, texts, octets })
}
