/**
 * The loop: one transport, one engine. It knows no protocol. Bytes, half-close, drain and time go in; events go to the
 * handler; output leaves in one write a turn; the peer is paused when the engine wants no input.
 */

import type { Engine } from '../protocols/core/engine.js'
import { clock, type Timed } from './clock.js'
import { type Transport, TransportError, type TransportSink } from './transport.js'
import { isAlone, leaveInTime, leaveLater, type Leaving } from './turn.js'

/** How long a closing connection waits for the peer to take the rest, and then for it to close, too. */
const FLUSH_MS = 30_000
const LINGER_MS = 2000

/** Who gets the events of an engine. Commands may be issued inside `onEvent`; outside of it, after `Driver.enter`. */
export interface DriverHandler<Event> {
  onEvent(event: Event): void
  /**
   * The engine has no event left for now: what waited for the end of the batch is done, still inside the drain. Gives
   * whether anything was; then the engine is asked again.
   */
  onPolled?(): boolean
  /** The engine's output has been written as far as the transport takes it now. */
  onFlushed(): void
  /** The connection is gone; `error` tells why when it was not in order. Comes once, last. */
  onClosed(error: Error | undefined): void
  /**
   * The engine handed the connection over: the transport is yours, paused, everything before is written, and nothing
   * that came behind the `rest` of the event is lost. Instead of `onClosed`.
   */
  onReleased(transport: Transport): void
}

/**
 * How much output goes into one write, so that a slow peer's rest stays with the engine. A transport that takes it at
 * once gets twice as much the next time: for a fast peer, few large writes cost less.
 */
const WRITE_BYTES = 131_072
const WRITE_BYTES_MAX = 1_048_576

/** What a drain does behind the events: nothing; writes; writes unless there were any. */
const DELIVER = 0
const WRITE = 1
const LEAVE = 2

const OPEN = 0
const ENDING = 1
const LINGERING = 2
const GONE = 3

/** How many there were. */
let drivers = 0

/** Drives one connection. */
export class Driver<Event extends { readonly type: string }> implements TransportSink, Timed, Leaving {
  readonly transport: Transport
  readonly id: number = ++drivers
  readonly #engine: Engine<Event>
  readonly #handler: DriverHandler<Event>
  #state: number = OPEN
  #settling = false
  /** Output, or an event, waits for the end of the turn. */
  #waits = false
  #paused = false
  #handover = false
  #deadline = Infinity

  constructor(transport: Transport, engine: Engine<Event>, handler: DriverHandler<Event>) {
    this.transport = transport
    this.#engine = engine
    this.#handler = handler
  }

  /**
   * Begins: the engine starts, and the transport delivers. On a transport that another engine has handed over, `rest`
   * is what came last there, and comes first here; `prepare` gives the engine what it must know before.
   */
  start(rest?: Uint8Array, prepare?: () => void): void {
    clock.add(this)
    this.#engine.start(clock.now)
    prepare?.()
    this.transport.open(this)
    if (rest === undefined) {
      this.settle()
    } else {
      // The driver before has paused it.
      this.#paused = true
      this.onData(rest)
    }
  }

