/**
 * What a client knows of a cluster, and what follows from what nodes say: where a command goes, what is done about an
 * error, when the map of slots is asked for again. No sockets, no clock: time comes in as a number.
 */

import type { Millis } from '../../core/engine.js'
import type { ReplyError, ReplyValue } from '../values.js'
import { isTransient, redirectionOf } from './redirection.js'
import { type ClusterNode, nodeOf, readSlots, type Shard, SlotMap } from './slot-map.js'

/** How a client of a cluster behaves. Times are milliseconds. */
export interface TopologyOptions {
  /** Nodes that are asked first: host and port; at least one. */
  readonly seeds: readonly { readonly host: string; readonly port: number }[]
  /** How often one command is sent on (MOVED, ASK) before it fails: redirections may go in circles. Default 16. */
  readonly redirectionsMax?: number | undefined
  /** How often one command waits and is tried again before it fails. Default 32. */
  readonly attemptsMax?: number | undefined
  /** The map is asked for at most this often. Default 500. */
  readonly refreshMinMs?: number | undefined
  /** The map is asked for at least this often: who falls silent says nothing of a successor. Default 10,000. */
  readonly refreshMaxMs?: number | undefined
  /** How long a command waits before it is tried again: twice as long each time. Default 50 up to 1000. */
  readonly retryMs?: number | undefined
  readonly retryMaxMs?: number | undefined
}

/** A command on its way: one object from the first node to the last answer. */
export interface Attempt {
  /** Undefined for a command without keys: any primary will do. */
  readonly slot: number | undefined
  /** How often it was sent on. */
  redirections: number
  /** How often it has waited. */
  waits: number
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
      /** Asked again after so long, or with a new map, `route` may know more. */
      readonly type: 'wait'
      readonly ms: Millis
    }
  | {
      /** It was sent on or tried too often (`exhausted`), or the error is its own. */
      readonly type: 'fail'
      readonly exhausted: boolean
    }

/** What has changed with a new map. */
export interface TopologyChange {
  readonly added: readonly ClusterNode[]
  readonly removed: readonly ClusterNode[]
}

const DEFAULTS = {
  redirectionsMax: 16,
  attemptsMax: 32,
  refreshMinMs: 500,
  refreshMaxMs: 10_000,
  retryMs: 50,
  retryMaxMs: 1000,
}

/** The knowledge of one client. */
export class Topology {
  readonly #map: SlotMap = new SlotMap()
  readonly #seeds: ReadonlyMap<string, ClusterNode>
  readonly #settings: typeof DEFAULTS
  #nodes: ReadonlyMap<string, ClusterNode> = new Map()
  /** Addresses that cannot be reached. */
  readonly #lost: Set<string> = new Set()
  #stale = true
  #refreshing = false
  #refreshAt: Millis = -Infinity
  /** Who is asked next, and who reads next. */
  #turn = 0
  #replicaTurn = 0

