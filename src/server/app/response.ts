/** `was.response`: makes responses, and keeps the header fields that go out with whatever the handler returns. */

import { isForbiddenTrailer } from '../../protocols/core/trailers.js'
import { FieldLines, reasonPhrase } from '../../protocols/http1/writer.js'
import { equalsIgnoreCase } from '../../protocols/core/ascii.js'
import { createHash } from 'node:crypto'
import path from 'node:path'
import type { StatusPage } from '../error-page.js'
import { HttpError } from '../http-error.js'
import { formatHttpDate } from '../http-date.js'
import { eventStream, type EventStreamOptions, type ServerSentEvent } from './event-stream.js'
import type { OpenStreams } from './open-streams.js'
import {
  faultObject,
  type FaultObject,
  type FaultOptions,
  FileValue,
  type ProblemDetails,
  problemValue,
} from './response-values.js'
import {
  type BodyValue,
  flattenHeaders,
  type HandlerValue,
  type HeaderValues,
  ResponseValue,
  statusOf,
} from './values.js'
import { tooLate } from './state/late.js'
import { xmlRpcResponse } from './xml-rpc.js'

/** Which of them it is, the client has said. */
const JSON_FIELDS: readonly string[] = ['content-type', 'application/json', 'vary', 'accept']
const XML_FIELDS: readonly string[] = ['content-type', 'text/xml; charset=utf-8', 'vary', 'accept']

/** Whether the head of a response has gone. */
interface ResponseHead {
  readonly answered: boolean
}

/** Status and header fields of the response being made. */
export class ResponseState {
  /** 0: not set. */
  status = 0
  readonly #head: ResponseHead
  /** Flat list: name, value. */
  fields: string[] = []
  /** Flat list: name, value. They go out behind the content. */
  trailers: string[] = []

  constructor(head: ResponseHead) {
    this.#head = head
  }

  /** Call before a change. Throws `UsageError` where it would reach nobody. */
  open(): void {
    if (this.#head.answered) throw tooLate('its status and its fields can be set', 'set them')
  }

  /** Whether nothing stands beside the content. */
  get isBare(): boolean {
    return this.fields.length === 0 && this.trailers.length === 0
  }

  /** The value of a field, or undefined. */
  get(name: string): string | undefined {
    for (let i = 0; i < this.fields.length; i += 2) if (same(this.fields[i]!, name)) return this.fields[i + 1]
    return undefined
  }

  /** Replaces a field. */
  set(name: string, value: string): void {
    this.delete(name)
    this.fields.push(name, value)
  }

  /** Replaces a trailer field. Throws `TypeError` for one that must not stand behind the content. */
  setTrailer(name: string, value: string): void {
    if (isForbiddenTrailer(name)) throw new TypeError(`${name} must not be a trailer field`)
    // Checked now: once the content is on its way there is nobody to tell.
    void new FieldLines([name, value])
    const kept: string[] = []
    for (let i = 0; i < this.trailers.length; i += 2)
      if (!same(this.trailers[i]!, name)) kept.push(this.trailers[i]!, this.trailers[i + 1]!)
    kept.push(name, value)
    this.trailers = kept
  }

  /** Adds a field line. */
  add(name: string, value: string): void {
    this.open()
    this.fields.push(name, value)
  }

  /** Removes a field. */
  delete(name: string): void {
    this.open()
    const kept: string[] = []
    for (let i = 0; i < this.fields.length; i += 2)
      if (!same(this.fields[i]!, name)) kept.push(this.fields[i]!, this.fields[i + 1]!)
    this.fields = kept
  }
}

function same(a: string, b: string): boolean {
  return equalsIgnoreCase(a, 0, a.length, b)
}

/** What the maker needs of its request. */
export interface ResponseContext {
  /** The content that explains a status. */
  explain(status: number, detail: string): StatusPage
  /** What the app itself has to say about an error; undefined when that is nothing. */
  errorPage(error: HttpError): Promise<HandlerValue> | undefined
  push(uri: string): void
  /** Whether the client asks for XML-RPC in place of JSON. */
  wantsXmlRpc(): boolean
  /** The directory that files are taken from. */
  readonly home: string
  /** Those that end with the engine. */
  readonly streams: OpenStreams | undefined
}

/** What a maker has beside being called. */
class ResponseMethods {
  /** For the server. */
  declare readonly state: ResponseState
  /** For the server. */
  declare readonly context: ResponseContext

  /** As all methods that set: throws `UsageError` behind the head of the response, in a stream. */
  setStatus(status: number | string): void {
    this.state.open()
    this.state.status = statusOf(status)
  }

  /** The status with its reason phrase, as `'200 OK'`. */
  getStatus(): string {
    const status = this.state.status || 200
    return `${status} ${reasonPhrase(status)}`
  }

  setHeader(name: string, value: string | number): void {
    this.state.set(name, String(value))
  }

  /** Adds a field line and keeps those of the same name. */
  addHeader(name: string, value: string | number): void {
    this.state.add(name, String(value))
  }

  getHeader(name: string): string | undefined {
    return this.state.get(name)
  }

  delHeader(name: string): void {
    this.state.delete(name)
  }

  setHeaders(headers: HeaderValues): void {
    const fields = flattenHeaders(headers)
    for (let i = 0; i < fields.length; i += 2) this.state.delete(fields[i]!)
    this.state.fields.push(...fields)
  }

  /** Names and values of the fields that were set, in order. */
  getHeaders(): [name: string, value: string][] {
    const { fields } = this.state
    const pairs: [string, string][] = []
    for (let i = 0; i < fields.length; i += 2) pairs.push([fields[i]!, fields[i + 1]!])
    return pairs
  }