  /**
   * Call before a command that is issued outside `onEvent`: time is brought up, and the engine is drained at the end of
   * the turn.
   */
  enter(): void {
    if (this.#settling || this.#waits || this.#state === GONE) return
    this.#engine.advance(clock.now)
    this.#wait()
  }

  /** Writes what is ready, as far as the transport takes it, and ends the connection where it stands. */
  cut(reset = false): void {
    if (this.#state === GONE) return
    this.#write()
    this.destroy(undefined, reset)
  }

  /**
   * Ends the connection at once; with `reset` the peer is told that this is no end in order, where the transport can.
   */
  destroy(error?: Error, reset = false): void {
    if (this.#state === GONE) return
    this.#state = GONE
    clock.remove(this)
    this.transport.destroy(reset)
    this.#handler.onClosed(error)
  }

  onData(chunk: Uint8Array): void {
    if (this.#state !== OPEN) return
    try {
      this.#engine.receive(chunk, clock.now)
    } catch (error) {
      this.destroy(error as Error)
      return
    }
    if (isAlone(this)) return this.settle()
    this.#drain(DELIVER)
    // A peer that must wait, or that is answered for the last time, is told at once.
    if (this.#state !== OPEN || !this.#engine.wantsInput) return this.settle()
    if (!this.#waits) this.#wait()
    leaveInTime()
  }

  /** Behind our own end the transport closes by itself, once the peer has taken everything. */
  onEnd(): void {
    if (this.#state !== OPEN) return
    try {
      this.#engine.receiveEnd(clock.now)
    } catch (error) {
      this.destroy(error as Error)
      return
    }
    this.settle()
  }

  onDrain(): void {
    if (this.#state === LINGERING) {
      this.#deadline = clock.now + LINGER_MS
      return
    }
    if (this.#state === ENDING) this.#deadline = clock.now + FLUSH_MS
    this.#advance(clock.now)
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
    this.#advance(now)
  }

  /**
   * Drains the engine: events to the handler, output to the transport, then input and deadline as the engine wants
   * them.
   */
  settle(): void {
    // Inside of a drain, that one sees to it.
    if (this.#settling) return
    this.#waits = false
    this.#drain(WRITE)
  }

  /** For the end of the turn. */
  leave(): boolean {
    if (!this.#waits) return false
    if (this.#drain(LEAVE)) return true
    this.#waits = false
    return false
  }

  #wait(): void {
    this.#waits = true
    leaveLater(this)
  }

  #advance(now: number): void {
    try {
      this.#engine.advance(now)
    } catch (error) {
      this.destroy(error as Error)
      return
    }
    this.settle()
  }

  /**
   * Gives whether events came. What an engine or a handler throws is a mistake of ours: this connection ends, and no
   * other.
   */
  #drain(how: typeof DELIVER | typeof WRITE | typeof LEAVE): boolean {
    if (this.#state === GONE) return false
    this.#settling = true
    let some = false
    try {
      some = this.#deliverEvents()
      if (how === WRITE || (how === LEAVE && !some)) {
        // An engine may hold events back while too much output waits, or have one because its last output has left:
        // once something is written, it is asked again.
        for (let more = some; !this.#isGone() && (this.#write() || more);) more = this.#deliverEvents()
        if (!this.#isGone()) this.#flush()
      }
    } catch (error) {
      this.destroy(error as Error)
    }
    this.#settling = false
    return some
  }

  /** Gives the handler what there is; true if there was any, and the connection is still there. */
  #deliverEvents(): boolean {
    let event = this.#engine.poll()
    let some = event !== undefined
    for (; event !== undefined; event = this.#engine.poll()) {
      const { type } = event
      if (type === 'closed' || type === 'fatal' || type === 'handover') this.#end(type)
      this.#handler.onEvent(event)
      if (this.#isGone()) return false
    }
    if (this.#handler.onPolled?.() === true) some = !this.#isGone()
    return some
  }

  /** The handler may have destroyed the connection meanwhile. */
  #isGone(): boolean {
    return this.#state === GONE
  }

  #end(type: string): void {
    this.#state = ENDING
    this.#deadline = clock.now + FLUSH_MS
    this.#handover = type === 'handover'
    // What comes from here on is for the next owner.
    if (this.#handover) this.#pause(true)
  }

  #flush(): void {
    if (this.#state === OPEN) {
      this.#deadline = this.#engine.deadline()
      if (this.#engine.wantsInput === this.#paused) this.#pause(!this.#paused)
    } else if (this.#state === ENDING && this.#engine.outputBytes === 0) {
      this.#finish()
      return
    }
    this.#handler.onFlushed()
  }

  /** Writes what the transport takes; gives whether there was any. */
  #write(): boolean {
    let some = false
    for (let bytes = WRITE_BYTES; this.transport.writable; bytes = Math.min(bytes * 2, WRITE_BYTES_MAX)) {
      const first = this.#engine.output()
      if (first === undefined) break
      this.transport.write(this.#pieces(first, bytes))
      some = true
    }
    return some
  }

  /** All that is ready now, to leave in one write. Large output is taken piece by piece as the transport takes it. */
  #pieces(first: Uint8Array, bytesMax: number): Uint8Array[] {
    const pieces = [first]
    let bytes = first.length
    for (let piece; bytes < bytesMax && (piece = this.#engine.output()) !== undefined; bytes += piece.length)
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
    this.#deadline = clock.now + FLUSH_MS
    this.transport.end()
    this.#pause(false)
  }
}
