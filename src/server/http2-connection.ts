/**
 * An HTTP/2 connection of the server: turns the events of the engine into exchanges, many at a time, and their answers
 * into commands.
 */

import { Driver, type DriverHandler } from '../io/driver.js'
import { type Transport, TransportError } from '../io/transport.js'
import { clock } from '../io/clock.js'
import { Fields } from '../protocols/core/fields.js'
import { http2Faults } from '../protocols/http2/errors.js'
import type { Http2FatalEvent, Http2ServerEvent, StreamFaultEvent } from '../protocols/http2/events.js'
import type { Http2Limits } from '../protocols/http2/limits.js'
import { Http2Server, type UpgradedRequest } from '../protocols/http2/server.js'
import type { Connection, ConnectionOwner } from './connection.js'
import { Http2Exchange } from './http2-exchange.js'

/** Where a connection begins that spoke HTTP/1.1 before. */
export interface Begun {
  /** Requests so far. */
  readonly requests: number
  /** What came last. */
  readonly rest: Uint8Array
  /** The request that asked for HTTP/2, if one did. */
  readonly upgraded: UpgradedRequest | undefined
}

/** One connection. */
export class Http2Connection implements Connection, DriverHandler<Http2ServerEvent> {
  readonly engine: Http2Server
  readonly driver: Driver<Http2ServerEvent>
  readonly owner: ConnectionOwner
  readonly id: number
  requests: number

  readonly #begun: Begun | undefined
  /** Those under way, by the number of their stream. */
  readonly #exchanges: Map<number, Http2Exchange> = new Map()
  /** Requests of the batch that is being read: nobody knows of them yet. */
  #batch: Http2Exchange[] = []
  /** Those whose producers wait until less output does. */
  #waiting: Http2Exchange[] = []

  constructor(transport: Transport, owner: ConnectionOwner, id: number, limits: Http2Limits, begun?: Begun) {
    this.owner = owner
    this.id = id
    this.requests = begun?.requests ?? 0
    this.#begun = begun
    this.engine = new Http2Server({ date: clock.date, limits, connectProtocol: true })
    this.driver = new Driver(transport, this.engine, this)
  }

  start(): void {
    const { rest, upgraded } = this.#begun ?? { rest: undefined, upgraded: undefined }
    try {
      this.driver.start(rest, upgraded && (() => this.engine.acceptUpgrade(upgraded)))
    } catch (error) {
      this.driver.destroy(error as Error)
    }
  }

  get transport(): Transport {
    return this.driver.transport
  }

  get idle(): boolean {
    return this.#exchanges.size === 0
  }

  /** Tells the peer; streams that it has opened meanwhile are still served. */
  announceClose(): void {
    this.driver.enter()
    this.engine.announceClose()
  }

  /** Serves what is under way and no new stream, then ends; at once when nothing is. */
  close(): void {
    this.driver.enter()
    this.engine.close()
  }

  cut(): void {
    this.driver.cut()
  }

  onEvent(event: Http2ServerEvent): void {
    switch (event.type) {
      case 'request':
        this.#add(new Http2Exchange(this, event))
        return
      case 'data':
        this.#onData(event.streamId, event.bytes)
        return
      case 'end':
        this.#exchanges.get(event.streamId)?.endContent(event.trailers)
        return
      case 'reset':
        this.#exchanges.get(event.streamId)?.drop(this.#gone('RESET', 'the client has reset the stream'))
        return
      case 'streamFault':
        this.#onStreamFault(event)
        return
      case 'halfClose':
        for (const exchange of this.#exchanges.values()) exchange.leave()
        return
      case 'fatal':
        this.#onFatal(event)
        return
      default:
        return
    }
  }

  /**
   * What one read has brought is known: now its requests are answered, but for those that were taken back meanwhile. A
   * client that resets as fast as it asks costs no handler (CVE-2023-44487).
   */
  onPolled(): boolean {
    const batch = this.#batch
    if (batch.length === 0) return false
    // Answering may promise more, which are behind.
    for (let i = 0; i < batch.length; i++) {
      const exchange = batch[i]!
      if (exchange.over) {
        this.engine.release(exchange.streamId)
      } else {
        exchange.dispatched = true
        this.owner.onExchange(exchange)
      }
    }
    this.#batch = []
    return true
  }

  onFlushed(): void {
    const waiting = this.#waiting
    if (waiting.length === 0) return
    this.#waiting = []
    for (const exchange of waiting) if (!exchange.flushed()) this.#waiting.push(exchange)
  }

  onClosed(error: Error | undefined): void {
    this.#loseAll(this.#gone('PEER_GONE', 'the client is gone', error))
    this.owner.onConnectionClosed(this, error)
  }

  /** An HTTP/2 connection stays one. */
  onReleased(transport: Transport): void {
    transport.destroy()
    this.onClosed(undefined)
  }

  /** An exchange waits for its output to leave. */
  await(exchange: Http2Exchange): void {
    this.#waiting.push(exchange)
  }

  /** An exchange is over. */
  release(exchange: Http2Exchange): void {
    this.#exchanges.delete(exchange.streamId)
    if (exchange.dispatched) this.owner.onExchangeOver(exchange)
  }

  /** Promises the answer to a GET, and sees to it that somebody makes it. Does nothing where the client takes none. */
  push(parent: Http2Exchange, target: string, fields: string[]): void {
    const { scheme, authority } = parent.request
    this.driver.enter()
    const streamId = this.engine.pushPromise(parent.streamId, { method: 'GET', scheme, authority, target, fields })
    if (streamId === 0) return
    const head = { streamId, method: 'GET', scheme, authority, target, protocol: '', fields: Fields.of(fields) }
    this.#add(new Http2Exchange(this, { ...head, contentLength: 0, expectContinue: false }, parent))
  }

  #add(exchange: Http2Exchange): void {
    this.#exchanges.set(exchange.streamId, exchange)
    this.#batch.push(exchange)
  }

  /** Content of a request that is answered already is thrown away: the windows must not stay shut for it. */
  #onData(streamId: number, bytes: Uint8Array): void {
    const exchange = this.#exchanges.get(streamId)
    if (exchange === undefined) this.engine.consume(streamId, bytes.length)
    else exchange.receive(bytes)
  }

  #onStreamFault({ streamId, code, status }: StreamFaultEvent): void {
    const exchange = this.#exchanges.get(streamId)
    if (exchange?.dispatched !== true && status > 0) this.owner.onRefused(this, status)
    if (exchange === undefined) return
    exchange.status ||= status
    exchange.drop(this.#gone(code, http2Faults[code].text))
  }

  #onFatal({ code }: Http2FatalEvent): void {
    this.#loseAll(this.#gone(code, http2Faults[code].text))
    // Nobody takes what would be written.
    if (code === 'H2_WRITE_TIMEOUT') this.driver.cut()
  }

  #loseAll(error: TransportError): void {
    for (const exchange of this.#exchanges.values()) exchange.drop(error)
  }

  #gone(code: string, text: string, cause?: Error): TransportError {
    return cause instanceof TransportError ? cause : new TransportError(code, this.transport.peer, text, cause)
  }
}
