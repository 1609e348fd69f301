/**
 * DEFLATE for `skitai/websocket`, over zlib. A Transform of `node:zlib` owns a stream of zlib, and a method that runs
 * it at once on memory of the caller's (`writeSync`): with it a message is compressed in one call, without events and
 * without a thread. Its one-shot functions would set up a new stream for each message, and its asynchronous ones hold
 * the memory of all messages that wait for a thread.
 */

import { constants, createDeflateRaw, createInflateRaw, type DeflateRaw, type InflateRaw } from 'node:zlib'
import { UsageError } from '../protocols/core/errors.js'
import type { Compression, Deflater, Inflater } from '../protocols/websocket/compression.js'

/** What is wanted of the compression. */
export interface ZlibCompressionOptions {
  /**
   * How hard zlib tries, 1 to 9. Default 3. Measured with 1 KiB of JSON: level 1 takes 0.93 of its time and gives 1.04
   * of its octets, level 6 takes 1.2 and gives 0.98.
   */
  readonly level?: number | undefined
}

const HANDLE = '_handle'
const WRITE_STATE = '_writeState'
const ON_ERROR = 'onerror'

/** What a Transform of zlib has besides its documented interface: the same in Node, Deno and Bun. */
interface Internals {
  readonly [HANDLE]: Handle
  /** Octets of output that are left, and of input, after `writeSync`. */
  readonly [WRITE_STATE]: Uint32Array
}

interface Handle {
  [ON_ERROR]: () => void
  writeSync(
    flush: number,
    input: Uint8Array,
    inputAt: number,
    inputBytes: number,
    output: Uint8Array,
    outputAt: number,
    outputBytes: number,
  ): void
  reset(): void
}

const LEVEL = 3

/** Free contexts that are kept, of a kind and a window: a deflater has 256 KiB, an inflater 48. */
const POOLED_MAX = 8

/** zlib itself needs no buffer for its output: it gets ours. */
const CHUNK_BYTES = 64

/** What is compressed by one call of zlib, before it is copied to where it belongs. */
const scratch: Uint8Array = Buffer.allocUnsafeSlow(65_536)

const NOTHING: Uint8Array = new Uint8Array(0)
const EMPTY_BLOCK: readonly number[] = [0x00, 0x00, 0x00, 0xff, 0xff]

/** One stream of zlib. */
class Context {
  consumed = 0
  produced = 0
  readonly #stream: DeflateRaw | InflateRaw
  readonly #handle: Handle
  readonly #state: Uint32Array
  #failed = false
  #used = false

  constructor(stream: DeflateRaw | InflateRaw) {
    const internals = stream as unknown as Internals
    this.#stream = stream
    this.#handle = internals[HANDLE]
    this.#state = internals[WRITE_STATE]
    // Its own one destroys the stream, which is of further use here.
    this.#handle[ON_ERROR] = () => (this.#failed = true)
  }

  /** Runs zlib as far as input and output go; false when the input is not DEFLATE. */
  write(flush: number, input: Uint8Array, start: number, end: number, output: Uint8Array, at: number): boolean {
    this.#used = true
    const inputBytes = end - start
    const outputBytes = output.length - at
    this.#handle.writeSync(flush, input, start, inputBytes, output, at, outputBytes)
    this.consumed = this.#failed ? 0 : inputBytes - this.#state[1]!
    this.produced = this.#failed ? 0 : outputBytes - this.#state[0]!
    return !this.#failed
  }

  reset(): void {
    if (!this.#used) return
    this.#handle.reset()
    this.#used = false
    this.#failed = false
  }

  close(): void {
    this.#stream.close()
  }
}

/** Free contexts of one kind, by the bits of their window. */
class Pool {
  readonly #make: (windowBits: number) => DeflateRaw | InflateRaw
  readonly #free: Map<number, Context[]> = new Map()

  constructor(make: (windowBits: number) => DeflateRaw | InflateRaw) {
    this.#make = make
  }

