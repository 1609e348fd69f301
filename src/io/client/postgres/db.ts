/** The client: `postgres()` and what it gives. */

import { UsageError } from '../../../protocols/core/errors.js'
import { TypeRegistry } from '../../../protocols/postgres/types/registry.js'
import { type Lease, Pool, PoolError } from '../../pool.js'
import type { PoolStats } from '../../pool-stats.js'
import { runCommand } from './commands.js'
import type { PostgresOptions } from './config-options.js'
import { configOf, type PostgresConfig } from './config.js'
import { answers, connectPostgres } from './connect.js'
import type { PostgresConnection } from './connection.js'
import type { Exclusive } from './exclusive.js'
import { guarded } from '../guarded.js'
import { Listening, type ListenOptions, type OnNotification, type Subscription } from './listen.js'
import type { Operation } from './operation.js'
import { Queries } from './queries.js'
import { Sharing } from './sharing.js'
import { RecentMap } from './statement-cache.js'
import { beginText, runTransaction, type TransactionOptions, type Work } from './transaction.js'

/** How a client is doing: its pool, and what it has to do. */
export interface DbStats extends PoolStats {
  /** Statements that are under way on connections they share. */
  readonly running: number
  /** Statements that wait for a connection. */
  readonly queued: number
  /** Channels that are listened to. */
  readonly channels: number
}

/** Descriptions of statements are kept for all connections; many times what one connection has prepared. */
const DESCRIPTIONS_PER_STATEMENT = 4
const DESCRIPTIONS_MIN = 1024

/** A client of one database. Nothing of it ends the process, whatever happens to its connections. */
export class Db extends Queries {
  readonly #pool: Pool<PostgresConnection>
  readonly #sharing: Sharing
  readonly #listening: Listening
  readonly #prepare: boolean
  #closing: Promise<void> | undefined

