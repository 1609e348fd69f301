/** One request and its response on a stream of HTTP/2. */

import { UsageError } from '../protocols/core/errors.js'
import { Fields } from '../protocols/core/fields.js'
import { FieldLines, type FieldsToSend } from '../protocols/http1/writer.js'
import { ErrorCodes } from '../protocols/http2/errors.js'
import type { RequestEvent } from '../protocols/http2/events.js'
import type { Http2Server } from '../protocols/http2/server.js'
import { type StreamCarrier, StreamTransport } from '../io/stream-transport.js'
import type { TransportError } from '../io/transport.js'
import { isConnectionField, withoutFields } from './connection-fields.js'
import type { StreamTaker } from './exchange.js'
import { ExchangeBase } from './exchange-base.js'
import type { Http2Connection } from './http2-connection.js'
import type { RequestBody } from './request-body.js'

/** What is told of a request, sent or promised. */
type RequestHead = Pick<
  RequestEvent,
  'streamId' | 'method' | 'scheme' | 'authority' | 'target' | 'protocol' | 'fields' | 'contentLength' | 'expectContinue'
>

/** Promises that one request may have; more are not made. */
const PUSHES_MAX = 32

/** Fields of a request that its pushed responses depend on, as well. */
const PUSHED_FIELDS = ['accept-encoding', 'accept-language', 'cookie', 'user-agent'] as const

/** An exchange over HTTP/2. */
export class Http2Exchange extends ExchangeBase implements StreamCarrier {
  readonly connection: Http2Connection
  readonly request: RequestHead
  readonly streamId: number
  /** Somebody has the request. */
  dispatched = false

  readonly #pushed: boolean
  #headers: Fields | undefined
  #pushes = 0
  /** What the exchange was switched to. */
  #stream: StreamTransport | undefined
  /** The client has taken the request back, and its handler does not know yet: its place is not free. */
  #working = false

  /** `parent` is the exchange that this one is promised with; undefined for what a client has asked. */
  constructor(connection: Http2Connection, request: RequestHead, parent?: Http2Exchange) {
    super(++connection.requests)
    this.connection = connection
    this.request = request
    this.streamId = request.streamId
    this.#pushed = parent !== undefined
    if (parent !== undefined) this.comeAs(parent)
  }

  get version(): string {
    return '2.0'
  }

  override get pushed(): boolean {
    return this.#pushed
  }

  /** As over HTTP/1.1, Host is among them (RFC 9113 section 8.3.1). */
  override get headers(): Fields {
    this.#headers ??= this.fields.has('host')
      ? this.fields
      : Fields.of(['host', this.authority, ...this.fields.toList()])
    return this.#headers
  }

  get upgrade(): string {
    return this.request.protocol
  }

  get outputBytes(): number {
    return this.connection.engine.queuedBytes(this.streamId)
  }

  inform(status: number, fields: FieldsToSend): void {
    if (this.pushed) return
    this.#engine()?.sendInform(this.streamId, status, sendable(fields))
  }

  send(status: number, fields: FieldsToSend, body: string | Uint8Array): void {
    const engine = this.#answering()
    if (engine === undefined) return
    engine.sendResponse(this.streamId, status, sendable(fields), body)
    this.answered = true
    this.status = status
    // Only the log asks.
    if (this.startedAt > 0 && this.method !== 'HEAD') this.responseBytes = Buffer.byteLength(body)
    this.finish()
  }

  sendHead(status: number, fields: FieldsToSend, length: number): void {
    const engine = this.#answering()
    if (engine === undefined) return
    engine.sendHead(this.streamId, status, sendable(fields), length)
    this.answered = true
    this.status = status
    if (this.startedAt > 0) this.answeredAt = performance.now()
  }

  sendData(octets: Uint8Array): void {
    const engine = this.#engine()
    if (engine === undefined) return
    engine.sendData(this.streamId, octets)
    this.responseBytes += octets.length
  }

  sendEnd(trailers?: readonly string[]): void {
    const engine = this.#engine()
    if (engine === undefined) return
    engine.sendEnd(this.streamId, trailers)
    this.finish()
  }

