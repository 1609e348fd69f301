/** What all views of one client of a cluster share: its nodes, what is known of them, and which command goes where. */

import { setTimeout as delay } from 'node:timers/promises'
import { UsageError } from '../../../protocols/core/errors.js'
import type { ClusterNode } from '../../../protocols/redis/cluster/slot-map.js'
import { type Attempt, type Decision, Topology } from '../../../protocols/redis/cluster/topology.js'
import { ReplyError, type ReplyValue } from '../../../protocols/redis/values.js'
import { RoutedCommand, type Dispatcher, slotOf } from './cluster-command.js'
import type { ClusterConfig } from './cluster-config.js'
import { NodeLinks } from './cluster-node.js'
import { WaitingCommands } from './cluster-waiting.js'
import { Command, type CommandRouter } from './command.js'
import { CommandFlags, nameOf } from './command-spec.js'
import { blocks, specOf } from './command-specs.js'
import { limitCommand } from './core.js'
import type { LinkStats } from './link.js'
import { RedisConnectionError, RedisError } from './redis-error.js'

/** How a client of a cluster is doing. */
export interface RedisClusterStats {
  /** The nodes that are connected to, or were, by `host:port`. */
  readonly nodes: Readonly<Record<string, LinkStats>>
  /** Commands that wait for a node. */
  readonly waiting: number
  /** Commands that were sent on, because a slot was elsewhere. */
  readonly redirections: number
  /** How often the map of slots was asked for. */
  readonly refreshes: number
}

/** How long a node may take to tell the map. */
const REFRESH_TIMEOUT_MS = 2000

/** Node takes no longer timers. */
const TIMER_MAX_MS = 2 ** 31 - 1

/** When a command with ASKING has no way there, it asks again after so long. */
const ASK_AGAIN_MS = 100

/** Whoever asks for the map is to know at once that there is no answer. */
const NOWHERE_ELSE: CommandRouter = { refused: () => false, lost: () => false }

/** The nodes of a client. */
export class ClusterCore implements Dispatcher {
  readonly config: ClusterConfig
  readonly topology: Topology
  /** Called when there is a new map. */
  onChange: (() => void) | undefined
  readonly #nodes: Map<string, NodeLinks> = new Map()
  readonly #waiting: WaitingCommands = new WaitingCommands((routed) => this.#route(routed))
  #refreshTimer: NodeJS.Timeout | undefined
  #refreshTimerAt = Infinity
  #redirections = 0
  #refreshes = 0
  #closing = false
  #closed = false

  constructor(config: ClusterConfig) {
    this.config = config
    this.topology = new Topology(config.topology)
  }

