/** The engine object: what is mounted, where it listens, how it ends. */

import { statSync } from 'node:fs'
import path from 'node:path'
import type { SecureContextOptions } from 'node:tls'
import { inspect } from 'node:util'
import { takeInheritedSockets } from '../io/inherited.js'
import { Listener, type ListenOptions } from '../io/listener.js'
import { type Endpoint, formatEndpoint, type Transport } from '../io/transport.js'
import type { Http1Limits } from '../protocols/http1/limits.js'
import { App } from './app/app.js'
import { tellRunning, withOverrides } from './command-line.js'
import { type ConnectionOwner, Http1Connection, type Http1Exchange } from './connection.js'
import { exchangeRecord, refusalRecord, WORKER } from './log/exchange-record.js'
import { LogFilter } from './log/log-filter.js'
import { type LogSink, RequestLog } from './log/request-log.js'
import type { MountedFunction } from './mounts.js'
import { Site } from './site.js'
import { MaxAges } from './static/max-age.js'
import { StaticDirectory, type StaticOptions } from './static/static-directory.js'
import { TransactionIds } from './transaction-id.js'

/** Options of an engine. */
export interface SkitaiOptions {
  /** Limits and deadlines of HTTP/1.1 connections. */
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

/** An engine: mount, run, close. */
export class Skitai implements ConnectionOwner {
  readonly #options: SkitaiOptions
  readonly #maxAges: MaxAges = new MaxAges()
  readonly #site: Site
  readonly #connections: Set<Http1Connection> = new Set()
  readonly #listeners: Listener[] = []
  readonly #logFilter: LogFilter = new LogFilter()
  #log: RequestLog | undefined
  /** Numbers the requests of this engine. */
  readonly transactionIds: TransactionIds = new TransactionIds(WORKER)
  #mounted = 0
  #connectionCount = 0
  #closing: Promise<void> | undefined
  #onEmpty: (() => void) | undefined
  #onSignal: (() => void) | undefined

  constructor(options: SkitaiOptions = {}) {
    this.#options = options
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
    for (const place of places) this.#listeners.push(await Listener.open(place, (transport) => this.#accept(transport)))
    this.#openLog()
    if (signals) this.#catchSignals()
    const { endpoint } = this.#listeners.at(-places.length)!
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
   * when all are gone. What takes longer than `timeoutMs` is cut.
   */
  close(options: CloseOptions = {}): Promise<void> {
    this.#closing ??= this.#drain(options)
    return this.#closing
  }

  onExchange(exchange: Http1Exchange): void {
    if (this.#log !== undefined) exchange.startedAt = performance.now()
    this.#site.handle(exchange)
  }

  onExchangeOver(exchange: Http1Exchange): void {
    const log = this.#log
    if (log?.logs(exchange.target)) log.write(exchangeRecord(exchange, this.#connections.size, performance.now()))
  }

  onRefused(connection: Http1Connection, status: number): void {
    this.#log?.write(refusalRecord(connection, status, this.#connections.size))
  }

  onConnectionClosed(connection: Http1Connection): void {
    this.#connections.delete(connection)
    if (this.#connections.size === 0) this.#onEmpty?.()
  }

  #accept(transport: Transport): void {
    const connection = new Http1Connection(transport, this, ++this.#connectionCount, this.#options.limits)
    this.#connections.add(connection)
    if (this.#closing !== undefined) connection.announceClose()
    connection.driver.start()
  }

  async #drain({ timeoutMs = CLOSE_MS, graceMs = GRACE_MS }: CloseOptions): Promise<void> {
    for (const listener of this.#listeners) listener.close()
    if (this.#onSignal !== undefined) for (const signal of SIGNALS) process.off(signal, this.#onSignal)
    if (this.#connections.size > 0) await this.#endConnections(timeoutMs, graceMs)
    await this.#log?.close()
  }

  async #endConnections(timeoutMs: number, graceMs: number): Promise<void> {
    for (const connection of this.#connections) connection.announceClose()
    const empty = new Promise<void>((done) => (this.#onEmpty = done))
    const grace = setTimeout(
      () => {
        for (const connection of this.#connections) if (connection.idle) connection.close()
      },
      Math.min(graceMs, timeoutMs),
    )
    const force = setTimeout(() => {
      for (const connection of this.#connections) connection.driver.destroy()
    }, timeoutMs)
    await empty
    clearTimeout(grace)
    clearTimeout(force)
  }

  #catchSignals(): void {
    if (this.#onSignal !== undefined) return
    // The listener goes off as the drain begins, so that a second signal ends the process as if nobody listened.
    this.#onSignal = () => void this.close().then(() => process.exit(0))
    for (const signal of SIGNALS) process.on(signal, this.#onSignal)
  }

  #openLog(): void {
    const { log } = this.#options
    if (log === false || this.#log !== undefined) return
    this.#log = new RequestLog({ filter: this.#logFilter, ...(log && { sink: log }) })
  }

  #report(error: unknown): void {
    if (this.#options.onError !== undefined) this.#options.onError(error)
    else process.stderr.write(`${inspect(error)}\n`)
  }
}

const SIGNALS = ['SIGTERM', 'SIGINT'] as const

/** The directory that a relative path is taken from: that of the script that was started. */
function directoryOf(target: string): string {
  const root = path.resolve(path.dirname(process.argv[1] ?? '.'), target)
  if (!statSync(root, { throwIfNoEntry: false })?.isDirectory()) throw new TypeError(`not a directory: ${root}`)
  return root
}
