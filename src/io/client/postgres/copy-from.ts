/** Data that are copied to the server ("COPY Operations" of the documentation). */

import { UsageError } from '../../../protocols/core/errors.js'
import type { CopyEvent, NoticeFields, TransactionStatus } from '../../../protocols/postgres/events.js'
import type { Acquire, Exclusive } from './exclusive.js'
import { Operation, type Session } from './operation.js'
import { PostgresError } from './postgres-error.js'
import { isCancellation } from './query.js'
import { type CopyOptions, readTag } from './result.js'

/** Texts (sent as UTF-8) and octets, cut anywhere: a stream, an iterable of pieces, or one piece. */
export type CopySource = string | Uint8Array | Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>

/** Pieces are collected up to this size. */
const MESSAGE_BYTES = 65_536

/** From so much output that the server has not taken, the source waits. */
const OUTPUT_BYTES_MAX = 1_048_576

/** One `copy … from stdin`. */
class CopyInOperation extends Operation {
  rowCount = 0
  readonly #sql: string
  #session!: Session
  /** Rejects once the copy has failed, whether anything waits for the server or not. */
  readonly failed: Promise<never>
  #reject!: (error: unknown) => void
  /** The server takes data. */
  #open = false
  #copied = false
  #error: unknown
  /** Called when anything has changed. */
  #wake: (() => void) | undefined
  /** Texts that were not sent yet; they are encoded together. */
  #text = ''
  #block: Uint8Array | undefined
  #used = 0
  #scheduled = false

  constructor(sql: string) {
    super()
    this.#sql = sql
    this.failed = new Promise((_, reject) => (this.#reject = reject))
    this.failed.catch(ignore)
  }

  /** Waits until the server takes data; rejects when it does not. */
  async begin(): Promise<void> {
    while (!this.#open) {
      if (this.over) throw this.#reasonOrError()
      await this.#change()
    }
  }

  /** Whether more should wait for `drained`. */
  get full(): boolean {
    return this.#session.engine.outputBytes >= OUTPUT_BYTES_MAX
  }

  /** Waits until more can be written. Sockets have their turn meanwhile, however fast the source is. */
  async drained(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve))
    while (this.full && !this.over) await this.#change()
  }

