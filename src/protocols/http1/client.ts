/** The client role of an HTTP/1.1 connection: requests go, responses come; pipelining is possible, order is kept. */

import { UsageError } from '../core/errors.js'
import { areOffered } from '../core/http-syntax.js'
import { Http1Engine } from './engine.js'
import type { Http1FaultCode } from './errors.js'
import type { Http1ClientEvent, InformEvent, ResponseEvent } from './events.js'
import { HalfInputs, HalfStates } from './lifecycle.js'
import type { Http1Limits } from './limits.js'
import { checkOctets, type FieldsToSend, lastChunk, linesOf, requestLine, sizeOf, writeChunk } from './writer.js'

/** What a client connection is given. */
export interface Http1ClientOptions {
  readonly limits?: Partial<Http1Limits>
}

/** What the response to a request depends on. */
interface Outstanding {
  readonly method: string
  /** The protocols that it offers to switch to; empty for none. */
  readonly upgrade: string
  /** How much input had come when the request was begun: its response stands behind that. */
  readonly begunAt: number
}

/**
 * One client connection (RFC 9112). Events: `inform`*, `response`, `data`*, `end` for each request in order. Commands
 * throw `UsageError` when they do not fit, and do nothing once the connection is over.
 */
export class Http1Client extends Http1Engine<Http1ClientEvent> {
  readonly #outstanding: Outstanding[] = []
  /** Octets of content that the request under way still owes; -1 while it is chunked. */
  #owed = 0
  #informs = 0
  #keepAlive = true
  #lastAnnounced = false

  constructor(options: Http1ClientOptions = {}) {
    super(options.limits)
    this.head.begin('response')
  }

  /** How many responses are still to come. */
  get outstanding(): number {
    return this.#outstanding.length
  }

  /** Sends a whole request. `fields` has Host; the engine adds the framing fields. */
  sendRequest(method: string, target: string, fields: FieldsToSend, body: string | Uint8Array = ''): void {
    if (this.over) return
    const size = sizeOf(body)
    this.#begin('sendRequest', method, target, fields, size)
    if (size > 0) {
      if (typeof body === 'string') this.out.utf8(body, size)
      else this.out.append(body)
    }
    this.#owed = 0
    this.#endRequest()
  }

  /** Sends a request head; `sendData` and `sendEnd` follow. `length` in octets; -1 for chunked content, 0 for none. */
  sendHead(method: string, target: string, fields: FieldsToSend, length = 0): void {
    if (this.over) return
    if (!Number.isSafeInteger(length) || length < -1) throw new UsageError('H1_LENGTH', `not a length: ${length}`)
    this.#begin('sendHead', method, target, fields, length)
  }

