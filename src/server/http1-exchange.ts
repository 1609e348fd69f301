/** One request and its response over HTTP/1.1. */

import type { RequestEvent } from '../protocols/http1/events.js'
import type { Http1Server } from '../protocols/http1/server.js'
import { FieldLines, type FieldsToSend } from '../protocols/http1/writer.js'
import { isPersistenceField, withoutFields } from './connection-fields.js'
import type { StreamTaker } from './exchange.js'
import { ExchangeBase } from './exchange-base.js'
import type { Http1Connection } from './http1-connection.js'
import type { SwitchedConnection } from './switched-connection.js'

/** An exchange over HTTP/1.1. */
export class Http1Exchange extends ExchangeBase {
  connection: Http1Connection | SwitchedConnection
  readonly request: RequestEvent
  /** The response under way is delimited by the end of the connection: only a reset shows that it is incomplete. */
  endsWithConnection = false

  /** Who gets the connection as a byte stream. */
  #taker: StreamTaker | undefined
  /** What carries requests and responses; nothing does any more once the connection was switched. */
  #http: Http1Connection | undefined

  constructor(connection: Http1Connection, request: RequestEvent) {
    super(connection.requests)
    this.connection = connection
    this.#http = connection
    this.request = request
  }

  get version(): string {
    return this.request.version
  }

  get upgrade(): string {
    return this.request.upgrade
  }

  get outputBytes(): number {
    return this.#http?.engine.outputBytes ?? 0
  }

  inform(status: number, fields: FieldsToSend): void {
    this.#engine()?.sendInform(status, sendable(fields))
  }

  send(status: number, fields: FieldsToSend, body: string | Uint8Array, reason?: string): void {
    const engine = this.#engine()
    if (engine === undefined) return
    engine.sendResponse(status, sendable(fields), body, reason)
    this.answered = true
    this.status = status
    // Only the log asks.
    if (this.startedAt > 0 && this.method !== 'HEAD') this.responseBytes = Buffer.byteLength(body)
    this.finish()
  }

  sendHead(status: number, fields: FieldsToSend, length: number, reason?: string): void {
    const engine = this.#engine()
    if (engine === undefined) return
    engine.sendHead(status, sendable(fields), length, reason)
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
    this.finish()
  }

  accept(fields: FieldsToSend, take: StreamTaker): void {
    const engine = this.#engine()
    if (engine === undefined) return
    engine.sendHead(101, sendable(fields))
    this.#taker = take
    this.answered = true
    this.status = 101
    if (this.startedAt > 0) this.answeredAt = performance.now()
  }

  /** Whether somebody waits for the byte stream. */
  get switching(): boolean {
    return this.#taker !== undefined
  }

  /** For the connection: it is a byte stream now; `rest` came on it already. */
  switched(connection: SwitchedConnection, rest: Uint8Array): void {
    const take = this.#taker!
    this.#taker = undefined
    this.#http = undefined
    this.connection = connection
    // It may live for days, and nobody may ever ask for a field again.
    this.request.fields.compact()
    take(connection.transport, rest)
  }

  abort(): void {
    if (this.over) return
    this.connection.cut()
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

  /** For the body: what makes room is `hold`. */
  consume(_octets: number): void {}

  protected release(): void {
    this.connection.release(this)
  }

  #engine(): Http1Server | undefined {
    const http = this.#http
    if (this.over || http === undefined) return undefined
    http.driver.enter()
    return http.engine
  }
}

/** The fields without those that say how long the connection lives: that is the engine's to say. */
function sendable(fields: FieldsToSend): FieldsToSend {
  return fields instanceof FieldLines ? fields : withoutFields(fields, isPersistenceField)
}
