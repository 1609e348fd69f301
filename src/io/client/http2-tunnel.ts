/** One stream of a client's HTTP/2 connection, from extended CONNECT (RFC 8441 section 4) to its end. */

import type { Fields } from '../../protocols/core/fields.js'
import type { Http2Client } from '../../protocols/http2/client.js'
import { ErrorCodes } from '../../protocols/http2/errors.js'
import type { ResponseEvent } from '../../protocols/http2/events.js'
import { type StreamCarrier, StreamTransport } from '../stream-transport.js'
import type { Transport, TransportError } from '../transport.js'
import { UnexpectedResponse } from './unexpected-response.js'

/** A stream that carries octets both ways. */
export interface Tunnel {
  /** Paused. */
  readonly transport: Transport
  /** The fields of the answer. */
  readonly fields: Fields
}

/** The connection, for its streams. */
export interface TunnelOwner {
  readonly transport: Transport
  readonly engine: Http2Client
  /** Call before a command. */
  enter(): void
  /** Calls `flushed` when output has left. */
  await(tunnel: Http2Tunnel): void
  forget(tunnel: Http2Tunnel): void
}

/** Who waits for the answer. */
export interface TunnelWaiter {
  resolve(tunnel: Tunnel): void
  reject(error: Error): void
}

/** The stream. Its waiter hears of it once; afterwards its transport does. */
export class Http2Tunnel implements StreamCarrier {
  readonly connection: TunnelOwner
  readonly streamId: number
  #waiter: TunnelWaiter | undefined
  readonly #signal: AbortSignal | undefined
  #unexpected: UnexpectedResponse | undefined
  #transport: StreamTransport | undefined
  /** The peer has ended its side, and we have ended ours. */
  #ended = false
  #finished = false

  constructor(owner: TunnelOwner, streamId: number, waiter: TunnelWaiter, signal: AbortSignal | undefined) {
    this.connection = owner
    this.streamId = streamId
    this.#waiter = waiter
    this.#signal = signal
    signal?.addEventListener('abort', this.#onAbort)
  }

  get outputBytes(): number {
    return this.connection.engine.queuedBytes(this.streamId)
  }

  sendData(octets: Uint8Array): void {
    this.connection.enter()
    this.connection.engine.sendData(this.streamId, octets)
  }

  endOutput(): void {
    this.connection.enter()
    this.connection.engine.sendEnd(this.streamId)
    this.#finished = true
  }

  consume(octets: number): void {
    this.connection.enter()
    this.connection.engine.consume(this.streamId, octets)
  }

  resetStream(complete: boolean): void {
    this.connection.enter()
    this.connection.engine.reset(this.streamId, complete ? ErrorCodes.NO_ERROR : ErrorCodes.CANCEL)
    this.connection.forget(this)
  }

  awaitFlush(): void {
    this.connection.await(this)
  }

  /** For the connection: output has left. Gives whether nothing waits any more. */
  flushed(): boolean {
    const flushed = this.#transport!.flushed()
    if (flushed) this.#forgetEnded()
    return flushed
  }

  /** For the connection: the answer came. */
  receiveResponse({ status, fields, endStream }: ResponseEvent): void {
    if (status >= 200 && status < 300) {
      this.#transport = new StreamTransport(this)
      this.#takeWaiter()?.resolve({ transport: this.#transport, fields })
    } else {
      this.#unexpected = new UnexpectedResponse(status, fields)
    }
    if (endStream) this.receiveEnd()
  }

  /** For the connection: content came, valid during the call. */
  receive(octets: Uint8Array): void {
    if (this.#transport !== undefined) return this.#transport.push(octets)
    this.connection.engine.consume(this.streamId, octets.length)
    if (this.#unexpected?.push(octets) === true) this.#refuse(this.#unexpected)
  }

  /** For the connection: the peer has ended its side. */
  receiveEnd(): void {
    this.#ended = true
    this.#transport?.receiveEnd()
    if (this.#unexpected !== undefined) this.#refuse(this.#unexpected)
    else this.#forgetEnded()
  }

  /** For the connection: the stream, or all of it, is gone. */
  lose(error: TransportError): void {
    this.connection.forget(this)
    this.#takeWaiter()?.reject(this.#unexpected?.toError(this.connection.transport.peer) ?? error)
    this.#transport?.lose(error)
  }

  /** For the connection: the server has reset the stream. */
  receiveReset(error: TransportError, errorCode: number): void {
    if (errorCode !== ErrorCodes.NO_ERROR || this.#transport === undefined) return this.lose(error)
    this.connection.forget(this)
    this.#transport.leave(error)
  }

  /** Once both sides have ended, the engine knows the stream no more. */
  #forgetEnded(): void {
    if (this.#ended && this.#finished && this.outputBytes === 0) this.connection.forget(this)
  }

  #refuse(unexpected: UnexpectedResponse): void {
    this.resetStream(true)
    this.#takeWaiter()?.reject(unexpected.toError(this.connection.transport.peer))
  }

  #takeWaiter(): TunnelWaiter | undefined {
    this.#signal?.removeEventListener('abort', this.#onAbort)
    const waiter = this.#waiter
    this.#waiter = undefined
    return waiter
  }

  readonly #onAbort = (): void => {
    this.resetStream(false)
    this.#takeWaiter()?.reject(this.#signal!.reason as Error)
  }
}
