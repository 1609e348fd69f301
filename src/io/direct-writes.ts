/**
 * Writes past the Writable of a socket. That one queues each piece, tells its end in a tick of its own, and takes
 * longer than the system call for what HTTP/2 writes: many pieces of up to 16 KiB. `_writev` is the method that it
 * calls itself in the end; there is never more than one write under way, so its queue has no use here. Measured with a
 * download of 100 MiB over HTTP/2: 0.6 times the processor time.
 */

import type { Socket } from 'node:net'

type Callback = (error?: Error | null) => void

/** What `_writev` takes; `allBuffers` is what a Writable adds when none of it is text. */
type Chunks = { chunk: Uint8Array; encoding: BufferEncoding }[] & { allBuffers?: boolean }

/** What a Writable gives as the encoding of octets; the types know it not. */
const OCTETS = 'buffer' as BufferEncoding

/** From so much output without a pause on, other connections get their turn. */
const TURN_BYTES = 1_048_576

/** Who is told that a write may follow. */
export interface DirectWriter {
  drained(): void
}

/** Writes to one socket, one write at a time. */
export class DirectWrites {
  readonly #socket: Socket
  readonly #writer: DirectWriter
  #writing = false
  #turnBytes = 0
  /** Whether a write may be begun. */
  writable = true

  private constructor(socket: Socket, writer: DirectWriter) {
    this.#socket = socket
    this.#writer = writer
  }

  /** For a plain socket, or undefined where the runtime works differently. */
  static of(socket: Socket, writer: DirectWriter): DirectWrites | undefined {
    return typeof socket._writev === 'function' ? new DirectWrites(socket, writer) : undefined
  }

  /** Writes all pieces. Call only while `writable`. */
  write(pieces: readonly Uint8Array[]): void {
    this.writable = false
    this.#writing = true
    if (pieces.length === 1) this.#writeOne(pieces[0]!)
    else this.#writeAll(pieces)
    this.#writing = false
    if (this.writable && this.#turnBytes >= TURN_BYTES) {
      this.writable = false
      setImmediate(() => this.#resume())
    }
  }

  #writeOne(piece: Uint8Array): void {
    this.#turnBytes += piece.length
    this.#socket._write(piece, OCTETS, this.#onWritten)
  }

  #writeAll(pieces: readonly Uint8Array[]): void {
    const chunks: Chunks = []
    for (const chunk of pieces) {
      chunks.push({ chunk, encoding: OCTETS })
      this.#turnBytes += chunk.length
    }
    chunks.allBuffers = true
    this.#socket._writev!(chunks, this.#onWritten)
  }

  /** Called at once when the system took everything. */
  readonly #onWritten: Callback = (error) => {
    if (error !== undefined && error !== null) this.#socket.destroy(error)
    else if (this.#writing) this.writable = true
    else this.#resume()
  }

  #resume(): void {
    this.#turnBytes = 0
    if (this.#socket.destroyed) return
    this.writable = true
    this.#writer.drained()
  }
}
