/** Streams for a consumer of a group: its entries, one behind the other. */

import { setTimeout as delay } from 'node:timers/promises'
import type { CallOptions, RedisBase } from './redis-base.js'
import { RedisConnectionError, RedisError } from './redis-error.js'
import type { StreamEntries, StreamEntry } from './reply-shapes.js'

/** How entries are read. Times are milliseconds. */
export interface ConsumeOptions {
  /** Entries of one reply at the most. Default 100. */
  readonly count?: number | undefined
  /** How long the server waits for new entries before it is asked again. Default 5000. */
  readonly blockMs?: number | undefined
  /** Makes the group where there is none: it begins with entries behind this id; `$` for new ones only. Default `0`. */
  readonly from?: string | undefined
  /** Takes over entries that another consumer has had for so long without acknowledging them. Default: never. */
  readonly claimIdleMs?: number | undefined
  /** Acknowledged when the next one is asked for, without a call of `ack`. Default false. */
  readonly autoAck?: boolean | undefined
  readonly signal?: AbortSignal | undefined
}

/** An entry that was given to this consumer. */
export interface ConsumedEntry<Text> extends StreamEntry<Text> {
  readonly stream: string
  /** It has been given to a consumer before, and was not acknowledged. */
  readonly again: boolean
  /** It is done: nobody gets it again. Resolves with whether it was not before. */
  ack(): Promise<boolean>
}

const RETRY_MS = 100

/** A client of one server, or of a cluster. */
type Consuming<Text> = RedisBase<Text, unknown> & { with(options: CallOptions): unknown }

/**
 * First come the entries that this consumer has had and not acknowledged, then those that others have left (with
 * `claimIdleMs`), then new ones. A lost connection only makes it wait. It ends when `signal` aborts, with its reason.
 */
export async function* consume<Text>(
  client: Consuming<Text>,
  streams: readonly string[],
  group: string,
  consumer: string,
  options: ConsumeOptions,
): AsyncGenerator<ConsumedEntry<Text>, void, undefined> {
  const reader = new GroupReader<Text>(client, streams, group, consumer, options)
  await reader.begin()
  for (;;)
    for (const entry of await reader.next()) {
      yield entry
      if (options.autoAck === true) await entry.ack()
    }
}

class GroupReader<Text> {
  readonly #client: RedisBase<Text, unknown>
  readonly #streams: readonly string[]
  readonly #group: string
  readonly #consumer: string
  readonly #options: ConsumeOptions
  /** Of each stream, behind which of our own entries is to be read; undefined when all of these were. */
  readonly #own: Map<string, string>
  #claimAt = 0

  constructor(
    client: Consuming<Text>,
    streams: readonly string[],
    group: string,
    consumer: string,
    options: ConsumeOptions,
  ) {
    this.#client = client.with({ signal: options.signal }) as RedisBase<Text, unknown>
    this.#streams = streams
    this.#group = group
    this.#consumer = consumer
    this.#options = options
    this.#own = new Map(streams.map((stream) => [stream, '0']))
  }

  async begin(): Promise<void> {
    const { from = '0' } = this.#options
    for (const stream of this.#streams)
      try {
        await this.#steadily(() => this.#client.xgroupCreate(stream, this.#group, from, 'MKSTREAM'))
      } catch (error) {
        if (!(error instanceof RedisError) || error.code !== 'BUSYGROUP') throw error
      }
  }

  async next(): Promise<ConsumedEntry<Text>[]> {
    const own = await this.#readOwn()
    if (own.length > 0) return own
    const claimed = await this.#claim()
    return claimed.length > 0 ? claimed : this.#readNew()
  }

  async #readOwn(): Promise<ConsumedEntry<Text>[]> {
    if (this.#own.size === 0) return []
    const { count = 100 } = this.#options
    const streams = [...this.#own.keys()]
    const words = ['COUNT', count, 'STREAMS', streams, [...this.#own.values()]] as const
    const replies = await this.#steadily(() => this.#client.xreadgroup('GROUP', this.#group, this.#consumer, ...words))
    for (const { stream, entries } of replies ?? []) {
      const last = entries.at(-1)
      if (last === undefined) this.#own.delete(stream)
      else this.#own.set(stream, last.id)
    }
    return this.#consumed(replies, true)
  }

  async #readNew(): Promise<ConsumedEntry<Text>[]> {
    const { count = 100, blockMs = 5000, claimIdleMs = Infinity } = this.#options
    const waitMs = Math.min(blockMs, claimIdleMs)
    const words = ['COUNT', count, 'BLOCK', waitMs, 'STREAMS', this.#streams, this.#streams.map(() => '>')] as const
    try {
      return this.#consumed(await this.#client.xreadgroup('GROUP', this.#group, this.#consumer, ...words), false)
    } catch (error) {
      if (!(error instanceof RedisConnectionError) || error.code === 'REDIS_CLOSED') throw error
      // What was given to us on a connection that was lost is ours, although it has not come.
      for (const stream of this.#streams) this.#own.set(stream, '0')
      await this.#pause()
      return []
    }
  }

  async #claim(): Promise<ConsumedEntry<Text>[]> {
    const { claimIdleMs, count = 100 } = this.#options
    const now = performance.now()
    if (claimIdleMs === undefined || now < this.#claimAt) return []
    const claimed: ConsumedEntry<Text>[] = []
    for (const stream of this.#streams) {
      const words = [claimIdleMs, '0', 'COUNT', count] as const
      const [, entries] = await this.#steadily(() =>
        this.#client.xautoclaim(stream, this.#group, this.#consumer, ...words),
      )
      claimed.push(...this.#consumed([{ stream, entries: entries as StreamEntry<Text>[] }], true))
    }
    if (claimed.length === 0) this.#claimAt = now + claimIdleMs
    return claimed
  }

  #consumed(replies: StreamEntries<Text>[] | null, again: boolean): ConsumedEntry<Text>[] {
    return (replies ?? []).flatMap(({ stream, entries }) =>
      entries.map(({ id, fields }) => ({
        stream,
        id,
        fields,
        again,
        ack: async () => Number(await this.#client.xack(stream, this.#group, id)) === 1,
      })),
    )
  }

  /** Does it again while there is no connection: what it does may be done twice. */
  async #steadily<Result>(run: () => Promise<Result>): Promise<Result> {
    for (;;)
      try {
        return await run()
      } catch (error) {
        if (!(error instanceof RedisConnectionError) || error.code === 'REDIS_CLOSED') throw error
        await this.#pause()
      }
  }

  async #pause(): Promise<void> {
    const { signal } = this.#options
    await delay(RETRY_MS, undefined, signal === undefined ? {} : { signal })
  }
}
