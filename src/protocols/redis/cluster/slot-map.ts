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
 * Reads the reply to CLUSTER SLOTS. Where a node does not know its own name it is `host`, which was asked. Undefined
 * when the reply is not what it must be: nothing of it is believed then.
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
  if (!isPort(port) || (host !== null && typeof host !== 'string')) return undefined
  return nodeOf(isName(host) ? host : asked, port)
}

/** A node that has not been told its own name gives none, or a question mark in its place. */
export function isName(host: string | null | undefined): host is string {
  return host !== null && host !== undefined && host !== '' && host !== '?'
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
  /** The shards by the addresses of their primaries. */
  readonly #led: Map<string, Shard> = new Map()

  /** The shard of a slot; undefined while nobody has it. */
  shardOf(slot: number): Shard | undefined {
    return this.#shards[slot]
  }

  /** Takes what a node has told in place of all that was known. */
  replace(ranges: readonly SlotRange[]): void {
    this.#shards.fill(undefined)
    this.#led.clear()
    for (const { first, last, primary, replicas } of ranges) {
      const known = this.#led.get(primary.address)
      const shard = known ?? { primary, replicas }
      if (known === undefined) this.#led.set(primary.address, shard)
      this.#shards.fill(shard, first, last + 1)
    }
  }

  /** A slot has moved: its new shard is the one that this node is known to lead, or the node alone. */
  move(slot: number, node: ClusterNode): void {
    let shard = this.#led.get(node.address)
    if (shard === undefined) {
      shard = { primary: node, replicas: [] }
      this.#led.set(node.address, shard)
    }
    this.#shards[slot] = shard
  }

  /** All nodes that have a slot, or copy one. */
  nodes(): ReadonlyMap<string, ClusterNode> {
    const nodes = new Map<string, ClusterNode>()
    for (const { primary, replicas } of this.#led.values())
      for (const node of [primary, ...replicas]) nodes.set(node.address, node)
    return nodes
  }

  /** The shards, each once. One that was left by its last slot is there until the next map. */
  shards(): readonly Shard[] {
    return [...this.#led.values()]
  }
}