  /** For `postgres`. */
  constructor(config: PostgresConfig) {
    const prepare = config.statementCacheMax > 0
    super(prepare)
    this.#prepare = prepare
    const descriptionsMax = Math.max(DESCRIPTIONS_MIN, config.statementCacheMax * DESCRIPTIONS_PER_STATEMENT)
    const shared = { types: config.types ?? new TypeRegistry(), descriptions: new RecentMap<never>(descriptionsMax) }
    const { onNotice } = config
    const connect = async (signal: AbortSignal): Promise<PostgresConnection> => {
      const connection = await connectPostgres(config, shared, signal)
      if (onNotice !== undefined) connection.listener = { onNotice: (notice) => guarded(() => onNotice(notice)) }
      return connection
    }
    this.#pool = new Pool(
      {
        create: async (signal) => {
          const connection = await connect(signal)
          connection.listener = {
            ...connection.listener,
            onSettled: (one) => this.#sharing.settled(one),
            onClosed: (one) => this.#sharing.lost(one),
          }
          return connection
        },
        destroy: (connection) =>
          connection.isUsable && connection.load === 0 ? connection.close() : connection.destroy(),
        isUsable: (connection) => connection.isUsable,
        check: answers,
      },
      config.pool,
    )
    this.#sharing = new Sharing(this.#pool, {
      pipelineMax: config.pipelineMax,
      connectionsMax: config.pool.max,
      waitingMax: config.pool.waitingMax,
      waitTimeoutMs: config.pool.acquireTimeoutMs,
    })
    this.#listening = new Listening(connect)
  }

  /** How it is doing. */
  get stats(): DbStats {
    const { waitingCount: queued, load: running } = this.#sharing
    return { ...this.#pool.stats, running, queued, channels: this.#listening.channelCount }
  }

  /**
   * Runs `work` in a transaction on a connection that is its own, and commits what it has done. When it throws, all is
   * undone, and `begin` rejects with that; with `PostgresTransactionError` when the server has not committed.
   */
  begin<Result>(work: Work<Result>): Promise<Result>
  begin<Result>(options: TransactionOptions, work: Work<Result>): Promise<Result>
  async begin<Result>(first: TransactionOptions | Work<Result>, second?: Work<Result>): Promise<Result> {
    const [options, work] = typeof first === 'function' ? [{}, first] : [first, second]
    if (typeof work !== 'function') throw new UsageError('PG_TRANSACTION', 'what is to be done is a function')
    beginText(options)
    const { connection, release } = await this.exclusive(options.signal)
    try {
      return await runTransaction(connection, options, this.#prepare, work)
    } finally {
      release()
    }
  }

  /**
   * A connection that stays the same until it is released: for what belongs to a session, as `set`, temporary tables
   * and advisory locks.
   */
  async reserve(signal?: AbortSignal): Promise<Reserved> {
    return new Reserved(await this.exclusive(signal), this.#prepare)
  }

  /**
   * Calls `onNotification` with what is notified on a channel. It has a connection of its own, which comes back when it
   * is lost; `onGap` tells of that.
   */
  async listen(channel: string, onNotification: OnNotification, options: ListenOptions = {}): Promise<Subscription> {
    this.#checkOpen()
    return this.#listening.listen(channel, onNotification, options)
  }

  /** Notifies those who listen to a channel. */
  async notify(channel: string, payload = ''): Promise<void> {
    await this.query('select pg_catalog.pg_notify($1, $2)', [channel, payload])
  }

  /**
   * Refuses what comes from now on, waits for what is under way, transactions and reserved connections included, and
   * ends all connections.
   */
  close(): Promise<void> {
    this.#closing ??= this.#drain()
    return this.#closing
  }

  /** Ends all connections at once. What is under way is lost. */
  async terminate(): Promise<void> {
    this.#closing ??= Promise.resolve()
    await Promise.all([this.#listening.close(), this.#pool.terminate()])
  }

  protected run(operation: Operation): void {
    if (this.#closing === undefined) this.#sharing.run(operation)
    else operation.lose(closedError())
  }

  protected async exclusive(signal: AbortSignal | undefined): Promise<Exclusive> {
    this.#checkOpen()
    const lease = await this.#sharing.acquire(signal)
    return { connection: lease.resource, release: () => giveBack(lease) }
  }

  async #drain(): Promise<void> {
    await this.#listening.close()
    await this.#sharing.empty()
    await this.#pool.close()
  }

  #checkOpen(): void {
    if (this.#closing !== undefined) throw closedError()
  }
}

/** A connection that was reserved. */
export class Reserved extends Queries {
  readonly #exclusive: Exclusive
  readonly #prepare: boolean
  #released: Promise<void> | undefined

  /** For `Db`. */
  constructor(exclusive: Exclusive, prepare: boolean) {
    super(prepare)
    this.#exclusive = exclusive
    this.#prepare = prepare
  }

  /** The number of the server's process. */
  get processId(): number {
    return this.#exclusive.connection.processId
  }

  /** A parameter of the session as the server has last reported it, as `TimeZone`. */
  parameter(name: string): string | undefined {
    return this.#exclusive.connection.parameter(name)
  }

  /** As that of `Db`, on this connection. */
  begin<Result>(work: Work<Result>): Promise<Result>
  begin<Result>(options: TransactionOptions, work: Work<Result>): Promise<Result>
  async begin<Result>(first: TransactionOptions | Work<Result>, second?: Work<Result>): Promise<Result> {
    const [options, work] = typeof first === 'function' ? [{}, first] : [first, second]
    if (typeof work !== 'function') throw new UsageError('PG_TRANSACTION', 'what is to be done is a function')
    this.#checkHeld()
    return runTransaction(this.#exclusive.connection, options, this.#prepare, work)
  }

  /**
   * Gives it back. What was set on it is undone before others have it (`DISCARD ALL`); one that is in a transaction is
   * ended.
   */
  release(): Promise<void> {
    this.#released ??= this.#reset()
    return this.#released
  }

  protected run(operation: Operation): void {
    if (this.#released === undefined) this.#exclusive.connection.run(operation)
    else operation.lose(releasedError())
  }

  protected async exclusive(): Promise<Exclusive> {
    this.#checkHeld()
    return { connection: this.#exclusive.connection, release: () => {} }
  }

  async #reset(): Promise<void> {
    const { connection, release } = this.#exclusive
    try {
      await runCommand(connection, 'discard all')
      connection.statements.clear()
    } catch {
      // In a transaction it is refused, and a connection that is gone keeps nothing.
      connection.destroy()
    }
    release()
  }

  #checkHeld(): void {
    if (this.#released !== undefined) throw releasedError()
  }
}

/**
 * A client of PostgreSQL: from a connection string, a URL or options, and what the environment says as with libpq.
 * Connections are made when they are needed. Throws `UsageError` (`PG_CONFIG`) for what cannot be.
 */
export function postgres(source?: string | URL | PostgresOptions): Db {
  return new Db(configOf(source))
}

/** A connection on which something was left undone is of no use to others. */
function giveBack(lease: Lease<PostgresConnection>): void {
  const { isUsable, transactionStatus, load } = lease.resource
  if (isUsable && transactionStatus === 'idle' && load === 0) lease.release()
  else lease.destroy()
}

function closedError(): PoolError {
  return new PoolError('POOL_CLOSED', 'the client is closed')
}

function releasedError(): UsageError {
  return new UsageError('PG_RELEASED', 'the connection was given back')
}
