/** What all views of one client share: its connections, and which command goes over which of them. */

import { UsageError } from '../../../protocols/core/errors.js'
import { ReplyFlags, type ReplyValue } from '../../../protocols/redis/values.js'
import { clock } from '../../clock.js'
import type { Lease } from '../../pool.js'
import { LinkPool } from './blocking.js'
import { type CacheStats, ReplyCache } from './cache.js'
import { Command } from './command.js'
import { CommandFlags, type CommandSpec, nameOf } from './command-spec.js'
import { blocks } from './command-specs.js'
import type { RedisConfig } from './config.js'
import type { RedisConnection } from './connection.js'
import { type LinkStats, RedisLink } from './link.js'
import { openConnection, type OpenTransport } from './open.js'
import { PubSub } from './pubsub.js'
import { RedisConnectionError } from './redis-error.js'

/** How a client is doing. */
export interface RedisStats extends LinkStats {
  /** Connections for commands that wait, and for `reserve` and `watch`. */
  readonly links: number
  /** Channels and patterns that are subscribed to. */
  readonly subscriptions: number
  /** Undefined without a cache. */
  readonly cache: CacheStats | undefined
}

const TRACKING: CommandSpec = {
  words: ['CLIENT', 'TRACKING'],
  flags: 0,
  firstKey: 0,
  lastKey: 0,
  keyStep: 0,
  read: undefined,
}

const SPECIAL = CommandFlags.blocking | CommandFlags.session

/** The connections of a client. */
export class RedisCore {
  readonly config: RedisConfig
  readonly link: RedisLink
  readonly cache: ReplyCache | undefined
  readonly #open: OpenTransport
  readonly #links: LinkPool
  #texts: PubSub<string> | undefined
  #octets: PubSub<Uint8Array> | undefined

  constructor(config: RedisConfig, open: OpenTransport) {
    this.config = config
    this.#open = open
    const { cache, onConnect, onDisconnect } = config
    this.cache = cache === undefined ? undefined : new ReplyCache(cache)
    this.link = new RedisLink({
      ...config,
      connect: (signal) => openConnection(config, open, 0, signal),
      prepare: (connection) => this.#track(connection),
      listener: {
        onInvalidate: ({ keys }) => this.cache?.invalidate(keys),
        onClosed: () => this.cache?.end(),
      },
      onConnect,
      onDisconnect,
    })
    // What waits there does not answer either: nobody asks whether it is there.
    const patient = { ...config, pingIntervalMs: Infinity }
    this.#links = new LinkPool(
      (signal) => openConnection(patient, open, 0, signal),
      config.linksMax,
      config.linkTimeoutMs,
    )
  }

  get stats(): RedisStats {
    return {
      ...this.link.stats,
      links: this.#links.size,
      subscriptions: (this.#texts?.count ?? 0) + (this.#octets?.count ?? 0),
      cache: this.cache?.stats,
    }
  }

  /** Sends a command where it belongs. `timeoutMs` undefined is that of the client. */
  run(command: Command, timeoutMs: number | undefined, signal: AbortSignal | undefined): void {
    const special = (command.spec.flags & SPECIAL) !== 0
    const blocking = special && blocks(command.spec, command.args)
    limitCommand(command, timeoutMs ?? (blocking ? Infinity : this.config.commandTimeoutMs))
    if (signal !== undefined) {
      if (signal.aborted) return command.fail(signal.reason)
      command.watch(signal, () => this.link.drop(command))
    }
    if (special) {
      if ((command.spec.flags & CommandFlags.session) !== 0)
        return command.fail(
          new UsageError(
            'REDIS_COMMAND',
            `${nameOf(command.spec)} is not for a connection that others use: reserve one`,
          ),
        )
      if (blocking) {
        this.cache?.onWrite(command)
        return this.#links.run(command, signal)
      }
    }
    if (this.cache === undefined) this.link.run(command)
    else this.#runCached(command, this.cache)
  }

  /** Sends what was looked at before, whose time is limited already. */
  pass(command: Command, blocking: boolean, signal: AbortSignal | undefined): void {
    if (blocking) this.#links.run(command, signal)
    else this.link.run(command)
  }

  reserve(signal: AbortSignal | undefined): Promise<Lease<RedisConnection>> {
    return this.#links.acquire({ signal })
  }

  get texts(): PubSub<string> {
    return (this.#texts ??= this.#pubSub<string>(0))
  }

  get octets(): PubSub<Uint8Array> {
    return (this.#octets ??= this.#pubSub<Uint8Array>(ReplyFlags.bytes))
  }

  /** Gives up all connections that are shared: others are made. */
  reconnect(error: Error): void {
    this.link.reconnect(error)
    this.#texts?.reconnect(error)
    this.#octets?.reconnect(error)
  }

  async close(): Promise<void> {
    const error = new RedisConnectionError('REDIS_CLOSED', 'the client is closed', true)
    await Promise.all([this.texts.close(), this.octets.close(), this.link.close(), this.#links.close(error)])
  }

  async terminate(): Promise<void> {
    this.link.terminate()
    await Promise.all([this.texts.close(), this.octets.close(), this.#links.terminate()])
  }

  #pubSub<Text>(pushFlags: number): PubSub<Text> {
    const { config } = this
    const connect = (signal: AbortSignal): Promise<RedisConnection> =>
      openConnection(config, this.#open, pushFlags, signal)
    return new PubSub<Text>({ ...config, connect }, config.onDisconnect)
  }

  #runCached(command: Command, cache: ReplyCache): void {
    cache.onWrite(command)
    const id = cache.idOf(command)
    if (id === undefined) return this.link.run(command)
    const found = cache.find(id)
    if (found !== undefined) return command.succeed(found)
    const { args, spec, replyFlags } = command
    const pending = cache.expect(id, command)
    const onReply = (value: ReplyValue): void => {
      cache.settle(pending, value)
      command.succeed(value)
    }
    const onError = (error: unknown): void => {
      cache.settle(pending, undefined)
      command.fail(error)
    }
    const asked = new Command(args, { ...spec, read: undefined }, replyFlags, onReply, onError)
    limitCommand(asked, command.timeoutMs)
    command.onSettled = () => {
      if (!asked.settled) {
        this.link.drop(asked)
        asked.fail(undefined)
      }
    }
    this.link.run(asked)
  }

  /** The server is to tell what changes. With RESP2 it cannot, and nothing is cached. */
  #track(connection: RedisConnection): Promise<unknown> | undefined {
    const { cache } = this
    const options = this.config.cache
    if (cache === undefined || options === undefined || connection.engine.protocol === 2) return undefined
    const broadcast = options.mode === 'broadcast'
    const prefixes = options.prefixes.flatMap((prefix) => ['PREFIX', prefix])
    const args = ['CLIENT', 'TRACKING', 'ON', ...(broadcast ? ['BCAST', ...prefixes] : [])]
    return new Promise((resolve, reject) => {
      const onReply = (value: unknown): void => {
        cache.begin()
        resolve(value)
      }
      connection.send(new Command(args, TRACKING, 0, onReply, reject))
    })
  }
}

/** Until when a command may take. */
export function limitCommand(command: Command, timeoutMs: number): void {
  if (timeoutMs === Infinity) return
  command.timeoutMs = timeoutMs
  command.deadline = clock.now + timeoutMs
}
