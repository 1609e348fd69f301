/** Keeps clients from asking too often. */

import { HttpError } from '../../http-error.js'
import type { Step } from '../hooks.js'
import { Was } from '../was.js'
import { type BucketStore, type BucketVerdict, MemoryBuckets } from './token-bucket.js'

/** How often a client may ask. */
export interface RateLimitOptions {
  /** Requests in `windowSeconds`, on average. */
  readonly limit: number
  readonly windowSeconds: number
  /** How many may come at once. Default `limit`. */
  readonly burst?: number
  /**
   * Who counts as one: an address (of IPv6 the network, 64 bits), a user who has signed in, else the address, or what a
   * function gives; a request for which that is undefined does not count.
   */
  readonly key?: 'ip' | 'user' | ((was: Was) => string | undefined)
  /** Default: the memory of this process. */
  readonly store?: BucketStore
  /** Tells the buckets of this limit from others in the same store. Default: the app, or the route. */
  readonly name?: string
}

const limiters: WeakMap<RateLimitOptions, Step> = new WeakMap()

/**
 * The guard for a limit; the same one for all that share the options. What a store cannot answer is told to `onError`
 * and let through: a limit that is broken must not be an outage. Throws `TypeError` for what is no limit.
 */
export function rateLimitGuard(options: RateLimitOptions, place: string): Step {
  const known = limiters.get(options)
  if (known !== undefined) return known
  const { limit, windowSeconds, burst = limit, key = 'ip', store = new MemoryBuckets(), name = place } = options
  if (!(limit > 0 && windowSeconds > 0 && burst >= 1) || !Number.isFinite(limit * windowSeconds * burst))
    throw new TypeError(`not a rate: ${limit} in ${windowSeconds} s, ${burst} at once`)
  if (typeof key !== 'function' && key !== 'ip' && key !== 'user') throw new TypeError(`not a key: ${String(key)}`)
  const rate = { capacity: burst, perMs: limit / (windowSeconds * 1000) }
  const policy = `${limit};w=${windowSeconds}${burst === limit ? '' : `;burst=${burst}`}`
  const tell = (was: Was, verdict: BucketVerdict): void => {
    const { allowed, remaining, retryMs, resetMs } = verdict
    const fields = ['ratelimit-policy', policy, 'ratelimit-limit', String(burst), 'ratelimit-remaining']
    Was.keep(was, [...fields, String(remaining), 'ratelimit-reset', String(Math.ceil(resetMs / 1000))])
    if (allowed) return
    const seconds = Math.max(1, Math.ceil(retryMs / 1000))
    throw new HttpError(429, `Ask again in ${seconds} s`, ['retry-after', String(seconds)])
  }
  const guard: Step = (was) => {
    const client = clientOf(was, key)
    if (client === undefined) return
    let verdict: BucketVerdict | Promise<BucketVerdict>
    try {
      verdict = store.take(`${name}:${client}`, rate)
    } catch (error) {
      return was.report(error)
    }
    if (!(verdict instanceof Promise)) return tell(was, verdict)
    return inTime(verdict).then(
      (taken) => tell(was, taken),
      (error: unknown) => was.report(error),
    )
  }
  limiters.set(options, guard)
  return guard
}

function clientOf(was: Was, key: NonNullable<RateLimitOptions['key']>): string | undefined {
  if (typeof key === 'function') return key(was)
  const name = key === 'user' ? was.request.user?.name : undefined
  return name ? `user ${name}` : networkOf(was.request.remoteAddress)
}

/** A store that is gone may take long to say so: clients of databases wait for it to come back. */
const STORE_WAIT_MS = 1000

function inTime<Value>(answer: Promise<Value>): Promise<Value> {
  return new Promise((resolve, reject) => {
    const late = (): void => reject(new Error(`the store of a rate limit has not answered in ${STORE_WAIT_MS} ms`))
    const timer = setTimeout(late, STORE_WAIT_MS)
    answer.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}

const NETWORK_GROUPS = 4

/** The address, or of IPv6 its first 64 bits: a client has all of them behind those. */
export function networkOf(address: string): string {
  const plain = address.replace(/%.*$/, '').toLowerCase()
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(plain)
  if (mapped !== null) return mapped[1]!
  if (!plain.includes(':')) return plain
  const [head = '', tail] = plain.split('::')
  const before = head === '' ? [] : head.split(':')
  const after = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - before.length - after.length)
  const groups = [...before, ...Array<string>(zeros).fill('0'), ...after].slice(0, NETWORK_GROUPS)
  return `${groups.map((group) => Number.parseInt(group || '0', 16).toString(16)).join(':')}::/64`
}