  get stats(): RedisClusterStats {
    return {
      nodes: Object.fromEntries([...this.#nodes].map(([address, links]) => [address, links.stats])),
      waiting: this.#waiting.count,
      redirections: this.#redirections,
      refreshes: this.#refreshes,
    }
  }

  /** Sends a command where its keys are. `timeoutMs` undefined is that of the client. */
  run(command: Command, timeoutMs: number | undefined, signal: AbortSignal | undefined): void {
    const { spec, args } = command
    if (this.#closing) return command.fail(closedError(false))
    if ((spec.flags & CommandFlags.session) !== 0)
      return command.fail(new UsageError('REDIS_COMMAND', `${nameOf(spec)} is not for a connection that others use`))
    let slot
    try {
      slot = slotOf(command)
    } catch (error) {
      return command.fail(error)
    }
    if (slot === 'several')
      return command.fail(new RedisError('CROSSSLOT the keys of one command belong to one slot', nameOf(spec)))
    const blocking = blocks(spec, args)
    const reads = this.config.reads !== 'primary' && (spec.flags & CommandFlags.readonly) !== 0 && !blocking
    limitCommand(command, timeoutMs ?? (blocking ? Infinity : this.config.node.commandTimeoutMs))
    const routed = new RoutedCommand(command, slot, { reads, blocking, signal }, this)
    if (signal !== undefined) {
      if (signal.aborted) return command.fail(signal.reason)
      command.watch(signal, () => this.#drop(routed))
    }
    this.#route(routed)
  }

  /** The connections to the primaries of now. */
  primaries(): readonly NodeLinks[] {
    return this.topology.shards.map(({ primary }) => this.linksOf(primary))
  }

  linksOf(node: ClusterNode): NodeLinks {
    let links = this.#nodes.get(node.address)
    if (links === undefined) {
      const { onConnect, onDisconnect } = this.config.node
      links = new NodeLinks(node, this.config.placeOf(node.address) ?? node, {
        ...this.config.node,
        onConnect: () => {
          this.topology.recover(node)
          onConnect?.()
        },
        onDisconnect: (error) => {
          this.lose(node)
          onDisconnect?.(error)
        },
      })
      this.#nodes.set(node.address, links)
    }
    return links
  }

  /** A node cannot be reached. */
  lose(node: ClusterNode): void {
    this.topology.lose(node)
    this.#scheduleRefresh()
  }

  /** What a node has said against a subscription. */
  learn(error: RedisError, from: ClusterNode, attempt: Attempt): void {
    this.topology.onError(new ReplyError(error.message), from, attempt)
    this.#scheduleRefresh()
  }

  /** The node of a slot, or any; undefined while none is known. */
  locate(slot: number | undefined): ClusterNode | undefined {
    const decision = this.topology.route({ slot, redirections: 0, waits: 0 })
    this.#scheduleRefresh()
    return decision.type === 'send' ? decision.node : undefined
  }

  /** Whether what a node has refused so may succeed elsewhere, or later: resolves when that may be. */
  async mayGoOn(error: unknown, from: ClusterNode, attempt: Attempt): Promise<boolean> {
    if (!(error instanceof RedisError)) return false
    const decision = this.topology.onError(new ReplyError(error.message), from, attempt)
    this.#scheduleRefresh()
    if (decision.type === 'fail') return false
    if (decision.type === 'wait') await delay(decision.ms)
    // One that a slot moves to has it for single commands only until it is there.
    else if (decision.asking) await delay(ASK_AGAIN_MS)
    return true
  }

  redirect(routed: RoutedCommand, error: ReplyError): boolean {
    if (routed.command.settled) return true
    const decision = this.topology.onError(error, routed.node!, routed.attempt)
    this.#scheduleRefresh()
    if (decision.type === 'fail') return false
    if (decision.type === 'send') this.#redirections++
    routed.reset()
    this.#act(routed, decision, false)
    return true
  }

  recover(routed: RoutedCommand, error: RedisConnectionError): boolean {
    const { command, node } = routed
    if (command.settled) return true
    const harmless = (command.spec.flags & (CommandFlags.readonly | CommandFlags.idempotent)) !== 0
    if (this.#closed || (command.sent && !(harmless && this.config.node.inFlight === 'retry'))) return false
    const decision = this.topology.onLost(node!, routed.attempt)
    this.#scheduleRefresh()
    if (decision.type === 'fail') return false
    if (command.sent && ++command.retries > this.config.node.retryMax) return false
    routed.reset()
    // A node that is closed because it has left has nothing to wait for.
    if (decision.type === 'wait' && this.#hasMoved(routed)) this.#wait(routed, 0)
    else this.#act(routed, decision, false, error)
    return true
  }

  /** Takes no more commands; resolves when all are answered, and all connections are gone. */
  async close(): Promise<void> {
    this.#closing = true
    await this.#waiting.whenEmpty()
    await Promise.all([...this.#nodes.values()].map((links) => links.close()))
    // What was sent on while its node was closing has nowhere to go.
    await this.terminate()
  }

  /** Ends all at once. */
  async terminate(): Promise<void> {
    this.#closing = true
    this.#closed = true
    clearTimeout(this.#refreshTimer)
    this.#waiting.failAll(closedError(false))
    await Promise.all([...this.#nodes.values()].map((links) => links.terminate()))
  }

  #route(routed: RoutedCommand): void {
    const decision = this.topology.route(routed.attempt, routed.reads ? this.config.reads : 'primary')
    this.#scheduleRefresh()
    this.#act(routed, decision, routed.reads)
  }

  #act(routed: RoutedCommand, decision: Decision, reads: boolean, cause?: Error): void {
    const { command, blocking, attempt } = routed
    if (this.#closed) return command.fail(closedError(false))
    if (decision.type === 'fail') return command.fail(unreachable(attempt, cause))
    if (decision.type === 'wait') return this.#wait(routed, decision.ms)
    const { node, asking } = decision
    // A connection that is lent out for one command has no place for a second one before it.
    if (asking && blocking) return this.#wait(routed, ASK_AGAIN_MS)
    routed.node = node
    const isPrimary =
      attempt.slot === undefined || this.topology.shardOf(attempt.slot)?.primary.address === node.address
    this.linksOf(node).send(routed, asking, reads && !isPrimary)
  }

  #wait(routed: RoutedCommand, ms: number): void {
    const { queueMax } = this.config.node
    if (this.#waiting.count >= queueMax)
      routed.command.fail(new RedisConnectionError('REDIS_QUEUE_FULL', `${queueMax} commands wait already`, false))
    else this.#waiting.add(routed, ms)
  }

  #drop(routed: RoutedCommand): void {
    this.#waiting.remove(routed)
    if (routed.node !== undefined) this.#nodes.get(routed.node.address)?.drop(routed.command)
  }

  #scheduleRefresh(): void {
    const at = this.topology.refreshAt()
    if (at >= this.#refreshTimerAt || this.#closed) return
    clearTimeout(this.#refreshTimer)
    this.#refreshTimerAt = at
    const ms = Math.min(Math.max(0, at - performance.now()), TIMER_MAX_MS)
    this.#refreshTimer = setTimeout(() => void this.#refresh(), ms).unref()
  }

  async #refresh(): Promise<void> {
    const node = this.topology.beginRefresh(performance.now())
    this.#refreshTimerAt = Infinity
    this.#refreshes++
    try {
      const change = this.topology.endRefresh(await this.#ask(node), node)
      if (change !== undefined && !this.#closed) this.#changed()
    } catch (error) {
      this.topology.failRefresh()
      this.topology.lose(node)
      // A password that is wrong here is wrong everywhere, and one server is no cluster.
      if (error instanceof RedisError && this.topology.nodes.size === 0) this.#waiting.failAll(error)
    }
    this.#scheduleRefresh()
  }

  #ask(node: ClusterNode): Promise<ReplyValue> {
    return new Promise((resolve, reject) => {
      const command = new Command(
        ['CLUSTER', 'SLOTS'],
        { ...specOf('CLUSTER SLOTS'), read: undefined },
        0,
        resolve,
        reject,
      )
      command.router = NOWHERE_ELSE
      limitCommand(command, REFRESH_TIMEOUT_MS)
      this.linksOf(node).core.link.run(command)
    })
  }

  #changed(): void {
    for (const [address, links] of this.#nodes)
      if (!this.topology.nodes.has(address)) {
        this.#nodes.delete(address)
        links.retire()
      }
    // Those whose slot has another primary now than the one that has failed them.
    this.#waiting.wake((routed) => this.#hasMoved(routed))
    this.onChange?.()
  }

  /** Whether its slot has another primary now than the node that has failed it. */
  #hasMoved({ attempt: { slot }, node }: RoutedCommand): boolean {
    const primary = slot === undefined ? undefined : this.topology.shardOf(slot)?.primary
    return node === undefined || (primary !== undefined && primary.address !== node.address)
  }
}

function closedError(mayHaveRun: boolean): RedisConnectionError {
  return new RedisConnectionError('REDIS_CLOSED', 'the client is closed', mayHaveRun)
}

function unreachable({ slot, waits }: Attempt, cause: Error | undefined): RedisConnectionError {
  const what = slot === undefined ? 'any slot' : `slot ${slot}`
  return new RedisConnectionError('REDIS_NO_NODE', `no node has ${what}, after ${waits - 1} attempts`, false, cause)
}
