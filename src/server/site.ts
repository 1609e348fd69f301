/**
 * Finds who answers a request, and sees to it that somebody does: hosts, directories, apps, errors (SRV-04 to SRV-08).
 */

import { asksForWebSocket } from '../protocols/websocket/handshake.js'
import type { App } from './app/app.js'
import type { AppContext, SharedContext } from './app/app-host.js'
import { ArgumentError } from './app/args/argument-error.js'
import type { Args } from './app/args/reader.js'
import { dispatch } from './app/dispatch.js'
import { errorInfo, isExpected, statusOfError, traceOf } from './app/error-handlers.js'
import type { Plan } from './app/plan.js'
import { Request } from './app/request.js'
import { isPreflight } from './app/guards/cors.js'
import { guardPage, guardsPages, startAnew } from './app/guards.js'
import type { HandlerValue } from './app/values.js'
import { Was } from './app/was.js'
import { OpenSockets } from './app/websocket/open-sockets.js'
import { functionRoute, needsWebSocket, type SocketRoute } from './app/websocket/route.js'
import { SocketWas } from './app/websocket/socket-was.js'
import { openSocket } from './app/websocket/upgrade.js'
import { answer, answerReply, type BrokenListener } from './answer.js'
import { releaseValue } from './body-source.js'
import { type StatusPage, statusPage } from './error-page.js'
import type { Exchange } from './exchange.js'
import { ForeignApp } from './foreign/foreign-app.js'
import { HttpError } from './http-error.js'
import { type AppMount, type HostGroup, isBelow, type MountedFunction, pathBelow, VirtualHosts } from './mounts.js'
import { canonicalTarget, type CanonicalTarget, encodePath, pathRefusals } from './path.js'
import { keepPrivate } from './personal.js'
import { redirection } from './redirect.js'
import type { Reply } from './reply.js'

/** Told of errors that nobody expected. */
export type ErrorListener = (error: unknown, exchange: Exchange) => void

const NO_SOCKET = 'Here is no WebSocket'
const SOCKET_METHODS: readonly string[] = ['GET', 'OPTIONS']

const NO_PARAMS: Readonly<Record<string, never>> = Object.freeze(Object.create(null) as Record<string, never>)

/** All that is mounted, and the way of a request through it. */
export class Site {
  readonly hosts: VirtualHosts
  readonly sockets: OpenSockets
  readonly #onError: ErrorListener
  readonly #shared: SharedContext
  readonly #contexts: WeakMap<HostGroup, AppContext> = new WeakMap()

  constructor(onError: ErrorListener, shared: SharedContext) {
    this.#onError = onError
    this.#shared = shared
    this.hosts = new VirtualHosts(shared.shared)
    this.sockets = new OpenSockets(onError)
  }

  /** Answers an exchange, now or later. Never throws. */
  handle(exchange: Exchange): void {
    try {
      this.#route(exchange)
    } catch (error) {
      this.#fail(exchange, error)
    }
  }

