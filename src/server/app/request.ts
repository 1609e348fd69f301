/** `was.request`: the request as a handler sees it, whichever protocol version carried it. */

import type { ClientCertificate } from '../../io/client-certificate.js'
import type { Fields } from '../../protocols/core/fields.js'
import type { Exchange } from '../exchange.js'
import { decodeContent, requestCoding } from '../content-codings.js'
import { HttpError } from '../http-error.js'
import { type Args, addValue, type Content, emptyArgs, type FormFields } from './args/reader.js'
import { parseJson } from './args/parse-json.js'
import { readPairs } from './args/pairs.js'
import { type ContentType, parseContentType } from './content-type.js'
import { type Form, readForm } from './form/form.js'
import type { MultipartLimits } from './form/multipart.js'
import { isPrivateAddress } from './private-address.js'
import type { Route } from './route.js'
import type { User } from './auth/users.js'
import { CSRF_FIELD } from './state/csrf-token.js'

/** Limits of reading the content. */
export interface ReadOptions {
  /** Octets of content at the most, decoded; more is answered with 413. */
  readonly limit?: number
  /**
   * Whether content with a Content-Encoding is decoded: gzip, deflate, br, and zstd where Node has it. Default true.
   */
  readonly decode?: boolean
}

/** Content that a handler reads as one piece has at most this many octets unless it says otherwise. */
const BODY_BYTES_MAX = 5 * 1024 * 1024
const MULTIPART_BYTES_MAX = 20 * 1024 * 1024
const FILE_BYTES_MAX = 20_000_000

/** What an app says about content. */
export interface ContentLimits {
  readonly bodyBytesMax?: number | undefined
  readonly multipartBytesMax?: number | undefined
  readonly fileBytesMax?: number | undefined
}

/** The parts of a request target; together they are all of it. What is missing is empty; a fragment never comes. */
export interface UriParts {
  readonly script: string
  /** From the first `;` on. */
  readonly params: string
  /** From the `?` on. */
  readonly query: string
}

/** One request. */
export class Request {
  /** The canonical path, decoded once, as guards, router and static files see it. */
  readonly path: string
  /** What followed the `?`, as it came. */
  readonly queryString: string
  /** The mount point that the app was found under, without a slash at its end. */
  readonly scriptName: string
  /** The route that was found; undefined in a mounted function. */
  routedFunction: Route['handler'] | undefined = undefined
  /** The route with its options. */
  routable: Route | undefined = undefined
  /** For the server: the parameters of the path. */
  matched: Args = NOTHING
  /** Who the client is; undefined where the route does not ask for it. */
  user: User | undefined = undefined

  readonly #exchange: Exchange
  readonly #limits: ContentLimits
  #form: Promise<Form> | undefined
  #query: URLSearchParams | undefined
  #args: Args | undefined
  /** Undefined before anybody has asked, null for none. */
  #contentType: ContentType | null | undefined
  #abort: AbortController | undefined

  constructor(exchange: Exchange, path: string, queryString: string, scriptName: string, limits: ContentLimits = {}) {
    this.#exchange = exchange
    this.path = path
    this.queryString = queryString
    this.scriptName = scriptName
    this.#limits = limits
  }

  /** The method, as it came: methods are case-sensitive (RFC 9110 section 9.1). */
  get method(): string {
    return this.#exchange.method
  }

  /** The request target as it came. */
  get uri(): string {
    return this.#exchange.target
  }

  /** `1.0`, `1.1`, `2.0`. */
  get version(): string {
    return this.#exchange.version
  }

  /** How the client has asked: as the connection is, or as a trusted proxy says (SRV-72). */
  get scheme(): 'http' | 'https' {
    return this.#exchange.scheme
  }

  /** Host and optional port that the client has asked for. */
  get host(): string {
    return this.#exchange.host
  }

  /** The header fields. Names in any case. */
  get headers(): Fields {
    return this.#exchange.headers
  }

  /** The trailer fields, once the content was read. */
  get trailers(): Fields {
    return this.#exchange.body.trailers
  }

  /**
   * The address of the client: that of the peer, unless it is a trusted proxy that names another one. What anybody else
   * says of itself in X-Forwarded-For or Forwarded is not looked at (APP-36). Throws `HttpError` 400, as `scheme` and
   * `host` do, for what a trusted proxy says and cannot mean.
   */
  get remoteAddress(): string {
    return this.#exchange.clientAddress
  }

  /** The same. */
  get realIp(): string {
    return this.remoteAddress
  }

