/** `App`: routes and their handlers. Mounted under any point, over any protocol version, it behaves the same. */

import type { PathParams } from './path-params.js'
import { Router } from './router.js'
import type { HandlerValue } from './values.js'
import type { Was } from './was.js'
import type { SocketEncoding, SocketHandlers, SocketOptions, SocketSpec } from './websocket/options.js'
import { type SocketRoute, socketRoute } from './websocket/route.js'

/**
 * A route's function: gets the context and the path parameters; what it returns, now or by promise, is the response.
 */
export type Handler<Params> = (was: Was, params: Params) => HandlerValue | Promise<HandlerValue>

/** Options of a route. */
export interface RouteOptions<Params = Readonly<Record<string, unknown>>> {
  /** Upper case. Without: GET, HEAD, POST, PUT, PATCH, DELETE. OPTIONS and HEAD work by themselves. */
  readonly methods?: readonly string[]
  /** Media types of content that is accepted, as `application/json` or `text/*`; other content gets 415. */
  readonly contentTypes?: readonly string[]
  /** Values for the last parameter: then the path without it works, too. */
  readonly defaults?: Partial<Params>
}

/** A route as it was registered. */
export interface Route {
  readonly rule: string
  readonly methods: readonly string[] | undefined
  readonly contentTypes: readonly string[] | undefined
  readonly defaults: Readonly<Record<string, unknown>> | undefined
  readonly handler: Handler<never>
}

/** Options of an app. */
export interface AppOptions {
  readonly name?: string
  /** Shows the detail of unexpected errors in the response. Never in production. */
  readonly debug?: boolean
  /** Octets of content that a handler reads as one piece at the most; 5 MiB by default. */
  readonly bodyBytesMax?: number
  /** Lets `was.push` push responses over HTTP/2. Default false. */
  readonly push?: boolean
}

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/

/** An application. */
export class App {
  readonly name: string
  readonly debug: boolean
  readonly bodyBytesMax: number | undefined
  readonly push: boolean
  /** For the server: finds routes. */
  readonly router: Router<Route> = new Router()
  /** For the server: finds WebSockets. */
  readonly sockets: Router<SocketRoute> = new Router()

  constructor(options: AppOptions = {}) {
    this.name = options.name ?? 'app'
    this.debug = options.debug ?? false
    this.bodyBytesMax = options.bodyBytesMax
    this.push = options.push ?? false
  }

  /**
   * Adds a route. `rule` begins with `/`; `<name>`, `<int:n>`, `<float:x>`, `<string:s>` and, at the end, `<path:rest>`
   * are parameters, whose types the handler gets by inference. In the value of a plain `<name>` underscores stand for
   * blanks; `<string:name>` leaves them. Throws `TypeError` for a malformed rule or one that is there already.
   */
  route<const Rule extends string>(rule: Rule, handler: Handler<PathParams<Rule>>): this
  route<const Rule extends string>(
    rule: Rule,
    options: RouteOptions<PathParams<Rule>>,
    handler: Handler<PathParams<Rule>>,
  ): this
  route<const Rule extends string>(
    rule: Rule,
    options: RouteOptions<PathParams<Rule>> | Handler<PathParams<Rule>>,
    handler?: Handler<PathParams<Rule>>,
  ): this {
    if (typeof options === 'function') return this.#add(rule, {}, options)
    if (typeof handler !== 'function') throw new TypeError(`the route ${rule} has no handler`)
    return this.#add(rule, options, handler)
  }

  /** Adds a route for GET, and HEAD with it. */
  get<const Rule extends string>(rule: Rule, handler: Handler<PathParams<Rule>>): this {
    return this.#add(rule, { methods: ['GET'] }, handler)
  }

  /** Adds a route for POST. */
  post<const Rule extends string>(rule: Rule, handler: Handler<PathParams<Rule>>): this {
    return this.#add(rule, { methods: ['POST'] }, handler)
  }

  /** Adds a route for PUT. */
  put<const Rule extends string>(rule: Rule, handler: Handler<PathParams<Rule>>): this {
    return this.#add(rule, { methods: ['PUT'] }, handler)
  }

  /** Adds a route for PATCH. */
  patch<const Rule extends string>(rule: Rule, handler: Handler<PathParams<Rule>>): this {
    return this.#add(rule, { methods: ['PATCH'] }, handler)
  }

  /** Adds a route for DELETE. */
  delete<const Rule extends string>(rule: Rule, handler: Handler<PathParams<Rule>>): this {
    return this.#add(rule, { methods: ['DELETE'] }, handler)
  }

  /**
   * Adds a WebSocket. Behind a `?` the rule may have parameters of the query, as `/chat/<room>?<name>&<int:age>`; the
   * handler gets them with those of the path, and a request without one of them is answered with 400, unless `defaults`
   * has it. What the handler gets and gives depends on `spec`. Throws `TypeError` or `UsageError` for a malformed rule,
   * one that is there already, or an option that is none.
   */
  websocket<
    const Rule extends string,
    Spec extends SocketSpec = 'SIMPLE',
    Encoding extends SocketEncoding = 'text',
    Pieces extends boolean = false,
  >(
    rule: Rule,
    options: SocketOptions<PathParams<Rule>, Spec, Encoding, Pieces>,
    handler: SocketHandlers<PathParams<Rule>, Encoding, Pieces>[Spec],
  ): this
  websocket<const Rule extends string>(
    rule: Rule,
    handler: SocketHandlers<PathParams<Rule>, 'text', false>['SIMPLE'],
  ): this
  websocket(rule: string, options: unknown, handler?: unknown): this {
    const plain = typeof options === 'function' && handler === undefined
    this.sockets.add(plain ? socketRoute(rule, {}, options) : socketRoute(rule, options, handler))
    return this
  }

  #add<Params>(rule: string, options: RouteOptions<Params>, handler: Handler<Params>): this {
    for (const method of options.methods ?? [])
      if (!TOKEN.test(method) || method !== method.toUpperCase()) throw new TypeError(`not a method: ${method}`)
    this.router.add({
      rule,
      methods: options.methods,
      contentTypes: options.contentTypes?.map((type) => type.toLowerCase()),
      defaults: options.defaults as Readonly<Record<string, unknown>> | undefined,
      handler: handler as Handler<never>,
    })
    return this
  }
}
