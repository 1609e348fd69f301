/** The engine object: what is mounted, where it listens, how it ends. */

import { setTimeout as delay } from 'node:timers/promises'
import { inspect } from 'node:util'
import { takeInheritedSockets } from '../io/inherited.js'
import { Listener, type ListenOptions } from '../io/listener.js'
import type { TlsCredentials } from '../io/tls.js'
import { type Endpoint, formatEndpoint, type Transport, TransportError } from '../io/transport.js'
import { type Http1Limits, limitsOf } from '../protocols/http1/limits.js'
import { type Http2Limits, limitsOf as http2LimitsOf } from '../protocols/http2/limits.js'
import { CloseCodes } from '../protocols/websocket/errors.js'
import type { App } from './app/app.js'
import { OpenStreams } from './app/open-streams.js'
import { UpdateTimes } from './app/update-times.js'
import type { Was } from './app/was.js'
import { tellRunning, withOverrides } from './command-line.js'
import type { Connection, ConnectionOwner } from './connection.js'
import type { ExchangeBase } from './exchange-base.js'
import type { Http2Taker } from './h2c-upgrade.js'
import { Http1Connection } from './http1-connection.js'
import { Http2Connection } from './http2-connection.js'
import { exchangeRecord, refusalRecord, WORKER } from './log/exchange-record.js'
import type { ForeignTarget } from './foreign/target.js'
import { answerForward, type Forward, forwardLimits, forwardOf, redirectToDomain } from './forward.js'
import type { InjectedRequest, InjectedResponse } from './inject/messages.js'
import { closeOptions, runOptions, skitaiOptions } from './engine-options.js'
import { idleCollection } from './idle-collection.js'
import { LogFilter } from './log/log-filter.js'
import { RequestLog } from './log/request-log.js'
import { writeLogEntry } from './log/app-log.js'
import { MountedApps } from './mounted-apps.js'
import type { MountedFunction } from './mounts.js'
import { checkOptions } from './option-table.js'
import type { CloseOptions, Listening, MountOptions, Running, RunOptions, SkitaiOptions } from './options.js'
import { drainOnSignals, leaveSignals } from './signals.js'
import { Site } from './site.js'
import { MaxAges } from './static/max-age.js'
import { EngineTls, type TlsInput } from './tls.js'
import { TransactionIds } from './transaction-id.js'
import { TrustedProxies } from './trusted-proxies.js'
import { Unfinished } from './unfinished.js'

const ADDRESS = '0.0.0.0'
const CLOSE_MS = 30_000
const GRACE_MS = 100
/** What TLS clients are offered, the preferred one first (ALPN). */
const PROTOCOLS = ['h2', 'http/1.1']
const PROTOCOLS_WITHOUT_HTTP2 = ['http/1.1']
/** What the log, and work behind responses, may take at the least, also when connections have taken all of the time. */
const LAST_MS = 100

/** A place to listen at, and what becomes of its connections. */
interface Place {
  readonly options: ListenOptions
  readonly accept: (transport: Transport) => void
}

/** What `run` says about places. */
type Where = Omit<RunOptions, 'tls' | 'signals'>

/** An engine: mount, run, close. */
export class Skitai implements ConnectionOwner {
  readonly #options: SkitaiOptions
  readonly #limits: Http1Limits
  readonly #http2Limits: Http2Limits
  readonly #maxAges: MaxAges = new MaxAges()
  readonly #site: Site
  readonly #connections: Set<Connection> = new Set()
  readonly #listeners: Listener[] = []
  readonly #logFilter: LogFilter = new LogFilter()
  readonly #tls: EngineTls = new EngineTls()
  /** Those that the next `run` begins. */
  #forwards: Forward[] = []
  /** Requests for other hosts are sent there. */
  #domain: string | undefined
  #log: RequestLog | undefined
  /** Numbers the requests of this engine. */
  readonly transactionIds: TransactionIds = new TransactionIds(WORKER)
  readonly proxies: TrustedProxies | undefined
  /** Without a prototype, whose names would be taken. */
  readonly #shared: Record<string, unknown> = Object.create(null) as Record<string, unknown>
  readonly #streams: OpenStreams = new OpenStreams()
  readonly #unfinished: Unfinished = new Unfinished()
  readonly #apps: MountedApps
  #mounted = 0
  #connectionCount = 0
  #closing: Promise<void> | undefined
  #onEmpty: (() => void) | undefined

