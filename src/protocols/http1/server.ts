/** The server role of an HTTP/1.1 connection: requests come, responses go, one exchange at a time and in order. */

import { UsageError } from '../core/errors.js'
import { areOffered, isFieldValue } from '../core/http-syntax.js'
import { Http1Engine } from './engine.js'
import { http1Faults, type Http1FaultCode } from './errors.js'
import type { HalfCloseEvent, Http1ServerEvent, RequestEvent } from './events.js'
import { HalfInputs, HalfStates } from './lifecycle.js'
import type { Http1Limits } from './limits.js'
import {
  checkOctets,
  type FieldLines,
  type FieldsToSend,
  lastChunk,
  linesOf,
  sizeOf,
  statusLine,
  writeChunk,
} from './writer.js'

const HALF_CLOSE: HalfCloseEvent = Object.freeze({ type: 'halfClose' })
const CRLF = '\r\n'

/** Bodies of text up to this size leave in one write with the head. */
const INLINE_CHARS_MAX = 4096

/** What a server connection is given. */
export interface Http1ServerOptions {
  /**
   * The value of Date now, an IMF-fixdate (RFC 9110 section 5.6.7). Called for each response: keep the text for a
   * second.
   */
  readonly date: () => string
  readonly limits?: Partial<Http1Limits>
  /**
   * Hands a connection over that begins with the preface of HTTP/2 (RFC 9113 section 3.4): `rest` of the event is all
   * input, the preface included. Default false: then the preface is what it is in HTTP/1.1, a request of an unknown
   * version.
   */
  readonly preface?: boolean
}

/** What an HTTP/2 connection begins with (RFC 9113 section 3.4). */
const HTTP2_PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'

/** Octets that the application still owes: a length, or what the framing says. */
const Unsized = { chunked: -1, close: -2, none: -3 } as const

/**
 * One server connection (RFC 9112). Events: `request`, `data`*, `end`, then the answer is awaited; the next request is
 * read when the answer is complete. Commands throw `UsageError` when they do not fit, and do nothing once the
 * connection is over.
 */
export class Http1Server extends Http1Engine<Http1ServerEvent> {
  readonly #date: () => string
  #dateValue = ''
  #dateLine = ''
  #first = true
  /** What came so far may be the preface of HTTP/2. */
  #preface: boolean
  /** The request is a HEAD: its response has no content. */
  #head = false
  #version10 = false
  #keepAlive = true
  #awaitsContinue = false
  #connect = false
  #halfCloseTold = false
  /** Octets of content that the response still owes, or one of `Unsized`. */
  #owed = 0
  #dropBytes = 0

  constructor(options: Http1ServerOptions) {
    super(options.limits)
    this.#date = options.date
    this.#preface = options.preface ?? false
    this.head.begin('request')
  }

