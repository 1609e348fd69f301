/** What is asked for without a socket, and what comes back. */

import type { Fields } from '../../protocols/core/fields.js'
import type { HeaderValues } from '../app/values.js'
import { flattenHeaders } from '../app/values.js'
import * as is from '../option-table.js'
import { checkOptions, type OptionTable } from '../option-table.js'

/** Content of a request: text, octets, a blob, a form, or a value that is sent as JSON. */
export type InjectedBody = string | Uint8Array | Blob | URLSearchParams | FormData | object

/** A request. A bare path is a GET for it. */
export interface InjectedRequest {
  /** GET by default, POST where there is content. */
  readonly method?: string
  /** Path and query; `/` by default. */
  readonly path?: string
  readonly headers?: HeaderValues
  /** Its Content-Type is set unless `headers` has one. */
  readonly body?: InjectedBody
  /** Whether HTTP/2 carries it; HTTP/1.1 by default. */
  readonly http2?: boolean
  /** Host and port that it is for; `localhost` by default. */
  readonly authority?: string
  /** Gives up when it aborts. */
  readonly signal?: AbortSignal
}

const injectOptions: OptionTable<InjectedRequest> = {
  method: is.text,
  path: is.text,
  headers: { what: 'an object, or a list of pairs', fits: (value) => typeof value === 'object' && value !== null },
  body: is.elsewhere,
  http2: is.flag,
  authority: is.string,
  signal: { what: 'an AbortSignal', fits: (value) => value instanceof AbortSignal },
}

/** A response, whole. */
export class InjectedResponse {
  readonly status: number
  /** Names in any case. */
  readonly headers: Fields
  readonly trailers: Fields
  /** The content. */
  readonly bytes: Uint8Array

  constructor(status: number, headers: Fields, trailers: Fields, bytes: Uint8Array) {
    this.status = status
    this.headers = headers
    this.trailers = trailers
    this.bytes = bytes
  }

  /** The content as UTF-8. */
  text(): string {
    return new TextDecoder().decode(this.bytes)
  }

  /** The content as JSON. Throws `SyntaxError` when it is none. */
  json(): unknown {
    return JSON.parse(this.text()) as unknown
  }
}

/** A request, ready to be sent. */
export interface PreparedRequest {
  readonly method: string
  readonly path: string
  readonly authority: string
  /** A flat list, without Host. */
  readonly fields: readonly string[]
  readonly body: Uint8Array
  readonly signal: AbortSignal | undefined
}

/** Encodes the content of a request, and fills in what it leaves out. */
export async function prepareRequest(request: InjectedRequest | string): Promise<PreparedRequest> {
  const given: InjectedRequest = typeof request === 'string' ? { path: request } : request
  checkOptions('inject', injectOptions, given)
  const { method, path = '/', headers = {}, body, authority = 'localhost', signal } = given
  const content = body === undefined ? undefined : await encode(body)
  const fields = flattenHeaders(headers)
  const typed = fields.some((name, index) => index % 2 === 0 && name.toLowerCase() === 'content-type')
  return {
    method: method ?? (content === undefined ? 'GET' : 'POST'),
    path,
    authority,
    fields: content === undefined || typed ? fields : [...fields, 'content-type', content.type],
    body: content?.bytes ?? new Uint8Array(0),
    signal,
  }
}

async function encode(body: InjectedBody): Promise<{ readonly bytes: Uint8Array; readonly type: string }> {
  if (typeof body === 'string') return { bytes: Buffer.from(body), type: 'text/plain; charset=utf-8' }
  if (body instanceof Uint8Array) return { bytes: body, type: 'application/octet-stream' }
  if (body instanceof URLSearchParams)
    return { bytes: Buffer.from(body.toString()), type: 'application/x-www-form-urlencoded' }
  if (body instanceof FormData) {
    const response = new Response(body)
    return { bytes: new Uint8Array(await response.arrayBuffer()), type: response.headers.get('content-type')! }
  }
  if (body instanceof Blob)
    return { bytes: new Uint8Array(await body.arrayBuffer()), type: body.type || 'application/octet-stream' }
  const { getReader, pipe } = body as { readonly getReader?: unknown; readonly pipe?: unknown }
  if (typeof getReader === 'function' || typeof pipe === 'function' || Symbol.asyncIterator in body)
    throw new TypeError('inject takes content as a whole: read the stream first')
  return { bytes: Buffer.from(JSON.stringify(body)), type: 'application/json' }
}
