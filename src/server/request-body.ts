/**
 * The content of a request on its way to a handler. Pieces wait in a bounded queue; when it is full the connection is
 * told to hold, and the peer is paused in the end.
 */

import { Fields } from '../protocols/core/fields.js'
import { allocateContent } from './content-memory.js'
import { HttpError } from './http-error.js'

/** Pieces that wait for a reader at the most, before the peer is paused. */
const QUEUE_BYTES_MAX = 65_536

/** Pieces are copied into blocks: this large, once so much has come. */
const BLOCK_BYTES_MAX = 65_536

const NOTHING = Buffer.alloc(0)

/** What a body needs of its connection. */
export interface BodySource {
  /** Holds or releases the flow of content. */
  hold(hold: boolean): void
  /** The reader wants the content: a client that waits for 100 (Continue) gets it. */
  begin(): void
  /** The reader took so many octets, or waits for all of it and needs no room for them. */
  consume(octets: number): void
}

interface Waiter {
  readonly resolve: (piece: Uint8Array | undefined) => void
  readonly reject: (error: Error) => void
}

/** Part of a block that waits for a reader. */
interface Waiting {
  readonly block: Buffer
  readonly from: number
  readonly to: number
}

/** Pieces of content, to be read once. What readers get is theirs, unless it is lent. */
export class RequestBody {
  /** The declared length in octets; 0 without content, -1 when unknown. */
  readonly contentLength: number
  /** Octets that came. */
  bytes = 0
  /** The trailer fields, once the content is complete. */
  trailers: Fields = Fields.empty

  readonly #source: BodySource
  /** What waits for a reader: whole blocks first, then a part of the current one, from `#from` to `#to`. */
  #queue: Waiting[] | undefined
  #queuedBytes = 0
  #block: Buffer = NOTHING
  #from = 0
  #to = 0
  /** The block of the piece that was taken last. */
  #takenFrom: Buffer = NOTHING
  /** A block that was lent and is back. */
  #spare: Buffer = NOTHING
  #waiter: Waiter | undefined
  /** Where content of known size is being put together. */
  #whole: Uint8Array | undefined
  #error: Error | undefined
  #complete = false
  #taken = false
  #holding = false

  constructor(source: BodySource, contentLength: number) {
    this.#source = source
    this.contentLength = contentLength
    this.#complete = contentLength === 0
  }

  /** Whether the content has come whole. */
  get complete(): boolean {
    return this.#complete
  }

  /** Octets that wait for a reader. */
  get queuedBytes(): number {
    return this.#queuedBytes
  }

  /** Whether the connection was told to hold content back. */
  get holding(): boolean {
    return this.#holding
  }

  /** Takes a piece from the connection: a view that is valid during the call, so what stays is copied. */
  push(piece: Uint8Array): void {
    const at = this.bytes
    this.bytes += piece.length
    const whole = this.#whole
    if (whole !== undefined) {
      whole.set(piece, at)
      this.#source.consume(piece.length)
      return
    }
    this.#keep(piece, at)
    const waiter = this.#waiter
    if (waiter !== undefined) {
      this.#waiter = undefined
      waiter.resolve(this.#takeBlock())
      this.#source.consume(piece.length)
      return
    }
    this.#queuedBytes += piece.length
    this.#balance()
  }

  /** Copies a piece: `at` octets have come before. */
  #keep(piece: Uint8Array, at: number): void {
    if (this.#block.length - this.#to < piece.length) {
      if (this.#to > this.#from) (this.#queue ??= []).push({ block: this.#block, from: this.#from, to: this.#to })
      // No larger than what has come, so that a few octets never hold much memory.
      this.#block = this.#newBlock(Math.max(piece.length, Math.min(at, BLOCK_BYTES_MAX)))
      this.#from = 0
      this.#to = 0
    }
    this.#block.set(piece, this.#to)
    this.#to += piece.length
  }

  #newBlock(size: number): Buffer {
    const spare = this.#spare
    if (spare.length < size) return allocateContent(size)
    this.#spare = NOTHING
    return spare
  }

