/**
 * Subscriptions in a cluster: channels and patterns at any node, because nodes pass messages on to each other; sharded
 * channels where their slot is, with a connection for each slot.
 */

import type { SubscriptionKind } from '../../../protocols/redis/events.js'
import type { ClusterNode } from '../../../protocols/redis/cluster/slot-map.js'
import { commonSlot } from '../../../protocols/redis/cluster/command-keys.js'
import type { ClusterCore } from './cluster-core.js'
import type { RedisConfig } from './config.js'
import type { RedisConnection } from './connection.js'
import { openConnection, transportOpener } from './open.js'
import { PubSub } from './pubsub.js'
import { RedisConnectionError, RedisError } from './redis-error.js'
import type { OnRedisMessage, SubscribeOptions, Subscriber } from './subscription.js'

/** How often a subscription is sent on. */
const ATTEMPTS_MAX = 16

interface Place<Text> {
  readonly pubSub: PubSub<Text>
  readonly slot: number | undefined
  /** Where it is connected to. */
  node: ClusterNode | undefined
}

/** All subscriptions of one client of a cluster. */
export class ClusterPubSub<Text> {
  readonly #core: ClusterCore
  readonly #pushFlags: number
  /** By slot; undefined for those at any node. */
  readonly #places: Map<number | undefined, Place<Text>> = new Map()

  constructor(core: ClusterCore, pushFlags: number) {
    this.#core = core
    this.#pushFlags = pushFlags
  }

  /** Names that are subscribed to. */
  get count(): number {
    return [...this.#places.values()].reduce((sum, { pubSub }) => sum + pubSub.count, 0)
  }

  /** As `subscribe` of `PubSub`. Rejects with `RedisError` (CROSSSLOT) for sharded channels of several slots. */
  async subscribe(
    kind: SubscriptionKind,
    names: readonly string[],
    onMessage: OnRedisMessage<Text> | undefined,
    options: SubscribeOptions,
  ): Promise<Subscriber<Text>> {
    const slot = kind === 'shard' ? commonSlot(names) : undefined
    if (slot === 'several') throw new RedisError('CROSSSLOT the channels belong to one slot', 'SSUBSCRIBE')
    const place = this.#placeOf(slot)
    for (let attempt = 0; ; attempt++) {
      try {
        return await place.pubSub.subscribe(kind, names, onMessage, options)
      } catch (error) {
        if (!(error instanceof RedisError) || error.code !== 'MOVED' || attempt >= ATTEMPTS_MAX) throw error
        this.#learn(place, error)
        place.pubSub.reconnect(error)
      }
    }
  }

  /** The map has changed: whoever listens where nothing comes any more listens elsewhere. */
  follow(): void {
    const { topology } = this.#core
    for (const { node, slot, pubSub } of this.#places.values()) {
      if (node === undefined) continue
      const shard = slot === undefined ? undefined : topology.shardOf(slot)
      const isThere =
        shard === undefined
          ? topology.nodes.has(node.address)
          : [shard.primary, ...shard.replicas].some(({ address }) => address === node.address)
      if (isThere) continue
      pubSub.reconnect(new RedisConnectionError('REDIS_MOVED', `${node.address} is not the place any more`, false))
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#places.values()].map(({ pubSub }) => pubSub.close()))
  }

  #placeOf(slot: number | undefined): Place<Text> {
    let place = this.#places.get(slot)
    if (place !== undefined) return place
    const config = this.#core.config.node
    const onDisconnect = (error: Error): void => {
      this.#learn(place!, error)
      config.onDisconnect?.(error)
    }
    const connect = (signal: AbortSignal): Promise<RedisConnection> => this.#connect(place!, signal)
    place = { pubSub: new PubSub<Text>({ ...config, connect }, onDisconnect), slot, node: undefined }
    this.#places.set(slot, place)
    return place
  }

  async #connect(place: Place<Text>, signal: AbortSignal): Promise<RedisConnection> {
    const node = this.#core.locate(place.slot)
    if (node === undefined) throw new RedisConnectionError('REDIS_NO_NODE', 'no node is known yet', false)
    place.node = node
    const config: RedisConfig = { ...this.#core.config.node, place: { host: node.host, port: node.port } }
    return openConnection(config, transportOpener(config), this.#pushFlags, signal)
  }

  #learn({ slot, node }: Place<Text>, error: Error): void {
    if (node === undefined) return
    if (error instanceof RedisError) this.#core.learn(error, node, { slot, redirections: 0, waits: 0 })
    else if (!(error instanceof RedisConnectionError) || !OURS.has(error.code)) this.#core.lose(node)
  }
}

/** Connections that were ended because they are needed elsewhere. */
const OURS: ReadonlySet<string> = new Set(['REDIS_MOVED', 'REDIS_UNSUBSCRIBED', 'REDIS_NO_NODE'])