  accept(fields: FieldsToSend, take: StreamTaker): void {
    if (this.upgrade === '') throw new UsageError('H2_STATE', 'accept does not fit: the request is no extended CONNECT')
    const engine = this.#answering()
    if (engine === undefined) return
    engine.sendHead(this.streamId, 200, sendable(fields))
    this.answered = true
    this.status = 200
    if (this.startedAt > 0) this.answeredAt = performance.now()
    const rest = this.body.takeQueued()
    this.consume(rest.length)
    this.#stream = new StreamTransport(this)
    if (this.body.complete) this.#stream.receiveEnd()
    take(this.#stream, rest)
  }

  /** Octets of content came, valid during the call. */
  receive(octets: Uint8Array): void {
    if (this.#stream === undefined) this.body.push(octets)
    else this.#stream.push(octets)
  }

  override endContent(trailers: Fields): void {
    if (this.#stream === undefined) super.endContent(trailers)
    else this.#stream.receiveEnd()
  }

  /** For the byte stream: half-closes. */
  endOutput(): void {
    this.#engine()?.sendEnd(this.streamId)
  }

  /** For the byte stream: ends it at once (RFC 8441 section 5). */
  resetStream(complete: boolean): void {
    this.#engine()?.reset(this.streamId, complete ? ErrorCodes.NO_ERROR : ErrorCodes.CANCEL)
  }

  override flushed(): boolean {
    return this.#stream === undefined ? super.flushed() : this.#stream.flushed()
  }

  /** Resets the stream: the connection lives on. */
  abort(): void {
    const engine = this.#answering()
    if (engine === undefined) return
    engine.reset(this.streamId, ErrorCodes.INTERNAL_ERROR)
    this.lose(new Error('the response was broken off'))
  }

  override awaitFlush(): void {
    this.connection.await(this)
  }

  override push(target: string): void {
    if (this.over || this.pushed || this.authority === '' || this.#pushes === PUSHES_MAX) return
    this.#pushes++
    const { scheme, authority } = this.request
    const fields: string[] = []
    for (const name of PUSHED_FIELDS) {
      const value = this.fields.get(name)
      if (value !== undefined) fields.push(name, value)
    }
    fields.push('referer', `${scheme}://${authority}${this.target}`)
    this.connection.push(this, target, fields)
  }

  /** The stream is gone before the response was complete. */
  drop(error: TransportError): void {
    if (this.#stream !== undefined) return this.#stream.lose(error)
    this.#working = !this.answered
    this.lose(error)
  }

  /** For the body: what bounds content that nobody reads is the window. */
  hold(): void {}

  /** For the body: the handler wants the content now. */
  begin(): void {
    if (this.request.expectContinue && !this.answered) this.#engine()?.sendContinue(this.streamId)
  }

  /** For the body: octets were taken, the windows open for others. */
  consume(octets: number): void {
    if (octets > 0) this.#engine()?.consume(this.streamId, octets)
  }

  protected release(body: RequestBody | undefined): void {
    const { connection } = this
    // What nobody will read any more must not keep the window of the connection shut.
    if (body !== undefined && body.queuedBytes > 0) connection.engine.consume(this.streamId, body.queuedBytes)
    connection.release(this)
  }

  #engine(): Http2Server | undefined {
    if (this.over) return undefined
    this.connection.driver.enter()
    return this.connection.engine
  }

  /** The engine for an answer. When the client has taken its request back, the answer at least frees its place. */
  #answering(): Http2Server | undefined {
    if (this.#working) {
      this.#working = false
      this.connection.driver.enter()
      this.connection.engine.release(this.streamId)
    }
    return this.#engine()
  }
}

/** The fields as a list that HTTP/2 can carry. What the engine writes itself it refuses, as that of HTTP/1.1 does. */
function sendable(fields: FieldsToSend): readonly string[] {
  return withoutFields(fields instanceof FieldLines ? fields.list : fields, isConnectionField)
}
