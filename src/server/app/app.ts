/** `App`: routes and their handlers. Mounted under any point, over any protocol version, it behaves the same. */

import path from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { encodePath } from '../path.js'
import { forDevelopers } from '../environment.js'
import { checkOptions, given } from '../option-table.js'
import type { InjectedRequest, InjectedResponse } from '../inject/messages.js'
import { scriptDirectory } from '../script-directory.js'
import type { Skitai } from '../skitai.js'
import type { AppConfig, AppOptions } from './app-options.js'
import { AppLife } from './app-life.js'
import { AppTree } from './app-tree.js'
import { AppStore } from './app-store.js'
import type { Preference } from './modules/app-module.js'
import type { AuthRule } from './auth/auth-options.js'
import type { Declaration } from './args/reader.js'
import { type AppHost, type Shared, sharedBy } from './app-host.js'
import { Locks } from './locks.js'
import { methodRouteOptions, subAppOptions } from './option-tables.js'
import type { PathParams } from './path-params.js'
import {
  type Handler,
  makeRoute,
  type MethodRoute,
  type Route,
  type RouteOptions,
  type RouteParams,
  type UrlParams,
} from './route.js'
import { checkStateOptions } from './guards.js'
import {
  basePath,
  buildUrl,
  type HandlerUrlArgs,
  type HasRoute,
  type RoutesOf,
  type UrlArgs,
  type UrlCall,
} from './urls.js'
import { Templates } from './templates/templates.js'
import type { SocketEncoding, SocketHandlers, SocketOptions, SocketSpec } from './websocket/options.js'
import { Shares } from './shares.js'
import { socketRoute } from './websocket/route.js'

/** Options of an app within an app. */
export interface SubAppOptions {
  /** Stands in front of the names of its routes, as `admin.users`. */
  readonly namespace?: string
}

/** What an app has looked at before anybody could prefer something else. */
const FIXED: readonly (keyof AppOptions)[] = ['name', 'home', 'templates', 'delimiters', 'push']

/** An application. */
export class App extends AppLife {
  readonly name: string
  debug: boolean
  readonly home: string
  readonly config: AppConfig
  options: AppOptions
  /** Values that are kept in the process, by name. */
  readonly store: AppStore = new AppStore()
  readonly push: boolean
  /** For the server: who waits for whom. Those of an app that is loaded anew are those of the one before it. */
  locks: Locks = new Locks()
  /** For the server: what the app shares with its handlers. */
  readonly shares: Shares = new Shares()
  /** For the server: the routes of the app and of those within it. */
  readonly tree: AppTree = new AppTree(this)
  /** For the server: makes pages. */
  readonly templates: Templates
  /** For the server: what was preferred where it is mounted; undefined as long as it is mounted nowhere. */
  preferred: Preference | undefined
  /** The mount point without a slash at its end; empty at the root, and before the app is mounted. */
  point = ''
  /** The other apps of its host; undefined before the app is mounted. */
  host: AppHost | undefined

  /** An engine that has nothing but this app, for `inject`. */
  #solo: Promise<Skitai> | undefined

  constructor(options: AppOptions = {}) {
    super()
    checkStateOptions(options)
    this.options = options
    this.name = options.name ?? 'app'
    this.debug = forDevelopers(options.debug)
    this.home = path.resolve(scriptDirectory(), options.home ?? '.')
    this.config = options.config ?? {}
    const folders = options.templates ?? 'templates'
    this.templates = new Templates(
      (typeof folders === 'string' ? [folders] : folders).map((folder) => this.path(folder)),
      options.delimiters ?? {},
      this.debug,
    )
    this.push = options.push ?? false
  }

  /**
   * Adds a route. `rule` begins with `/`; `<name>`, `<int:n>`, `<float:x>`, `<string:s>` and, at the end, `<path:rest>`
   * are parameters. In the value of a plain `<name>` underscores stand for blanks; `<string:name>` leaves them. The
   * types of the handler's second argument come out of the rule and of what `query` and `body` declare. Throws
   * `TypeError` for a malformed rule, one that is there already, or an option that is none.
   */
  route<const Rule extends string>(rule: Rule, handler: Handler<PathParams<Rule>>): this
  route<
    const Rule extends string,
    Query extends Declaration | undefined = undefined,
    Body extends Declaration | undefined = undefined,
    const Name extends string = never,
  >(
    rule: Rule,
    options: RouteOptions<PathParams<Rule>, Query, Body, Name>,
    handler: Handler<RouteParams<Rule, Query, Body>>,
  ): this & HasRoute<Name, UrlParams<Rule, Query>>
  route(rule: string, options: RouteOptions | Handler<never>, handler?: Handler<never>): this {
    if (typeof options === 'function' && handler === undefined) return this.#add(makeRoute(rule, {}, options))
    return this.#add(makeRoute(rule, options as RouteOptions, handler as Handler<never>))
  }