  take(windowBits: number): Context {
    return this.#free.get(windowBits)?.pop() ?? new Context(this.#make(windowBits))
  }

  /** Forgets what a context has seen: the next connection must not get it. */
  put(windowBits: number, context: Context): void {
    const free = this.#free.get(windowBits) ?? []
    this.#free.set(windowBits, free)
    if (free.length >= POOLED_MAX) return context.close()
    context.reset()
    free.push(context)
  }
}

/** A context that is lent; whoever calls it after `release` has made a mistake. */
class Lent {
  readonly #pool: Pool
  readonly #windowBits: number
  #context: Context | undefined

  constructor(pool: Pool, windowBits: number) {
    this.#pool = pool
    this.#windowBits = windowBits
    this.#context = pool.take(windowBits)
  }

  protected get context(): Context {
    if (this.#context === undefined) throw new UsageError('WS_COMPRESSION', 'a context is used that was given back')
    return this.#context
  }

  release(): void {
    const context = this.#context
    this.#context = undefined
    if (context !== undefined) this.#pool.put(this.#windowBits, context)
  }
}

class ZlibDeflater extends Lent implements Deflater {
  deflate(octets: Uint8Array, last: boolean): Uint8Array {
    const { context } = this
    const flush = last ? constants.Z_SYNC_FLUSH : constants.Z_NO_FLUSH
    let all = NOTHING
    let at = 0
    do {
      context.write(flush, octets, at, octets.length, scratch, 0)
      at += context.consumed
      all = joined(all, scratch.subarray(0, context.produced))
    } while (context.produced === scratch.length)
    // Behind a flush zlib does not flush again: it has nothing to say.
    return last && all.length === 0 ? Uint8Array.from(EMPTY_BLOCK) : all
  }

  reset(): void {
    this.context.reset()
  }
}

class ZlibInflater extends Lent implements Inflater {
  consumed = 0
  produced = 0

  inflate(input: Uint8Array, start: number, end: number, output: Uint8Array): boolean {
    const { context } = this
    this.consumed = 0
    this.produced = 0
    let valid = true
    while (valid) {
      valid = context.write(constants.Z_SYNC_FLUSH, input, start + this.consumed, end, output, this.produced)
      this.consumed += context.consumed
      this.produced += context.produced
      if (this.produced === output.length || start + this.consumed === end) break
      // zlib stops before either ends only behind a final block.
      if (valid) context.reset()
    }
    return valid
  }
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const all = Buffer.allocUnsafe(a.length + b.length)
  all.set(a)
  all.set(b, a.length)
  return all
}

/**
 * `Compression` over zlib. Free contexts are kept for the next message, whichever connection it is from: connections
 * without context takeover own none while nothing is under way.
 */
export class ZlibCompression implements Compression {
  readonly #deflaters: Pool
  readonly #inflaters: Pool = new Pool((windowBits) => createInflateRaw({ windowBits, chunkSize: CHUNK_BYTES }))

  /** Throws `UsageError` (`WS_COMPRESSION`) for a level that is none. */
  constructor(options: ZlibCompressionOptions = {}) {
    const { level = LEVEL } = options
    if (!Number.isInteger(level) || level < 1 || level > 9)
      throw new UsageError('WS_COMPRESSION', `a level is 1 to 9, not ${level}`)
    // Raw DEFLATE with a window of 8 bits zlib cannot make. With 9 it refers to what is 250 octets back at the most: it
    // keeps a distance of 262 from the end of its window of 512.
    this.#deflaters = new Pool((windowBits) =>
      createDeflateRaw({ windowBits: Math.max(9, windowBits), level, chunkSize: CHUNK_BYTES }),
    )
  }

  deflater(windowBits: number): Deflater {
    return new ZlibDeflater(this.#deflaters, windowBits)
  }

  inflater(windowBits: number): Inflater {
    return new ZlibInflater(this.#inflaters, windowBits)
  }
}

/** The one that servers and clients share, so that they share its contexts. */
export const zlibCompression: ZlibCompression = new ZlibCompression()
