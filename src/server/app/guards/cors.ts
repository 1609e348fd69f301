/** Which pages of other origins may read responses (Fetch, section 3.3). */

import type { Step } from '../hooks.js'
import { Was } from '../was.js'
import type { Request } from '../request.js'
import { isSameHost } from '../websocket/origin.js'

/** Who may read responses, and what they may send. */
export interface CorsOptions {
  /** Origins as `https://app.example`; `'*'` for all, without credentials; or a function that knows them. */
  readonly origins: '*' | string | readonly string[] | ((origin: string) => boolean)
  /** Cookies and passwords are sent, too. Default false. */
  readonly credentials?: boolean
  /** Fields that requests may have beyond the simple ones; `'reflect'` for all that are asked for. Default none. */
  readonly headers?: readonly string[] | 'reflect'
  /** Fields of the response that pages may read. */
  readonly exposeHeaders?: readonly string[]
  /** How long a browser keeps the answer to its question. Default 600. */
  readonly maxAgeSeconds?: number
  /** Lets public pages ask a server in a private network. Default false. */
  readonly privateNetwork?: boolean
}

const MAX_AGE_SECONDS = 600
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
const HEADERS_MAX = 64

/** A checked set of options. */
export class CorsPolicy {
  readonly #any: boolean
  readonly #allows: (origin: string) => boolean
  readonly #options: CorsOptions
  readonly #headers: ReadonlySet<string> | undefined

  /** Throws `TypeError` for what browsers would refuse, or what would let everybody in with credentials. */
  constructor(options: CorsOptions) {
    const { origins, credentials = false, headers = [] } = options
    this.#options = options
    this.#any = origins === '*'
    if (this.#any && credentials) throw new TypeError(`cors: credentials need a list of origins, not '*'`)
    if (typeof origins === 'function') this.#allows = origins
    else {
      const list = new Set(typeof origins === 'string' ? [origins] : origins)
      for (const origin of list)
        if (origin !== '*' && !isOrigin(origin)) throw new TypeError(`cors: not an origin: ${JSON.stringify(origin)}`)
      if (list.has('*') && !this.#any) throw new TypeError(`cors: '*' stands alone`)
      this.#allows = this.#any ? () => true : (origin) => list.has(origin)
    }
    this.#headers = headers === 'reflect' ? undefined : new Set(headers.map((name) => name.toLowerCase()))
    for (const name of [...(this.#headers ?? []), ...(options.exposeHeaders ?? [])])
      if (!TOKEN.test(name)) throw new TypeError(`cors: not the name of a field: ${JSON.stringify(name)}`)
  }

  /** The fields for a request that is no question: a flat list of name and value. */
  fields({ headers }: Pick<Request, 'headers'>): string[] {
    const { exposeHeaders = [] } = this.#options
    const fields = this.#originFields(headers.get('origin'))
    if (fields.length > VARY_ONLY && exposeHeaders.length > 0)
      fields.push('access-control-expose-headers', exposeHeaders.join(', '))
    return fields
  }

  /** The fields that answer a question; `allow` are the methods of the path. */
  preflightFields({ headers }: Pick<Request, 'headers'>, allow: readonly string[]): string[] {
    const fields = this.#originFields(headers.get('origin'))
    const vary = 'access-control-request-method, access-control-request-headers, access-control-request-private-network'
    if (fields.length <= VARY_ONLY) return [...fields, 'vary', vary]
    fields.push('vary', vary, 'access-control-allow-methods', allow.join(', '))
    const asked = this.#allowedHeaders(headers.get('access-control-request-headers'))
    if (asked.length > 0) fields.push('access-control-allow-headers', asked.join(', '))
    const { maxAgeSeconds = MAX_AGE_SECONDS, privateNetwork = false } = this.#options
    fields.push('access-control-max-age', String(maxAgeSeconds))
    if (privateNetwork && headers.get('access-control-request-private-network') === 'true')
      fields.push('access-control-allow-private-network', 'true')
    return fields
  }

  /** What is in it does not depend on who asks only where everybody may. */
  #originFields(origin: string | undefined): string[] {
    const fields = this.#any ? [] : ['vary', 'origin']
    // Sandboxes and files are `null`, and so is whoever wants to be: only a function can let that in.
    if (origin === undefined || !this.#allows(origin) || (origin !== 'null' && !isOrigin(origin)))
      return this.#any ? ['access-control-allow-origin', '*'] : fields
    fields.push('access-control-allow-origin', this.#any ? '*' : origin)
    if (this.#options.credentials === true) fields.push('access-control-allow-credentials', 'true')
    return fields
  }

  #allowedHeaders(asked: string | undefined): string[] {
    if (this.#headers !== undefined) return [...this.#headers]
    const names = (asked ?? '').split(',').map((name) => name.trim().toLowerCase())
    return [...new Set(names.filter((name) => TOKEN.test(name)))].slice(0, HEADERS_MAX)
  }
}

/** Vary alone: nobody may read the response. */
const VARY_ONLY = 2

function isOrigin(text: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\/(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?$/.test(text)
}

/** Whether a browser asks what it may ask for (Fetch, section 3.3.2). */
export function isPreflight({ method, headers }: Pick<Request, 'method' | 'headers'>): boolean {
  return method === 'OPTIONS' && headers.has('origin') && headers.has('access-control-request-method')
}

/** Adds the fields to whatever a route answers, errors included. A route for OPTIONS answers questions itself. */
export function corsGuard(policy: CorsPolicy, methods: readonly string[]): Step {
  return (was) => {
    const { request } = was
    Was.keep(was, isPreflight(request) ? policy.preflightFields(request, methods) : policy.fields(request))
  }
}

/**
 * Whether a browser says that the request comes from another origin. `trusted` origins are as our own. Requests that
 * are made by no browser say nothing, and are not foreign.
 */
export function isForeign({ headers, scheme, host }: Request, trusted: readonly string[]): boolean {
  const origin = headers.get('origin')
  if (origin !== undefined && trusted.includes(origin)) return false
  const site = headers.get('sec-fetch-site')
  if (site !== undefined) return site !== 'same-origin' && site !== 'none'
  if (origin === undefined) return false
  // Whoever ends TLS in front of us does not tell of it: only where we end it is http another origin for certain.
  return !isSameHost(origin, host) || (scheme === 'https' && origin.startsWith('http:'))
}