  /** What of the current block waits. Pieces that come later lie behind it. */
  #takeBlock(): Uint8Array {
    this.#takenFrom = this.#block
    const taken = this.#block.subarray(this.#from, this.#to)
    this.#from = this.#to
    return taken
  }

  /** The next of what waits. */
  #shift(): Uint8Array | undefined {
    const first = this.#queue?.shift()
    if (first === undefined) return this.#to > this.#from ? this.#takeBlock() : undefined
    this.#takenFrom = first.block
    return first.block.subarray(first.from, first.to)
  }

  /** The piece that was taken last is back: where nothing else waits in its block, that takes what comes. */
  #reclaim(): void {
    const block = this.#takenFrom
    this.#takenFrom = NOTHING
    if (block === this.#block) {
      if (this.#from === this.#to) this.#from = this.#to = 0
    } else if (block.length > this.#spare.length && !this.#queue?.some((waiting) => waiting.block === block)) {
      this.#spare = block
    }
  }

  /** All that has come and nobody has read, for whoever takes what follows from the connection itself. */
  takeQueued(): Uint8Array {
    this.take()
    const pieces: Uint8Array[] = []
    for (let piece = this.#shift(); piece !== undefined; piece = this.#shift()) pieces.push(piece)
    this.#queuedBytes = 0
    return Buffer.concat(pieces)
  }

  /** The content is complete. */
  end(trailers: Fields): void {
    this.#complete = true
    this.trailers = trailers
    this.#waiter?.resolve(this.#whole)
    this.#waiter = undefined
  }

  /** The content will not be complete: readers fail with `error`. */
  fail(error: Error): void {
    if (this.#complete || this.#error !== undefined) return
    this.#error = error
    this.#waiter?.reject(error)
    this.#waiter = undefined
  }

  /** The next piece, or undefined at the end. Rejects when the client leaves. One call at a time. */
  read(): Promise<Uint8Array | undefined> {
    const piece = this.#shift()
    if (piece !== undefined) {
      this.#queuedBytes -= piece.length
      this.#source.consume(piece.length)
      this.#balance()
      return Promise.resolve(piece)
    }
    if (this.#complete) return Promise.resolve(undefined)
    if (this.#error !== undefined) return Promise.reject(this.#error)
    return new Promise((resolve, reject) => {
      this.#waiter = { resolve, reject }
      this.#source.begin()
    })
  }

  /** All of it, as one piece. Rejects with 413 when it has more than `limit` octets. */
  collect(limit: number): Promise<Uint8Array> {
    // Content of known size needs no more than one promise.
    if (this.contentLength < 0) return this.#collectUnsized(limit)
    try {
      this.take()
      if (this.contentLength > limit) throw tooLarge(limit)
      return this.#collectSized(this.contentLength)
    } catch (error) {
      return Promise.reject(error as Error)
    }
  }

  async #collectUnsized(limit: number): Promise<Uint8Array> {
    this.take()
    const pieces: Uint8Array[] = []
    let size = 0
    for (let piece = await this.read(); piece !== undefined; piece = await this.read()) {
      size += piece.length
      if (size > limit) throw tooLarge(limit)
      pieces.push(piece)
    }
    return pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces, size)
  }

  /** Content of known size is put together where it will lie: one copy, whatever the pieces are. */
  #collectSized(size: number): Promise<Uint8Array> {
    const whole = allocateContent(size)
    let at = 0
    for (let piece = this.#shift(); piece !== undefined; piece = this.#shift()) {
      whole.set(piece, at)
      at += piece.length
    }
    this.#block = NOTHING
    this.#takenFrom = NOTHING
    this.#queuedBytes = 0
    this.#source.consume(at)
    if (this.#complete) return Promise.resolve(whole)
    if (this.#error !== undefined) throw this.#error
    this.#whole = whole
    this.#balance()
    return new Promise((resolve, reject) => {
      this.#waiter = { resolve: resolve as Waiter['resolve'], reject }
      this.#source.begin()
    })
  }

  /** Piece by piece. Fails with 413 when more than `limit` octets come. */
  async *stream(limit: number): AsyncGenerator<Uint8Array, void, undefined> {
    this.take()
    if (this.contentLength > limit) throw tooLarge(limit)
    let size = 0
    for (let piece = await this.read(); piece !== undefined; piece = await this.read()) {
      size += piece.length
      if (size > limit) throw tooLarge(limit)
      yield piece
    }
  }

  /**
   * The same with pieces that are lent: each is the reader's until it asks for the next one, and then its memory takes
   * what comes. So large content leaves nothing behind that would have to be collected. Measured with an upload of 100
   * MiB in a new process: resident memory grows by 4 MiB, by 32 otherwise.
   */
  async *lend(limit: number): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const piece of this.stream(limit)) {
      yield piece
      this.#reclaim()
    }
  }

  /** Marks the content as being read: a second reader is a mistake of the application. */
  take(): void {
    if (this.#taken) throw new TypeError('the content of the request was read before')
    this.#taken = true
  }

  #balance(): void {
    const hold = this.#queuedBytes >= QUEUE_BYTES_MAX
    if (hold === this.#holding) return
    this.#holding = hold
    this.#source.hold(hold)
  }
}

function tooLarge(limit: number): HttpError {
  return new HttpError(413, `The content of the request has more than ${limit} octets`)
}
