/** Token buckets: each request takes one, and they fill up again evenly. */

import { LRUCache } from 'lru-cache'
import type { Redis } from '../../../io/client/redis/redis.js'

/** A bucket's measures. */
export interface BucketRate {
  /** Tokens in a full one. */
  readonly capacity: number
  /** Tokens that come back in a millisecond. */
  readonly perMs: number
}

/** What a request is told of its bucket. */
export interface BucketVerdict {
  readonly allowed: boolean
  /** Whole tokens that are left. */
  readonly remaining: number
  /** Until there is one again; 0 when there is. */
  readonly retryMs: number
  /** Until it is full. */
  readonly resetMs: number
}

/** Keeps buckets by key. */
export interface BucketStore {
  take(key: string, rate: BucketRate): BucketVerdict | Promise<BucketVerdict>
}

/** The verdict for so many tokens, one of which was taken if `allowed`. */
function verdictOf(allowed: boolean, tokens: number, { capacity, perMs }: BucketRate): BucketVerdict {
  return {
    allowed,
    remaining: Math.floor(tokens),
    retryMs: tokens >= 1 ? 0 : Math.ceil((1 - tokens) / perMs),
    resetMs: Math.ceil((capacity - tokens) / perMs),
  }
}

/** Buckets in the memory of this process. */
export class MemoryBuckets implements BucketStore {
  readonly #buckets: LRUCache<string, { tokens: number; atMs: number }>
  readonly #now: () => number

  /** At most `bucketsMax` (100,000); the one that was used longest ago is forgotten first, which is as good as full. */
  constructor(bucketsMax = 100_000, now: () => number = performance.now.bind(performance)) {
    this.#buckets = new LRUCache({ max: bucketsMax })
    this.#now = now
  }

  /** How many there are. */
  get size(): number {
    return this.#buckets.size
  }

  take(key: string, rate: BucketRate): BucketVerdict {
    const nowMs = this.#now()
    let bucket = this.#buckets.get(key)
    if (bucket === undefined) {
      bucket = { tokens: rate.capacity, atMs: nowMs }
      this.#buckets.set(key, bucket)
    }
    bucket.tokens = Math.min(rate.capacity, bucket.tokens + (nowMs - bucket.atMs) * rate.perMs)
    bucket.atMs = nowMs
    const allowed = bucket.tokens >= 1
    if (allowed) bucket.tokens--
    return verdictOf(allowed, bucket.tokens, rate)
  }
}

/** One step on the server, by its own clock: no two processes can take the same token. */
const TAKE = `
local capacity, per_ms = tonumber(ARGV[1]), tonumber(ARGV[2])
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local bucket = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local tokens, at = tonumber(bucket[1]) or capacity, tonumber(bucket[2]) or now
tokens = math.min(capacity, tokens + math.max(0, now - at) * per_ms)
local allowed = tokens >= 1 and 1 or 0
tokens = tokens - allowed
redis.call('HSET', KEYS[1], 'tokens', tostring(tokens), 'at', tostring(now))
redis.call('PEXPIRE', KEYS[1], math.ceil((capacity - tokens) / per_ms) + 1000)
return { allowed, tostring(tokens) }`

/** Buckets in Redis, shared by all processes and machines. The client is the caller's, who closes it, too. */
export class RedisBuckets implements BucketStore {
  readonly #take: (key: string, capacity: string, perMs: string) => Promise<[number, string]>
  readonly #prefix: string

  constructor(redis: Pick<Redis, 'script'>, prefix = 'rate:') {
    this.#take = redis.script<[number, string]>(TAKE, { keys: 1 })
    this.#prefix = prefix
  }

  async take(key: string, rate: BucketRate): Promise<BucketVerdict> {
    const [allowed, tokens] = await this.#take(this.#prefix + key, String(rate.capacity), String(rate.perMs))
    return verdictOf(allowed === 1, Number(tokens), rate)
  }
}
