/**
 * A client for tests of apps: it keeps cookies, follows redirections when it is told to, and has fields of its own. It
 * works on anything that has `inject`, as an app or an engine of this project has; there is no socket in it.
 */

/** Header fields by name; a list is sent as several field lines. */
export type TestFields = Readonly<Record<string, string | number | readonly string[]>>

/** What `inject` is asked for. */
export interface TestRequest {
  readonly method: string
  readonly path: string
  readonly headers: TestFields
  readonly body?: object | string | Uint8Array
  readonly http2: boolean
  readonly authority: string
}

/** What is used of a response. */
export interface TestResponse {
  readonly status: number
  readonly headers: {
    get(name: string): string | undefined
    /** Names in lower case, and values. */
    entries(): (readonly [name: string, value: string])[]
  }
}

/** An app, an engine, or anything else that answers without a socket. */
export interface Injectable<Response extends TestResponse> {
  inject(request: TestRequest): Promise<Response>
}

/** What all requests of a client have in common. */
export interface TestClientOptions {
  /** `localhost` by default. */
  readonly authority?: string
  /** Whether HTTP/2 carries the requests. */
  readonly http2?: boolean
  readonly headers?: TestFields
  /** How many redirections are followed; 0 by default. */
  readonly redirectsMax?: number
}

/** What one request has beside method and path. */
export interface CallOptions {
  readonly headers?: TestFields
  readonly body?: object | string | Uint8Array
  readonly redirectsMax?: number
}

interface Cookie {
  readonly name: string
  readonly value: string
  readonly path: string
}

/** Makes a client. */
export function testClient<Response extends TestResponse>(
  target: Injectable<Response>,
  options: TestClientOptions = {},
): TestClient<Response> {
  return new TestClient(target, options)
}

/** A client; each has cookies of its own. */
export class TestClient<Response extends TestResponse> {
  readonly #target: Injectable<Response>
  readonly #options: TestClientOptions
  #cookies: Cookie[] = []

  constructor(target: Injectable<Response>, options: TestClientOptions) {
    this.#target = target
    this.#options = options
  }

  get(path: string, options?: CallOptions): Promise<Response> {
    return this.request('GET', path, options)
  }

  head(path: string, options?: CallOptions): Promise<Response> {
    return this.request('HEAD', path, options)
  }

  post(path: string, body?: CallOptions['body'], options?: CallOptions): Promise<Response> {
    return this.request('POST', path, withBody(options, body))
  }

  put(path: string, body?: CallOptions['body'], options?: CallOptions): Promise<Response> {
    return this.request('PUT', path, withBody(options, body))
  }

  patch(path: string, body?: CallOptions['body'], options?: CallOptions): Promise<Response> {
    return this.request('PATCH', path, withBody(options, body))
  }

  delete(path: string, options?: CallOptions): Promise<Response> {
    return this.request('DELETE', path, options)
  }

  /** Sends a request, and keeps the cookies of the answer; redirections are followed within the origin. */
  request(method: string, path: string, options: CallOptions = {}): Promise<Response> {
    const { redirectsMax = this.#options.redirectsMax ?? 0, headers } = options
    return this.#send(method, path, options).then((response) => {
      const location = response.headers.get('location')
      if (redirectsMax <= 0 || location === undefined || response.status < 300 || response.status > 399) return response
      const next = withinOrigin(location, path)
      if (next === undefined) return response
      // 307 and 308 repeat the request; all others go on with GET, as browsers do (WHATWG Fetch section 4.4).
      const repeats = response.status === 307 || response.status === 308
      const again = repeats ? options : headers === undefined ? {} : { headers }
      const followed = { ...again, redirectsMax: redirectsMax - 1 }
      return this.request(repeats || method === 'HEAD' ? method : 'GET', next, followed)
    })
  }

  /** The value of a cookie, if there is one for any path. */
  cookie(name: string): string | undefined {
    return this.#cookies.find((cookie) => cookie.name === name)?.value
  }

  /** Sets a cookie for a path and all below it. */
  setCookie(name: string, value: string, path: string = '/'): void {
    this.#cookies = this.#cookies.filter((cookie) => cookie.name !== name || cookie.path !== path)
    this.#cookies.push({ name, value, path })
  }

  /** Forgets all cookies. */
  clearCookies(): void {
    this.#cookies = []
  }

  #send(method: string, path: string, { headers, body }: CallOptions): Promise<Response> {
    const { authority = 'localhost', http2 = false } = this.#options
    const cookie = this.#cookieFor(path)
    const fields = { ...this.#options.headers, ...(cookie !== '' && { cookie }), ...headers }
    const request = { method, path, headers: fields, http2, authority }
    return this.#target.inject(body === undefined ? request : { ...request, body }).then((response) => {
      for (const [name, value] of response.headers.entries()) if (name === 'set-cookie') this.#take(value, path)
      return response
    })
  }

  /** The longest paths come first (RFC 6265 section 5.4). */
  #cookieFor(target: string): string {
    const path = target.replace(/[?#].*$/s, '')
    return this.#cookies
      .filter(({ path: place }) => isWithin(path, place))
      .sort((a, b) => b.path.length - a.path.length)
      .map(({ name, value }) => `${name}=${value}`)
      .join('; ')
  }

  /** One that has expired is forgotten (RFC 6265 section 5.2). */
  #take(line: string, target: string): void {
    const [pair = '', ...attributes] = line.split(';').map((part) => part.trim())
    const equals = pair.indexOf('=')
    if (equals <= 0) return
    const attribute = (wanted: string): string | undefined =>
      attributes.find((one) => one.toLowerCase().startsWith(`${wanted}=`))?.slice(wanted.length + 1)
    const given = attribute('path')
    const place = given?.startsWith('/') === true ? given : (/^(\/.*)\//s.exec(target)?.[1] ?? '/')
    const name = pair.slice(0, equals)
    const maxAge = attribute('max-age')
    const expires = attribute('expires')
    this.#cookies = this.#cookies.filter((cookie) => cookie.name !== name || cookie.path !== place)
    // There is no clock in here: what lies before 1971 is how cookies are taken back.
    const gone = maxAge === undefined ? /\b(?:1969|1970)\b/.test(expires ?? '') : Number(maxAge) <= 0
    if (!gone) this.#cookies.push({ name, value: pair.slice(equals + 1), path: place })
  }
}

function withBody(options: CallOptions | undefined, body: CallOptions['body']): CallOptions {
  return body === undefined ? { ...options } : { ...options, body }
}

function isWithin(path: string, place: string): boolean {
  return path === place || (path.startsWith(place) && (place.endsWith('/') || path[place.length] === '/'))
}

/** Path and query of a location of the same origin; undefined for another one. */
function withinOrigin(location: string, from: string): string | undefined {
  if (/^[a-z][a-z\d+.-]*:|^\/\//i.test(location)) return undefined
  if (location.startsWith('/')) return location
  const path = from.replace(/[?#].*$/s, '')
  return location.startsWith('?') ? path + location : path.slice(0, path.lastIndexOf('/') + 1) + location
}
