/** The client of a cluster. */

import { UsageError } from '../../../protocols/core/errors.js'
import { commonSlot } from '../../../protocols/redis/cluster/command-keys.js'
import type { ClusterNode } from '../../../protocols/redis/cluster/slot-map.js'
import type { Attempt } from '../../../protocols/redis/cluster/topology.js'
import type { SubscriptionKind } from '../../../protocols/redis/events.js'
import { ReplyFlags } from '../../../protocols/redis/values.js'
import type { Key, Many } from './arguments.js'
import { clusterConfigOf, type RedisClusterOptions } from './cluster-config.js'
import { ClusterCore, type RedisClusterStats } from './cluster-core.js'
import { ClusterPubSub } from './cluster-pubsub.js'
import type { Command } from './command.js'
import { consume, type ConsumedEntry, type ConsumeOptions } from './consume.js'
import type { RedisCore } from './core.js'
import type { ResultsOf } from './pipeline.js'
import { ReservedRedis } from './redis.js'
import {
  type Call,
  callOf,
  type CallOptions,
  type IntWith,
  PLAIN_CALL,
  RedisBase,
  type TextWith,
} from './redis-base.js'
import { RedisConnectionError, RedisError } from './redis-error.js'
import type { ScanOptions } from './scan.js'
import type { OnRedisMessage, RedisSubscription, SubscribeOptions } from './subscription.js'
import { watchOnce, type WatchOptions, type WatchWork } from './watch.js'
import { RedisWatchError } from './watch-error.js'

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

  /**
   * A connection of our own to the node that has this key. It must be released. Nothing is sent on from there: when the
   * slot moves, its commands are refused (`RedisError`, MOVED).
   */
  async reserve(key: Key): Promise<ReservedRedis<Text, Int>> {
    return (await this.#reserve(slotOfKeys(key))).link
  }

  /** As `watch` of a client of one server, of keys of one slot; when that moves, it is tried again where it is. */
  async watch<Results extends readonly unknown[]>(
    keys: Many<Key>,
    work: WatchWork<Results, Text, Int>,
    { attemptsMax = 10 }: WatchOptions = {},
  ): Promise<ResultsOf<Results> | undefined> {
    const slot = slotOfKeys(keys)
    const route: Attempt = { slot, redirections: 0, waits: 0 }
    for (let attempt = 0; attempt < attemptsMax;) {
      const { node, link } = await this.#reserve(slot)
      try {
        const results = await watchOnce(link, keys, work)
        if (results !== null) return results
        attempt++
      } catch (error) {
        const reason = await reasonOf(error, link, keys)
        if (!(await this.#shared.core.mayGoOn(reason, node, route))) throw error
      } finally {
        await link.release()
      }
    }
    throw new RedisWatchError(attemptsMax)
  }

  /** As `consume` of a client of one server; several streams belong to one slot. */
  consume(
    streams: Many<string>,
    group: string,
    consumer: string,
    options: ConsumeOptions = {},
  ): AsyncGenerator<ConsumedEntry<Text>, void, undefined> {
    return consume<Text>(this, typeof streams === 'string' ? [streams] : streams, group, consumer, options)
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

  async #reserve(slot: number): Promise<{ readonly node: ClusterNode; readonly link: ReservedRedis<Text, Int> }> {
    const { core } = this.#shared
    if (core.locate(slot) === undefined) await this.connect()
    const node = core.locate(slot)
    if (node === undefined) throw new RedisConnectionError('REDIS_NO_NODE', `no node has slot ${slot}`, false)
    const links = core.linksOf(node)
    const lease = await links.core.reserve(this.call.signal)
    return { node, link: new ReservedRedis<Text, Int>(lease, links.core, this.call, { released: false }) }
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

/** The one slot of keys. Throws `RedisError` (CROSSSLOT) when there are several. */
function slotOfKeys(keys: Many<Key>): number {
  const slot = commonSlot(typeof keys === 'object' && Array.isArray(keys) ? keys : [keys as Key])
  if (typeof slot === 'number') return slot
  throw new RedisError('CROSSSLOT the keys belong to one slot', 'WATCH')
}

/** Why a transaction was not executed: a node that has lost the slot says so to its commands, not to EXEC. */
async function reasonOf(error: unknown, link: RedisBase<unknown, unknown>, keys: Many<Key>): Promise<unknown> {
  if (!(error instanceof RedisError) || error.code !== 'EXECABORT') return error
  try {
    await link.command('WATCH', keys)
    return error
  } catch (reason) {
    return reason
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
