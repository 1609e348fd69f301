/**
 * A `Request` that is made when somebody looks at it. What is asked most often comes straight from the exchange; for
 * all else a real one is made, once.
 */

import type { Exchange } from '../../exchange.js'
import { urlOf } from './url.js'

/** Methods of the class that only a real request has. */
const NATIVE_GETTERS = [
  'cache',
  'credentials',
  'destination',
  'integrity',
  'isHistoryNavigation',
  'isReloadNavigation',
  'keepalive',
  'mode',
  'redirect',
  'referrer',
  'referrerPolicy',
] as const

/** A request that came, for a `fetch` handler: `instanceof Request` holds. */
export class LightRequest {
  readonly #exchange: Exchange
  #url: string | undefined
  #headers: Headers | undefined
  #controller: AbortController | undefined
  #native: Request | undefined
  #used = false

  constructor(exchange: Exchange) {
    this.#exchange = exchange
  }

  get method(): string {
    return this.#exchange.method
  }

  get url(): string {
    this.#url ??= urlOf(this.#exchange)
    return this.#url
  }

  get headers(): Headers {
    if (this.#headers === undefined && this.#native !== undefined) return this.#native.headers
    this.#headers ??= new Headers(this.#exchange.headers.entries() as [string, string][])
    return this.#headers
  }

  /** Aborted when the client leaves before the response is complete. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      const controller = new AbortController()
      this.#controller = controller
      this.#exchange.onLeft(() => controller.abort(new DOMException('the client has left', 'AbortError')))
    }
    return this.#controller.signal
  }

  get duplex(): 'half' {
    return 'half'
  }

  get body(): ReadableStream<Uint8Array> | null {
    return LightRequest.native(this).body as ReadableStream<Uint8Array> | null
  }

  get bodyUsed(): boolean {
    return this.#used || (this.#native?.bodyUsed ?? false)
  }

  async text(): Promise<string> {
    if (this.#native !== undefined) return this.#native.text()
    return utf8.decode(await this.#bytes())
  }

  async json(): Promise<unknown> {
    return JSON.parse(await this.text()) as unknown
  }

  async arrayBuffer(): Promise<ArrayBuffer> {
    if (this.#native !== undefined) return this.#native.arrayBuffer()
    const bytes = await this.#bytes()
    if (bytes.byteLength === bytes.buffer.byteLength) return bytes.buffer as ArrayBuffer
    return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer
  }

  async bytes(): Promise<Uint8Array> {
    return new Uint8Array(await this.arrayBuffer())
  }

  async blob(): Promise<Blob> {
    return new Blob([await this.arrayBuffer()], { type: this.headers.get('content-type') ?? '' })
  }

  async formData(): Promise<FormData> {
    return LightRequest.native(this).formData()
  }

  clone(): Request {
    return LightRequest.native(this).clone()
  }

  /** For what needs a real one: it takes the content with it. */
  static native(light: LightRequest): Request {
    if (light.#native !== undefined) return light.#native
    if (light.#used) throw new TypeError('the content of the request was read before')
    const { method, url, headers, signal } = light
    const init = { method, headers, signal, duplex: 'half' as const }
    light.#native = new Request(
      url,
      LightRequest.hasContent(light) ? { ...init, body: streamOf(light.#exchange) } : init,
    )
    return light.#native
  }

  /** A GET has no content for the standard, whatever the client has sent. */
  static hasContent(light: LightRequest): boolean {
    const { contentLength, method } = light.#exchange
    return contentLength !== 0 && method !== 'GET' && method !== 'HEAD'
  }

  async #bytes(): Promise<Uint8Array> {
    if (this.#used) throw new TypeError('the content of the request was read before')
    if (!LightRequest.hasContent(this)) return new Uint8Array()
    this.#used = true
    return this.#exchange.body.collect(Infinity)
  }
}

const utf8 = new TextDecoder()

/** The content as a stream that takes a piece when it is asked for one. */
function streamOf({ body }: Exchange): ReadableStream<Uint8Array> {
  body.take()
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const piece = await body.read()
        if (piece === undefined) controller.close()
        else controller.enqueue(piece)
      },
    },
    { highWaterMark: 0 },
  )
}

let linked = false
/** The runtime finds what it keeps of a request by symbols, so that we can answer for a real one. */
let open = false

/**
 * Makes it one of the runtime's own requests to whoever asks, by `instanceof` or by what the runtime looks up itself:
 * where that goes through symbols, `new Request(request)` and `fetch(request)` work, too.
 */
function link(): void {
  linked = true
  Object.setPrototypeOf(LightRequest.prototype, Request.prototype)
  const own = Object.getOwnPropertySymbols(new Request('http://localhost/'))
  open = own.some(({ description }) => description === 'state')
  for (const name of [...NATIVE_GETTERS, ...own])
    Object.defineProperty(LightRequest.prototype, name, {
      get(this: LightRequest) {
        return Reflect.get(LightRequest.native(this), name) as unknown
      },
    })
}

/**
 * The request of an exchange. Where the runtime keeps all to itself (from Node 24 on), one with content is a real one
 * from the beginning: middleware that limits or changes content makes another one of it.
 */
export function createRequest(exchange: Exchange): Request {
  if (!linked) link()
  const light = new LightRequest(exchange)
  return open || !LightRequest.hasContent(light) ? (light as unknown as Request) : LightRequest.native(light)
}
