/** Data that the server copies out ("COPY Operations" of the documentation). */

import { UsageError } from '../../../protocols/core/errors.js'
import type { CopyEvent, NoticeFields } from '../../../protocols/postgres/events.js'
import type { Acquire } from './exclusive.js'
import { Operation, type Session } from './operation.js'
import { PostgresError } from './postgres-error.js'
import { isCancellation } from './query.js'
import { type CopyOptions, readTag } from './result.js'

/** Octets are collected up to this size. */
const BLOCK_BYTES = 65_536

/** From so many octets that nobody has taken, nothing more is read. */
const BUFFERED_BYTES_MAX = 524_288

type Reader = (chunk: Uint8Array | undefined) => void

/** One `copy … to stdout`. What comes is collected, and given as it is asked for. */
class CopyOutOperation extends Operation {
  rowCount = 0
  /** What went wrong. */
  error: unknown
  readonly #sql: string
  #session: Session | undefined
  #copied = false
  /** Nobody takes anything any more. */
  #discards = false
  #block: Uint8Array = new Uint8Array(0)
  /** In the block: what was not given yet. */
  #from = 0
  #to = 0
  #chunks: Uint8Array[] = []
  #bytes = 0
  #held = false
  #reader: Reader | undefined

  constructor(sql: string) {
    super()
    this.#sql = sql
  }

  /** The next octets, or undefined when there will be none. */
  read(): Promise<Uint8Array | undefined> {
    return new Promise((resolve) => {
      this.#reader = resolve
      this.#give()
    })
  }

  /** Nobody will read any more. Resolves when the connection is free again. */
  async discard(): Promise<void> {
    this.#discards = true
    this.#chunks = []
    this.#bytes = 0
    this.giveUp(new UsageError('PG_COPY', 'nobody reads any more'))
    this.#release()
    while ((await this.read()) !== undefined);
  }

  send(session: Session): void {
    this.#session = session
    this.streams = true
    try {
      session.engine.query(this.#sql)
    } catch (error) {
      this.error = error
      session.engine.sync()
    }
  }

  override onCopy({ direction }: CopyEvent): void {
    this.#copied = true
    if (direction === 'out') return
    this.error ??= notThis()
    this.#session!.engine.copyFail('not asked for')
  }

  override onFields(): void {
    this.error ??= notThis()
  }

  override onCopyData(bytes: Uint8Array): void {
    if (this.#discards) return
    if (this.#block.length - this.#to < bytes.length) this.#open(bytes.length)
    this.#block.set(bytes, this.#to)
    this.#to += bytes.length
    this.#bytes += bytes.length
    if (this.#bytes >= BUFFERED_BYTES_MAX && !this.#held) {
      this.#held = true
      this.#session!.engine.hold(true)
    }
  }

  override onPolled(): boolean {
    const held = this.#held
    this.#give()
    return held && !this.#held
  }

  override onComplete(tag: string): void {
    if (!this.#copied) this.error ??= notThis()
    this.rowCount = readTag(tag).rowCount
  }

  override onError(fields: NoticeFields): void {
    this.error ??= new PostgresError(fields, this.#sql)
  }

  onReady(): boolean {
    this.#end()
    return true
  }

  lose(error: Error): void {
    this.error ??= error
    this.#end()
  }

  drop(): void {
    this.error = this.reason
    this.#end()
  }

  #end(): void {
    this.settled()
    this.streams = false
    if (this.reason !== undefined && isCancellation(this.error)) this.error = this.reason
    this.#give()
  }

  #open(bytes: number): void {
    if (this.#to > this.#from) this.#chunks.push(this.#block.subarray(this.#from, this.#to))
    this.#block = Buffer.allocUnsafeSlow(Math.max(bytes, BLOCK_BYTES))
    this.#from = 0
    this.#to = 0
  }

  #give(): void {
    const reader = this.#reader
    if (reader === undefined) return
    const chunk = this.#take()
    if (chunk === undefined && !this.over) return
    this.#reader = undefined
    this.#bytes -= chunk?.length ?? 0
    if (this.#bytes < BUFFERED_BYTES_MAX / 2) this.#release()
    reader(chunk)
  }

  #take(): Uint8Array | undefined {
    const first = this.#chunks.shift()
    if (first !== undefined || this.#to === this.#from) return first
    const rest = this.#block.subarray(this.#from, this.#to)
    this.#from = this.#to
    return rest
  }

  #release(): void {
    if (!this.#held) return
    this.#held = false
    if (this.over) return
    this.#session!.enter()
    this.#session!.engine.hold(false)
  }
}

function notThis(): UsageError {
  return new UsageError('PG_COPY', 'copyTo runs COPY … TO STDOUT, and nothing else')
}

/**
 * The octets of one `copy … to stdout`, cut anywhere; `Readable.from` makes a stream of it. The server waits for whoever
 * reads. Iteration rejects as `query` does; whoever stops early cancels the rest, and the connection goes back.
 */
export class CopyOut implements AsyncIterable<Uint8Array> {
  /** How many rows there were, once all have come. */
  rowCount = 0
  readonly #sql: string
  readonly #options: CopyOptions
  readonly #acquire: Acquire
  #begun = false

  /** For `Queries`. */
  constructor(sql: string, options: CopyOptions, acquire: Acquire) {
    this.#sql = sql
    this.#options = options
    this.#acquire = acquire
  }

  /** Once. Throws `UsageError` for a second time. */
  [Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    if (this.#begun) throw new UsageError('PG_COPY', 'it is copied once only')
    this.#begun = true
    return this.#iterate()
  }

  async *#iterate(): AsyncGenerator<Uint8Array, void, undefined> {
    const { signal } = this.#options
    const { connection, release } = await this.#acquire(signal)
    const operation = new CopyOutOperation(this.#sql)
    try {
      operation.watch(signal)
      if (!operation.over) connection.run(operation)
      for (let chunk = await operation.read(); chunk !== undefined; chunk = await operation.read()) yield chunk
      if (operation.error !== undefined) throw operation.error
      this.rowCount = operation.rowCount
    } finally {
      if (!operation.over) await operation.discard()
      release()
    }
  }
}
