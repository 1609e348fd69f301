/** The connections to one node of a cluster. */

import type { ClusterNode } from '../../../protocols/redis/cluster/slot-map.js'
import { Command } from './command.js'
import type { CommandSpec } from './command-spec.js'
import type { NodePlace } from './cluster-config.js'
import type { RedisConfig } from './config.js'
import { RedisCore } from './core.js'
import { type LinkStats, RedisLink } from './link.js'
import { openConnection, transportOpener } from './open.js'
import type { RoutedCommand } from './cluster-command.js'

const READONLY: CommandSpec = { words: ['READONLY'], flags: 0, firstKey: 0, lastKey: 0, keyStep: 0, read: undefined }
const ASKING: CommandSpec = { ...READONLY, words: ['ASKING'] }

/** How long a node that has left may take for what it was sent. */
const RETIRE_MS = 1000

/** One node. It is connected to when something is sent there. */
export class NodeLinks {
  readonly node: ClusterNode
  readonly core: RedisCore
  readonly #config: RedisConfig
  #reader: RedisLink | undefined

  /** `place` is where it is reached. */
  constructor(node: ClusterNode, { host, port }: NodePlace, config: RedisConfig) {
    this.node = node
    this.#config = { ...config, place: { host, port } }
    this.core = new RedisCore(this.#config, transportOpener(this.#config))
  }

  get stats(): LinkStats {
    return this.core.link.stats
  }

  /** Sends a command: after ASKING, or over the connection on which a copy may be read. */
  send({ command, blocking, signal }: RoutedCommand, asking: boolean, reading: boolean): void {
    if (reading) return this.#copy.run(command)
    if (asking) this.core.link.run(new Command(ASKING.words, ASKING, 0, ignore, ignore))
    this.core.pass(command, blocking, signal)
  }

  drop(command: Command): void {
    this.core.link.drop(command)
    this.#reader?.drop(command)
  }

  /** The node is no part of the cluster any more: it may answer what it was sent, and nothing is sent again. */
  retire(): void {
    if (!this.core.link.stats.connected) return void this.terminate()
    const timer = setTimeout(() => void this.terminate(), RETIRE_MS)
    void this.close().then(() => clearTimeout(timer))
  }

  async close(): Promise<void> {
    await Promise.all([this.#reader?.close(), this.core.close()])
  }

  async terminate(): Promise<void> {
    this.#reader?.terminate()
    await this.core.terminate()
  }

  /** What reads here is told of keys that are only copied. */
  get #copy(): RedisLink {
    const config = this.#config
    return (this.#reader ??= new RedisLink({
      ...config,
      connect: (signal) => openConnection(config, transportOpener(config), 0, signal),
      prepare: (connection) =>
        new Promise((resolve, reject) => connection.send(new Command(READONLY.words, READONLY, 0, resolve, reject))),
    }))
  }
}

function ignore(): void {}
