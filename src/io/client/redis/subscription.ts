/** One subscriber: a callback, or an iterator with a buffer that has an end. */

import { UsageError } from '../../../protocols/core/errors.js'
import type { Waiter } from '../waiter.js'

/** What somebody has published. */
export interface RedisMessage<Text = string> {
  readonly channel: string
  /** The pattern that the channel fits, where that was subscribed to. */
  readonly pattern: string | undefined
  readonly payload: Text
}

/** A time for which nobody has listened: what was published meanwhile has not come. */
export interface RedisGap {
  /** Why the connection was lost. */
  readonly error: Error
  /** For how long, in milliseconds. */
  readonly durationMs: number
}

/** Gets the messages. What it throws is a warning of the process, and ends nothing. */
export type OnRedisMessage<Text> = (message: RedisMessage<Text>) => void

/** How to subscribe. */
export interface SubscribeOptions {
  /** The connection was lost, and all is subscribed to again. */
  readonly onGap?: ((gap: RedisGap) => void) | undefined
  /** Messages that wait for an iterator at the most. Default 10,000. */
  readonly bufferMax?: number | undefined
  /**
   * What happens when they are more: `fail` ends the subscription, and the iterator throws behind what it has;
   * `dropOldest` lets go of the oldest one. Default `fail`.
   */
  readonly overflow?: 'fail' | 'dropOldest' | undefined
}

/** A slow iterator has missed messages. */
export class RedisOverflowError extends Error {
  override readonly name = 'RedisOverflowError'
  readonly code = 'REDIS_OVERFLOW'

  constructor(bufferMax: number) {
    super(`more than ${bufferMax} messages wait for their iterator`)
  }
}

/** A subscription. Without a callback it is iterated, once. */
export interface RedisSubscription<Text> extends AsyncIterable<RedisMessage<Text>> {
  /** Messages that were dropped because they were not taken in time. */
  readonly dropped: number
  /** Ends it. Messages that wait are dropped; an iterator is done. */
  close(): Promise<void>
}

/** Where messages of a subscription go. */
export class Subscriber<Text> implements RedisSubscription<Text> {
  dropped: number = 0
  readonly onGap: ((gap: RedisGap) => void) | undefined
  readonly onMessage: OnRedisMessage<Text> | undefined
  readonly #bufferMax: number
  readonly #fails: boolean
  readonly #leave: () => Promise<void>
  #buffer: RedisMessage<Text>[] = []
  #head = 0
  #waiter: Waiter<IteratorResult<RedisMessage<Text>>> | undefined
  #over = false
  #error: Error | undefined
  #iterated = false

  /** Throws `UsageError` (`REDIS_OPTION`). */
  constructor(onMessage: OnRedisMessage<Text> | undefined, options: SubscribeOptions, leave: () => Promise<void>) {
    const { onGap, bufferMax = 10_000, overflow = 'fail' } = options
    if (!(bufferMax >= 1)) throw new UsageError('REDIS_OPTION', `bufferMax is a number from 1 up, not ${bufferMax}`)
    if (overflow !== 'fail' && overflow !== 'dropOldest')
      throw new UsageError('REDIS_OPTION', 'overflow is fail or dropOldest')
    this.onGap = onGap
    this.onMessage = onMessage
    this.#bufferMax = bufferMax
    this.#fails = overflow === 'fail'
    this.#leave = leave
  }

  /** A message for who iterates. */
  take(message: RedisMessage<Text>): void {
    if (this.#over) return
    const waiter = this.#waiter
    if (waiter !== undefined) {
      this.#waiter = undefined
      waiter.resolve({ done: false, value: message })
      return
    }
    this.#keep(message)
  }

  /** The server has not accepted it, or the client is closed. */
  fail(error: Error): void {
    if (this.#over) return
    this.#over = true
    this.#error = error
    this.#waiter?.reject(error)
    this.#waiter = undefined
  }

  async close(): Promise<void> {
    if (!this.#over) {
      this.#over = true
      this.#buffer = []
      this.#head = 0
      this.#waiter?.resolve({ done: true, value: undefined })
      this.#waiter = undefined
    }
    await this.#leave()
  }

  [Symbol.asyncIterator](): AsyncIterator<RedisMessage<Text>> {
    if (this.onMessage !== undefined)
      throw new UsageError('REDIS_STATE', 'a subscription with a callback is not iterated')
    if (this.#iterated) throw new UsageError('REDIS_STATE', 'a subscription is iterated once')
    this.#iterated = true
    return {
      next: () => this.#next(),
      return: async () => {
        await this.close()
        return { done: true, value: undefined }
      },
    }
  }

  #keep(message: RedisMessage<Text>): void {
    if (this.#buffer.length - this.#head >= this.#bufferMax) {
      this.dropped++
      if (this.#fails) {
        this.fail(new RedisOverflowError(this.#bufferMax))
        void this.#leave()
        return
      }
      this.#shift()
    }
    this.#buffer.push(message)
  }

  #next(): Promise<IteratorResult<RedisMessage<Text>>> {
    if (this.#buffer.length > this.#head) return Promise.resolve({ done: false, value: this.#shift() })
    const error = this.#error
    if (error !== undefined) {
      this.#error = undefined
      return Promise.reject(error)
    }
    if (this.#over) return Promise.resolve({ done: true, value: undefined })
    if (this.#waiter !== undefined)
      return Promise.reject(new UsageError('REDIS_STATE', 'the next message is waited for already'))
    return new Promise((resolve, reject) => (this.#waiter = { resolve, reject }))
  }

  #shift(): RedisMessage<Text> {
    const message = this.#buffer[this.#head++]!
    if (this.#head === this.#buffer.length || this.#head >= 1024) {
      this.#buffer.splice(0, this.#head)
      this.#head = 0
    }
    return message
  }
}