  /** The address at the other end of the connection: the client, or the proxy in front of us. */
  get peerAddress(): string {
    return this.#exchange.peer.address
  }

  /** Whether the client is on this machine or in a private network; without `trustedProxies`, whether the peer is. */
  get isPrivateIp(): boolean {
    return isPrivateAddress(this.remoteAddress)
  }

  /** The certificate that the client has shown; undefined without one, and where clients are not asked for any. */
  get clientCertificate(): ClientCertificate | undefined {
    return this.#exchange.clientCertificate
  }

  /** The parameters of the query string. */
  get query(): URLSearchParams {
    this.#query ??= new URLSearchParams(this.queryString)
    return this.#query
  }

  /**
   * The parameters of path and query, and of the content where the route declares a `body`. A name that stands several
   * times in one place has a list. Where places share a name, content wins over query, and query over path. Throws
   * `HttpError` 400 for a malformed query.
   */
  get args(): Args {
    this.#args ??= this.given
    return this.#args
  }

  /** The same without the content, and as it came: a parameter of the query is text. */
  get given(): Record<string, string | number | string[]> {
    const query = emptyArgs()
    const pairs = readPairs(this.queryString)
    for (let i = 0; i < pairs.length; i += 2) addValue(query, pairs[i]!, pairs[i + 1]!)
    return Object.assign(emptyArgs(), this.matched, query) as Record<string, string | number | string[]>
  }

  /** For the server: what the route has declared. */
  set args(args: Args) {
    this.#args = args
  }

  /** Whether there is content, of any length. */
  get hasContent(): boolean {
    return this.#exchange.contentLength !== 0
  }

  /** Content-Type, parsed; undefined without one, and for one that is malformed. */
  get contentType(): ContentType | undefined {
    if (this.#contentType === undefined) {
      const value = this.headers.get('content-type')
      this.#contentType = (value === undefined ? undefined : parseContentType(value)) ?? null
    }
    return this.#contentType ?? undefined
  }

  /**
   * Aborted when the client leaves before the response is complete: stop what nobody waits for. The `AbortError` that
   * comes of it is reported to nobody.
   */
  get signal(): AbortSignal {
    if (this.#abort === undefined) {
      const controller = new AbortController()
      this.#abort = controller
      this.#exchange.onLeft(() => controller.abort(new DOMException('the client has left', 'AbortError')))
    }
    return this.#abort.signal
  }

  /**
   * The content as bytes. Throws `HttpError` 413 beyond the limit, 415 for a coding that is not known; rejects when the
   * client leaves. Once.
   */
  bytes(options?: ReadOptions): Promise<Uint8Array> {
    const own = this.routable?.options.bodyBytesMax ?? this.#limits.bodyBytesMax
    const limit = options?.limit ?? own ?? BODY_BYTES_MAX
    if (!this.headers.has('content-encoding')) return this.#exchange.body.collect(limit)
    return this.#decoded(limit, options)
  }

