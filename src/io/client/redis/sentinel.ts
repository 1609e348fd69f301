/** The client of a primary that sentinels watch: it goes where they say that the primary is. */

import { isPrimaryRole, readPrimaryAddress, readSwitch, type ServerAddress } from '../../../protocols/redis/sentinel.js'
import type { ReplyValue } from '../../../protocols/redis/values.js'
import { type ClientTlsOptions, connect } from '../../connector.js'
import type { Transport } from '../../transport.js'
import { Command } from './command.js'
import type { CommandSpec } from './command-spec.js'
import { configOf, optionError, type RedisConfig, type RedisOptions } from './config.js'
import type { RedisConnection } from './connection.js'
import { RedisCore } from './core.js'
import { Redis, redis } from './redis.js'
import { RedisConnectionError } from './redis-error.js'

/** The options of `redisSentinel`; those of `redis` hold for the connections to the primary. Times are milliseconds. */
export interface RedisSentinelOptions extends Omit<RedisOptions, 'url' | 'host' | 'port' | 'path' | 'name'> {
  /** The sentinels: `host:port`, or URLs, each with its own user, password and `rediss:`. */
  readonly sentinels: readonly string[]
  /** The name by which they know the primary. */
  readonly name: string
  /** As `tls` of `redis`, for the sentinels. Default false, and true for `rediss://`. */
  readonly sentinelTls?: ClientTlsOptions | boolean | undefined
  /** The name of the connections, as CLIENT LIST shows it. */
  readonly connectionName?: string | undefined
}

const ROLE: CommandSpec = { words: ['ROLE'], flags: 0, firstKey: 0, lastKey: 0, keyStep: 0, read: undefined }

/** How long a sentinel may take to say where the primary is. */
const ASK_TIMEOUT_MS = 1000

/** How long sentinels may take to tell each other of another primary. */
const NEWS_MS = 2000

const FOREIGN: readonly string[] = ['url', 'host', 'port', 'path']

/** The connections to the primary of now. */
class SentinelCore extends RedisCore {
  readonly #sentinels: readonly Redis[]
  readonly #name: string
  #primary: ServerAddress | undefined
  #watching = false
  #announced: ServerAddress | undefined
  #announcedAt = -Infinity

  constructor(config: RedisConfig, sentinels: readonly Redis[], name: string) {
    super({ ...config, accept: checkRole }, (signal) => this.#open(signal))
    this.#sentinels = sentinels
    this.#name = name
  }

  override async close(): Promise<void> {
    await super.close()
    await this.#leave()
  }

  override async terminate(): Promise<void> {
    await Promise.all([super.terminate(), this.#leave()])
  }

  async #open(signal: AbortSignal): Promise<Transport> {
    if (!this.#watching) this.#watch()
    const primary = this.#news() ?? (await this.#ask(signal))
    // What was announced meanwhile is newer than the answer.
    this.#primary = this.#news() ?? primary
    return connect(this.#primary, { tls: this.config.tls, signal, timeoutMs: Infinity })
  }

  /** The first answer counts: whether it is true shows the role of who is there. */
  async #ask(signal: AbortSignal): Promise<ServerAddress> {
    try {
      return await Promise.any(this.#sentinels.map((sentinel) => this.#askOne(sentinel, signal)))
    } catch (error) {
      signal.throwIfAborted()
      const message = `no sentinel says where ${this.#name} is`
      throw new RedisConnectionError('REDIS_NO_SENTINEL', message, false, error)
    }
  }

  async #askOne(sentinel: Redis, signal: AbortSignal): Promise<ServerAddress> {
    const asked = sentinel.with({ signal, timeoutMs: ASK_TIMEOUT_MS })
    const address = readPrimaryAddress(await asked.command('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', this.#name))
    if (address === undefined)
      throw new RedisConnectionError('REDIS_NO_PRIMARY', `the sentinel does not know ${this.#name}`, false)
    return address
  }

  /** Where the primary is by an announcement, while other sentinels may not know yet, and say where it was. */
  #news(): ServerAddress | undefined {
    return performance.now() - this.#announcedAt < NEWS_MS ? this.#announced : undefined
  }

  /** A primary that has fallen silent keeps its connections: its sentinels say that it is none any more. */
  #watch(): void {
    this.#watching = true
    const onMessage = ({ payload }: { readonly payload: string }): void => {
      const next = readSwitch(payload, this.#name)
      if (next === undefined || (next.host === this.#primary?.host && next.port === this.#primary.port)) return
      this.#primary = next
      this.#announced = next
      this.#announcedAt = performance.now()
      this.reconnect(new RedisConnectionError('REDIS_MOVED', 'there is another primary', false))
    }
    // They come back by themselves; what is refused for good concerns who asks, too.
    for (const sentinel of this.#sentinels) sentinel.subscribe('+switch-master', onMessage).catch(() => {})
  }

  async #leave(): Promise<void> {
    await Promise.all(this.#sentinels.map((sentinel) => sentinel.terminate()))
  }
}

/** Who was a primary may be none any more, and not know of the other one yet. */
async function checkRole(connection: RedisConnection): Promise<void> {
  const role = await new Promise<ReplyValue>((resolve, reject) =>
    connection.send(new Command(ROLE.words, ROLE, 0, resolve, reject)),
  )
  if (!isPrimaryRole(role)) throw new RedisConnectionError('REDIS_ROLE', 'the server is no primary', false)
}

/**
 * A client of the primary that these sentinels watch, wherever it is. Throws `UsageError` for what does not fit. It
 * connects with its first command.
 */
export function redisSentinel(options: RedisSentinelOptions): Redis {
  if (typeof options !== 'object' || options === null) throw optionError('options', 'are an object', options)
  for (const name of FOREIGN)
    if (Object.hasOwn(options, name)) throw optionError(name, 'is what sentinels are asked for', undefined)
  const { sentinels, name, sentinelTls, connectionName, ...common } = options
  if (!Array.isArray(sentinels) || sentinels.length === 0 || sentinels.some((one) => typeof one !== 'string'))
    throw optionError('sentinels', 'are one at the least, as host:port', undefined)
  if (typeof name !== 'string' || name === '') throw optionError('name', 'is that of the primary', name)
  const config = configOf({ ...common, name: connectionName })
  const clients = (sentinels as readonly string[]).map((sentinel) =>
    redis({
      url: sentinel.includes('/') ? sentinel : `redis://${sentinel}`,
      tls: sentinelTls,
      connectTimeoutMs: config.connectTimeoutMs,
      backoffMaxMs: ASK_TIMEOUT_MS,
      queueTimeoutMs: Infinity,
    }),
  )
  return new Redis(new SentinelCore(config, clients, name))
}