  /** Sends content. The octets belong to the engine from now on. */
  sendData(octets: Uint8Array): void {
    if (this.over) return
    this.step(this.sent, HalfInputs.data, 'sendData')
    checkOctets(octets)
    if (this.#owed < 0) {
      writeChunk(this.out, octets)
      return
    }
    if (octets.length > this.#owed)
      throw new UsageError('H1_LENGTH', `${octets.length - this.#owed} octets more than announced`)
    this.#owed -= octets.length
    if (octets.length > 0) this.out.append(octets)
  }

  /** Ends the request. Trailers need chunked content. */
  sendEnd(trailers: readonly string[] = []): void {
    if (this.over) return
    this.step(this.sent, HalfInputs.end, 'sendEnd')
    if (this.#owed > 0) throw new UsageError('H1_LENGTH', `${this.#owed} octets less than announced`)
    const last = lastChunk(trailers)
    if (this.#owed < 0) this.out.latin1(last)
    this.#endRequest()
  }

  /** The next request says `Connection: close` and is the last one (RFC 9112 section 9.6). */
  announceClose(): void {
    this.#lastAnnounced = true
  }

  /** Ends the connection once the outstanding responses have come; no further request can be begun. */
  close(): void {
    this.lastExchange = true
    if (!this.over && this.#outstanding.length === 0) this.conclude('local')
  }

  protected override next(): Http1ClientEvent | undefined {
    for (;;) {
      if (this.received === HalfStates.body) {
        if (this.held) return undefined
        return this.readBody()
      }
      if (this.received === HalfStates.switched) return undefined
      if (this.received === HalfStates.done) {
        if (!this.#nextExchange()) return undefined
      } else if (this.#outstanding.length === 0) {
        return this.#readNothing()
      } else if (!this.head.midway && this.#cameEarly()) {
        return this.fail('H1_RESPONSE_UNREQUESTED', this.input.position(this.input.at))
      } else {
        const read = this.readHead()
        if (read !== true) return read as Http1ClientEvent | undefined
        const event = this.#beginResponse()
        if (event !== undefined || this.over) return event
      }
    }
  }

  /** A response is due once its request is complete. Without one outstanding, there is nothing to wait for. */
  protected override waitMs(): number {
    if (this.#outstanding.length === 0) return this.limits.idleMs
    return this.#outstanding.length > 1 || this.sent !== HalfStates.body ? this.limits.responseMs : Infinity
  }

  protected override onWaitExpired(): void {
    if (this.#outstanding.length === 0) this.conclude('library')
    else this.fail('H1_RESPONSE_TIMEOUT', -1)
  }

  /** A server that has half-closed has said all it will. */
  protected override owesResponse(): boolean {
    return false
  }

  protected override onInputEnd(): undefined {
    return this.fail('H1_TRUNCATED_HEAD', this.input.position(this.input.end))
  }

  protected override answerFault(_code: Http1FaultCode): number {
    this.out.clear()
    return 0
  }

  /** Bytes without a request are not an answer to the next one (RFC 9112 section 9.2). */
  #readNothing(): undefined {
    if (this.input.size > 0) return this.fail('H1_RESPONSE_UNREQUESTED', this.input.position(this.input.at))
    return this.ended ? this.conclude('remote') : undefined
  }

  /**
   * What came before its request was begun answers nothing (RFC 9112 section 9.2): else a server could put a response
   * behind the last one, for whoever asks next on this connection.
   */
  #cameEarly(): boolean {
    const { input } = this
    return input.size > 0 && input.position(input.at) < this.#outstanding[0]!.begunAt
  }

  #beginResponse(): ResponseEvent | InformEvent | undefined {
    const { head, framing, limits } = this
    const { method, upgrade } = this.#outstanding[0]!
    const { status, reason, fields } = head
    const connected = method === 'CONNECT' && status >= 200 && status < 300
    if (status < 200 && status !== 101) return this.#inform()
    // What the server switches to must have been offered (RFC 9110 section 7.8).
    if (status === 101 && !areOffered(fields.get('upgrade') ?? '', upgrade))
      return this.fail('H1_UPGRADE_UNREQUESTED', this.input.position(this.input.at))
    const bodiless = method === 'HEAD' || status === 204 || status === 304 || status === 101 || connected
    const code = framing.readResponse(head, limits, bodiless, connected)
    if (code !== undefined) return this.fail(code, this.input.position(this.input.at))
    this.#keepAlive = framing.keepAlive
    const event: ResponseEvent = {
      type: 'response',
      status,
      reason,
      version: head.minor === 1 ? '1.1' : '1.0',
      fields,
      framing: framing.framing,
      contentLength: framing.contentLength,
      keepAlive: framing.keepAlive,
    }
    this.head.begin('response')
    this.#informs = 0
    if (status === 101 || connected) {
      this.received = HalfStates.switched
      if (this.#requestComplete()) this.handOver()
      return event
    }
    this.received = HalfStates.body
    this.body.begin(framing.framing, framing.contentLength)
    this.beginWait()
    return event
  }

  #inform(): InformEvent | undefined {
    const { status, reason, fields } = this.head
    if (++this.#informs > this.limits.informCountMax)
      return this.fail('H1_INFORMS_TOO_MANY', this.input.position(this.input.at), this.limits.informCountMax)
    this.head.begin('response')
    this.beginWait()
    return { type: 'inform', status, reason, fields }
  }

  /** The response is complete: true when the connection goes on. One whose request is not is of no further use. */
  #nextExchange(): boolean {
    this.#outstanding.shift()
    const incomplete = this.#outstanding.length === 0 && !this.#requestComplete()
    if (!this.#keepAlive || incomplete || (this.lastExchange && this.#outstanding.length === 0)) {
      this.conclude(this.#keepAlive ? 'local' : 'remote')
      return false
    }
    this.received = HalfStates.idle
    this.beginWait()
    return true
  }

  /** A request whose announced octets are all out is complete for the server, though `sendEnd` is still to come. */
  #requestComplete(): boolean {
    return this.sent !== HalfStates.body || this.#owed === 0
  }

  /** Writes a request head. Throws before anything has changed. */
  #begin(command: string, method: string, target: string, fields: FieldsToSend, length: number): void {
    const state = this.step(this.sent, HalfInputs.head, command)
    if (this.lastExchange) throw new UsageError('H1_STATE', `${command} does not fit: the connection is closing`)
    const line = requestLine(method, target)
    const lines = linesOf(fields)
    if (!lines.hasHost) throw new UsageError('H1_HOST', 'a request has a Host field')
    // RFC 9110 sections 9.3.6, 9.3.8 and 10.1.1.
    if (length !== 0 && (method === 'CONNECT' || method === 'TRACE'))
      throw new UsageError('H1_CONTENT', `${method} has no content`)
    if (length === 0 && lines.hasExpect) throw new UsageError('H1_CONTENT', 'an expectation needs content')
    const options = this.#lastAnnounced ? `, close${lines.options}` : lines.options
    const connection = options === '' ? '' : `Connection: ${options.slice(2)}\r\n`
    this.out.latin1(line + lines.text + sizing(method, length) + connection + '\r\n')
    if (this.#outstanding.length === 0) this.beginWait()
    this.#outstanding.push({ method, upgrade: lines.upgrade, begunAt: this.input.position(this.input.end) })
    this.#owed = length
    this.sent = state
    this.lastExchange = this.#lastAnnounced
  }

  #endRequest(): void {
    this.sent = HalfStates.idle
    // The new protocol cannot begin inside our message (RFC 9110 section 7.8).
    if (this.received === HalfStates.switched) return this.handOver()
    if (this.#outstanding.length === 1) this.beginWait()
  }
}

const EXPECTS_CONTENT: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH', 'QUERY'])

/** The framing fields of a request (RFC 9112 section 6); a method that expects content says so when there is none. */
function sizing(method: string, length: number): string {
  if (length < 0) return 'Transfer-Encoding: chunked\r\n'
  return length > 0 || EXPECTS_CONTENT.has(method) ? `Content-Length: ${length}\r\n` : ''
}
