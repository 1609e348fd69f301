/** Connections of which one caller has each: for commands that make theirs wait, and for transactions that watch. */

import { type AcquireOptions, type Lease, Pool } from '../../pool.js'
import { TransportError } from '../../transport.js'
import type { Command } from './command.js'
import type { RedisConnection } from './connection.js'
import { RedisConnectionError } from './redis-error.js'

/** A pool of connections. */
export class LinkPool {
  readonly #pool: Pool<RedisConnection>
  readonly #blocked: Set<Command> = new Set()

  constructor(connect: (signal: AbortSignal) => Promise<RedisConnection>, max: number, acquireTimeoutMs: number) {
    this.#pool = new Pool(
      {
        create: connect,
        destroy: (connection) => connection.destroy(),
        isUsable: (connection) => connection.isUsable && connection.load === 0,
      },
      { max, acquireTimeoutMs, idleMs: 60_000 },
    )
  }

  get size(): number {
    return this.#pool.stats.total
  }

  acquire(options: AcquireOptions): Promise<Lease<RedisConnection>> {
    return this.#pool.acquire(options)
  }

  /**
   * Sends a command that may wait for long. When its caller gives up, the connection is ended: so the server knows, and
   * gives away nothing that nobody would get.
   */
  run(command: Command, signal: AbortSignal | undefined): void {
    void this.#run(command, signal)
  }

  /** Commands that wait are given up with `error`; who has a connection is waited for. */
  close(error: Error): Promise<void> {
    for (const command of this.#blocked) command.fail(error)
    return this.#pool.close()
  }

  terminate(): Promise<void> {
    return this.#pool.terminate()
  }

  async #run(command: Command, signal: AbortSignal | undefined): Promise<void> {
    try {
      const { resource, release, destroy } = await this.#pool.acquire({ signal })
      if (command.settled) {
        release()
        return
      }
      this.#blocked.add(command)
      command.onSettled = () => {
        this.#blocked.delete(command)
        if (resource.load === 0 && resource.isUsable) release()
        else destroy()
      }
      resource.send(command)
    } catch (error) {
      if (error instanceof TransportError || error instanceof RedisConnectionError)
        command.lose(new RedisConnectionError(error.code, error.message, false, error))
      else command.fail(error)
    }
  }
}