  /** Sends an interim response, 1xx but 101 (RFC 9110 section 15.2). An HTTP/1.0 client gets none. */
  sendInform(status: number, fields: FieldsToSend): void {
    if (this.over) return
    this.#checkRequested('sendInform', HalfInputs.inform)
    if (status === 101) throw new UsageError('H1_STATUS', '101 is sent by sendHead')
    const line = statusLine(status, 100)
    if (status > 199) throw new UsageError('H1_STATUS', `not an interim status: ${status}`)
    const lines = linesOf(fields)
    if (this.#version10) return
    if (status === 100) this.#allowContent()
    const connection = lines.options === '' ? '' : `Connection: ${lines.options.slice(2)}\r\n`
    this.out.latin1(line + lines.text + connection + CRLF)
  }

  /** Asks for the content that the client holds back (RFC 9110 section 10.1.1). Does nothing when it holds none. */
  sendContinue(): void {
    if (this.#awaitsContinue) this.sendInform(100, [])
  }

  /** Sends a whole response. Content for a HEAD request or a status without content is measured, not sent. */
  sendResponse(status: number, fields: FieldsToSend, body: string | Uint8Array = '', reason?: string): void {
    if (this.over) return
    const next = this.#checkRequested('sendResponse', HalfInputs.head)
    const line = statusLine(status, 200, reason)
    const lines = linesOf(fields)
    const size = sizeOf(body)
    if (this.#switches(status) && size === 0) return this.#switch(status, line, lines)
    this.#checkContent(status, size)
    const date = this.#dateLineFor(lines)
    this.#decidePersistence()
    const head = line + date + lines.text + lengthLine(status, size) + this.#connectionLine(lines) + CRLF
    this.sent = next
    if (this.#head || size === 0 || status === 304) {
      this.out.latin1(head)
    } else if (typeof body !== 'string') {
      this.out.latin1(head)
      this.out.append(body)
    } else if (size === body.length && size <= INLINE_CHARS_MAX) {
      // All characters are ASCII: head and body become one write into the block.
      this.out.latin1(head + body)
    } else {
      this.out.latin1(head)
      this.out.utf8(body, size)
    }
    this.#endResponse()
  }

  /**
   * Sends a response head; `sendData` and `sendEnd` follow. `length` is the size of the content in octets; without it
   * the content is chunked, or ends with the connection for an HTTP/1.0 client. 101, and 2xx to CONNECT, hand the
   * connection over.
   */
  sendHead(status: number, fields: FieldsToSend, length = -1, reason?: string): void {
    if (this.over) return
    const next = this.#checkRequested('sendHead', HalfInputs.head)
    const line = statusLine(status, 101, reason)
    if (status > 101 && status < 200) throw new UsageError('H1_STATUS', 'interim responses are sent by sendInform')
    const lines = linesOf(fields)
    if (this.#switches(status)) return this.#switch(status, line, lines)
    if (!Number.isSafeInteger(length) || length < -1) throw new UsageError('H1_LENGTH', `not a length: ${length}`)
    this.#checkContent(status, length)
    const date = this.#dateLineFor(lines)
    const bodiless = this.#head || status === 204 || status === 304 || status === 205
    const unknown = length < 0 && !bodiless
    if (unknown && this.#version10) this.#keepAlive = false
    this.#decidePersistence()
    const sizing =
      length >= 0
        ? lengthLine(status, length)
        : unknown && !this.#version10
          ? 'Transfer-Encoding: chunked\r\n'
          : lengthLine(status, -1)
    this.out.latin1(line + date + lines.text + sizing + this.#connectionLine(lines) + CRLF)
    this.sent = next
    this.#owed = bodiless ? Unsized.none : length >= 0 ? length : this.#version10 ? Unsized.close : Unsized.chunked
  }

  /** Sends content. The octets belong to the engine from now on. Content of a response to HEAD is dropped. */
  sendData(octets: Uint8Array): void {
    if (this.over) return
    this.step(this.sent, HalfInputs.data, 'sendData')
    checkOctets(octets)
    if (this.#owed >= 0) {
      if (octets.length > this.#owed)
        throw new UsageError('H1_LENGTH', `${octets.length - this.#owed} octets more than announced`)
      this.#owed -= octets.length
      if (octets.length > 0) this.out.append(octets)
    } else if (this.#owed === Unsized.chunked) {
      writeChunk(this.out, octets)
    } else if (this.#owed === Unsized.close && octets.length > 0) {
      this.out.append(octets)
    }
  }

  /** Ends the response. Trailers go out when the content is chunked; otherwise there is no place for them. */
  sendEnd(trailers?: readonly string[]): void {
    if (this.over) return
    this.step(this.sent, HalfInputs.end, 'sendEnd')
    if (this.#owed > 0) throw new UsageError('H1_LENGTH', `${this.#owed} octets less than announced`)
    const last = lastChunk(trailers)
    if (this.#owed === Unsized.chunked) this.out.latin1(last)
    this.#endResponse()
  }

  /**
   * The response under way, or the next one, says `Connection: close` and is the last; an idle connection waits for it.
   */
  announceClose(): void {
    this.lastExchange = true
  }

  /**
   * Ends the connection once the exchange under way is over; its response says `Connection: close` if its head is still
   * to go.
   */
  close(): void {
    this.lastExchange = true
    if (!this.over && this.received === HalfStates.idle && !this.headBegun && this.input.size === 0)
      this.conclude('local')
  }

  protected override next(): Http1ServerEvent | undefined {
    for (;;) {
      if (this.received === HalfStates.idle) {
        if (this.out.bytes >= this.limits.outputBytesMax) return undefined
        if (this.#preface && this.#awaitsPreface()) return undefined
        const read = this.readHead()
        return read === true ? this.#begin() : (read as Http1ServerEvent | undefined)
      }
      if (this.received === HalfStates.body) {
        if (this.held) return undefined
        // Content that comes unasked is content: the client does not wait any more (RFC 9110 section 10.1.1).
        if (this.#awaitsContinue && this.input.size > 0) this.#allowContent()
        const event = this.readBody()
        if (event === undefined) return undefined
        if (!this.dropping) return event
        if (event.type === 'data' && !this.#drop(event.bytes.length)) return undefined
      } else if (this.sent === HalfStates.done) {
        this.#nextExchange()
        if (this.over) return undefined
      } else {
        return this.#tellHalfClose()
      }
    }
  }

  protected override waitMs(): number {
    if (this.received !== HalfStates.idle) return Infinity
    if (this.headBegun) return this.limits.headMs
    return this.#first ? this.limits.firstByteMs : this.limits.idleMs
  }

  protected override onWaitExpired(): void {
    if (this.headBegun) this.fail('H1_HEAD_TIMEOUT', -1)
    else this.conclude('library')
  }

  /** The content is not late while we have not asked for it. */
  protected override awaitsContent(): boolean {
    return super.awaitsContent() && !this.#awaitsContinue
  }

  protected override owesResponse(): boolean {
    return this.sent !== HalfStates.done
  }

  protected override onInputEnd(midway: boolean): undefined {
    if (midway) this.fail('H1_TRUNCATED_HEAD', this.input.position(this.input.end))
    else this.conclude('remote')
  }

  protected override answerFault(code: Http1FaultCode): number {
    const { status, text } = http1Faults[code]
    if (status === 0 || this.sent !== HalfStates.idle) return 0
    const content = this.#head ? '' : `${text}.\n`
    this.out.latin1(
      `${statusLine(status, 400)}${this.#dateNow()}Content-Type: text/plain\r\nContent-Length: ${text.length + 2}\r\n` +
        `Connection: close\r\n\r\n${content}`,
    )
    return status
  }

  #begin(): RequestEvent | undefined {
    const { head, framing } = this
    this.#head = head.method === 'HEAD'
    const code = framing.readRequest(head, this.limits)
    if (code !== undefined) return this.fail(code, this.input.position(this.input.at))
    const event: RequestEvent = {
      type: 'request',
      method: head.method,
      target: head.target,
      form: framing.form,
      authority: framing.authority,
      version: head.minor === 1 ? '1.1' : '1.0',
      fields: head.fields,
      framing: framing.framing,
      contentLength: framing.contentLength,
      expectContinue: framing.expectContinue,
      upgrade: framing.upgrade,
      keepAlive: framing.keepAlive,
    }
    this.#first = false
    this.#version10 = head.minor === 0
    this.#keepAlive = framing.keepAlive
    this.#awaitsContinue = framing.expectContinue
    this.#connect = head.method === 'CONNECT'
    this.#dropBytes = 0
    this.received = HalfStates.body
    this.body.begin(framing.framing, framing.contentLength)
    if (framing.framing !== 'none') this.beginWait()
    return event
  }

  /**
   * Looks for the preface of HTTP/2. Gives whether more input must show what this is, or the connection was handed
   * over; otherwise it is HTTP/1.1 from its first octet on.
   */
  #awaitsPreface(): boolean {
    const { bytes, at, size } = this.input
    const length = Math.min(size, HTTP2_PREFACE.length)
    for (let i = 0; i < length; i++)
      if (bytes[at + i] !== HTTP2_PREFACE.charCodeAt(i)) {
        this.#preface = false
        return false
      }
    if (length === HTTP2_PREFACE.length) {
      this.handOver()
      return true
    }
    // Nothing came yet, or nothing more will come.
    if (length === 0 || this.ended) return false
    this.beginHead()
    return true
  }

  /** Counts content that comes behind its response; too much of it ends the connection. */
  #drop(size: number): boolean {
    this.#dropBytes += size
    if (this.#dropBytes <= this.limits.drainBytesMax) return true
    this.conclude('library')
    return false
  }

  #tellHalfClose(): HalfCloseEvent | undefined {
    if (!this.ended || this.#halfCloseTold || this.input.size > 0) return undefined
    this.#halfCloseTold = true
    return HALF_CLOSE
  }

  #nextExchange(): void {
    if (!this.#keepAlive) {
      this.conclude('local')
      return
    }
    this.received = HalfStates.idle
    this.sent = HalfStates.idle
    this.head.begin('request')
    this.#head = false
    this.dropping = false
    this.beginWait()
    if (this.lastExchange && this.input.size === 0) this.conclude('local')
  }

  #checkRequested(command: string, input: number): number {
    if (this.received === HalfStates.idle)
      throw new UsageError('H1_STATE', `${command} does not fit: no request is under way`)
    return this.step(this.sent, input, command)
  }

  /** 204 and 205 have no content (RFC 9110 section 15), nor has a 2xx to CONNECT (section 9.3.6). */
  #checkContent(status: number, size: number): void {
    if (size > 0 && this.#connect && status < 300) throw new UsageError('H1_CONTENT', 'a tunnel has no content')
    if (size > 0 && (status === 204 || status === 205)) throw new UsageError('H1_CONTENT', `${status} has no content`)
  }

  /** Whether this response ends the connection, given what of the request is still to come. */
  #decidePersistence(): void {
    if (this.lastExchange || (this.ended && this.input.size === 0)) this.#keepAlive = false
    // Behind a CONNECT that is refused, a client may have begun to tunnel: that must not be read as requests.
    if (this.#connect) this.#keepAlive = false
    if (this.received !== HalfStates.body) return
    // Whoever was not told to continue may send the content or not: the next byte could mean either.
    if (this.#awaitsContinue || this.body.remaining > this.limits.drainBytesMax) this.#keepAlive = false
  }

  #allowContent(): void {
    this.#awaitsContinue = false
    this.beginWait()
  }

  #endResponse(): void {
    this.sent = HalfStates.done
    this.held = false
    if (this.received !== HalfStates.body) return
    if (this.#keepAlive) {
      this.dropping = true
      this.beginWait()
    } else {
      this.conclude('local')
    }
  }

  #switches(status: number): boolean {
    return status === 101 || (this.#connect && status < 300)
  }

  /**
   * 101 to an offered Upgrade, 2xx to CONNECT (RFC 9110 sections 7.8 and 9.3.6): what follows is not HTTP/1.1 any more.
   */
  #switch(status: number, line: string, lines: FieldLines): void {
    const upgrade = status === 101
    if (upgrade && !areOffered(lines.upgrade, this.framing.upgrade))
      throw new UsageError('H1_SWITCH', '101 names in Upgrade what the client has offered in Upgrade')
    if (this.received !== HalfStates.done && this.framing.framing !== 'none')
      throw new UsageError('H1_SWITCH', 'the request is not complete')
    this.out.latin1(line + this.#dateLineFor(lines) + lines.text + (upgrade ? 'Connection: upgrade\r\n' : '') + CRLF)
    this.sent = HalfStates.switched
    this.handOver()
  }

  #connectionLine(lines: FieldLines): string {
    if (this.#keepAlive) {
      if (lines.options !== '')
        return `Connection: ${this.#version10 ? 'keep-alive' + lines.options : lines.options.slice(2)}\r\n`
      return this.#version10 ? 'Connection: keep-alive\r\n' : ''
    }
    return `Connection: close${lines.options}\r\n`
  }

  #dateLineFor(lines: FieldLines): string {
    return lines.hasDate ? '' : this.#dateNow()
  }

  #dateNow(): string {
    const value = this.#date()
    if (value !== this.#dateValue) {
      if (!isFieldValue(value)) throw new UsageError('H1_DATE', `not a date: ${JSON.stringify(value)}`)
      this.#dateValue = value
      this.#dateLine = `Date: ${value}\r\n`
    }
    return this.#dateLine
  }
}

/**
 * Content-Length, where the status may have one (RFC 9110 section 8.6). An unknown length of a response to HEAD gives
 * none.
 */
function lengthLine(status: number, size: number): string {
  if (status === 204 || (status === 304 && size <= 0) || (size < 0 && status !== 205)) return ''
  return `Content-Length: ${Math.max(size, 0)}\r\n`
}