  /** Throws `TypeError` for an option that there is not or that cannot be, `UsageError` for such a limit. */
  constructor(options: SkitaiOptions = {}) {
    checkOptions('new Skitai', skitaiOptions, options)
    this.#options = options
    this.proxies = options.trustedProxies && new TrustedProxies(options.trustedProxies)
    this.#limits = limitsOf(options.limits)
    this.#http2Limits = http2LimitsOf(options.http2)
    this.#site = new Site((error) => this.#report(error), {
      shared: this.#shared,
      updates: new UpdateTimes(),
      streams: this.#streams,
      unfinished: this.#unfinished,
      log: options.onLog ?? writeLogEntry,
    })
    this.#apps = new MountedApps(this, this.#site.hosts, this.#maxAges, (error) => this.#report(error))
  }

  /**
   * Mounts an app, a directory, a function or an app of another framework at a point, for all hosts or some. A text is
   * a directory, or a file that exports an app: `shop.js`, or `shop.js:admin` for the export `admin`; it is loaded by
   * `ready` and `run`, or at once when the engine runs. Relative ones are taken from the directory of the script that
   * was started. Throws `TypeError` for a malformed point or host, a target that is none, or an option that there is
   * not or that cannot be.
   */
  mount(point: string, target: App | MountedFunction | ForeignTarget | string, options: MountOptions = {}): this {
    this.#apps.mount(point, target, options)
    this.#mounted++
    // Who listens already is ready again once all that is mounted in this turn is there.
    if (this.#listeners.length > 0) this.#apps.readyLater()
    return this
  }

  /** Has all apps find a value as `was.shared[name]` (APP-75). Throws `TypeError` for a name that is taken. */
  share(name: string, value: unknown): this {
    if (Object.hasOwn(this.#shared, name)) throw new TypeError(`${name} is shared already`)
    this.#shared[name] = value
    return this
  }

  /** Takes a value out again that was shared. Gives whether it was. */
  unshare(name: string): boolean {
    return name in this.#shared && delete this.#shared[name]
  }

  /** Lets clients keep static files below a URL prefix for some seconds; the longest prefix counts, 0 for none. */
  setMaxAge(prefix: string, seconds: number): this {
    this.#maxAges.set(prefix, seconds)
    return this
  }

  /**
   * Leaves requests out of the log: a pattern that begins with `*` is the end of a path, any other its beginning. `/`
   * itself is always logged.
   */
  logOff(...patterns: readonly string[]): this {
    this.#logFilter.off(...patterns)
    return this
  }

  /**
   * TLS for every listener that begins from now on, with one certificate, several, or one for development. Paths are
   * taken from the directory of the script that was started. Throws `UsageError` when something cannot be used.
   */
  enableSsl(tls: TlsInput): this {
    this.#tls.enable(tls)
    return this
  }

  /**
   * Reads all certificates and keys again, or takes others in place of those of `enableSsl`, for connections from now
   * on; those that are open go on. Throws, and changes nothing, when something cannot be used.
   */
  reloadSsl(tls?: TlsInput): void {
    this.#tls.reload(tls)
  }

  /**
   * With the next `run`, also listens on `port`, without TLS, and redirects all requests to HTTPS on `forwardPort`: of
   * the host that they are for, or of `domain`. With a `domain`, the engine itself sends requests for other hosts
   * there, too. Throws `TypeError` for a port or a domain that is none.
   */
  enableForward(port = 80, forwardPort = 443, domain?: string): this {
    this.#forwards.push(forwardOf(port, forwardPort, domain))
    this.#domain = domain ?? this.#domain
    return this
  }

  /** How many connections are open. */
  get connectionCount(): number {
    return this.#connections.size
  }

  /**
   * Starts to listen, and resolves with where. May be called again to listen elsewhere, too. Rejects with `TypeError`
   * for an option that there is not or that cannot be, when nothing is mounted, or with the system's error
   * (`EADDRINUSE`, `EACCES`).
   */
  async run(options: RunOptions = {}): Promise<Running> {
    checkOptions('run', runOptions, options)
    if (this.#mounted === 0) throw new Error('nothing is mounted')
    if (this.#closing !== undefined) throw new Error('the engine is closed')
    const { tls, signals = true, ...where } = withOverrides(options)
    const credentials = this.#tls.credentialsFor(tls)
    await this.ready()
    const places = this.#placesOf(where, credentials)
    const count = places.length
    const forwards = this.#forwards
    this.#forwards = []
    try {
      places.push(...forwards.map((forward) => this.#forwardPlace(where, forward)))
      const endpoints = await this.#listen(places)
      if (credentials !== undefined) this.#tls.keep(credentials)
      this.#openLog()
      if (signals) drainOnSignals(this)
      const running: Running = {
        ...listening(endpoints[0]!, credentials !== undefined),
        fingerprint256: credentials?.fingerprint256 ?? '',
        forwards: endpoints.slice(count).map((endpoint) => listening(endpoint, false)),
      }
      tellRunning(running)
      return running
    } catch (error) {
      this.#forwards.unshift(...forwards)
      throw error
    }
  }

  /**
   * Tells the apps that they are mounted, and resolves when they are ready. `run` and `inject` do so themselves.
   * Rejects with what a hook throws; then the app is not ready, and is told again by the next call.
   */
  ready(): Promise<void> {
    return this.#apps.ready()
  }

  /** The same as `was.push(uri)`, for whoever has the context of a request at hand. */
  push(was: Was, uri: string): void {
    was.push(uri)
  }

  /**
   * Answers a request without a socket: the engines of both sides are the real ones, wired to each other in memory.
   * Rejects when the answer is broken off.
   */
  async inject(request: InjectedRequest | string): Promise<InjectedResponse> {
    const [{ inject }] = await Promise.all([import('./inject/inject.js'), this.ready()])
    return inject((transport) => this.serve(transport), request)
  }

  /** Serves a connection that came some other way, as from `memoryTransports`. */
  serve(transport: Transport): void {
    this.#openLog()
    this.#accept(transport)
  }

  /**
   * Drains: stops accepting, answers what is under way with `Connection: close`, ends the connections, and resolves
   * when all are gone, work behind responses is done, and the log is written. What takes longer than `timeoutMs` is
   * cut. Another call waits for the first one. Rejects with `TypeError`, and goes on, for an option that there is not
   * or that cannot be.
   */
  close(options: CloseOptions = {}): Promise<void> {
    try {
      checkOptions('close', closeOptions, options)
    } catch (error) {
      return Promise.reject(error as TypeError)
    }
    this.#closing ??= this.#end(options)
    return this.#closing
  }

  /** Apps hear of the end, whatever becomes of their connections; one that fails keeps no other from it. */
  async #end(options: CloseOptions): Promise<void> {
    const told = this.#apps.tellLeaving()
    await this.#drain(options)
    await told
    await this.#apps.tellGone()
  }

  onExchange(exchange: ExchangeBase): void {
    this.#time(exchange)
    if (this.#domain === undefined || !redirectToDomain(exchange, this.#domain)) this.#site.handle(exchange)
  }

  onExchangeOver(exchange: ExchangeBase): void {
    const log = this.#log
    if (log?.logs(exchange.target)) log.write(exchangeRecord(exchange, this.#connections.size, performance.now()))
  }

  onRefused(connection: Connection, status: number): void {
    this.#log?.write(refusalRecord(connection, status, this.#connections.size))
  }

  onConnectionSwitched(before: Connection, after: Connection): void {
    this.#connections.delete(before)
    this.#connections.add(after)
  }

  onConnectionClosed(connection: Connection, error: Error | undefined): void {
    this.#connections.delete(connection)
    if (error !== undefined && !(error instanceof TransportError)) this.#report(error)
    if (this.#isEmpty()) this.#onEmpty?.()
  }

  /** Only the log asks how long an answer took. */
  #time(exchange: ExchangeBase): void {
    if (this.#log !== undefined) exchange.startedAt = performance.now()
  }

  #accept(transport: Transport, h2c = true): void {
    const id = ++this.#connectionCount
    if (this.#options.collectWhenIdle !== false) idleCollection.onConnection()
    const takeHttp2 = h2c && !transport.encrypted ? this.#takeHttp2 : undefined
    this.#begin(
      transport.protocol === 'h2'
        ? new Http2Connection(transport, this, id, this.#http2Limits)
        : new Http1Connection(transport, this, id, this.#limits, takeHttp2),
    )
  }

  /** The connection stays the same one to the log and to who counts connections. */
  readonly #takeHttp2: Http2Taker = (before, transport, rest, upgraded) => {
    this.#connections.delete(before)
    const begun = { requests: before.requests, rest, upgraded }
    this.#begin(new Http2Connection(transport, this, before.id, this.#http2Limits, begun))
  }

  #begin(connection: Connection): void {
    this.#connections.add(connection)
    connection.start()
    if (this.#closing !== undefined) connection.announceClose()
  }

  #placesOf(where: Where, tls: TlsCredentials | undefined): Place[] {
    const { address = ADDRESS, port = 5000, inherit = true, http2 = true, h2c, ...rest } = where
    const alpn = http2 ? PROTOCOLS : PROTOCOLS_WITHOUT_HTTP2
    const common = { ...rest, tls, alpn, onError: (error: unknown) => this.#report(error) }
    const fixed = rest.path !== undefined || rest.descriptor !== undefined
    const inherited = inherit && !fixed ? takeInheritedSockets() : []
    const all: ListenOptions[] =
      inherited.length > 0
        ? inherited.map(({ descriptor }) => ({ ...common, descriptor }))
        : [{ address, port, ...common }]
    return all.map((options) => ({ options, accept: (transport) => this.#accept(transport, h2c) }))
  }

  #forwardPlace(
    { address = ADDRESS, backlog, connectionsMax, proxyProtocol, handshakeMs }: Where,
    forward: Forward,
  ): Place {
    const owner: ConnectionOwner = {
      transactionIds: this.transactionIds,
      proxies: undefined,
      onExchange: (exchange) => {
        this.#time(exchange)
        answerForward(exchange, forward)
      },
      onExchangeOver: (exchange) => this.onExchangeOver(exchange),
      onRefused: (connection, status) => this.onRefused(connection, status),
      onConnectionSwitched: (before, after) => this.onConnectionSwitched(before, after),
      onConnectionClosed: (connection, error) => this.onConnectionClosed(connection, error),
    }
    const limits = forwardLimits(this.#options.limits)
    return {
      options: { address, port: forward.port, backlog, connectionsMax, proxyProtocol, handshakeMs },
      accept: (transport) => this.#begin(new Http1Connection(transport, owner, ++this.#connectionCount, limits)),
    }
  }

  /** Listens at all places or, when one of them cannot be had, at none. Tells where each listens. */
  async #listen(places: readonly Place[]): Promise<Endpoint[]> {
    const opened: Listener[] = []
    try {
      for (const { options, accept } of places) opened.push(await Listener.open(options, accept))
      if (this.#closing !== undefined) throw new Error('the engine was closed before it listened')
    } catch (error) {
      for (const listener of opened) listener.close()
      throw error
    }
    this.#listeners.push(...opened)
    return opened.map(({ endpoint }) => endpoint)
  }

  async #drain({ timeoutMs = CLOSE_MS, graceMs = GRACE_MS, restart = false }: CloseOptions): Promise<void> {
    const endAt = performance.now() + timeoutMs
    for (const listener of this.#listeners) listener.close()
    leaveSignals(this)
    this.#streams.close()
    this.#site.sockets.close(restart ? CloseCodes.SERVICE_RESTART : CloseCodes.GOING_AWAY)
    if (!this.#isEmpty()) await this.#endConnections(timeoutMs, graceMs)
    await this.#unfinished.settle(timerMs(Math.max(endAt - performance.now(), LAST_MS)))
    if (this.#log === undefined) return
    // A sink that takes nothing holds its log up for ever.
    const timer = new AbortController()
    const leftMs = Math.max(endAt - performance.now(), LAST_MS)
    await Promise.race([this.#log.close(), delay(timerMs(leftMs), undefined, { signal: timer.signal })])
    timer.abort()
  }

  async #endConnections(timeoutMs: number, graceMs: number): Promise<void> {
    for (const connection of this.#connections) connection.announceClose()
    const empty = new Promise<void>((done) => (this.#onEmpty = done))
    const grace = setTimeout(
      () => {
        for (const listener of this.#listeners) listener.endOpening()
        for (const connection of this.#connections) if (connection.idle) connection.close()
        if (this.#isEmpty()) this.#onEmpty?.()
      },
      timerMs(Math.min(graceMs, timeoutMs)),
    )
    const force = setTimeout(() => {
      for (const connection of this.#connections) connection.cut()
    }, timerMs(timeoutMs))
    await empty
    clearTimeout(grace)
    clearTimeout(force)
  }

  /** Whether no connection is left, and none is about to come. */
  #isEmpty(): boolean {
    return this.#connections.size === 0 && this.#listeners.every(({ opening }) => opening === 0)
  }

  #openLog(): void {
    const { log } = this.#options
    if (log === false || this.#log !== undefined) return
    this.#log = new RequestLog({ filter: this.#logFilter, ...(log && { sink: log }) })
  }

  /** Never throws: whoever reports an error has nobody to tell of another one. */
  #report(error: unknown): void {
    try {
      if (this.#options.onError !== undefined) this.#options.onError(error)
      else process.stderr.write(`${inspect(error)}\n`)
    } catch (second) {
      process.stderr.write(`onError has thrown: ${second instanceof Error ? second.stack : typeof second}\n`)
    }
  }
}

/** A timer takes no more; Infinity would fire at once. */
const TIMER_MS_MAX = 2_147_483_647

function timerMs(ms: number): number {
  return Math.min(ms, TIMER_MS_MAX)
}

function listening(endpoint: Endpoint, encrypted: boolean): Listening {
  const { address, port } = endpoint
  return { address, port, url: port === 0 ? address : `${encrypted ? 'https' : 'http'}://${formatEndpoint(endpoint)}` }
}