  constructor(options: TopologyOptions) {
    this.#seeds = new Map(options.seeds.map(({ host, port }) => nodeOf(host, port)).map((node) => [node.address, node]))
    this.#settings = {
      redirectionsMax: options.redirectionsMax ?? DEFAULTS.redirectionsMax,
      attemptsMax: options.attemptsMax ?? DEFAULTS.attemptsMax,
      refreshMinMs: options.refreshMinMs ?? DEFAULTS.refreshMinMs,
      refreshMaxMs: options.refreshMaxMs ?? DEFAULTS.refreshMaxMs,
      retryMs: options.retryMs ?? DEFAULTS.retryMs,
      retryMaxMs: options.retryMaxMs ?? DEFAULTS.retryMaxMs,
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

  /** When the map is to be asked for again; `Infinity` while somebody is being asked. */
  refreshAt(): Millis {
    if (this.#refreshing) return Infinity
    const { refreshMinMs, refreshMaxMs } = this.#settings
    return this.#stale ? this.#refreshAt : this.#refreshAt + Math.max(0, refreshMaxMs - refreshMinMs)
  }

  /** The map is asked for now, of this node: known ones and seeds in turn, those that are lost last. */
  beginRefresh(now: Millis): ClusterNode {
    this.#refreshing = true
    // What is heard from now on may be newer than the answer.
    this.#stale = false
    this.#refreshAt = now + this.#settings.refreshMinMs
    return this.#anyNode()
  }

  /** A node has answered. Undefined when that was no map: another one is asked. */
  endRefresh(reply: ReplyValue, from: ClusterNode): TopologyChange | undefined {
    const ranges = readSlots(reply, from.host)
    // A node that has forgotten the others, or has never known them, knows nothing.
    if (ranges === undefined || ranges.length === 0) {
      this.failRefresh()
      return undefined
    }
    this.#refreshing = false
    this.#map.replace(ranges)
    return this.#changeTo(this.#map.nodes())
  }

  /** The node that was asked could not answer: another one is asked a little later. */
  failRefresh(): void {
    const { refreshMinMs, retryMs } = this.#settings
    this.#refreshing = false
    this.#stale = true
    this.#refreshAt -= Math.max(0, refreshMinMs - retryMs)
  }

  /** A node cannot be reached: what is known may be old. */
  lose({ address }: ClusterNode): void {
    if (this.#nodes.has(address) || this.#seeds.has(address)) this.#lost.add(address)
    this.#stale = true
  }

  /** A node can be reached again. */
  recover({ address }: ClusterNode): void {
    this.#lost.delete(address)
  }

  /** Where a command goes. One that only reads may go to those that copy its slot, or to all that have it, in turn. */
  route(attempt: Attempt, reads: 'primary' | 'replicas' | 'all' = 'primary'): Decision {
    const { slot } = attempt
    const shard = slot === undefined ? this.#anyShard() : this.#map.shardOf(slot)
    if (shard === undefined) {
      this.#stale = true
      return this.#again(attempt)
    }
    if (reads === 'primary') return { type: 'send', node: shard.primary, asking: false }
    const candidates = reads === 'all' ? [shard.primary, ...shard.replicas] : shard.replicas
    const reachable = candidates.filter(({ address }) => !this.#lost.has(address))
    const node = reachable.length === 0 ? shard.primary : reachable[this.#replicaTurn++ % reachable.length]!
    return { type: 'send', node, asking: false }
  }

  /** What is done about an error to a command. */
  onError(error: ReplyError, from: ClusterNode, attempt: Attempt): Decision {
    const redirection = redirectionOf(error, from)
    if (redirection === undefined) {
      if (!isTransient(error)) return { type: 'fail', exhausted: false }
      // A slot with keys in two places is where it was.
      if (error.code !== 'TRYAGAIN') this.#stale = true
      return this.#again(attempt)
    }
    const { type, node, slot } = redirection
    if (type === 'moved') this.#move(slot, node)
    if (++attempt.redirections > this.#settings.redirectionsMax) return { type: 'fail', exhausted: true }
    // A node that sends to itself has not noticed yet what it has become.
    if (node.address === from.address) return this.#again(attempt)
    return { type: 'send', node, asking: type === 'ask' }
  }

  /** The connection to a node was lost before the command was answered, and it may be sent again. */
  onLost(node: ClusterNode, attempt: Attempt): Decision {
    this.lose(node)
    return this.#again(attempt)
  }

  #move(slot: number, node: ClusterNode): void {
    if (this.#map.shardOf(slot)?.primary.address === node.address) return
    this.#stale = true
    this.#map.move(slot, node)
    if (!this.#nodes.has(node.address)) this.#nodes = new Map([...this.#nodes, [node.address, node]])
  }

  #anyNode(): ClusterNode {
    const all = [...new Map([...this.#nodes, ...this.#seeds]).values()]
    const reachable = all.filter(({ address }) => !this.#lost.has(address))
    const candidates = reachable.length > 0 ? reachable : all
    return candidates[this.#turn++ % candidates.length]!
  }

  #anyShard(): Shard | undefined {
    const all = this.shards
    const reachable = all.filter(({ primary }) => !this.#lost.has(primary.address))
    const candidates = reachable.length > 0 ? reachable : all
    return candidates[this.#turn++ % candidates.length]
  }

  #again(attempt: Attempt): Decision {
    if (++attempt.waits > this.#settings.attemptsMax) return { type: 'fail', exhausted: true }
    const { retryMs, retryMaxMs } = this.#settings
    return { type: 'wait', ms: Math.min(retryMs * 2 ** (attempt.waits - 1), retryMaxMs) }
  }

  #changeTo(nodes: ReadonlyMap<string, ClusterNode>): TopologyChange {
    const before = this.#nodes
    this.#nodes = nodes
    const removed = [...before.values()].filter(({ address }) => !nodes.has(address))
    for (const { address } of removed) this.#lost.delete(address)
    return { added: [...nodes.values()].filter(({ address }) => !before.has(address)), removed }
  }
}
