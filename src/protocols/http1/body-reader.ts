/**
 * Bytes → content (RFC 9112 sections 6 and 7): by length, chunked, or until the connection ends. Chunk lines are read
 * byte by byte with what little state they need; data goes out as views of the input.
 */

import { CR, FIELD_VALUE, HEX, HTAB, LF, SP } from '../core/ascii.js'
import { Fields } from '../core/fields.js'
import type { Input } from '../core/input.js'
import type { Http1FaultCode } from './errors.js'
import type { Framing } from './events.js'
import type { Http1Limits } from './limits.js'
import { FAULTY, HeadReader, NEED_MORE } from './reader.js'
import { keptTrailers } from '../core/trailers.js'

/** What `read` can give besides `NEED_MORE` and `FAULTY`. */
export const DATA = 1
export const END = 2

const State = {
  data: 0,
  size: 1,
  blanks: 2,
  extension: 3,
  sizeLf: 4,
  dataCr: 5,
  dataLf: 6,
  trailers: 7,
  end: 8,
} as const

const SEMICOLON = 0x3b
const CHUNK_DIGITS_MAX = 8
const NOTHING = new Uint8Array(0)

/** Reads the content of one message after another. */
export class BodyReader {
  fault: Http1FaultCode = 'H1_CHUNK_SIZE_SYNTAX'
  /** Index of the byte that is wrong, in the input. */
  faultAt = 0
  faultLimit = -1
  /** The piece of content, once `read` gave `DATA`: a view of the input. */
  data: Uint8Array = NOTHING
  /** The trailer fields, once `read` gave `END`. */
  trailers: Fields = Fields.empty
  /** Octets of content that the current part still has; of the whole body when it has a length. */
  remaining = 0

  readonly #limits: Http1Limits
  /** Reads trailer sections; made for the first one, because most connections never have any. */
  #lines: HeadReader | undefined
  #framing: Framing = 'none'
  #state: number = State.end
  #digits = 0
  #chunkBytes = 0
  #extensionBytes = 0
  #extensionsBytes = 0
  #bodyBytes = 0

  constructor(limits: Http1Limits) {
    this.#limits = limits
  }

  /** Prepares for the content of a message. */
  begin(framing: Framing, contentLength: number): void {
    this.#framing = framing
    this.trailers = Fields.empty
    this.#bodyBytes = 0
    this.#extensionsBytes = 0
    this.remaining = framing === 'length' ? contentLength : 0
    this.#state = framing === 'none' || contentLength === 0 ? State.end : State.data
    if (framing === 'chunked') this.#beginChunk()
  }

  /** Whether the end of the input ends the content, too. */
  get untilClose(): boolean {
    return this.#framing === 'close'
  }

  /** Goes on: `DATA`, `END`, `NEED_MORE` or `FAULTY`. Moves `input.at` over what was read. */
  read(input: Input): number {
    if (this.#state === State.end) return END
    if (this.#framing === 'length') return this.#readData(input, State.end)
    if (this.#framing === 'close') return this.#readAll(input)
    return this.#readChunks(input)
  }

  #fail(code: Http1FaultCode, at: number, limit = -1): number {
    this.fault = code
    this.faultAt = at
    this.faultLimit = limit
    return FAULTY
  }

  #readAll(input: Input): number {
    const size = input.size
    if (size === 0) return NEED_MORE
    const left = this.#limits.bodyBytesMax - this.#bodyBytes
    if (left === 0) return this.#fail('H1_BODY_TOO_LARGE', input.at, this.#limits.bodyBytesMax)
    const taken = Math.min(size, left)
    this.#bodyBytes += taken
    return this.#take(input, taken)
  }

  #readData(input: Input, next: number): number {
    const size = Math.min(this.remaining, input.size)
    if (size === 0) return NEED_MORE
    this.remaining -= size
    if (this.remaining === 0) this.#state = next
    return this.#take(input, size)
  }

