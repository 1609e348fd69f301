/**
 * What a client knows of a cluster, and what follows from what nodes say: where a command goes, what is done about an
 * error, when the map of slots is asked for again. No sockets, no clock: time comes in as a number.
 */

import type { Millis } from '../../core/engine.js'
import type { ReplyError, ReplyValue } from '../values.js'
import { isTransient, redirectionOf } from './redirection.js'
import { type ClusterNode, nodeOf, readSlots, type Shard, SlotMap } from './slot-map.js'

/** How a client of a cluster behaves. */
export interface TopologyOptions {
  /** Nodes that are asked first: host and port. */
  readonly seeds: readonly { readonly host: string; readonly port: number }[]
  /** How often one command is sent on, or tried again, before it fails. Default 16. */
  readonly attemptsMax?: number | undefined
  /** The map is asked for at most this often, in milliseconds. Default 1000. */
  readonly refreshMinMs?: number | undefined
  /** How long a command waits before it is tried again: twice as long each time. Default 50 up to 1000 ms. */
  readonly retryMs?: number | undefined
  readonly retryMaxMs?: number | undefined
}

/** A command on its way: one object from the first node to the last answer. */
export interface Attempt {
  readonly slot: number
  /** How often it was sent on, or tried again. */
  count: number
}

/** What is done with a command. */
export type Decision =
  | {
      readonly type: 'send'
      readonly node: ClusterNode
      /** ASKING goes before it, on the same connection. */
      readonly asking: boolean
    }
  | {
      /** Asked again, `route` may know more by then. */
      readonly type: 'wait'
      readonly ms: Millis
    }
  | {
      /** It was tried too often, or the error is its own. */
      readonly type: 'fail'
      readonly exhausted: boolean
    }

/** What has changed with a new map. */
export interface TopologyChange {
  readonly added: readonly ClusterNode[]
  readonly removed: readonly ClusterNode[]
}

const DEFAULTS = { attemptsMax: 16, refreshMinMs: 1000, retryMs: 50, retryMaxMs: 1000 }

/** The knowledge of one client. */
export class Topology {
  readonly #map: SlotMap = new SlotMap()
  readonly #seeds: readonly ClusterNode[]
  readonly #settings: typeof DEFAULTS
  #nodes: ReadonlyMap<string, ClusterNode> = new Map()
  /** Nodes that cannot be reached, since when. */
  readonly #lost: Map<string, Millis> = new Map()
  #stale = true
  #refreshing = false
  #refreshedAt: Millis = -Infinity
  /** Who is asked next. */
  #turn = 0
  #replicaTurn = 0

  constructor(options: TopologyOptions) {
    const { attemptsMax, refreshMinMs, retryMs, retryMaxMs } = options
    this.#seeds = options.seeds.map(({ host, port }) => nodeOf(host, port))
    this.#settings = {
      attemptsMax: attemptsMax ?? DEFAULTS.attemptsMax,
      refreshMinMs: refreshMinMs ?? DEFAULTS.refreshMinMs,
      retryMs: retryMs ?? DEFAULTS.retryMs,
      retryMaxMs: retryMaxMs ?? DEFAULTS.retryMaxMs,
    }
  }

  /** The nodes that have slots, or copy them, by address. */
  get nodes(): ReadonlyMap<string, ClusterNode> {
    return this.#nodes
  }

  /** The shards, each once. */
  get shards(): readonly Shard[] {
    return this.#map.shards()
  }

  /** The shard of a slot; undefined while nobody is known to have it. */
  shardOf(slot: number): Shard | undefined {
    return this.#map.shardOf(slot)
  }

  /** When the map may be asked for again; `Infinity` while nothing speaks for it, or somebody is being asked. */
  refreshAt(): Millis {
    return this.#stale && !this.#refreshing ? this.#refreshedAt + this.#settings.refreshMinMs : Infinity
  }

  /** The map is asked for now, of this node: known ones in turn, then seeds; those that are lost last. */
  beginRefresh(now: Millis): ClusterNode {
    this.#refreshing = true
    this.#refreshedAt = now
    const known = new Map(this.#nodes)
    for (const seed of this.#seeds) known.set(seed.address, seed)
    const all = [...known.values()]
    const reachable = all.filter(({ address }) => !this.#lost.has(address))
    const candidates = reachable.length > 0 ? reachable : all
    return candidates[this.#turn++ % candidates.length]!
  }

  /** A node has answered. Undefined when that was no map: another one is asked. */
  endRefresh(reply: ReplyValue, from: ClusterNode): TopologyChange | undefined {
    this.#refreshing = false
    const ranges = readSlots(reply, from.host)
    // A node that has forgotten the others, or has never known them, knows nothing.
    if (ranges === undefined || ranges.length === 0) return undefined
    this.#stale = false
    this.#map.replace(ranges)
    return this.#changeTo(this.#map.nodes())
  }

  /** The node that was asked could not answer. */
  failRefresh(): void {
    this.#refreshing = false
  }

  /** A node cannot be reached: what is known may be old. */
  lose({ address }: ClusterNode, now: Millis): void {
    if (!this.#lost.has(address)) this.#lost.set(address, now)
    this.#stale = true
  }

  /** A node can be reached again. */
  recover({ address }: ClusterNode): void {
    this.#lost.delete(address)
  }

  /** Where a command goes; with `replicas` a reading one may go to a copy, in turn. */
  route(attempt: Attempt, replicas = false): Decision {
    const shard = this.#map.shardOf(attempt.slot)
    if (shard === undefined) {
      this.#stale = true
      return this.#again(attempt)
    }
    if (!replicas) return { type: 'send', node: shard.primary, asking: false }
    const reachable = shard.replicas.filter(({ address }) => !this.#lost.has(address))
    const node = reachable.length === 0 ? shard.primary : reachable[this.#replicaTurn++ % reachable.length]!
    return { type: 'send', node, asking: false }
  }

  /** What is done about an error to a command. */
  onError(error: ReplyError, from: ClusterNode, attempt: Attempt): Decision {
    const redirection = redirectionOf(error, from)
    if (redirection === undefined) {
      if (!isTransient(error)) return { type: 'fail', exhausted: false }
      this.#stale = true
      return this.#again(attempt)
    }
    const { type, node, slot } = redirection
    if (type === 'moved') {
      this.#stale = true
      this.#map.move(slot, node)
      this.#changeTo(new Map([...this.#nodes, [node.address, node]]))
      // A node that sends to itself has not noticed yet what it has become.
      if (node.address === from.address) return this.#again(attempt)
    }
    if (++attempt.count > this.#settings.attemptsMax) return { type: 'fail', exhausted: true }
    return { type: 'send', node, asking: type === 'ask' }
  }

  /** The connection to a node was lost before the command was answered, and it may be sent again. */
  onLost(node: ClusterNode, attempt: Attempt, now: Millis): Decision {
    this.lose(node, now)
    return this.#again(attempt)
  }

  #again(attempt: Attempt): Decision {
    if (++attempt.count > this.#settings.attemptsMax) return { type: 'fail', exhausted: true }
    const { retryMs, retryMaxMs } = this.#settings
    return { type: 'wait', ms: Math.min(retryMs * 2 ** (attempt.count - 1), retryMaxMs) }
  }

  #changeTo(nodes: ReadonlyMap<string, ClusterNode>): TopologyChange {
    const before = this.#nodes
    this.#nodes = nodes
    const removed = [...before.values()].filter(({ address }) => !nodes.has(address))
    for (const { address } of removed) this.#lost.delete(address)
    return { added: [...nodes.values()].filter(({ address }) => !before.has(address)), removed }
  }
}
