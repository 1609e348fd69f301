/**
 * The loop: one transport, one engine. It knows no protocol. Bytes, half-close, drain and time go in; events go to the
 * handler; output leaves in one write a turn; the peer is paused when the engine wants no input.
 */

import type { Engine } from '../protocols/core/engine.js'
import { clock, type Timed } from './clock.js'
import { type Transport, TransportError, type TransportSink } from './transport.js'

/** How long a closing connection waits for the peer to take the rest, and then for it to close, too. */
const FLUSH_MS = 30_000
const LINGER_MS = 2_000

/** Who gets the events of an engine. Commands may be issued inside `onEvent`; outside of it, after `Driver.enter`. */
export interface DriverHandler<Event> {
  onEvent(event: Event): void
  /** The engine's output has been written as far as the transport takes it now. */
  onFlushed(): void
  /** The connection is gone; `error` tells why when it was not in order. Comes once, last. */
  onClosed(error: Error | undefined): void
  /**
   * The engine handed the connection over: the transport is yours, paused, everything before is written. Instead of
   * `onClosed`.
   */
  onReleased(transport: Transport): void
}

/** How much output goes into one write at the most, so that a slow peer's rest stays with the engine. */
const WRITE_BYTES = 131_072

const OPEN = 0
const ENDING = 1
const LINGERING = 2
const GONE = 3

/** Drivers whose engine got commands outside a drain; settled together at the end of the turn. */
let entered: Driver<{ readonly type: string }>[] = []

function settleEntered(): void {
  const drivers = entered
  entered = []
  for (const driver of drivers) driver.settle()
}

/** Drives one connection. */
export class Driver<Event extends { readonly type: string }> implements TransportSink, Timed {
  readonly transport: Transport
  readonly #engine: Engine<Event>
  readonly #handler: DriverHandler<Event>
  #state: number = OPEN
  #settling = false
  #entered = false
  #paused = false
  #handover = false
  #deadline = Infinity

  constructor(transport: Transport, engine: Engine<Event>, handler: DriverHandler<Event>) {
    this.transport = transport
    this.#engine = engine
    this.#handler = handler
  }

  /** Begins: the engine starts, and the transport delivers. */
  start(): void {
    clock.add(this)
    this.#engine.start(clock.now)
    this.transport.open(this)
    this.settle()
  }

  /**
   * Call before a command that is issued outside `onEvent`: time is brought up, and the engine is drained at the end of
   * the turn.
   */
  enter(): void {
    if (this.#settling || this.#entered) return
    this.#entered = true
    this.#engine.advance(clock.now)
    if (entered.push(this as unknown as Driver<{ readonly type: string }>) === 1) process.nextTick(settleEntered)
  }

  /** Ends the connection at once. */
  destroy(error?: Error): void {
    if (this.#state === GONE) return
    this.#state = GONE
    clock.remove(this)
    this.transport.destroy()
    this.#handler.onClosed(error)
  }

  onData(chunk: Uint8Array): void {
    if (this.#state !== OPEN) return
    this.#engine.receive(chunk, clock.now)
    this.settle()
  }

  onEnd(): void {
    if (this.#state === LINGERING) this.destroy()
    if (this.#state !== OPEN) return
    this.#engine.receiveEnd(clock.now)
    this.settle()
  }

  onDrain(): void {
    if (this.#state === ENDING) this.#deadline = clock.now + FLUSH_MS
    this.#engine.advance(clock.now)
    this.settle()
  }

  onClose(error: TransportError | undefined): void {
    const early = this.#state === OPEN && error === undefined
    this.destroy(early ? new TransportError('PEER_GONE', this.transport.peer, 'the connection is gone') : error)
  }

  onTick(now: number): void {
    if (now < this.#deadline) return
    if (this.#state === LINGERING) {
      this.destroy()
      return
    }
    if (this.#state === ENDING) {
      this.destroy(new TransportError('PEER_TIMEOUT', this.transport.peer, 'the peer does not take what was written'))
      return
    }
    this.#engine.advance(now)
    this.settle()
  }

  /**
   * Drains the engine: events to the handler, output to the transport, then input and deadline as the engine wants
   * them.
   */
  settle(): void {
    this.#entered = false
    if (this.#settling || this.#state === GONE) return
    this.#settling = true
    try {
      for (let event = this.#engine.poll(); event !== undefined; event = this.#engine.poll()) {
        const { type } = event
        if (type === 'closed' || type === 'fatal' || type === 'handover') this.#end(type)
        this.#handler.onEvent(event)
      }
      this.#flush()
    } catch (error) {
      this.#settling = false
      this.destroy(error as Error)
      return
    }
    this.#settling = false
  }

  #end(type: string): void {
    this.#state = ENDING
    this.#deadline = clock.now + FLUSH_MS
    this.#handover = type === 'handover'
  }

  #flush(): void {
    const { transport } = this
    while (transport.writable) {
      const first = this.#engine.output()
      if (first === undefined) break
      transport.write(this.#pieces(first))
    }
    if (this.#state === OPEN) {
      this.#deadline = this.#engine.deadline()
      if (this.#engine.wantsInput === this.#paused) this.#pause(!this.#paused)
    } else if (this.#state === ENDING && this.#engine.outputBytes === 0) {
      this.#finish()
      return
    }
    this.#handler.onFlushed()
  }

  /** All that is ready now, to leave in one write. Large output is taken piece by piece as the transport takes it. */
  #pieces(first: Uint8Array): Uint8Array[] {
    const pieces = [first]
    let bytes = first.length
    for (let piece; bytes < WRITE_BYTES && (piece = this.#engine.output()) !== undefined; bytes += piece.length)
      pieces.push(piece)
    return pieces
  }

  #pause(pause: boolean): void {
    this.#paused = pause
    if (pause) this.transport.pause()
    else this.transport.resume()
  }

  #finish(): void {
    if (this.#handover) {
      this.#state = GONE
      clock.remove(this)
      this.transport.pause()
      this.#handler.onReleased(this.transport)
      return
    }
    // What the peer still sends is taken and dropped for a while: closing on it would reset the connection, and the
    // peer could lose the response that it has not read yet (RFC 9112 section 9.6).
    this.#state = LINGERING
    this.#deadline = clock.now + LINGER_MS
    this.transport.end()
    this.#pause(false)
  }
}
