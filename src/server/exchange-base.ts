/** What exchanges of all protocol versions share: their state, and who is told when it changes. */

import type { ClientCertificate } from '../io/client-certificate.js'
import type { Endpoint } from '../io/transport.js'
import type { Fields } from '../protocols/core/fields.js'
import type { FieldsToSend } from '../protocols/http1/writer.js'
import type { Connection } from './connection.js'
import type { Exchange, StreamTaker } from './exchange.js'
import { type BodySource, RequestBody } from './request-body.js'
import type { TransactionId } from './transaction-id.js'
import type { Origin } from './trusted-proxies.js'

/** Output from which a producer waits, and below which it goes on. */
const HIGH_WATER_BYTES = 65_536

/** What every version tells of a request. */
interface RequestHead {
  readonly method: string
  readonly target: string
  readonly authority: string
  readonly fields: Fields
  /** The declared length of the content in octets; 0 without content, -1 when unknown. */
  readonly contentLength: number
}

/** One request and its response. */
export abstract class ExchangeBase implements Exchange, BodySource {
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

  /** Made when somebody asks for it: most requests have no content. */
  #body: RequestBody | undefined
  /** What came on the byte stream, once that is over. */
  #streamBytes = 0
  #transaction: TransactionId | undefined
  #origin: Origin | undefined
  #onLeft: (() => void)[] | undefined
  #onLost: (() => void)[] | undefined
  #onOver: (() => void)[] | undefined
  #onDrained: (() => void)[] | undefined

  constructor(number: number) {
    this.number = number
  }

  abstract readonly connection: Connection
  abstract readonly request: RequestHead
  abstract readonly version: string
  abstract readonly upgrade: string
  abstract readonly outputBytes: number
  abstract inform(status: number, fields: FieldsToSend): void
  abstract send(status: number, fields: FieldsToSend, body: string | Uint8Array, reason?: string): void
  abstract sendHead(status: number, fields: FieldsToSend, length: number, reason?: string): void
  abstract sendData(octets: Uint8Array): void
  abstract sendEnd(trailers?: readonly string[]): void
  abstract accept(fields: FieldsToSend, take: StreamTaker): void
  abstract abort(): void
  abstract hold(hold: boolean): void
  abstract begin(): void
  abstract consume(octets: number): void
  /** The connection forgets the exchange, which is over; `body` is what came of its content, if somebody saw it. */
  protected abstract release(body: RequestBody | undefined): void

  get body(): RequestBody {
    if (this.#body === undefined) {
      this.#body = new RequestBody(this, this.request.contentLength)
      if (this.over) this.#failBody(this.#body)
    }
    return this.#body
  }

  /** The content is complete. */
  endContent(trailers: Fields): void {
    if (this.request.contentLength !== 0 || trailers.count > 0) this.body.end(trailers)
  }

  /** Octets of content that came. */
  get requestBytes(): number {
    return this.#streamBytes || (this.#body?.bytes ?? 0)
  }

  endStream(bytesReceived: number, bytesSent: number): void {
    if (this.over) return
    this.leave()
    this.#streamBytes = bytesReceived
    this.responseBytes = bytesSent
    this.finish()
  }

  get method(): string {
    return this.request.method
  }

  get contentLength(): number {
    return this.request.contentLength
  }

  get target(): string {
    return this.request.target
  }

  get authority(): string {
    return this.request.authority
  }

  get fields(): Fields {
    return this.request.fields
  }

  get headers(): Fields {
    return this.fields
  }

  get pushed(): boolean {
    return false
  }

  get encrypted(): boolean {
    return this.connection.transport.encrypted
  }

  get peer(): Endpoint {
    return this.connection.transport.peer
  }

  /** What trusted proxies say; undefined without any. Read when somebody asks, and once. */
  get origin(): Origin | undefined {
    const { proxies } = this.connection.owner
    if (proxies === undefined) return undefined
    this.#origin ??= proxies.originOf(this.peer.address, this.fields)
    return this.#origin
  }

  /** A promised request comes from where the one has come from that it was promised with. */
  protected comeAs({ origin }: ExchangeBase): void {
    this.#origin = origin
  }

  get clientAddress(): string {
    return this.origin?.address ?? this.peer.address
  }

  get scheme(): 'http' | 'https' {
    return this.origin?.scheme ?? (this.encrypted ? 'https' : 'http')
  }

  get host(): string {
    return this.origin?.host ?? this.authority
  }

  get clientCertificate(): ClientCertificate | undefined {
    return this.connection.transport.clientCertificate
  }

  get transaction(): TransactionId {
    const { owner, id } = this.connection
    this.#transaction ??= owner.transactionIds.of(this.fields, id, this.number)
    return this.#transaction
  }

  drained(): Promise<void> {
    if (this.over || this.outputBytes < HIGH_WATER_BYTES) return Promise.resolve()
    if (this.#onDrained === undefined) this.awaitFlush()
    this.#onDrained ??= []
    const waiting = this.#onDrained
    return new Promise((resolve) => waiting.push(resolve))
  }

  onLeft(listener: () => void): void {
    if (this.left) listener()
    else if (!this.over) (this.#onLeft ??= []).push(listener)
  }

  onLost(listener: () => void): void {
    if (!this.over) (this.#onLost ??= []).push(listener)
  }

  onOver(listener: () => void): void {
    if (this.over) listener()
    else (this.#onOver ??= []).push(listener)
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
    if (this.request.contentLength !== 0) this.body.fail(error)
    this.finish()
    for (const listener of this.#onLost ?? []) listener()
  }

  /** Output was written: producers go on when little is left. Gives whether nobody waits any more. */
  flushed(): boolean {
    if (this.#onDrained === undefined) return true
    if (!this.over && this.outputBytes >= HIGH_WATER_BYTES) return false
    this.#resolveDrained()
    return true
  }

  /** Nothing is promised where the version, or the client, has no pushes. */
  push(_target: string): void {}

  /** Somebody waits for `flushed`. */
  awaitFlush(): void {}

  /** Nothing more can be sent: the response is complete, or lost. */
  protected finish(): void {
    const body = this.#body
    // The content of the next request must not wait for a reader of this one.
    if (body?.holding === true) this.hold(false)
    this.over = true
    this.#resolveDrained()
    if (body !== undefined) this.#failBody(body)
    this.release(body)
    const listeners = this.#onOver
    this.#onOver = undefined
    if (listeners !== undefined) for (const listener of listeners) listener()
  }

  /** Whoever still reads the content of an answered request will not get it whole. */
  #failBody(body: RequestBody): void {
    if (!body.complete) body.fail(new Error('the request was answered before it was read'))
  }

  #resolveDrained(): void {
    const waiting = this.#onDrained
    this.#onDrained = undefined
    if (waiting !== undefined) for (const resolve of waiting) resolve()
  }
}
