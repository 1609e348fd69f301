/**
 * A pool: it creates resources as they are needed, lends each to one caller at a time in the order in which they asked,
 * and lets go of those that are broken, old or idle. It knows nothing of what it lends.
 */

import { UsageError } from '../protocols/core/errors.js'
import type { Timed } from './clock.js'
import { type PoolOptions, poolOptionsOf } from './pool-options.js'
import { type PoolStats, PoolFigures } from './pool-stats.js'
import { realTime, type PoolTime } from './pool-time.js'

/** What a pool lends: how it is made, looked at, and ended. */
export interface PoolResource<T> {
  /** Makes one. What it rejects with goes to those who wait, if nothing is left that could serve them. */
  create(signal: AbortSignal): Promise<T>
  /** Ends one, whatever its state. */
  destroy(resource: T): void | Promise<void>
  /** Whether it can still be used: asked before it is lent, and when it comes back. */
  isUsable(resource: T): boolean
  /** Whether one that was idle for long is still there. One that rejects is not. */
  check?(resource: T, signal: AbortSignal): Promise<boolean>
}

/** How to wait. */
export interface AcquireOptions {
  readonly signal?: AbortSignal | undefined
  /** Instead of that of the pool. */
  readonly timeoutMs?: number | undefined
}

/** Why a pool lends nothing. `cause` is the last error since a resource was created. */
export class PoolError extends Error {
  override readonly name = 'PoolError'
  readonly code: 'POOL_TIMEOUT' | 'POOL_FULL' | 'POOL_CLOSED'

  constructor(code: PoolError['code'], message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
  }
}

/** A resource while one caller has it. */
export interface Lease<T> {
  readonly resource: T
  /** Gives it back. Throws `UsageError` (`POOL_LEASE`) when that has happened already. */
  release(): void
  /** Gives it back to be destroyed. Throws as `release`. */
  destroy(): void
}

interface Entry<T> {
  readonly resource: T
  readonly expiresAt: number
  idleSince: number
  idleUntil: number
}

interface Waiter<T> {
  readonly since: number
  readonly deadline: number
  readonly resolve: (lease: Lease<T>) => void
  readonly reject: (error: unknown) => void
  readonly signal: AbortSignal | undefined
  readonly onAbort: () => void
}

/** What is under way for those who wait: a creation or a check. */
interface Preparation {
  readonly controller: AbortController
  readonly deadline: number
}

/** The part of a time by which it varies, so that not everything ends at once. */
const JITTER = 0.25

/** One pool. */
export class Pool<T> implements Timed {
  readonly #resource: PoolResource<T>
  readonly #options: PoolOptions
  readonly #time: PoolTime
  readonly #figures: PoolFigures = new PoolFigures()
  readonly #entries: Map<T, Entry<T>> = new Map()
  /** Those that nobody has, the one that came back last at the end. */
  readonly #idle: Entry<T>[] = []
  readonly #waiters: Set<Waiter<T>> = new Set()
  readonly #creating: Set<Preparation> = new Set()
  readonly #checking: Set<Preparation> = new Set()
  readonly #ending: Set<Promise<void>> = new Set()
  #failuresInRow = 0
  #notBefore = 0
  #cancelRetry: (() => void) | undefined
  #ticking = false
  #closing: Promise<void> | undefined
  #onEmpty: (() => void) | undefined