  async #decoded(limit: number, options: ReadOptions | undefined): Promise<Uint8Array> {
    const coding = this.#coding(options)
    if (coding === undefined) return this.#exchange.body.collect(limit)
    return collected(decodeContent(coding, this.#exchange.body.stream(limit), limit))
  }

  /** The content as text in UTF-8. Throws `HttpError` 400 when it is not. */
  text(options?: ReadOptions): Promise<string> {
    return this.bytes(options).then(textOf)
  }

  /** The content as JSON. Throws `HttpError` 400 when it is none. Keys like `__proto__` are keys like any other. */
  json(options?: ReadOptions): Promise<unknown> {
    return this.bytes(options).then(jsonOf)
  }

  /**
   * The content of a form: urlencoded, or multipart with files; the same one whenever it is asked for. Throws
   * `HttpError` 400 for a malformed one, 413 beyond a limit, 415 for content that is no form.
   */
  form(options?: ReadOptions): Promise<Form> {
    this.#form ??= readForm(this, options)
    return this.#form
  }

  /** For the server: what a form with files may have. */
  multipartLimits(options?: ReadOptions): MultipartLimits {
    const bytesMax = options?.limit ?? this.routable?.options.bodyBytesMax ?? this.#limits.multipartBytesMax
    return {
      bytesMax: bytesMax ?? MULTIPART_BYTES_MAX,
      fileBytesMax: this.#limits.fileBytesMax ?? FILE_BYTES_MAX,
    }
  }

  /** Calls a function when the request is over: answered whole, or lost. */
  onOver(listener: () => void): void {
    this.#exchange.onOver(listener)
  }

  /**
   * JSON, or the names and values of a form, as Content-Type says; undefined for any other content. For a form, a name
   * that stands several times has a list.
   */
  async dict(options?: ReadOptions): Promise<unknown> {
    const kind = contentKind(this.contentType)
    if (kind === 'json') return this.json(options)
    return kind === 'form' ? (await this.form(options)).values : undefined
  }

  /** For the server: the content as the `body` of a route declares it. Throws `HttpError` 415 for any other. */
  content(options?: ReadOptions): Promise<Content> {
    const kind = contentKind(this.contentType)
    if (kind === 'json') return this.bytes(options).then((bytes) => ({ json: jsonOf(bytes) }))
    if (kind === 'form') return this.form(options).then(({ fields }) => ({ form: declarable(fields) }))
    if (!this.hasContent) return Promise.resolve({ json: {} })
    return Promise.reject(new HttpError(415, 'This route takes JSON or a form'))
  }

  /** The content piece by piece. The peer is paused while nobody takes the next one. */
  stream(options?: ReadOptions): AsyncGenerator<Uint8Array, void, undefined> {
    const limit = options?.limit ?? Infinity
    const coding = this.#coding(options)
    const content = this.#exchange.body.stream(limit)
    return coding === undefined ? content : decodeContent(coding, content, limit)
  }

  /** For the server: the same, and each piece is done with when the next one is asked for. */
  lend(limit: number): AsyncGenerator<Uint8Array, void, undefined> {
    return this.headers.has('content-encoding') ? this.stream({ limit }) : this.#exchange.body.lend(limit)
  }

  #coding(options: ReadOptions | undefined): string | undefined {
    return options?.decode === false ? undefined : requestCoding(this.headers.get('content-encoding'))
  }

  /** A header field, or `fallback`. */
  getHeader(name: string): string | undefined
  getHeader(name: string, fallback: string): string
  getHeader(name: string, fallback?: string): string | undefined {
    return this.headers.get(name) ?? fallback
  }

  /** Names (lower case) and values of all header fields, in order. */
  getHeaders(): (readonly [name: string, value: string])[] {
    return this.headers.entries()
  }

  /** The content as bytes. */
  getBody(options?: ReadOptions): Promise<Uint8Array> {
    return this.bytes(options)
  }

  /** The request target as it came, taken apart and not decoded (APP-33). */
  splitUri(): UriParts {
    const [, script = '', params = '', query = ''] = /^([^;?]*)(;[^?]*)?(\?.*)?$/s.exec(this.uri)!
    return { script, params, query }
  }

  getScheme(): 'http' | 'https' {
    return this.scheme
  }

  getRemoteAddr(): string {
    return this.remoteAddress
  }

  getUserAgent(): string | undefined {
    return this.headers.get('user-agent')
  }

  /** Content-Type without its parameters, in lower case. */
  getContentType(): string | undefined {
    return this.contentType?.type
  }

  /** `text` of `text/html`. */
  getMainType(): string | undefined {
    return this.contentType?.type.split('/')[0]
  }

  /** `html` of `text/html`. */
  getSubType(): string | undefined {
    return this.contentType?.type.split('/')[1]
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true })

const NOTHING: Args = Object.freeze(emptyArgs())

/** How content is read: what has the suffix `+json` is JSON, too (RFC 6839 section 3.1). */
function contentKind(contentType: ContentType | undefined): 'json' | 'form' | undefined {
  const type = contentType?.type
  if (type === 'application/json' || type?.endsWith('+json') === true) return 'json'
  return type === 'application/x-www-form-urlencoded' || type === 'multipart/form-data' ? 'form' : undefined
}

/** The token against forged requests stands in forms whether a route declares it or not. */
function declarable(fields: FormFields): FormFields {
  if (!(CSRF_FIELD in fields)) return fields
  const rest = Object.assign(Object.create(null) as Record<string, readonly unknown[]>, fields)
  delete rest[CSRF_FIELD]
  return rest
}

function textOf(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes)
  } catch (error) {
    throw withCause(new HttpError(400, 'The content of the request is not UTF-8'), error)
  }
}

function jsonOf(bytes: Uint8Array): unknown {
  const text = textOf(bytes)
  try {
    return parseJson(text)
  } catch (error) {
    throw withCause(new HttpError(400, 'The content of the request is not JSON'), error)
  }
}

async function collected(content: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const pieces: Uint8Array[] = []
  for await (const piece of content) pieces.push(piece)
  return Buffer.concat(pieces)
}

function withCause(error: HttpError, cause: unknown): HttpError {
  error.cause = cause
  return error
}
