/** Which node has which slot, as a node of the cluster has told ("CLUSTER SLOTS"). */

import { SLOTS } from '../key-slot.js'
import type { ReplyValue } from '../values.js'

/** A node. */
export interface ClusterNode {
  /** `host:port`. */
  readonly address: string
  readonly host: string
  readonly port: number
}

/** Nodes that have the same slots: the primary, and what copies it. */
export interface Shard {
  readonly primary: ClusterNode
  readonly replicas: readonly ClusterNode[]
}

/** A range of slots, both ends included. */
export interface SlotRange extends Shard {
  readonly first: number
  readonly last: number
}

/** The node at a host and a port. */
export function nodeOf(host: string, port: number): ClusterNode {
  return { address: `${host}:${port}`, host, port }
}

/**
 * Reads the reply to CLUSTER SLOTS. Where a node does not know its own name it is `host`, which was asked. Undefined when
 * the reply is not what it must be: nothing of it is believed then.
 */
export function readSlots(reply: ReplyValue, host: string): SlotRange[] | undefined {
  if (!Array.isArray(reply)) return undefined
  const ranges: SlotRange[] = []
  for (const entry of reply) {
    const range = readRange(entry, host)
    if (range === undefined) return undefined
    ranges.push(range)
  }
  return ranges
}

function readRange(entry: ReplyValue, host: string): SlotRange | undefined {
  if (!Array.isArray(entry) || entry.length < 3) return undefined
  const [first, last, ...rest] = entry
  if (!isSlot(first) || !isSlot(last) || first > last) return undefined
  const nodes: ClusterNode[] = []
  for (const one of rest) {
    const node = readNode(one, host)
    if (node === undefined) return undefined
    nodes.push(node)
  }
  const [primary, ...replicas] = nodes
  return { first, last, primary: primary!, replicas }
}

function readNode(entry: ReplyValue, asked: string): ClusterNode | undefined {
  if (!Array.isArray(entry)) return undefined
  const [host, port] = entry
  if (!isPort(port)) return undefined
  // A node that has not been told its name gives none; one that hides it, a question mark.
  if (host === null || host === '' || host === '?') return nodeOf(asked, port)
  return typeof host === 'string' ? nodeOf(host, port) : undefined
}

function isSlot(value: ReplyValue | undefined): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < SLOTS
}

function isPort(value: ReplyValue | undefined): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value > 0 && value < 65_536
}

/** Slots and their shards. */
export class SlotMap {
  readonly #shards: (Shard | undefined)[] = Array.from({ length: SLOTS })

  /** The shard of a slot; undefined while nobody has it. */
  shardOf(slot: number): Shard | undefined {
    return this.#shards[slot]
  }

  /** Takes what a node has told in place of all that was known. */
  replace(ranges: readonly SlotRange[]): void {
    this.#shards.fill(undefined)
    for (const { first, last, primary, replicas } of ranges) {
      const shard = { primary, replicas }
      this.#shards.fill(shard, first, last + 1)
    }
  }

  /** A slot has moved: its new shard is the one that this node is known to lead, or the node alone. */
  move(slot: number, node: ClusterNode): void {
    this.#shards[slot] = this.#ledBy(node) ?? { primary: node, replicas: [] }
  }

  /** All nodes that have a slot, or copy one. */
  nodes(): ReadonlyMap<string, ClusterNode> {
    const nodes = new Map<string, ClusterNode>()
    let before: Shard | undefined
    for (const shard of this.#shards) {
      if (shard === undefined || shard === before) continue
      before = shard
      for (const node of [shard.primary, ...shard.replicas]) nodes.set(node.address, node)
    }
    return nodes
  }

  /** The shards, each once. */
  shards(): readonly Shard[] {
    const byPrimary = new Map<string, Shard>()
    for (const shard of this.#shards) if (shard !== undefined) byPrimary.set(shard.primary.address, shard)
    return [...byPrimary.values()]
  }

  #ledBy({ address }: ClusterNode): Shard | undefined {
    return this.#shards.find((shard) => shard?.primary.address === address)
  }
}