  /**
   * Sets a field that is sent behind the content (RFC 9110 section 6.5), of a response that has some; while content is
   * being streamed, too. Dropped where the client's version has no place for it. Throws `TypeError` or `UsageError` for
   * what must not be sent there.
   */
  setTrailer(name: string, value: string | number): void {
    this.state.setTrailer(name, String(value))
  }

  /** The same as `was.push`. */
  hintPromise(uri: string): void {
    this.context.push(uri)
  }

  /**
   * A JSON object; `{}` without one. A client whose Accept begins with `text/xml` gets it as XML-RPC does it (APP-46).
   */
  API(value?: object): ResponseValue
  API(status: number | string, value?: object): ResponseValue
  API(status: number | string | object = 200, value?: object): ResponseValue {
    const [code, body] = typeof status === 'object' ? [200, status] : [statusOf(status), value]
    if (this.context.wantsXmlRpc()) return new ResponseValue(code, xmlRpcResponse(body ?? {}), XML_FIELDS)
    return new ResponseValue(code, body ?? {}, JSON_FIELDS)
  }

  /** A JSON object about an error, `{ code, message, … }`, with its status (APP-47, TRP-12). */
  Fault(status: number | string, message: string = '', options: FaultOptions = {}): ResponseValue {
    const code = statusOf(status)
    const fault = faultObject(code, message || reasonPhrase(code), options)
    return new ResponseValue(code, fault, ['content-type', 'application/json'])
  }

  /** The object of a fault, without a response around it (APP-48). */
  fault(message: string, options: FaultOptions = {}): FaultObject {
    return faultObject(this.state.status || 200, message, options)
  }

  /** What was thrown as an object with its trace (APP-48). */
  traceback(error: unknown, message: string = 'exception occurred', code: number = 10_001): FaultObject {
    return faultObject(500, message, { code, error })
  }

  /** Problem details (RFC 9457). */
  problem(status: number | string, details?: ProblemDetails): ResponseValue {
    return problemValue(statusOf(status), details)
  }

  /**
   * A page, or JSON where the client asks for it, that explains a status (APP-44): the one that the app has for errors
   * with this status, as its `detail`, or the usual one, in which `why` is escaped.
   */
  withExplain(status: number | string, why: string = ''): HandlerValue | Promise<HandlerValue> {
    const code = statusOf(status)
    const own = code < 400 ? undefined : this.context.errorPage(new HttpError(code, why))
    if (own !== undefined) return own
    const { body, list } = this.context.explain(code, why)
    return new ResponseValue(code, body, list)
  }

  /** Ends the request at once with an error, wherever it is called: in a template, too (APP-45). */
  throw(status: number | string, why: string = ''): never {
    throw new HttpError(statusOf(status), why)
  }

  /**
   * A file, by an absolute path or one below the app's home. Conditional and range requests are answered; `filename`
   * has browsers save it. A file that is not there is a 404. Never call it with what a client has sent (APP-43).
   */
  file(file: string, options: { readonly type?: string; readonly filename?: string } = {}): FileValue {
    return new FileValue(path.resolve(this.context.home, file), options.type, options.filename)
  }

  /**
   * Server-sent events: text, or objects with `data`, `event`, `id`, `retryMs`, `comment`. They end when the engine
   * begins to close: clients come back by themselves, and find its successor.
   */
  events(
    events: AsyncIterable<ServerSentEvent | string> | Iterable<ServerSentEvent | string>,
    options?: EventStreamOptions,
  ): ResponseValue {
    const fields = ['content-type', 'text/event-stream', 'cache-control', 'no-store', 'x-accel-buffering', 'no']
    return new ResponseValue(this.state.status || 200, eventStream(events, options, this.context.streams), fields)
  }

  /**
   * Sets ETag to a hash of what identifies the content, so that a client that has it gets 304 (APP-52); for so many
   * seconds it need not ask.
   */
  setEtag(identifier: string, maxAge?: number): void {
    this.setHeader('etag', `"${createHash('sha256').update(identifier).digest('base64url').slice(0, 22)}"`)
    if (maxAge !== undefined) this.setHeader('cache-control', `max-age=${maxAge}`)
  }

  /** Sets Last-Modified, with the same effect. */
  setMtime(modified: Date | number, maxAge?: number): void {
    this.setHeader('last-modified', formatHttpDate(Number(modified)))
    if (maxAge !== undefined) this.setHeader('cache-control', `max-age=${maxAge}`)
  }
}

/**
 * Makes a response when called: `status` is a number or `'404 Not Found'`; without a body the status is explained on a
 * page. Its methods make others, or set header fields for whatever the handler returns; the fields given to a call win
 * over those that were set.
 */
export interface ResponseMaker extends ResponseMethods {
  (status?: number | string, body?: BodyValue, headers?: HeaderValues): ResponseValue
}

/** The maker for one request. */
export function responseMaker(state: ResponseState, context: ResponseContext): ResponseMaker {
  const make = (status: number | string = 200, body?: BodyValue, headers?: HeaderValues): ResponseValue => {
    const code = statusOf(status)
    const fields = headers === undefined ? [] : flattenHeaders(headers)
    if (body !== undefined) return new ResponseValue(code, body, fields)
    const page = context.explain(code, '')
    const typed = fields.some((name, index) => index % 2 === 0 && same(name, 'content-type'))
    return new ResponseValue(code, page.body, typed ? [...fields, 'vary', 'accept'] : [...fields, ...page.list])
  }
  const maker = Object.assign(make, { state, context })
  // Not made anew for each request.
  return Object.setPrototypeOf(maker, ResponseMethods.prototype) as ResponseMaker
}
