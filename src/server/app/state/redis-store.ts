/** Sessions in Redis, shared by all processes and machines. */

import type { Redis } from '../../../io/client/redis/redis.js'
import * as is from '../../option-table.js'
import { checkOptions, type OptionTable } from '../../option-table.js'
import type { SessionStore, StoredSession } from './session-store.js'

/** What is asked of the client: `redis()`, `redisSentinel()` and `redisCluster()` of `skitai/client` all have it. */
export type SessionRedis = Pick<Redis, 'get' | 'pttl' | 'set' | 'pexpire' | 'del'>

/** Options of a Redis store. */
export interface RedisStoreOptions {
  /** Stands before each key. Default `session:`. */
  readonly prefix?: string
  /** Milliseconds since 1970. */
  readonly now?: () => number
}

const redisStoreOptions: OptionTable<RedisStoreOptions> = { prefix: is.string, now: is.callback }

/** A store in Redis, which lets sessions expire by itself. The client is the caller's, who closes it, too. */
export class RedisStore implements SessionStore {
  readonly #redis: SessionRedis
  readonly #prefix: string
  readonly #now: () => number

  constructor(redis: SessionRedis, options: RedisStoreOptions = {}) {
    checkOptions('new RedisStore', redisStoreOptions, options)
    this.#redis = redis
    this.#prefix = options.prefix ?? 'session:'
    this.#now = options.now ?? Date.now
  }

  async load(id: string): Promise<StoredSession | undefined> {
    const key = this.#prefix + id
    const [data, leftMs] = await Promise.all([this.#redis.get(key), this.#redis.pttl(key)])
    // Below zero: gone between the two commands, or a key without an end, which is none of ours.
    return data === null || leftMs <= 0 ? undefined : { data, expiresAtMs: this.#now() + leftMs }
  }

  async save(id: string, { data, expiresAtMs }: StoredSession, isNew: boolean): Promise<boolean> {
    const leftMs = Math.ceil(expiresAtMs - this.#now())
    if (leftMs <= 0) {
      await this.destroy(id)
      return false
    }
    const key = this.#prefix + id
    const set = isNew ? this.#redis.set(key, data, 'PX', leftMs) : this.#redis.set(key, data, 'PX', leftMs, 'XX')
    return (await set) !== null
  }

  async touch(id: string, expiresAtMs: number): Promise<void> {
    await this.#redis.pexpire(this.#prefix + id, Math.ceil(expiresAtMs - this.#now()))
  }

  async destroy(id: string): Promise<void> {
    await this.#redis.del(this.#prefix + id)
  }
}
