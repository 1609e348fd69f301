/** Notifications (LISTEN and NOTIFY): a connection of its own, which comes back when it is lost. */

import { setTimeout as delay } from 'node:timers/promises'
import type { NotificationEvent } from '../../../protocols/postgres/events.js'
import { runCommand } from './commands.js'
import type { PostgresConnection } from './connection.js'
import { guarded } from '../guarded.js'
import { bindSql, identifier } from './sql.js'

/** Gets the notifications of a channel. What it throws is a warning of the process. */
export type OnNotification = (payload: string, event: NotificationEvent) => void

/** A time for which nobody has listened. */
export interface Gap {
  readonly channel: string
  /** Why the connection was lost. */
  readonly error: Error
  /** For how long, in milliseconds. */
  readonly durationMs: number
}

/** How to listen. */
export interface ListenOptions {
  /** The connection was lost, and is back: what was notified meanwhile has not come. */
  readonly onGap?: ((gap: Gap) => void) | undefined
}

/** Somebody who listens. */
export interface Subscription {
  readonly channel: string
  /** Listens no more. Resolves when the server knows. */
  unlisten(): Promise<void>
}

interface Handler {
  readonly onNotification: OnNotification
  readonly onGap: ((gap: Gap) => void) | undefined
}

const DELAY_MS = 100
const DELAY_MS_MAX = 10_000

/** All who listen through one client. The connection is there while anybody does. */
export class Listening {
  readonly #connect: (signal: AbortSignal) => Promise<PostgresConnection>
  readonly #channels: Map<string, Set<Handler>> = new Map()
  #connection: Promise<PostgresConnection> | undefined
  #controller: AbortController = new AbortController()
  /** The connection that was made last. */
  #current: PostgresConnection | undefined
  /** Why it was lost, as long as nobody has seen to that. */
  #loss: Error | undefined
  #reopening = false

  constructor(connect: (signal: AbortSignal) => Promise<PostgresConnection>) {
    this.#connect = connect
  }

  /** Channels that somebody listens to. */
  get channelCount(): number {
    return this.#channels.size
  }

  /** Resolves when the server notifies us. Rejects when there is no connection, or the server refuses. */
  async listen(channel: string, onNotification: OnNotification, { onGap }: ListenOptions): Promise<Subscription> {
    const command = `listen ${quoted(channel)}`
    const handler: Handler = { onNotification, onGap }
    const handlers = this.#channels.get(channel) ?? new Set()
    this.#channels.set(channel, handlers.add(handler))
    try {
      // Also when others listen already: then it has been taken by the time that this is answered.
      await runCommand(await this.#connected(), command)
    } catch (error) {
      this.#remove(channel, handler)
      throw error
    }
    return { channel, unlisten: () => this.#unlisten(channel, handler) }
  }

  /** Ends the connection; nobody listens any more. */
  async close(): Promise<void> {
    this.#channels.clear()
    await this.#disconnect()
  }

  #connected(): Promise<PostgresConnection> {
    this.#connection ??= this.#open().catch((error: unknown) => {
      this.#connection = undefined
      throw error
    })
    return this.#connection
  }

  async #open(): Promise<PostgresConnection> {
    const connection = await this.#connect(this.#controller.signal)
    connection.listener = { onNotification: (event) => this.#notify(event), onNotice: connection.listener.onNotice }
    this.#current = connection
    void this.#watch(connection)
    return connection
  }

  async #watch(connection: PostgresConnection): Promise<void> {
    const error = await connection.closed
    if (this.#current === connection) this.#connection = undefined
    this.#loss ??= error
    if (this.#reopening) return
    this.#reopening = true
    for (let loss = this.#loss; loss !== undefined; loss = this.#loss) {
      this.#loss = undefined
      await this.#reopen(loss)
    }
    this.#reopening = false
  }

  /** The connection is lost: there will be another one, sooner or later. */
  async #reopen(error: Error): Promise<void> {
    const { signal } = this.#controller
    const since = performance.now()
    for (
      let delayMs = DELAY_MS;
      this.#channels.size > 0 && !signal.aborted;
      delayMs = Math.min(delayMs * 2, DELAY_MS_MAX)
    ) {
      try {
        await delay(delayMs * (0.5 + Math.random()), undefined, { signal })
        const connection = await this.#connected()
        const channels = [...this.#channels.keys()]
        if (channels.length > 0)
          await runCommand(connection, channels.map((channel) => `listen ${quoted(channel)}`).join('; '))
        return this.#tellGap(channels, error, performance.now() - since)
      } catch {
        // The next one may be better.
      }
    }
  }

  #tellGap(channels: readonly string[], error: Error, durationMs: number): void {
    for (const channel of channels)
      for (const { onGap } of this.#channels.get(channel) ?? [])
        if (onGap !== undefined) guarded(() => onGap({ channel, error, durationMs }))
  }

  #notify(event: NotificationEvent): void {
    for (const { onNotification } of this.#channels.get(event.channel) ?? [])
      guarded(() => onNotification(event.payload, event))
  }

  async #unlisten(channel: string, handler: Handler): Promise<void> {
    if (!this.#remove(channel, handler) || this.#channels.has(channel)) return
    if (this.#channels.size === 0) return this.#disconnect()
    // A connection that is gone listens to nothing.
    const connection = await this.#connection?.catch(() => undefined)
    if (connection !== undefined) await runCommand(connection, `unlisten ${quoted(channel)}`).catch(() => {})
  }

  #remove(channel: string, handler: Handler): boolean {
    const handlers = this.#channels.get(channel)
    const removed = handlers?.delete(handler) ?? false
    if (handlers?.size === 0) this.#channels.delete(channel)
    return removed
  }

  async #disconnect(): Promise<void> {
    this.#controller.abort()
    this.#controller = new AbortController()
    const connection = await this.#connection?.catch(() => undefined)
    this.#connection = undefined
    await connection?.close()
  }
}

function quoted(channel: string): string {
  return bindSql(identifier(channel)).sql
}
