/** `was.response`: makes responses, and keeps the header fields that go out with whatever the handler returns. */

import { isForbiddenTrailer } from '../../protocols/core/trailers.js'
import { FieldLines, reasonPhrase } from '../../protocols/http1/writer.js'
import { equalsIgnoreCase } from '../../protocols/core/ascii.js'
import { type BodyValue, flattenHeaders, type HeaderValues, ResponseValue, statusOf } from './values.js'

/** Status and header fields of the response being made. */
export class ResponseState {
  /** 0: not set. */
  status = 0
  /** Flat list: name, value. */
  fields: string[] = []
  /** Flat list: name, value. They go out behind the content. */
  trailers: string[] = []

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

  /** Removes a field. */
  delete(name: string): void {
    const kept: string[] = []
    for (let i = 0; i < this.fields.length; i += 2)
      if (!same(this.fields[i]!, name)) kept.push(this.fields[i]!, this.fields[i + 1]!)
    this.fields = kept
  }
}

function same(a: string, b: string): boolean {
  return equalsIgnoreCase(a, 0, a.length, b)
}

/**
 * Makes a response when called, and has the methods that set header fields for whatever the handler returns. The fields
 * given to the call win over those that were set.
 */
export interface ResponseMaker {
  /** `status` is a number or `'404 Not Found'`. Without a body the status is explained on a page. */
  (status?: number | string, body?: BodyValue, headers?: HeaderValues): ResponseValue
  setStatus(status: number | string): void
  /** The status with its reason phrase, as `'200 OK'`. */
  getStatus(): string
  setHeader(name: string, value: string | number): void
  /** Adds a field line and keeps those of the same name. */
  addHeader(name: string, value: string | number): void
  getHeader(name: string): string | undefined
  delHeader(name: string): void
  setHeaders(headers: HeaderValues): void
  /**
   * Sets a field that is sent behind the content (RFC 9110 section 6.5), of a response that has some; while content is
   * being streamed, too. Dropped where the client's version has no place for it. Throws `TypeError` or `UsageError` for
   * what must not be sent there.
   */
  setTrailer(name: string, value: string | number): void
  /** The same as `was.push`. */
  hintPromise(uri: string): void
  /** Names and values of the fields that were set, in order. */
  getHeaders(): [name: string, value: string][]
}

/** The maker for one request. */
export function responseMaker(
  state: ResponseState,
  explain: (status: number) => BodyValue,
  push: (uri: string) => void,
): ResponseMaker {
  const make = (status: number | string = 200, body?: BodyValue, headers?: HeaderValues): ResponseValue => {
    const code = statusOf(status)
    return new ResponseValue(
      code,
      body === undefined ? explain(code) : body,
      headers === undefined ? [] : flattenHeaders(headers),
    )
  }
  return Object.assign(make, {
    setStatus: (status: number | string) => void (state.status = statusOf(status)),
    getStatus: () => `${state.status || 200} ${reasonPhrase(state.status || 200)}`,
    setHeader: (name: string, value: string | number) => state.set(name, String(value)),
    addHeader: (name: string, value: string | number) => void state.fields.push(name, String(value)),
    getHeader: (name: string) => state.get(name),
    delHeader: (name: string) => state.delete(name),
    setHeaders: (headers: HeaderValues) => {
      const fields = flattenHeaders(headers)
      for (let i = 0; i < fields.length; i += 2) state.delete(fields[i]!)
      state.fields.push(...fields)
    },
    setTrailer: (name: string, value: string | number) => state.setTrailer(name, String(value)),
    hintPromise: push,
    getHeaders: () => {
      const pairs: [string, string][] = []
      for (let i = 0; i < state.fields.length; i += 2) pairs.push([state.fields[i]!, state.fields[i + 1]!])
      return pairs
    },
  })
}
