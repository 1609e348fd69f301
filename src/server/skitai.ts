/** The engine object: what is mounted, where it listens, how it ends. */

import { statSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { SecureContextOptions } from 'node:tls'
import { inspect } from 'node:util'
import { takeInheritedSockets } from '../io/inherited.js'
import { Listener, type ListenOptions } from '../io/listener.js'
import { type Endpoint, formatEndpoint, type Transport, TransportError } from '../io/transport.js'
import { type Http1Limits, limitsOf } from '../protocols/http1/limits.js'
import { App } from './app/app.js'
import { tellRunning, withOverrides } from './command-line.js'
import type { Connection, ConnectionOwner } from './connection.js'
import type { ExchangeBase } from './exchange-base.js'
import { Http1Connection } from './http1-connection.js'
import { exchangeRecord, refusalRecord, WORKER } from './log/exchange-record.js'
import { LogFilter } from './log/log-filter.js'
import { type LogSink, RequestLog } from './log/request-log.js'
import type { MountedFunction } from './mounts.js'
import { drainOnSignals, leaveSignals } from './signals.js'
import { Site } from './site.js'
import { MaxAges } from './static/max-age.js'
import { StaticDirectory, type StaticOptions } from './static/static-directory.js'
import { TransactionIds } from './transaction-id.js'

/** Options of an engine. */
export interface SkitaiOptions {
  /** Limits and deadlines of HTTP/1.1 connections. One that is none makes the constructor throw `UsageError`. */
  readonly limits?: Partial<Http1Limits>
  /** Called with errors that no handler expected; by default they go to standard error. */
  readonly onError?: (error: unknown) => void
  /** Where the request log goes: a stream, by default standard output; `false` for no log. */
  readonly log?: LogSink | false
}

/** Options of a mount. */
export interface MountOptions extends Omit<StaticOptions, 'maxAges' | 'now'> {
  /** A blank-separated list of host names, `.name` for all names below one, or `default`. */
  readonly host?: string
}

/** Where to run. */
export interface RunOptions {
  /** An IP address; all IPv4 interfaces by default. */
  readonly address?: string
  /** 5000 by default; 0 for any free port. */
  readonly port?: number
  /** The path of a Unix socket, instead of address and port. */
  readonly path?: string
  /** The number of an inherited, listening descriptor, instead of address and port. */
  readonly descriptor?: number
  readonly backlog?: number
  readonly connectionsMax?: number
  readonly tls?: SecureContextOptions
  /**
   * Every connection begins with a PROXY header (version 1 or 2). Only behind a balancer that sends it. Default false.
   */
  readonly proxyProtocol?: boolean
  /** From the connection to the end of the PROXY header and of the TLS handshake, each. 10 s by default. */
  readonly handshakeMs?: number
  /**
   * Listen on the sockets that systemd hands over (`LISTEN_FDS`), when there are any, instead of address and port.
   * Default true.
   */
  readonly inherit?: boolean
  /** Drain on SIGTERM and SIGINT, and force on a second one. Default true. */
  readonly signals?: boolean
}

/** Where an engine listens. */
export interface Running extends Endpoint {
  /** As `http://127.0.0.1:5000`; for a Unix socket its path. */
  readonly url: string
}

/** How to end. */
export interface CloseOptions {
  /** What is under way may take this long; then it is cut. 30 s by default. */
  readonly timeoutMs?: number
  /**
   * How long idle connections stay, so that a request that is on its way is answered rather than reset. 100 ms by
   * default.
   */
  readonly graceMs?: number
}

const CLOSE_MS = 30_000
const GRACE_MS = 100
/** What the log may take at the least, also when connections have taken all of the time. */
const LOG_MS = 100

/** An engine: mount, run, close. */
export class Skitai implements ConnectionOwner {
  readonly #options: SkitaiOptions
  readonly #limits: Http1Limits
  readonly #maxAges: MaxAges = new MaxAges()
  readonly #site: Site
  readonly #connections: Set<Connection> = new Set()
  readonly #listeners: Listener[] = []
  readonly #logFilter: LogFilter = new LogFilter()
  #log: RequestLog | undefined
  /** Numbers the requests of this engine. */
  readonly transactionIds: TransactionIds = new TransactionIds(WORKER)
  #mounted = 0
  #connectionCount = 0
  #closing: Promise<void> | undefined
  #onEmpty: (() => void) | undefined

  constructor(options: SkitaiOptions = {}) {
    this.#options = options
    this.#limits = limitsOf(options.limits)
    this.#site = new Site((error) => this.#report(error))
  }

  /**
   * Mounts an app, a directory or a function at a point, for all hosts or some. A relative directory is taken from the
   * directory of the script that was started. Throws `TypeError` for a malformed point or host, or a target that is
   * none.
   */
  mount(point: string, target: App | MountedFunction | string, options: MountOptions = {}): this {
    if (!/^\/(?:[^/\s?#%\\]+\/?)*$/.test(point)) throw new TypeError(`not a mount point: ${JSON.stringify(point)}`)
    const { host = 'default', ...rest } = options
    const place = point === '/' ? point : point.replace(/\/$/, '')
    if (typeof target === 'string') {
      const root = directoryOf(target)
      this.#site.hosts.group(host).addDirectory(place, new StaticDirectory(root, { ...rest, maxAges: this.#maxAges }))
    } else if (target instanceof App || typeof target === 'function') {
      this.#site.hosts.group(host).addApp(place, target)
    } else {
      throw new TypeError(`cannot mount a ${typeof target} at ${point}: an App, a directory or a function is wanted`)
    }
    this.#mounted++
    return this
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

  /** How many connections are open. */
  get connectionCount(): number {
    return this.#connections.size
  }

  /**
   * Starts to listen, and resolves with where. May be called again to listen elsewhere, too. Rejects when nothing is
   * mounted, or with the system's error (`EADDRINUSE`, `EACCES`).
   */
  async run(options: RunOptions = {}): Promise<Running> {
    if (this.#mounted === 0) throw new Error('nothing is mounted')
    if (this.#closing !== undefined) throw new Error('the engine is closed')
    const { address = '0.0.0.0', port = 5000, signals = true, inherit = true, ...rest } = withOverrides(options)
    const fixed = rest.path !== undefined || rest.descriptor !== undefined
    const inherited = inherit && !fixed ? takeInheritedSockets() : []
    const places: ListenOptions[] =
      inherited.length > 0 ? inherited.map(({ descriptor }) => ({ ...rest, descriptor })) : [{ address, port, ...rest }]
    const { endpoint } = await this.#listen(places)
    this.#openLog()
    if (signals) drainOnSignals(this)
    const scheme = options.tls === undefined ? 'http' : 'https'
    const url = endpoint.port === 0 ? endpoint.address : `${scheme}://${formatEndpoint(endpoint)}`
    tellRunning({ url })
    return { ...endpoint, url }
  }

  /** Serves a connection that came some other way, as from `memoryTransports`. */
  serve(transport: Transport): void {
    this.#openLog()
    this.#accept(transport)
  }

  /**
   * Drains: stops accepting, answers what is under way with `Connection: close`, ends the connections, and resolves
   * when all are gone and the log is written. What takes longer than `timeoutMs` is cut. Another call waits for the
   * first one.
   */
  close(options: CloseOptions = {}): Promise<void> {
    this.#closing ??= this.#drain(options)
    return this.#closing
  }

  onExchange(exchange: ExchangeBase): void {
    if (this.#log !== undefined) exchange.startedAt = performance.now()
    this.#site.handle(exchange)
  }

  onExchangeOver(exchange: ExchangeBase): void {
    const log = this.#log
    if (log?.logs(exchange.target)) log.write(exchangeRecord(exchange, this.#connections.size, performance.now()))
  }

  onRefused(connection: Connection, status: number): void {
    this.#log?.write(refusalRecord(connection, status, this.#connections.size))
  }

  onConnectionClosed(connection: Connection, error: Error | undefined): void {
    this.#connections.delete(connection)
    if (error !== undefined && !(error instanceof TransportError)) this.#report(error)
    if (this.#isEmpty()) this.#onEmpty?.()
  }

  #accept(transport: Transport): void {
    const connection = new Http1Connection(transport, this, ++this.#connectionCount, this.#limits)
    this.#connections.add(connection)
    if (this.#closing !== undefined) connection.announceClose()
    connection.driver.start()
  }

  /** Listens at all places or, when one of them cannot be had, at none. Gives the first listener. */
  async #listen(places: readonly ListenOptions[]): Promise<Listener> {
    const opened: Listener[] = []
    try {
      for (const place of places) opened.push(await Listener.open(place, (transport) => this.#accept(transport)))
      if (this.#closing !== undefined) throw new Error('the engine was closed before it listened')
    } catch (error) {
      for (const listener of opened) listener.close()
      throw error
    }
    this.#listeners.push(...opened)
    return opened[0]!
  }

  async #drain({ timeoutMs = CLOSE_MS, graceMs = GRACE_MS }: CloseOptions): Promise<void> {
    const endAt = performance.now() + timeoutMs
    for (const listener of this.#listeners) listener.close()
    leaveSignals(this)
    if (!this.#isEmpty()) await this.#endConnections(timeoutMs, graceMs)
    if (this.#log === undefined) return
    // A sink that takes nothing holds its log up for ever.
    const timer = new AbortController()
    const leftMs = Math.max(endAt - performance.now(), LOG_MS)
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

/** The directory that a relative path is taken from: that of the script that was started. */
function directoryOf(target: string): string {
  const root = path.resolve(path.dirname(process.argv[1] ?? '.'), target)
  if (!statSync(root, { throwIfNoEntry: false })?.isDirectory()) throw new TypeError(`not a directory: ${root}`)
  return root
}