  #take(input: Input, size: number): number {
    const { bytes, at } = input
    this.data = size === bytes.length ? bytes : bytes.subarray(at, at + size)
    input.at = at + size
    return DATA
  }

  #beginChunk(): void {
    this.#state = State.size
    this.#digits = 0
    this.#chunkBytes = 0
    this.#extensionBytes = 0
  }

  #readChunks(input: Input): number {
    for (;;) {
      if (this.#state === State.data) return this.#readData(input, State.dataCr)
      if (this.#state === State.trailers) return this.#readTrailers(input)
      if (input.at === input.end) return NEED_MORE
      const at = input.at
      const code = this.#readControl(input.bytes[at]!)
      if (code !== undefined) return this.#fail(code, at, this.faultLimit)
      input.at = at + 1
    }
  }

  /** One byte of a chunk line or of the line end behind chunk data (RFC 9112 section 7.1). */
  #readControl(byte: number): Http1FaultCode | undefined {
    this.faultLimit = -1
    switch (this.#state) {
      case State.size:
        return this.#readSize(byte)
      case State.blanks:
      case State.extension:
        return this.#readExtension(byte)
      case State.sizeLf:
        return byte === LF ? this.#endSize() : 'H1_LINE_ENDING'
      case State.dataCr:
        this.#state = State.dataLf
        return byte === CR ? undefined : 'H1_CHUNK_END'
      default:
        this.#beginChunk()
        return byte === LF ? undefined : 'H1_CHUNK_END'
    }
  }

  #readSize(byte: number): Http1FaultCode | undefined {
    const digit = HEX[byte]!
    if (digit < 16) {
      if (this.#digits++ === CHUNK_DIGITS_MAX) return 'H1_CHUNK_SIZE_SYNTAX'
      this.#chunkBytes = this.#chunkBytes * 16 + digit
      return undefined
    }
    if (this.#digits === 0) return 'H1_CHUNK_SIZE_SYNTAX'
    if (byte === CR) this.#state = State.sizeLf
    else if (byte === SEMICOLON || byte === SP || byte === HTAB) return this.#readExtension(byte)
    else return byte === LF ? 'H1_LINE_ENDING' : 'H1_CHUNK_SIZE_SYNTAX'
    return undefined
  }

  /** An extension is counted and dropped: it is an amplification vector and of no use (RFC 9112 section 7.1.1). */
  #readExtension(byte: number): Http1FaultCode | undefined {
    if (byte === CR && this.#state === State.extension) {
      this.#state = State.sizeLf
      return undefined
    }
    if (this.#state !== State.extension) {
      if (byte === SEMICOLON) this.#state = State.extension
      else if (byte === SP || byte === HTAB) this.#state = State.blanks
      else return 'H1_CHUNK_EXTENSION_SYNTAX'
    }
    if (byte === LF) return 'H1_LINE_ENDING'
    if (FIELD_VALUE[byte] === 0) return 'H1_CHUNK_EXTENSION_SYNTAX'
    if (++this.#extensionBytes > this.#limits.chunkExtensionBytesMax)
      return this.#tooLarge('H1_CHUNK_EXTENSION_TOO_LARGE', this.#limits.chunkExtensionBytesMax)
    if (++this.#extensionsBytes > this.#limits.chunkExtensionsBytesMax)
      return this.#tooLarge('H1_CHUNK_EXTENSION_TOO_LARGE', this.#limits.chunkExtensionsBytesMax)
    return undefined
  }

  #endSize(): Http1FaultCode | undefined {
    this.#bodyBytes += this.#chunkBytes
    if (this.#bodyBytes > this.#limits.bodyBytesMax)
      return this.#tooLarge('H1_BODY_TOO_LARGE', this.#limits.bodyBytesMax)
    this.remaining = this.#chunkBytes
    if (this.#chunkBytes > 0) {
      this.#state = State.data
    } else {
      this.#state = State.trailers
      this.#lines ??= new HeadReader(this.#limits)
      this.#lines.begin('trailers')
    }
    return undefined
  }

  #tooLarge(code: Http1FaultCode, limit: number): Http1FaultCode {
    this.faultLimit = limit
    return code
  }

  #readTrailers(input: Input): number {
    const lines = this.#lines!
    const at = lines.read(input.bytes, input.at, input.end)
    if (at === NEED_MORE) return NEED_MORE
    if (at === FAULTY) return this.#fail(lines.fault, lines.faultAt, lines.faultLimit)
    input.at = at
    this.trailers = keptTrailers(lines.fields)
    this.#state = State.end
    return END
  }
}