  /** Creates `min` resources at once. Throws `UsageError` (`POOL_OPTION`). `time` is for tests. */
  constructor(resource: PoolResource<T>, options: Partial<PoolOptions> = {}, time: PoolTime = realTime) {
    this.#resource = resource
    this.#options = poolOptionsOf(options)
    this.#time = time
    if (this.#options.min > this.#options.max) throw new UsageError('POOL_OPTION', 'min is above max')
    this.#supply()
  }

  /** How the pool is doing. */
  get stats(): PoolStats {
    const total = this.#entries.size
    const idle = this.#idle.length
    return this.#figures.with({
      total,
      idle,
      busy: total - idle,
      waiting: this.#waiters.size,
      connecting: this.#creating.size,
    })
  }

  /** One that is idle now and needs no check; undefined when there is none, or others wait. */
  tryAcquire(): Lease<T> | undefined {
    if (this.#closing !== undefined || this.#waiters.size > 0) return undefined
    const entry = this.#takeIdle(this.#time.now())
    return entry && this.#lend(entry, 0)
  }

  /**
   * Waits for a resource. Rejects with `PoolError`: `POOL_TIMEOUT`, `POOL_FULL` when too many wait, `POOL_CLOSED`; with
   * the reason of `signal`; and with what creating has failed with, when there is no resource that could come back.
   */
  acquire({ signal, timeoutMs = this.#options.acquireTimeoutMs }: AcquireOptions = {}): Promise<Lease<T>> {
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted()
      if (this.#closing !== undefined) throw new PoolError('POOL_CLOSED', 'the pool is closed')
      const lease = this.tryAcquire()
      if (lease !== undefined) return resolve(lease)
      const { waitingMax } = this.#options
      if (this.#waiters.size >= waitingMax)
        throw new PoolError('POOL_FULL', `${waitingMax} callers wait already`, this.#figures.lastError)
      const since = this.#time.now()
      const onAbort = (): void => this.#refuse(waiter, signal!.reason)
      const waiter: Waiter<T> = { since, deadline: since + timeoutMs, resolve, reject, signal, onAbort }
      this.#waiters.add(waiter)
      signal?.addEventListener('abort', onAbort)
      this.#supply()
    })
  }

  /** For those who learn that a resource is broken: an idle one is destroyed at once, a lent one when it comes back. */
  lost(resource: T): void {
    const entry = this.#entries.get(resource)
    const at = entry === undefined ? -1 : this.#idle.indexOf(entry)
    if (at < 0) return
    this.#idle.splice(at, 1)
    this.#end(entry!)
    this.#supply()
  }

  /** Refuses those who wait and who come, and resolves when everything that was lent has come back and is ended. */
  close(): Promise<void> {
    if (this.#closing === undefined) {
      const empty = new Promise<void>((resolve) => (this.#onEmpty = resolve))
      this.#closing = empty.then(async () => void (await Promise.all(this.#ending)))
      for (const waiter of this.#waiters) this.#refuse(waiter, new PoolError('POOL_CLOSED', 'the pool is closed'))
      for (const { controller } of [...this.#creating, ...this.#checking])
        controller.abort(new PoolError('POOL_CLOSED', 'the pool is closed'))
      for (const entry of this.#idle.splice(0)) this.#end(entry)
      this.#supply()
    }
    return this.#closing
  }

  /** Closes, and ends at once what is lent. */
  terminate(): Promise<void> {
    const closed = this.close()
    for (const entry of this.#entries.values()) this.#end(entry)
    this.#supply()
    return closed
  }

  /** For the clock. */
  onTick(): void {
    const now = this.#time.now()
    for (const waiter of this.#waiters) {
      if (now < waiter.deadline) continue
      this.#figures.timeouts++
      const message = `nothing was free in ${Math.round(now - waiter.since)} ms`
      this.#refuse(waiter, new PoolError('POOL_TIMEOUT', message, this.#figures.lastError))
    }
    for (const { controller, deadline } of this.#checking)
      if (now >= deadline) controller.abort(new PoolError('POOL_TIMEOUT', 'the check has taken too long'))
    this.#reap(now)
    this.#supply()
  }

  /** Ends what nobody has and is broken, too old, or idle for too long. The one that is idle longest comes first. */
  #reap(now: number): void {
    let spare = this.#entries.size - this.#options.min
    const kept: Entry<T>[] = []
    for (const entry of this.#idle.splice(0)) {
      const idleEnds = spare > 0 && now >= entry.idleUntil
      if (!idleEnds && this.#isGood(entry, now)) {
        kept.push(entry)
        continue
      }
      spare--
      this.#end(entry)
    }
    this.#idle.push(...kept)
  }

  #isGood({ resource, expiresAt }: Entry<T>, now: number): boolean {
    return now < expiresAt && this.#resource.isUsable(resource)
  }

  /** The idle one that came back last; those that cannot be used are ended on the way. */
  #takeIdle(now: number): Entry<T> | undefined {
    for (let entry = this.#idle.at(-1); entry !== undefined; entry = this.#idle.at(-1)) {
      if (this.#isGood(entry, now)) {
        if (this.#needsCheck(entry, now)) return undefined
        this.#idle.pop()
        return entry
      }
      this.#idle.pop()
      this.#end(entry)
    }
    return undefined
  }

  #needsCheck({ idleSince }: Entry<T>, now: number): boolean {
    return this.#resource.check !== undefined && now - idleSince >= this.#options.checkAfterIdleMs
  }

  #lend(entry: Entry<T>, waitedMs: number): Lease<T> {
    this.#figures.lent(waitedMs)
    let given = false
    const giveBack = (keep: boolean): void => {
      if (given) throw new UsageError('POOL_LEASE', 'what was lent has been given back already')
      given = true
      this.#takeBack(entry, keep)
    }
    return { resource: entry.resource, release: () => giveBack(true), destroy: () => giveBack(false) }
  }

  #takeBack(entry: Entry<T>, keep: boolean): void {
    const now = this.#time.now()
    if (keep && this.#closing === undefined && this.#isGood(entry, now)) this.#offer(entry, now)
    else this.#end(entry)
    this.#supply()
  }

  /** Lends what has become free to the one who waits longest; else it is idle. */
  #offer(entry: Entry<T>, now: number): void {
    const [waiter] = this.#waiters
    if (waiter !== undefined) {
      this.#leave(waiter)
      waiter.resolve(this.#lend(entry, now - waiter.since))
      return
    }
    entry.idleSince = now
    entry.idleUntil = now + this.#vary(this.#options.idleMs)
    this.#idle.push(entry)
  }

  #vary(ms: number): number {
    return ms * (1 - JITTER * this.#time.random())
  }

  #refuse(waiter: Waiter<T>, error: unknown): void {
    this.#leave(waiter)
    waiter.reject(error)
    this.#tickAsNeeded()
  }

  #leave(waiter: Waiter<T>): void {
    this.#waiters.delete(waiter)
    waiter.signal?.removeEventListener('abort', waiter.onAbort)
  }

  #end({ resource }: Entry<T>): void {
    if (!this.#entries.delete(resource)) return
    this.#figures.destroyed++
    const ending = this.#destroy(resource)
    this.#ending.add(ending)
    void ending.then(() => this.#ending.delete(ending))
  }

  /** Never rejects: nobody waits for it but `close`. */
  async #destroy(resource: T): Promise<void> {
    try {
      await this.#resource.destroy(resource)
    } catch (error) {
      this.#figures.lastError = error
    }
  }

  /** Sees that as much is under way as is waited for, or must be kept. */
  #supply(): void {
    if (this.#closing === undefined) {
      const now = this.#time.now()
      this.#supplyIdle(now)
      this.#supplyNew(now)
    } else if (this.#entries.size + this.#creating.size + this.#checking.size === 0) {
      this.#onEmpty?.()
    }
    this.#tickAsNeeded()
  }

  /** While somebody waits, what is idle is either broken, or wants a check first: sooner done than creating. */
  #supplyIdle(now: number): void {
    while (this.#waiters.size > this.#checking.size) {
      const good = this.#takeIdle(now)
      if (good !== undefined) {
        this.#offer(good, now)
        continue
      }
      const entry = this.#idle.pop()
      if (entry === undefined) return
      void this.#checkEntry(entry, now)
    }
  }

  #supplyNew(now: number): void {
    const { max, min } = this.#options
    const parallel = this.#failuresInRow > 0 ? 1 : Infinity
    while (this.#creating.size < parallel) {
      const total = this.#entries.size + this.#creating.size
      const wanted = this.#waiters.size - this.#creating.size - this.#checking.size
      if (total >= max || (wanted <= 0 && total >= min)) return
      if (now < this.#notBefore) return this.#retryLater(now)
      void this.#create()
    }
  }

  /** The clock alone would let the process end while somebody waits. */
  #retryLater(now: number): void {
    if (this.#waiters.size === 0) return
    this.#cancelRetry ??= this.#time.after(this.#notBefore - now, () => {
      this.#cancelRetry = undefined
      this.#supply()
    })
  }

  async #create(): Promise<void> {
    const creating = { controller: new AbortController(), deadline: Infinity }
    this.#creating.add(creating)
    try {
      const resource = await this.#resource.create(creating.controller.signal)
      this.#creating.delete(creating)
      this.#created(resource)
    } catch (error) {
      this.#creating.delete(creating)
      this.#failed(error)
    }
    this.#supply()
  }

  #created(resource: T): void {
    const now = this.#time.now()
    this.#figures.created++
    this.#figures.lastError = undefined
    this.#failuresInRow = 0
    this.#notBefore = 0
    const expiresAt = now + this.#vary(this.#options.lifetimeMs)
    const entry: Entry<T> = { resource, expiresAt, idleSince: now, idleUntil: Infinity }
    this.#entries.set(resource, entry)
    if (this.#closing === undefined) this.#offer(entry, now)
    else this.#end(entry)
  }

  /** Those who wait hear of it at once, unless something is there that may come back to serve them. */
  #failed(error: unknown): void {
    // What was given up because the pool closes is no failure.
    if (this.#closing !== undefined) return
    const { backoffMs, backoffMaxMs } = this.#options
    this.#figures.failures++
    this.#figures.lastError = error
    const now = this.#time.now()
    // Those that fail together have failed once.
    if (now >= this.#notBefore)
      this.#notBefore = now + this.#vary(Math.min(backoffMs * 2 ** this.#failuresInRow++, backoffMaxMs))
    if (this.#entries.size + this.#creating.size > 0) return
    for (const waiter of this.#waiters) this.#refuse(waiter, error)
  }

  async #checkEntry(entry: Entry<T>, now: number): Promise<void> {
    const checking = { controller: new AbortController(), deadline: now + this.#options.checkTimeoutMs }
    this.#checking.add(checking)
    const good = await this.#check(entry.resource, checking.controller.signal)
    this.#checking.delete(checking)
    const then = this.#time.now()
    // Whoever closes or terminates the pool has ended it meanwhile, perhaps.
    if (good && this.#closing === undefined && this.#isGood(entry, then)) this.#offer(entry, then)
    else this.#end(entry)
    this.#supply()
  }

  /** A check that does not heed its signal is not waited for. */
  async #check(resource: T, signal: AbortSignal): Promise<boolean> {
    const given = new Promise<boolean>((resolve) => signal.addEventListener('abort', () => resolve(false)))
    try {
      return await Promise.race([this.#resource.check!(resource, signal), given])
    } catch {
      return false
    }
  }

  /** An empty pool that nobody waits for costs nothing. */
  #tickAsNeeded(): void {
    const { size } = this.#waiters
    if (size === 0) {
      this.#cancelRetry?.()
      this.#cancelRetry = undefined
    }
    const filling = this.#closing === undefined && this.#options.min > 0
    const needed = size + this.#entries.size + this.#checking.size > 0 || filling
    if (needed === this.#ticking) return
    this.#ticking = needed
    if (needed) this.#time.add(this)
    else this.#time.remove(this)
  }
}
