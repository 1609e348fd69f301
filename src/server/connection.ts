/**
 * An HTTP/1.1 connection of the server: turns the events of the engine into exchanges, and their answers into commands.
 */

import { Driver, type DriverHandler } from '../io/driver.js'
import { type Endpoint, type Transport, TransportError } from '../io/transport.js'
import { clock } from '../io/clock.js'
import type { Fields } from '../protocols/core/fields.js'
import { http1Faults } from '../protocols/http1/errors.js'
import type { Http1FatalEvent, Http1ServerEvent, RequestEvent } from '../protocols/http1/events.js'
import type { Http1Limits } from '../protocols/http1/limits.js'
import { Http1Server } from '../protocols/http1/server.js'
import type { FieldsToSend } from '../protocols/http1/writer.js'
import type { Exchange } from './exchange.js'
import { RequestBody } from './request-body.js'
import type { TransactionId, TransactionIds } from './transaction-id.js'

/** Output from which a producer waits, and below which it goes on. */
const HIGH_WATER_BYTES = 65_536

/** Who answers exchanges and keeps track of connections. */
export interface ConnectionOwner {
  /** A request came. */
  onExchange(exchange: Http1Exchange): void
  /** An exchange is over: answered, or lost. */
  onExchangeOver(exchange: Http1Exchange): void
  /** A request was refused by the engine, with this status, before it was complete. */
  onRefused(connection: Http1Connection, status: number): void
  /** Gives the ids of requests. */
  readonly transactionIds: TransactionIds
  /** A connection is gone; `error` when not in order: a `TransportError`, or what was thrown by mistake. */
  onConnectionClosed(connection: Http1Connection, error: Error | undefined): void
}

/** One connection. */
export class Http1Connection implements DriverHandler<Http1ServerEvent> {
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

  /** Whether no request is under way. */
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

  /** Ends the connection where it stands. */
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
      exchange.lose(new TransportError(event.code, this.driver.transport.peer, http1Faults[event.code].text))
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
    this.#exchange?.lose(error ?? new TransportError('PEER_GONE', this.driver.transport.peer, 'the client is gone'))
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

/** One request and its response over HTTP/1.1. */
export class Http1Exchange implements Exchange {
  readonly connection: Http1Connection
  readonly request: RequestEvent
  readonly body: RequestBody
  /** Which request of its connection it is, from 1 on. */
  readonly number: number
  /** When the request came, in milliseconds of `performance`; 0 when nobody asks. */
  startedAt = 0
  /** When the response head was sent. */
  answeredAt = 0
  status = 0
  responseBytes = 0
  left = false
  over = false
  answered = false
  /** The response under way is delimited by the end of the connection: only a reset shows that it is incomplete. */
  endsWithConnection = false

  #transaction: TransactionId | undefined
  #onLeft: (() => void)[] | undefined
  #onLost: (() => void)[] | undefined
  #onDrained: (() => void)[] | undefined

  constructor(connection: Http1Connection, request: RequestEvent) {
    this.connection = connection
    this.request = request
    this.number = connection.requests
    this.body = new RequestBody(this, request.contentLength)
  }

  get method(): string {
    return this.request.method
  }

  get target(): string {
    return this.request.target
  }

  get authority(): string {
    return this.request.authority
  }

  get version(): string {
    return this.request.version
  }

  get fields(): Fields {
    return this.request.fields
  }

  get encrypted(): boolean {
    return this.connection.driver.transport.encrypted
  }

  get peer(): Endpoint {
    return this.connection.driver.transport.peer
  }

  get transaction(): TransactionId {
    const { owner, id } = this.connection
    this.#transaction ??= owner.transactionIds.of(this.fields, id, this.number)
    return this.#transaction
  }

  get outputBytes(): number {
    return this.connection.engine.outputBytes
  }

  inform(status: number, fields: FieldsToSend): void {
    this.#engine()?.sendInform(status, fields)
  }

  send(status: number, fields: FieldsToSend, body: string | Uint8Array): void {
    const engine = this.#engine()
    if (engine === undefined) return
    engine.sendResponse(status, fields, body)
    this.answered = true
    this.status = status
    // Only the log asks.
    if (this.startedAt > 0 && this.method !== 'HEAD') this.responseBytes = Buffer.byteLength(body)
    this.#finish()
  }

  sendHead(status: number, fields: FieldsToSend, length: number): void {
    const engine = this.#engine()
    if (engine === undefined) return
    engine.sendHead(status, fields, length)
    this.answered = true
    this.status = status
    this.endsWithConnection = length < 0 && this.version === '1.0' && this.method !== 'HEAD'
    if (this.startedAt > 0) this.answeredAt = performance.now()
  }

  sendData(octets: Uint8Array): void {
    const engine = this.#engine()
    if (engine === undefined) return
    engine.sendData(octets)
    this.responseBytes += octets.length
  }

  sendEnd(trailers?: readonly string[]): void {
    const engine = this.#engine()
    if (engine === undefined) return
    engine.sendEnd(trailers)
    this.#finish()
  }

  abort(): void {
    if (this.over) return
    this.connection.cut()
  }

  drained(): Promise<void> {
    if (this.over || this.outputBytes < HIGH_WATER_BYTES) return Promise.resolve()
    return new Promise((resolve) => {
      this.#onDrained ??= []
      this.#onDrained.push(resolve)
    })
  }

  onLeft(listener: () => void): void {
    if (this.left) listener()
    else if (!this.over) (this.#onLeft ??= []).push(listener)
  }

  onLost(listener: () => void): void {
    if (!this.over) (this.#onLost ??= []).push(listener)
  }

  /** The client has closed its side, or is gone. */
  leave(): void {
    if (this.left) return
    this.left = true
    const listeners = this.#onLeft
    this.#onLeft = undefined
    if (listeners !== undefined) for (const listener of listeners) listener()
  }

  /** The connection is lost before the response was complete. */
  lose(error: Error): void {
    if (this.over) return
    this.leave()
    this.body.fail(error)
    this.#finish()
    for (const listener of this.#onLost ?? []) listener()
  }

  /** Output was written: producers go on when little is left. */
  flushed(): void {
    if (this.#onDrained !== undefined && (this.over || this.outputBytes < HIGH_WATER_BYTES)) this.#resolveDrained()
  }

  /** For the body: pauses the flow of content. */
  hold(hold: boolean): void {
    this.#engine()?.holdBody(hold)
  }

  /**
   * For the body: the handler wants the content now. Behind the head of the response there is no place to ask for it.
   */
  begin(): void {
    if (this.request.expectContinue && !this.answered) this.#engine()?.sendContinue()
  }

  #engine(): Http1Server | undefined {
    if (this.over) return undefined
    this.connection.driver.enter()
    return this.connection.engine
  }

  #finish(): void {
    // The content of the next request must not wait for a reader of this one.
    if (this.body.holding) this.hold(false)
    this.over = true
    this.#resolveDrained()
    // Whoever still reads the content of an answered request will not get it whole.
    if (!this.body.complete) this.body.fail(new Error('the request was answered before it was read'))
    this.connection.release(this)
  }

  #resolveDrained(): void {
    const waiting = this.#onDrained
    this.#onDrained = undefined
    if (waiting !== undefined) for (const resolve of waiting) resolve()
  }
}
