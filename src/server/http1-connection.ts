/**
 * An HTTP/1.1 connection of the server: turns the events of the engine into exchanges, and their answers into commands.
 */

import { Driver, type DriverHandler } from '../io/driver.js'
import { type Transport, TransportError } from '../io/transport.js'
import { clock } from '../io/clock.js'
import { http1Faults } from '../protocols/http1/errors.js'
import type { Http1FatalEvent, Http1ServerEvent, RequestEvent } from '../protocols/http1/events.js'
import type { Http1Limits } from '../protocols/http1/limits.js'
import { Http1Server } from '../protocols/http1/server.js'
import type { Fields } from '../protocols/core/fields.js'
import type { UpgradedRequest } from '../protocols/http2/server.js'
import type { Connection, ConnectionOwner } from './connection.js'
import { H2cUpgrade, type Http2Taker } from './h2c-upgrade.js'
import { Http1Exchange } from './http1-exchange.js'
import { SwitchedConnection } from './switched-connection.js'

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
  /** Who takes the connection when the client wants HTTP/2; nobody does where it is not offered. */
  readonly #takeHttp2: Http2Taker | undefined
  /** The request that asks for HTTP/2 and is not complete yet. */
  #upgrade: H2cUpgrade | undefined
  #upgraded: UpgradedRequest | undefined
  /** What came behind the last message, when the connection was handed over. */
  #rest: Uint8Array | undefined
  #closing = false

  constructor(
    transport: Transport,
    owner: ConnectionOwner,
    id: number,
    limits: Http1Limits,
    takeHttp2: Http2Taker | undefined = undefined,
  ) {
    this.owner = owner
    this.id = id
    this.#takeHttp2 = takeHttp2
    this.engine = new Http1Server({ date: clock.date, limits, preface: takeHttp2 !== undefined })
    this.driver = new Driver(transport, this.engine, this)
  }

  start(): void {
    this.driver.start()
  }

  get transport(): Transport {
    return this.driver.transport
  }

  get idle(): boolean {
    return this.#exchange === undefined && this.#upgrade === undefined
  }

  /** The next response, or the one under way, is the last one. */
  announceClose(): void {
    this.#closing = true
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
        if (event.upgrade !== '' && this.#mayUpgrade(event)) return
        this.#exchange = new Http1Exchange(this, event)
        this.owner.onExchange(this.#exchange)
        return
      case 'data':
        if (this.#exchange !== undefined) this.#exchange.body.push(event.bytes)
        else if (this.#upgrade?.add(event.bytes) === false) this.#stay(this.#upgrade)
        return
      case 'end':
        if (this.#exchange !== undefined) this.#exchange.endContent(event.trailers)
        else if (this.#upgrade !== undefined) this.#endUpgrade(this.#upgrade, event.trailers)
        return
      case 'halfClose':
        this.#exchange?.leave()
        return
      case 'fatal':
        this.#fault(event)
        return
      case 'handover':
        this.#rest = event.rest
        return
      case 'closed':
        return
    }
  }

  /** Whether a request asks for HTTP/2 and may get it: then its content is awaited. */
  #mayUpgrade(request: RequestEvent): boolean {
    if (this.#takeHttp2 === undefined || this.#closing) return false
    this.#upgrade = H2cUpgrade.of(request)
    if (this.#upgrade === undefined) return false
    if (request.expectContinue) this.engine.sendContinue()
    return true
  }

  #endUpgrade(upgrade: H2cUpgrade, trailers: Fields): void {
    // There is no place for trailers in what HTTP/2 goes on with, and none must be lost.
    if (trailers.count > 0 || this.#closing) {
      this.#stay(upgrade).endContent(trailers)
      return
    }
    this.#upgraded = upgrade.upgraded()
    this.engine.sendHead(101, ['Upgrade', 'h2c'])
  }

  /** Serves the request over HTTP/1.1, with the content that came. */
  #stay(upgrade: H2cUpgrade): Http1Exchange {
    this.#upgrade = undefined
    const exchange = new Http1Exchange(this, upgrade.request)
    this.#exchange = exchange
    for (const piece of upgrade.pieces) exchange.body.push(piece)
    this.owner.onExchange(exchange)
    return exchange
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
   * An exchange was switched, or the client wants HTTP/2. Otherwise only an answer 2xx to CONNECT would hand the
   * connection over; were it sent, nobody would take the transport, and it must not be left behind.
   */
  onReleased(transport: Transport): void {
    const rest = this.#rest
    const exchange = this.#exchange
    if (exchange?.switching === true && rest !== undefined) {
      const connection = new SwitchedConnection(this, transport)
      this.owner.onConnectionSwitched(this, connection)
      exchange.switched(connection, rest)
      return
    }
    if (this.#takeHttp2 !== undefined && rest !== undefined) {
      this.#takeHttp2(this, transport, rest, this.#upgraded)
      return
    }
    transport.destroy()
    this.onClosed(undefined)
  }

  /** The exchange is over: the next one may come. */
  release(exchange: Http1Exchange): void {
    if (this.#exchange === exchange) this.#exchange = undefined
    this.owner.onExchangeOver(exchange)
  }
}
