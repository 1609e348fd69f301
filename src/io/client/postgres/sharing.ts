/** Queries share connections: an idle one if there is one, a new one if there may be, else the one with least to do. */

import type { Timed } from '../../clock.js'
import { clock } from '../../clock.js'
import { type Lease, type Pool, PoolError } from '../../pool.js'
import type { PostgresConnection } from './connection.js'
import type { Operation } from './operation.js'
import { OperationQueue } from './operation-queue.js'

/** How connections are shared. */
export interface SharingOptions {
  /** Operations under way on one connection; 1 for one after the other. */
  readonly pipelineMax: number
  /** Connections at the most. */
  readonly connectionsMax: number
  /** Operations that wait for a connection at the most, and for how long. */
  readonly waitingMax: number
  readonly waitTimeoutMs: number
}

/**
 * Lends connections from the pool to operations that leave nothing behind on them. A connection is in here while it has
 * something to do; then it goes back, so that the pool can check and replace it.
 */
export class Sharing implements Timed {
  readonly #pool: Pool<PostgresConnection>
  readonly #options: SharingOptions
  readonly #leases: Map<PostgresConnection, Lease<PostgresConnection>> = new Map()
  readonly #waiting: OperationQueue = new OperationQueue()
  /** Connections that were asked for. */
  #acquiring = 0
  /** Callers who wait for a connection of their own: nothing new goes before them. */
  #others = 0
  #pumping = false
  #onEmpty: (() => void) | undefined

  constructor(pool: Pool<PostgresConnection>, options: SharingOptions) {
    this.#pool = pool
    this.#options = options
  }

  /** Operations that wait for a connection. */
  get waitingCount(): number {
    return this.#waiting.count
  }

  /** Operations that are under way. */
  get load(): number {
    let load = 0
    for (const connection of this.#leases.keys()) load += connection.load
    return load
  }

  run(operation: Operation): void {
    operation.shared = true
    if (this.#waiting.count === 0) {
      const connection = this.#pick()
      if (connection !== undefined) return connection.run(operation)
    }
    const { waitingMax } = this.#options
    if (this.#waiting.count >= waitingMax)
      return operation.lose(new PoolError('POOL_FULL', `${waitingMax} operations wait already`))
    operation.waitsSince = clock.now
    this.#waiting.push(operation)
    if (this.#waiting.count === 1) clock.add(this)
    this.#pump()
  }

  /** Gets a connection for one caller alone, in turn with the operations that wait. */
  async acquire(signal: AbortSignal | undefined): Promise<Lease<PostgresConnection>> {
    this.#others++
    try {
      return await this.#pool.acquire({ signal })
    } finally {
      this.#others--
      this.#pump()
    }
  }

  /** Something on a connection is over. */
  settled(connection: PostgresConnection): void {
    const lease = this.#leases.get(connection)
    if (lease === undefined) return
    // What was begun there is nobody's: the server undoes it.
    if (connection.transactionStatus !== 'idle') return connection.destroy()
    if (this.#waiting.count > 0) this.#pump()
    if (connection.load > 0) return
    this.#leases.delete(connection)
    lease.release()
    if (this.#waiting.count > 0) this.#pump()
    this.#tellEmpty()
  }

  /** A connection is gone. */
  lost(connection: PostgresConnection): void {
    const lease = this.#leases.get(connection)
    if (lease === undefined) return this.#pool.lost(connection)
    this.#leases.delete(connection)
    lease.destroy()
    this.#pump()
    this.#tellEmpty()
  }

  /** Resolves when nothing waits and nothing is under way. */
  async empty(): Promise<void> {
    if (this.#waiting.count > 0 || this.#leases.size > 0)
      await new Promise<void>((resolve) => (this.#onEmpty = resolve))
  }

  onTick(now: number): void {
    const { waitTimeoutMs } = this.#options
    for (let first = this.#waiting.first; first !== undefined; first = this.#waiting.first) {
      const waitedMs = now - first.waitsSince
      if (!first.over && waitedMs < waitTimeoutMs) return
      this.#shift()
      if (!first.over)
        first.lose(
          new PoolError(
            'POOL_TIMEOUT',
            `no connection was free in ${Math.round(waitedMs)} ms`,
            this.#pool.stats.lastError,
          ),
        )
    }
    this.#tellEmpty()
  }

  /** A connection for one more operation; undefined when it has to wait. */
  #pick(): PostgresConnection | undefined {
    const least = this.#others === 0 ? this.#leastLoaded() : undefined
    if (least?.load === 0) return least
    const lease = this.#pool.tryAcquire()
    if (lease !== undefined) return this.#add(lease)
    if (least === undefined || least.load >= this.#options.pipelineMax) return undefined
    // One that is being opened is waited for.
    if (this.#leases.size + this.#acquiring < this.#options.connectionsMax && this.#mayOpen()) return undefined
    return least
  }

  #mayOpen(): boolean {
    const { total, connecting } = this.#pool.stats
    return total + connecting < this.#options.connectionsMax
  }

  #leastLoaded(): PostgresConnection | undefined {
    let least: PostgresConnection | undefined
    for (const connection of this.#leases.keys())
      if (connection.isUsable && (least === undefined || connection.load < least.load)) least = connection
    return least
  }

  #add(lease: Lease<PostgresConnection>): PostgresConnection {
    this.#leases.set(lease.resource, lease)
    return lease.resource
  }

  #shift(): Operation {
    const operation = this.#waiting.shift()!
    if (this.#waiting.count === 0) clock.remove(this)
    return operation
  }

  /** Gives connections to those who wait, and asks for more. */
  #pump(): void {
    if (this.#pumping) return
    this.#pumping = true
    while (this.#waiting.count > 0) {
      if (this.#waiting.first!.over) {
        this.#shift()
        continue
      }
      const connection = this.#pick()
      if (connection === undefined) break
      connection.run(this.#shift())
    }
    this.#pumping = false
    const wanted = Math.min(this.#waiting.count, this.#options.connectionsMax - this.#leases.size)
    while (this.#acquiring < wanted) void this.#acquire()
  }

  async #acquire(): Promise<void> {
    this.#acquiring++
    try {
      const lease = await this.#pool.acquire({ timeoutMs: Infinity })
      this.#acquiring--
      const connection = this.#add(lease)
      // Whoever waits for one alone came later than these. Connections that are still to come get their share.
      const share = Math.ceil(this.#waiting.count / (this.#acquiring + 1))
      const loadMax = Math.min(connection.load + share, this.#options.pipelineMax)
      while (this.#waiting.count > 0 && connection.load < loadMax) {
        const operation = this.#shift()
        if (!operation.over) connection.run(operation)
      }
      this.settled(connection)
    } catch (error) {
      this.#acquiring--
      // Those that are there will serve them.
      if (this.#leases.size === 0 && this.#waiting.count > 0) this.#shift().lose(error as Error)
      this.#pump()
    }
    this.#tellEmpty()
  }

  #tellEmpty(): void {
    if (this.#waiting.count === 0 && this.#leases.size === 0) this.#onEmpty?.()
  }
}
