/**
 * An HTTP/1.1 connection of the server: turns the events of the engine into exchanges, and their answers into commands.
 */

import { Driver, type DriverHandler } from '../io/driver.js'
import { type Transport, TransportError } from '../io/transport.js'
import { clock } from '../io/clock.js'
import { http1Faults } from '../protocols/http1/errors.js'
import type { Http1FatalEvent, Http1ServerEvent } from '../protocols/http1/events.js'
import type { Http1Limits } from '../protocols/http1/limits.js'
import { Http1Server } from '../protocols/http1/server.js'
import type { Connection, ConnectionOwner } from './connection.js'
import { Http1Exchange } from './http1-exchange.js'

/** One connection. */
export class Http1Connection implements Connection, DriverHandler<Http1ServerEvent> {
  readonly engine: Http1Server
  readonly driver: Driver<Http1ServerEvent>
  readonly owner: ConnectionOwner
  /** A number of its own within the process. */
  readonly id: number
  /** Requests so far. */
  requests = 0

  #exchange: Http1Exchange | undefined

  constructor(transport: Transport, owner: ConnectionOwner, id: number, limits: Http1Limits) {
    this.owner = owner
    this.id = id
    this.engine = new Http1Server({ date: clock.date, limits })
    this.driver = new Driver(transport, this.engine, this)
  }

  get transport(): Transport {
    return this.driver.transport
  }

  get idle(): boolean {
    return this.#exchange === undefined
  }

  /** The next response, or the one under way, is the last one. */
  announceClose(): void {
    this.engine.announceClose()
  }

  /** Answers what is under way with `Connection: close`, then ends; at once when nothing is. */
  close(): void {
    this.driver.enter()
    this.engine.close()
  }

  cut(): void {
    this.driver.cut(this.#exchange?.endsWithConnection ?? false)
  }

  onEvent(event: Http1ServerEvent): void {
    switch (event.type) {
      case 'request':
        this.requests++
        this.#exchange = new Http1Exchange(this, event)
        this.owner.onExchange(this.#exchange)
        return
      case 'data':
        this.#exchange?.body.push(event.bytes)
        return
      case 'end':
        this.#exchange?.body.end(event.trailers)
        return
      case 'halfClose':
        this.#exchange?.leave()
        return
      case 'fatal':
        this.#fault(event)
        return
      case 'closed':
      case 'handover':
        return
    }
  }

  #fault(event: Http1FatalEvent): void {
    const exchange = this.#exchange
    const reset = exchange?.endsWithConnection ?? false
    if (exchange !== undefined) {
      exchange.status ||= event.wireCode
      exchange.lose(new TransportError(event.code, this.transport.peer, http1Faults[event.code].text))
    } else if (event.wireCode > 0) {
      this.owner.onRefused(this, event.wireCode)
    }
    // There is no answer that the peer could take, and an end in order would look like the end of the content.
    if (event.wireCode === 0) this.driver.cut(reset)
  }

  onFlushed(): void {
    this.#exchange?.flushed()
  }

  onClosed(error: Error | undefined): void {
    this.#exchange?.lose(error ?? new TransportError('PEER_GONE', this.transport.peer, 'the client is gone'))
    this.owner.onConnectionClosed(this, error)
  }

  /**
   * No protocol is offered to switch to, and answers are 200..599: only an answer 2xx to CONNECT would hand the
   * connection over. Were it sent, nobody would take the transport, and it must not be left behind.
   */
  onReleased(transport: Transport): void {
    transport.destroy()
    this.onClosed(undefined)
  }

  /** The exchange is over: the next one may come. */
  release(exchange: Http1Exchange): void {
    if (this.#exchange === exchange) this.#exchange = undefined
    this.owner.onExchangeOver(exchange)
  }
}
