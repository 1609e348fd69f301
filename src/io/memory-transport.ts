/**
 * Two transports that are wired to each other in memory: tests and in-process clients talk to a server without a
 * socket.
 */

import type { Endpoint, Transport, TransportSink } from './transport.js'

/** Above this, `writable` turns false until the other side has taken it, as with a socket. */
const HIGH_WATER_BYTES = 65_536

const NOWHERE: Endpoint = { address: 'memory', port: 0 }

class MemoryTransport implements Transport {
  readonly peer: Endpoint = NOWHERE
  readonly local: Endpoint = NOWHERE
  readonly encrypted = false
  readonly protocol = ''
  readonly clientCertificate = undefined
  other!: MemoryTransport

  #sink: TransportSink | undefined
  #inbox: Uint8Array[] = []
  #inboxBytes = 0
  #endCame = false
  #endTold = false
  #ended = false
  #paused = false
  #closed = false
  /** The other side is gone: this one is, too, when it has taken what was sent before. */
  #left = false
  #scheduled = false
  #full = false

  get writable(): boolean {
    return this.other.#inboxBytes < HIGH_WATER_BYTES
  }

  open(sink: TransportSink): void {
    this.#sink = sink
    if (this.#closed) setImmediate(() => sink.onClose(undefined))
    else this.#schedule()
  }

  write(pieces: readonly Uint8Array[]): void {
    if (this.#ended || this.#closed || this.#left) return
    for (const piece of pieces) this.other.#take(piece)
    if (!this.writable) this.#full = true
  }

  pause(): void {
    this.#paused = true
  }

  resume(): void {
    this.#paused = false
    this.#schedule()
  }

  end(): void {
    if (this.#ended) return
    this.#ended = true
    this.other.#endCame = true
    this.other.#schedule()
    this.#schedule()
  }

  destroy(reset = false): void {
    this.#close()
    if (reset) this.other.#close()
    this.other.#left = true
    this.other.#schedule()
  }

  #take(piece: Uint8Array): void {
    this.#inbox.push(piece)
    this.#inboxBytes += piece.length
    this.#schedule()
  }

  /** Delivery is never inside the call that caused it: the two sides take turns, as over a network. */
  #schedule(): void {
    if (this.#scheduled || this.#closed) return
    this.#scheduled = true
    setImmediate(() => {
      this.#scheduled = false
      this.#deliver()
    })
  }

  /** The sink is looked up for each delivery: one may move the transport to another sink. */
  #deliver(): void {
    if (this.#sink === undefined || this.#closed) return
    while (!this.#paused && this.#inbox.length > 0) {
      const piece = this.#inbox.shift()!
      this.#inboxBytes -= piece.length
      this.#sink.onData(piece)
      if (this.#isClosed()) return
    }
    this.other.#drain()
    if (this.#inbox.length > 0) return
    if (this.#endCame && !this.#endTold && !this.#paused) {
      this.#endTold = true
      this.#sink.onEnd()
      this.other.#finish()
    }
    if (this.#left || (this.#endTold && this.#ended)) this.#close()
  }

  /** A sink may have destroyed the transport meanwhile. */
  #isClosed(): boolean {
    return this.#closed
  }

  #drain(): void {
    if (!this.#full || !this.writable) return
    this.#full = false
    this.#sink?.onDrain()
  }

  /** The other side has taken everything, the end included. */
  #finish(): void {
    if (!this.#closed) this.#sink?.onDrain()
  }

  #close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#inbox = []
    this.#inboxBytes = 0
    setImmediate(() => this.#sink?.onClose(undefined))
  }
}

/** A connected pair: what one side writes, the other receives. */
export function memoryTransports(): [Transport, Transport] {
  const one = new MemoryTransport()
  const two = new MemoryTransport()
  one.other = two
  two.other = one
  return [one, two]
}
