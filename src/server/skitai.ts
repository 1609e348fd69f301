/** The engine object: what is mounted, where it listens, how it ends. */

import { statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type { SecureContextOptions } from 'node:tls'
import { Listener } from '../io/listener.js'
import { type Endpoint, formatEndpoint, type Transport } from '../io/transport.js'
import type { Http1Limits } from '../protocols/http1/limits.js'
import { App } from './app/app.js'
import { type ConnectionOwner, Http1Connection, type Http1Exchange } from './connection.js'
import type { MountedFunction } from './mounts.js'
import { Site } from './site.js'
import { MaxAges } from './static/max-age.js'
import { StaticDirectory, type StaticOptions } from './static/static-directory.js'

/** Options of an engine. */
export interface SkitaiOptions {
  /** Limits and deadlines of HTTP/1.1 connections. */
  readonly limits?: Partial<Http1Limits>
  /** Called with errors that no handler expected; by default they go to standard error. */
  readonly onError?: (error: unknown) => void
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
  /** How long idle connections stay, so that a request that is on its way is answered rather than reset. 100 ms by default. */
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
  #mounted = 0
  #connectionCount = 0
  #closing: Promise<void> | undefined
  #onEmpty: (() => void) | undefined
  #onSignal: ((signal: NodeJS.Signals) => void) | undefined

  constructor(options: SkitaiOptions = {}) {
    this.#options = options
    this.#site = new Site((error) => this.#report(error))
  }

  /**
   * Mounts an app, a directory or a function at a point, for all hosts or some. A relative directory is taken from the
   * directory of the script that was started. Throws `TypeError` for a malformed point or host, or a target that is none.
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
    const { address = '0.0.0.0', port = 5000, signals = true, ...rest } = options
    const listener = await Listener.open({ address, port, ...rest }, (transport) => this.#accept(transport))
    this.#listeners.push(listener)
    if (signals) this.#catchSignals()
    const { endpoint } = listener
    const scheme = options.tls === undefined ? 'http' : 'https'
    return { ...endpoint, url: endpoint.port === 0 ? endpoint.address : `${scheme}://${formatEndpoint(endpoint)}` }
  }

  /** Serves a connection that came some other way, as from `memoryTransports`. */
  serve(transport: Transport): void {
    this.#accept(transport)
  }

  /**
   * Drains: stops accepting, answers what is under way with `Connection: close`, ends the connections, and resolves when
   * all are gone. What takes longer than `timeoutMs` is cut.
   */
  close(options: CloseOptions = {}): Promise<void> {
    this.#closing ??= this.#drain(options)
    return this.#closing
  }

  onExchange(exchange: Http1Exchange): void {
    this.#site.handle(exchange)
  }

  onExchangeOver(_exchange: Http1Exchange): void {}

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
    if (this.#connections.size === 0) return
    for (const connection of this.#connections) connection.announceClose()
    const empty = new Promise<void>((resolve) => (this.#onEmpty = resolve))
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
    this.#onSignal = (signal) => {
      const status = signal === 'SIGINT' ? 130 : 143
      // The listener is off while draining, so that a second signal ends the process as if nobody listened.
      void this.close().then(() => process.exit(signal === 'SIGINT' ? status : 0))
    }
    for (const signal of SIGNALS) process.on(signal, this.#onSignal)
  }

  #report(error: unknown): void {
    if (this.#options.onError !== undefined) this.#options.onError(error)
    else console.error(error)
  }
}

const SIGNALS = ['SIGTERM', 'SIGINT'] as const

/** The directory that a relative path is taken from: that of the script that was started. */
function directoryOf(target: string): string {
  const root = resolve(dirname(process.argv[1] ?? '.'), target)
  if (!statSync(root, { throwIfNoEntry: false })?.isDirectory()) throw new TypeError(`not a directory: ${root}`)
  return root
}