  /** Takes a piece. Throws what is wrong with the copy, or with the piece. */
  write(piece: string | Uint8Array): void {
    if (!this.#open) throw this.#reasonOrError()
    if (!this.#scheduled) this.#schedule()
    if (typeof piece === 'string') {
      if (this.#used > 0) this.#flushBlock()
      this.#text += piece
      if (this.#text.length >= MESSAGE_BYTES) this.#flushText()
    } else if (piece instanceof Uint8Array) {
      if (this.#text !== '') this.#flushText()
      this.#writeOctets(piece)
    } else {
      throw new UsageError('PG_COPY', `pieces are texts or octets, not ${typeof piece}`)
    }
  }

  /** Everything was written. Resolves when the server has taken it; rejects when it has not. */
  async finish(): Promise<void> {
    if (this.#open) {
      this.#flushText()
      this.#flushBlock()
      this.#session.enter()
      this.#session.engine.copyDone()
      this.#open = false
    }
    while (!this.over) await this.#change()
    if (this.#error !== undefined) throw this.#reasonOrError()
  }

  /** Breaks off. Resolves when the server knows. */
  async fail(reason: string): Promise<void> {
    if (this.#open) {
      this.#session.enter()
      this.#session.engine.copyFail(reason.replaceAll('\0', ''))
      this.#open = false
    }
    while (!this.over) await this.#change()
  }

  /** A server that waits for data hears nothing else than that there will be none. */
  override giveUp(reason: unknown): void {
    if (!this.#open) return super.giveUp(reason)
    this.reason = reason
    void this.fail('given up')
  }

  send(session: Session): void {
    this.#session = session
    this.blocks = true
    this.streams = true
    try {
      session.engine.query(this.#sql)
    } catch (error) {
      this.#error = error
      session.engine.sync()
    }
  }

  override onCopy({ direction }: CopyEvent): void {
    if (direction === 'in' && !this.#copied) {
      this.#open = true
    } else {
      this.#error ??= notThis()
      if (direction !== 'out') this.#session.engine.copyFail('not asked for')
    }
    this.#copied = true
    this.#wake?.()
  }

  override onFields(): void {
    this.#error ??= notThis()
  }

  override onComplete(tag: string): void {
    if (!this.#copied) this.#error ??= notThis()
    this.rowCount = readTag(tag).rowCount
  }

  override onError(fields: NoticeFields): void {
    this.#error ??= new PostgresError(fields, this.#sql)
    this.#open = false
    this.#reject(this.#reasonOrError())
    this.#wake?.()
  }

  override onFlushed(): void {
    if (this.#wake !== undefined && !this.full) this.#wake()
  }

  onReady(_status: TransactionStatus): boolean {
    this.#end()
    return true
  }

  lose(error: Error): void {
    this.#error ??= error
    this.#end()
  }

  drop(): void {
    this.#error = this.reason
    this.#end()
  }

  #end(): void {
    this.settled()
    this.#open = false
    this.blocks = false
    this.streams = false
    if (this.#error !== undefined) this.#reject(this.#reasonOrError())
    this.#wake?.()
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = () => {
        this.#wake = undefined
        resolve()
      }
    })
  }

  #reasonOrError(): unknown {
    const error = this.#error ?? notThis()
    return this.reason !== undefined && isCancellation(error) ? this.reason : error
  }

  #writeOctets(octets: Uint8Array): void {
    if (octets.length >= MESSAGE_BYTES / 2) {
      this.#flushBlock()
      // The caller may write into them as soon as it has the next turn.
      this.#send(new Uint8Array(octets))
      return
    }
    if (this.#used + octets.length > MESSAGE_BYTES) this.#flushBlock()
    this.#block ??= Buffer.allocUnsafeSlow(MESSAGE_BYTES)
    this.#block.set(octets, this.#used)
    this.#used += octets.length
  }

  /** What a slow source has given does not wait for what it gives later. */
  #schedule(): void {
    this.#scheduled = true
    setImmediate(() => {
      this.#scheduled = false
      if (!this.#open) return
      this.#flushText()
      this.#flushBlock()
    })
  }

  #flushText(): void {
    if (this.#text === '') return
    const octets = Buffer.from(this.#text)
    this.#text = ''
    this.#send(octets)
  }

  #flushBlock(): void {
    if (this.#used === 0) return
    const octets = this.#block!.subarray(0, this.#used)
    this.#block = undefined
    this.#used = 0
    this.#send(octets)
  }

  #send(octets: Uint8Array): void {
    this.#session.enter()
    this.#session.engine.copyData(octets)
  }
}

function notASource(): UsageError {
  return new UsageError('PG_COPY', 'the source is neither a text, nor octets, nor iterable')
}

function notThis(): UsageError {
  return new UsageError('PG_COPY', 'copyFrom runs COPY … FROM STDIN, and nothing else')
}

/**
 * Copies all of a source. When the server refuses, the source is ended at once, even while it is waited for; when the
 * source fails, the server is told, and the promise rejects with what the source did.
 */
export async function runCopyFrom(
  sql: string,
  source: CopySource,
  { signal }: CopyOptions,
  acquire: Acquire,
): Promise<{ readonly rowCount: number }> {
  const pieces = new Pieces(source)
  let exclusive: Exclusive | undefined
  const operation = new CopyInOperation(sql)
  try {
    exclusive = await acquire(signal)
    operation.watch(signal)
    if (!operation.over) exclusive.connection.run(operation)
    await operation.begin()
    // What is left of the first when the second rejects ends with the source.
    await Promise.race([pieces.writeTo(operation), operation.failed])
    await operation.finish()
    return { rowCount: operation.rowCount }
  } catch (error) {
    pieces.end()
    if (exclusive !== undefined && operation.sent)
      await operation.fail(error instanceof Error ? error.message : 'the source has failed')
    throw error
  } finally {
    exclusive?.release()
  }
}

/** What a source gives. */
class Pieces {
  readonly #source: CopySource
  #iterator: AsyncIterator<string | Uint8Array> | undefined

  constructor(source: CopySource) {
    this.#source = source
  }

  async writeTo(operation: CopyInOperation): Promise<void> {
    const source = this.#source
    if (typeof source === 'string' || source instanceof Uint8Array) {
      operation.write(source)
    } else if (typeof source !== 'object' || source === null) {
      throw notASource()
    } else if (Symbol.asyncIterator in source) {
      const iterator = (this.#iterator = source[Symbol.asyncIterator]())
      for await (const piece of { [Symbol.asyncIterator]: () => iterator }) {
        operation.write(piece)
        if (operation.full) await operation.drained()
      }
    } else if (Symbol.iterator in source) {
      for (const piece of source) {
        operation.write(piece)
        if (operation.full) await operation.drained()
      }
    } else {
      throw notASource()
    }
  }

  /** Nobody wants more of it. A generator that waits for something ends behind that; a stream ends now. */
  end(): void {
    const source = this.#source as { readonly destroy?: unknown; readonly return?: unknown } | null
    if (typeof source !== 'object' || source === null) return
    if (typeof source.destroy === 'function') source.destroy()
    else if (this.#iterator !== undefined) this.#iterator.return?.().then(ignore, ignore)
    else if (typeof source.return === 'function') Promise.resolve(source.return()).then(ignore, ignore)
  }
}

function ignore(): void {}