  #route(exchange: Exchange): void {
    if (exchange.target === '*')
      return exchange.send(204, ['allow', 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS'], '')
    if (exchange.upgrade !== '' && asksForSocket(exchange)) return this.#routeSocket(exchange)
    if (exchange.method === 'CONNECT' && exchange.upgrade !== '')
      throw new HttpError(501, 'This server knows no other protocol in an extended CONNECT than websocket')
    if (exchange.method === 'CONNECT')
      throw new HttpError(405, 'This server is no tunnel', ['allow', 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS'])
    const { group, target } = this.#locate(exchange)
    const refreshed = group.refresh()
    if (refreshed !== undefined) return this.#awaitRefresh(exchange, group, target, refreshed)
    this.#ask(exchange, group, target)
  }

  /** What cannot be loaded is reported, and what was there before answers. */
  #awaitRefresh(exchange: Exchange, group: HostGroup, target: CanonicalTarget, refreshed: Promise<unknown>): void {
    refreshed
      .catch((error: unknown) => this.#onError(error, exchange))
      .then(() => this.#ask(exchange, group, target))
      .catch((error: unknown) => this.#fail(exchange, error))
  }

  #ask(exchange: Exchange, group: HostGroup, target: CanonicalTarget): void {
    if (group.isBarePoint(target.path)) return redirect(exchange, 308, target)
    if (group.directories.length > 0 && (exchange.method === 'GET' || exchange.method === 'HEAD')) {
      const reply = this.#askDirectory(exchange, group, target)
      if (reply instanceof Promise) return this.#awaitReply(exchange, group, target, reply)
      if (reply !== undefined) return answerReply(exchange, reply, this.#onBroken)
    }
    this.#askApps(exchange, group, target)
  }

  /** The canonical path, and what is mounted for the host. */
  #locate(exchange: Exchange): { readonly target: CanonicalTarget; readonly group: HostGroup } {
    const target = canonicalTarget(exchange.target)
    if (typeof target === 'string') throw new HttpError(pathRefusals[target].status, pathRefusals[target].text)
    const group = this.hosts.find(this.hosts.tellsHosts ? exchange.host : '')
    if (group === undefined) throw new HttpError(404)
    return { target, group }
  }

  /** A WebSocket is found as a route is, but for directories: a file is none. */
  #routeSocket(exchange: Exchange): void {
    const { group, target } = this.#locate(exchange)
    const { path, query } = target
    if (group.isBarePoint(path)) return redirect(exchange, 308, target)
    let point: string | undefined
    let known = false
    for (const { point: at, target: mounted } of group.apps) {
      if (point === undefined ? !isBelow(path, at) : at !== point) continue
      point = at
      const scriptName = point === '/' ? '' : point
      if (mounted instanceof ForeignApp) {
        known = true
        continue
      }
      if (typeof mounted === 'function') {
        const route = functionRoute(mounted)
        if (route === undefined) throw new HttpError(400, NO_SOCKET)
        const request = new Request(exchange, path, query, scriptName)
        return this.#openSocket(exchange, group, request, undefined, route, NO_PARAMS)
      }
      const below = pathBelow(path, point)
      const match = mounted.tree.sockets.find('GET', below)
      if (match.found === 'route') {
        const request = new Request(exchange, path, query, scriptName, mounted.options)
        return this.#openSocket(exchange, group, request, mounted, match.route, match.params)
      }
      known ||= mounted.tree.router.find('GET', below).found !== 'nothing'
    }
    throw known ? new HttpError(400, NO_SOCKET) : new HttpError(404)
  }

  #openSocket(
    exchange: Exchange,
    group: HostGroup,
    request: Request,
    app: App | undefined,
    route: SocketRoute,
    params: Readonly<Record<string, unknown>>,
  ): void {
    const was = new SocketWas(exchange, request, app, false, this.#contextOf(group))
    openSocket(exchange, was, route, params, this.sockets).then(
      (refused) => refused && this.#settle(exchange, was, refused.refusal),
      (error: unknown) => this.#fail(exchange, error, was),
    )
  }

  /**
   * The directory with the longest point answers or nobody does: one mounted further out never shows through where a
   * file is missing, so that what lies below a point is decided by that point alone.
   */
  #askDirectory(
    exchange: Exchange,
    group: HostGroup,
    target: CanonicalTarget,
  ): Reply | undefined | Promise<Reply | undefined> {
    const { path: location, query } = target
    const mount = group.directories.find(({ point }) => isBelow(location, point))
    if (mount === undefined) return undefined
    const { method, version, fields } = exchange
    const path = pathBelow(location, mount.point)
    // What a trusted proxy says is read where somebody asks only.
    const encrypted = mount.target.tellsSchemes && exchange.scheme === 'https'
    return mount.target.answer({ method, path, location, query, version, encrypted, fields })
  }

  #awaitReply(exchange: Exchange, group: HostGroup, target: CanonicalTarget, reply: Promise<Reply | undefined>): void {
    reply
      .then((found) =>
        found === undefined ? this.#askApps(exchange, group, target) : answerReply(exchange, found, this.#onBroken),
      )
      .catch((error: unknown) => this.#fail(exchange, error))
  }

  /** The longest point wins; the apps of one point are asked in the order they were mounted. */
  #askApps(exchange: Exchange, group: HostGroup, target: CanonicalTarget): void {
    const { path, query } = target
    let point: string | undefined
    let first: App | undefined
    let allow: readonly string[] | undefined
    let slash = false
    let socket = false
    let cors: readonly string[] = []
    for (const mount of group.apps) {
      if (point === undefined ? !isBelow(path, mount.point) : mount.point !== point) continue
      point = mount.point
      if (mount.target instanceof ForeignApp) return this.#runForeign(exchange, group, mount, mount.target, path, query)
      if (typeof mount.target === 'function')
        return this.#runFunction(exchange, group, mount, mount.target, path, query)
      first ??= mount.target
      const match = mount.target.tree.router.find(exchange.method, pathBelow(path, point))
      if (match.found === 'route') {
        const request = new Request(exchange, path, query, point === '/' ? '' : point, mount.target.options)
        const was = new Was(exchange, request, mount.target, mount.push, this.#contextOf(group))
        return this.#runRoute(exchange, was, match.route, match.params as Args)
      }
      if (match.found === 'slash') slash = true
      if (match.found !== 'methods')
        socket ||= mount.target.tree.sockets.find('GET', pathBelow(path, point)).found === 'route'
      if (match.found === 'methods' && cors.length === 0)
        cors = preflightOf(exchange, mount.target, pathBelow(path, point), match.allow)
      if (match.found === 'methods')
        allow = allow === undefined ? match.allow : [...new Set([...allow, ...match.allow])]
    }
    const refuse = (error: HttpError): void => this.#refuse(exchange, group, target, first, error)
    if (socket && allow === undefined) {
      if (exchange.method === 'GET' || exchange.method === 'HEAD') return refuse(needsWebSocket())
      allow = SOCKET_METHODS
    }
    if (allow === undefined && slash) return redirect(exchange, 301, target)
    if (allow === undefined) return refuse(new HttpError(404))
    if (exchange.method === 'OPTIONS') return exchange.send(204, ['allow', allow.join(', '), ...cors], '')
    refuse(new HttpError(405, '', ['allow', allow.join(', ')]))
  }

  /** The app whose place it is may have a page, or fields, of its own for what it does not know. */
  #refuse(exchange: Exchange, group: HostGroup, target: CanonicalTarget, app: App | undefined, error: HttpError): void {
    if (app === undefined || (app.errorHandlers.of(error.status) === undefined && !guardsPages(app))) throw error
    const request = new Request(exchange, target.path, target.query, app.point, app.options)
    const was = new Was(exchange, request, app, false, this.#contextOf(group))
    guardPage(app, was)
    this.#fail(exchange, error, was)
  }

  #runForeign(
    exchange: Exchange,
    group: HostGroup,
    { point, push }: AppMount,
    app: ForeignApp,
    path: string,
    query: string,
  ): void {
    app.handle(exchange, { path, query, point, push, context: this.#contextOf(group), fail: this.#onBroken })
  }

  #contextOf(group: HostGroup): AppContext {
    let context = this.#contexts.get(group)
    if (context === undefined) {
      context = { ...this.#shared, host: group, report: this.#onError }
      this.#contexts.set(group, context)
    }
    return context
  }

  #runFunction(
    exchange: Exchange,
    group: HostGroup,
    mount: AppMount,
    target: MountedFunction,
    path: string,
    query: string,
  ): void {
    const request = new Request(exchange, path, query, mount.point === '/' ? '' : mount.point)
    const was = new Was(exchange, request, undefined, mount.push, this.#contextOf(group))
    this.#settle(exchange, was, target(was, NO_PARAMS) as HandlerValue | Promise<HandlerValue>)
  }

  #runRoute(exchange: Exchange, was: Was, plan: Plan, params: Args): void {
    const { request } = was
    Was.setLayers(was, plan.layers)
    request.routable = plan.route
    request.routedFunction = plan.route.handler
    let value: HandlerValue | Promise<HandlerValue>
    try {
      value = dispatch(plan, was, params)
    } catch (error) {
      this.#fail(exchange, error, was)
      return
    }
    this.#settle(exchange, was, value)
  }

  /** Answers with what a handler returned, now or when it is there. Never throws. */
  #settle(exchange: Exchange, was: Was, value: HandlerValue | Promise<HandlerValue>): void {
    try {
      if (isThenable(value)) {
        // A thenable that is no promise may settle twice, or throw: a promise around it does neither.
        Promise.resolve(value).then(
          (settled) => this.#settle(exchange, was, settled),
          (error: unknown) => this.#fail(exchange, error, was),
        )
      } else if (Was.hasCommits(was) && !(value instanceof Error)) {
        this.#commit(exchange, was, value)
      } else {
        answer(exchange, value, was, this.#onBroken)
      }
    } catch (error) {
      this.#fail(exchange, error, was)
    }
  }

  /** Writes down what was changed, in time for the head. Never throws. */
  #commit(exchange: Exchange, was: Was, value: HandlerValue): void {
    const fail = (error: unknown): void => {
      releaseValue(value)
      this.#fail(exchange, error, was)
    }
    try {
      const committed = Was.commit(was)
      if (committed === undefined) this.#answer(exchange, was, value)
      else committed.then(() => this.#answer(exchange, was, value), fail)
    } catch (error) {
      fail(error)
    }
  }

  #answer(exchange: Exchange, was: Was, value: HandlerValue): void {
    try {
      Was.sendCookies(was)
      answer(exchange, value, was, this.#onBroken)
    } catch (error) {
      this.#fail(exchange, error, was)
    }
  }

  readonly #onBroken: BrokenListener = (error, exchange) => this.#fail(exchange, error)

  /**
   * Answers with an error; where the response has begun, ends it so that the client sees that it is incomplete. Errors
   * of a handler whose client has left are mostly consequences of that, and nobody is told. Never throws.
   */
  #fail(exchange: Exchange, error: unknown, was?: Was): void {
    const expected = isExpected(error)
    if (!expected && !isConsequence(error, exchange)) this.#onError(error, exchange)
    if (exchange.answered || exchange.over) {
      exchange.abort()
      return
    }
    const handler = was && Was.errorHandler(was, statusOfError(error))
    if (was === undefined || handler === undefined) {
      this.#explain(exchange, error, was)
      return
    }
    // What makes the page may fail as well: then there is the usual one.
    void (async () => {
      await startAnew(was)
      was.response.setStatus(statusOfError(error))
      const value = await handler(was, errorInfo(error, was))
      await Was.commit(was)
      Was.sendCookies(was)
      if (expected) was.response.setHeaders(pairsOf(error.fields))
      answer(exchange, value, was, this.#onBroken)
    })().catch((second: unknown) => {
      if (!exchange.over) this.#onError(second, exchange)
      if (exchange.answered || exchange.over) exchange.abort()
      else this.#explain(exchange, error, was)
    })
  }

  /** Answers with the usual page. */
  #explain(exchange: Exchange, error: unknown, was: Was | undefined): void {
    const expected = isExpected(error)
    try {
      if (was !== undefined) Was.discard(was)
      const fields = [...(expected ? error.fields : []), ...Was.lasting(was)]
      if (was !== undefined && Was.isPersonal(was)) keepPrivate(fields)
      const nonce = Was.sentNonce(was)
      if (expected) sendError(exchange, error, fields, nonce)
      else sendPage(exchange, 500, '', was?.app?.debug === true ? traceOf(error) : undefined, fields, nonce)
    } catch (second) {
      // An expected error that cannot be sent, with a status out of range or a line end in a field, is an unexpected
      // one.
      if (expected) return this.#fail(exchange, second, was)
      this.#onError(second, exchange)
      exchange.abort()
    }
  }
}

/** A client that has closed its side may still read: only what was told to stop has failed because of it. */
function isConsequence(error: unknown, exchange: Exchange): boolean {
  return exchange.over || (exchange.left && error instanceof Error && error.name === 'AbortError')
}

/** What a browser may ask for, when it asks that in advance about a route that lets other origins read. */
function preflightOf(exchange: Exchange, app: App, path: string, allow: readonly string[]): readonly string[] {
  if (!isPreflight(exchange)) return []
  const match = app.tree.router.find(exchange.headers.get('access-control-request-method')!, path)
  return match.found === 'route' ? (match.route.cors?.preflightFields(exchange, allow) ?? []) : []
}

function pairsOf(fields: readonly string[]): [string, string][] {
  const pairs: [string, string][] = []
  for (let i = 0; i < fields.length; i += 2) pairs.push([fields[i]!, fields[i + 1]!])
  return pairs
}

/** Over HTTP/1.1, a GET that offers to go on with WebSocket, among other protocols perhaps (RFC 6455 section 4.1). */
function asksForSocket({ method, version, upgrade, fields }: Exchange): boolean {
  const extended = version === '2.0'
  return (
    (extended || method === 'GET') && asksForWebSocket({ method, version, fields, protocol: extended ? upgrade : '' })
  )
}

function sendError(exchange: Exchange, error: HttpError, fields: readonly string[], nonce: string): void {
  const { status, message } = error
  const problems = error instanceof ArgumentError ? error.problems : undefined
  const page = statusPage(status, message, exchange.fields, { problems, nonce })
  sendStatusPage(exchange, status, page, fields)
}

function sendPage(
  exchange: Exchange,
  status: number,
  detail: string,
  trace: string | undefined,
  fields: readonly string[],
  nonce: string,
): void {
  sendStatusPage(exchange, status, statusPage(status, detail, exchange.fields, { trace, nonce }), fields)
}

/** The fields of the page itself come last, and win over those that a guard has set for all responses; Vary adds up. */
function sendStatusPage(exchange: Exchange, status: number, page: StatusPage, fields: readonly string[]): void {
  if (fields.length === 0) return exchange.send(status, page.fields, page.body)
  const list: string[] = []
  for (let i = 0; i < fields.length; i += 2)
    if (fields[i] === 'vary' || !page.list.includes(fields[i]!)) list.push(fields[i]!, fields[i + 1]!)
  exchange.send(status, [...list, ...page.list], page.body)
}

function isThenable(value: HandlerValue | Promise<HandlerValue>): value is Promise<HandlerValue> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
}

/**
 * Redirects to the same path with a slash at its end. The path is encoded anew and escaped: nothing of it is taken as
 * markup.
 */
function redirect(exchange: Exchange, status: 301 | 308, target: CanonicalTarget): void {
  const location = `${encodePath(target.path)}/${target.query && `?${target.query}`}`
  const { fields, body } = redirection(location)
  exchange.send(status, fields, body)
}
