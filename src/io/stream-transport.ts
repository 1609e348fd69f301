/** A stream of HTTP/2 that carries octets both ways (RFC 8441 section 5), as a transport for the protocol inside. */

import type { ClientCertificate } from './client-certificate.js'
import type { Endpoint, Transport, TransportError, TransportSink } from './transport.js'

/** From so much output that waits for windows on, `writable` is false. */
const HIGH_WATER_BYTES = 65_536

/** What carries the stream. */
export interface StreamCarrier {
  readonly connection: { readonly transport: Transport }
  /** Octets that wait for the client; 0 when the stream is gone. */
  readonly outputBytes: number
  sendData(octets: Uint8Array): void
  /** Half-closes, behind what waits: END_STREAM. */
  endOutput(): void
  /** Octets were taken: the windows open again. */
  consume(octets: number): void
  /** Ends the stream at once: RST_STREAM. `complete` when our side has ended in order. */
  resetStream(complete: boolean): void
  /** Asks for a call of `flushed` when output has left. */
  awaitFlush(): void
}

/**
 * One stream. Octets that nobody takes stay unconsumed, so that the window of the stream shuts, and only that one. Like
 * a transport that was handed over, it begins paused.
 */
export class StreamTransport implements Transport {
  readonly protocol = ''
  readonly #carrier: StreamCarrier
  #sink: TransportSink | undefined
  #inbox: Uint8Array[] = []
  #paused = true
  #awaiting = false
  /** Output has left, and the sink does not know yet. */
  #drained = false
  /** The client has half-closed; the sink knows. */
  #ended = false
  #endTold = false
  /** We have half-closed; it has left. */
  #finished = false
  #finishLeft = false
  /** The stream is gone, but not all of what came has been delivered. */
  #lost = false
  #closed = false
  #scheduled = false
  #error: TransportError | undefined

  constructor(carrier: StreamCarrier) {
    this.#carrier = carrier
  }

  get peer(): Endpoint {
    return this.#carrier.connection.transport.peer
  }

  get local(): Endpoint {
    return this.#carrier.connection.transport.local
  }

  get encrypted(): boolean {
    return this.#carrier.connection.transport.encrypted
  }

  get clientCertificate(): ClientCertificate | undefined {
    return this.#carrier.connection.transport.clientCertificate
  }

  get writable(): boolean {
    return this.#carrier.outputBytes < HIGH_WATER_BYTES
  }

  open(sink: TransportSink): void {
    this.#sink = sink
    this.#schedule()
  }

  write(pieces: readonly Uint8Array[]): void {
    if (this.#closed || this.#lost || this.#finished) return
    for (const piece of pieces) this.#carrier.sendData(piece)
    if (!this.writable) this.#await()
  }

  pause(): void {
    this.#paused = true
  }

  resume(): void {
    this.#paused = false
    if (!this.#closed && (this.#inbox.length > 0 || this.#ended)) this.#schedule()
  }

  end(): void {
    if (this.#closed || this.#finished) return
    this.#finished = true
    this.#carrier.endOutput()
    this.#await()
  }

  /** Whatever the reason, the client sees a reset: a stream has no other way to end both directions at once. */
  destroy(): void {
    if (this.#closed) return
    this.#carrier.resetStream(this.#finishLeft)
    this.#close(undefined)
  }

  /** For the connection: octets came, valid during the call. */
  push(octets: Uint8Array): void {
    if (this.#closed) return
    if (this.#paused || this.#inbox.length > 0 || this.#sink === undefined) {
      // Of a Buffer, slice would give a view of what the next read overwrites.
      this.#inbox.push(new Uint8Array(octets))
      return
    }
    this.#deliver(octets)
  }

  /** For the connection: the client has half-closed. */
  receiveEnd(): void {
    this.#ended = true
    this.#schedule()
  }

  /** For the connection: the stream, or all of it, is gone. */
  lose(error: TransportError): void {
    this.#close(error)
  }

  /**
   * For the connection: the peer has reset the stream without an error. Behind its end that says that it wants nothing
   * more (RFC 9113 section 8.1): what came before is delivered.
   */
  leave(error: TransportError): void {
    if (this.#closed || !this.#ended || this.#endTold) return this.#close(error)
    this.#lost = true
    this.#error = error
    this.#schedule()
  }

  /** For the connection: output has left. Gives whether nothing waits any more. */
  flushed(): boolean {
    if (!this.#closed && this.#carrier.outputBytes >= (this.#finished ? 1 : HIGH_WATER_BYTES)) return false
    this.#awaiting = false
    this.#drained = true
    this.#finishLeft = this.#finished
    this.#schedule()
    return true
  }

  #await(): void {
    if (this.#awaiting) return
    this.#awaiting = true
    this.#carrier.awaitFlush()
  }

  #deliver(octets: Uint8Array): void {
    this.#sink!.onData(octets)
    this.#carrier.consume(octets.length)
  }

  #close(error: TransportError | undefined): void {
    if (this.#closed) return
    this.#closed = true
    this.#error = error
    this.#inbox = []
    this.#schedule()
  }

  /** Nothing is told inside the call that caused it: what drives the stream would not look at it. */
  #schedule(): void {
    if (this.#scheduled || this.#sink === undefined) return
    this.#scheduled = true
    setImmediate(() => {
      this.#scheduled = false
      this.#tell()
    })
  }

  #tell(): void {
    const sink = this.#sink!
    if (this.#drained && !this.#closed) {
      this.#drained = false
      sink.onDrain()
    }
    while (!this.#paused && this.#inbox.length > 0) this.#deliver(this.#inbox.shift()!)
    if (this.#ended && !this.#endTold && !this.#paused && this.#inbox.length === 0 && !this.#isClosed()) {
      this.#endTold = true
      sink.onEnd()
    }
    if (this.#endTold && (this.#finishLeft || this.#lost)) this.#closed = true
    if (this.#isClosed()) sink.onClose(this.#error)
  }

  /** A sink may have destroyed the transport meanwhile. */
  #isClosed(): boolean {
    return this.#closed
  }
}