  /** Adds a route for GET, and HEAD with it. */
  readonly get: MethodRoute<this> = this.#methodRoute('GET')
  /** Adds a route for POST. */
  readonly post: MethodRoute<this> = this.#methodRoute('POST')
  /** Adds a route for PUT. */
  readonly put: MethodRoute<this> = this.#methodRoute('PUT')
  /** Adds a route for PATCH. */
  readonly patch: MethodRoute<this> = this.#methodRoute('PATCH')
  /** Adds a route for DELETE. */
  readonly delete: MethodRoute<this> = this.#methodRoute('DELETE')

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
    this.tree.addSocket(plain ? socketRoute(rule, {}, options) : socketRoute(rule, options, handler))
    return this
  }

  /**
   * Mounts an app within this one: its routes stand behind `prefix` (`/admin`, or `/` for none), its hooks are called
   * inside of those of this app. Routes that it gets later are found as well. Throws `TypeError` for a malformed
   * prefix, a route that is there already, or an app that this one lies in.
   */
  mount(prefix: string, app: App, options: SubAppOptions = {}): this {
    checkOptions(`mount ${prefix}`, subAppOptions, options)
    if (!(app instanceof App)) throw new TypeError(`an app is wanted at ${prefix}; only an engine mounts anything else`)
    const { namespace = '' } = options
    this.tree.mount(prefix, app.tree, namespace)
    this.adopt(app).catch(this.reportLate)
    return this
  }

  /** Takes an app out again that was mounted within this one. Gives whether it was. */
  unmount(app: App): boolean {
    if (!this.tree.unmount(app.tree)) return false
    this.release(app).catch(this.reportLate)
    return true
  }

  /**
   * The URL of a route, by its name or its handler, with the mount point: parameters of the path are put in, others
   * make the query. `app:name` is a route of another app of the host; what begins with `/` is a path below the mount
   * point. Throws `TypeError` for a name that is none, a parameter that is missing or unknown, and one that no request
   * could bring back as it is: a slash or an underscore in a plain `<name>`.
   */
  url<Self>(this: Self, ...call: UrlCall<RoutesOf<Self>>): string
  url<Params>(target: Handler<Params>, args?: HandlerUrlArgs<Params>): string
  url(target: string | Handler<never>, args?: UrlArgs): string {
    return this.urlBelow(this.point, target, args)
  }

  /** For the server: the same for an app that a request has found below `point`. */
  urlBelow(point: string, target: string | Handler<never>, args?: UrlArgs): string {
    if (typeof target === 'string' && target.startsWith('/')) return encodePath(point + target)
    const { app, name } = this.#appOf(target)
    return buildUrl(app === this ? point : app.point, app.tree.find(name), args)
  }

  /** The path of a route up to its first parameter: `/user/` of `/user/<id>/pets`. */
  basePath(target: string | Handler<never>): string {
    const { app, name } = this.#appOf(target)
    return basePath(app.point, app.tree.find(name))
  }

  #appOf(target: string | Handler<never>): { readonly app: App; readonly name: string | Handler<never> } {
    const colon = typeof target === 'string' ? target.indexOf(':') : -1
    if (typeof target !== 'string' || colon < 0) return { app: this, name: target }
    const app = this.host?.appNamed(target.slice(0, colon))
    if (app === undefined) throw new TypeError(`there is no app ${target.slice(0, colon)} on this host`)
    return { app, name: target.slice(colon + 1) }
  }

  /**
   * Answers a request without a socket, as if the app were mounted at `/` of a server of its own: the engines of both
   * sides are the real ones. Rejects when the app breaks off its answer.
   */
  async inject(request: InjectedRequest | string): Promise<InjectedResponse> {
    this.#solo ??= soloOf(this)
    return (await this.#solo).inject(request)
  }

  /**
   * For the server: what is said where the app is mounted counts more than what the app says itself (APP-06). Throws
   * `TypeError` for what can no longer be another, for options that cannot be, and when another place of the app
   * prefers something else: an app is one, wherever it is mounted.
   */
  prefer(pref: Preference = {}): void {
    if (!this.agrees(pref))
      throw new TypeError(
        `the app ${this.name} is mounted already, with another pref: make a second App for this place`,
      )
    const said = given(pref)
    if (this.preferred !== undefined || Object.keys(said).length === 0) return
    const late = FIXED.find((name) => name in said)
    if (late !== undefined)
      throw new TypeError(`${late} is settled when an app is made: nothing can be preferred to it`)
    const config = { ...this.config, ...said.config }
    const options = { ...this.options, ...said, config }
    checkStateOptions(options)
    this.options = options
    Object.assign(this.config, config)
    // The guards of routes that are there already are those of the options as they were.
    this.tree.rebuild()
    if (pref.debug !== undefined) this.debug = forDevelopers(pref.debug)
    this.tree.rebuild()
  }

  /** For the server: whether what is preferred at a place is what is preferred at those that the app has already. */
  agrees(pref: Preference): boolean {
    return this.preferred === undefined || isDeepStrictEqual(this.preferred, pref)
  }

  /**
   * Has the handlers of this app, and of its parts, find a value as `was.shared[name]`, whatever else has that name in
   * an app around it or in the engine (APP-08). Throws `TypeError` for a name that is taken in this app.
   */
  share(name: string, value: unknown): this {
    this.shares.add(name, value)
    return this
  }

  /** Takes a value out again that this app has shared. Gives whether it was. */
  unshare(name: string): boolean {
    return this.shares.remove(name)
  }

  /** What handlers of this app find as `was.shared`. */
  get shared(): Shared {
    return sharedBy(this.tree.around(), this.tree.outermost()[0]!.host?.shared ?? {})
  }

  /**
   * For the server: an app that can be mounted within this one, and is in the same mode and of the same configuration.
   */
  part(auth?: AuthRule): App {
    // All else is asked of the app around it, so that what is preferred for that holds for its parts.
    const { templates, delimiters } = this.options
    const pages = { ...(templates !== undefined && { templates }), ...(delimiters !== undefined && { delimiters }) }
    const own = { ...pages, ...(auth !== undefined && { auth }) }
    return new App({ ...own, name: this.name, home: this.home, config: this.config, debug: this.debug })
  }

  /**
   * Runs a task when no other one of this name runs in the app, and gives what it gives: for what must not happen twice
   * at once, though it waits for something in between (APP-10). They come in order; one that fails holds up no other.
   * A task that waits for its own name waits for ever. In this process only: between several, the database has locks.
   */
  lock<Result>(name: string, task: () => Result | Promise<Result>): Promise<Result> {
    return this.locks.run(name, task)
  }

  /** A path below the app's home. */
  path(...parts: readonly string[]): string {
    return path.resolve(this.home, ...parts)
  }

  /** A path below the `resources` of the app's home. */
  resource(...parts: readonly string[]): string {
    return this.path('resources', ...parts)
  }

  #methodRoute(method: string): MethodRoute<this> {
    const methods = [method]
    const add = (rule: string, options: unknown, handler?: unknown): this => {
      if (typeof options === 'function' && handler === undefined)
        return this.#add(makeRoute(rule, { methods }, options as Handler<never>))
      if (typeof handler !== 'function' || typeof options === 'function')
        return this.#add(makeRoute(rule, options as RouteOptions, handler as Handler<never>))
      checkOptions(`the route ${rule}`, methodRouteOptions, options)
      return this.#add(makeRoute(rule, { ...(options as RouteOptions), methods }, handler as Handler<never>))
    }
    // The names of routes are known to the compiler only.
    return add as MethodRoute<this>
  }

  #add(route: Route): this {
    this.tree.addRoute(route)
    return this
  }
}

/** The engine knows apps: it is loaded when it is wanted. An app that is mounted elsewhere stays what it is there. */
async function soloOf(app: App): Promise<Skitai> {
  const { Skitai: Engine } = await import('../skitai.js')
  const { host, point, preferred } = app
  const engine = new Engine({ log: false }).mount('/', app, { pref: preferred ?? {} })
  app.preferred = preferred
  if (host === undefined) {
    await engine.ready()
  } else {
    app.host = host
    app.point = point
  }
  return engine
}
