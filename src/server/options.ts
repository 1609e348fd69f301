/** What an engine is told: how to be, where to run, how to end. */

import type { Endpoint } from '../io/transport.js'
import type { Http1Limits } from '../protocols/http1/limits.js'
import type { Http2Limits } from '../protocols/http2/limits.js'
import type { LogEntry } from './app/app-host.js'
import type { Preference } from './app/modules/app-module.js'
import type { LogSink } from './log/request-log.js'
import type { StaticOptions } from './static/static-directory.js'
import type { TlsInput } from './tls.js'
import type { ProxyList, TrustedProxyOptions } from './trusted-proxies.js'

/** Options of an engine. */
export interface SkitaiOptions {
  /** Limits and deadlines of HTTP/1.1 connections. One that is none makes the constructor throw `UsageError`. */
  readonly limits?: Partial<Http1Limits>
  /** Limits and deadlines of HTTP/2 connections. */
  readonly http2?: Partial<Http2Limits>
  /** Called with errors that no handler expected; by default they go to standard error. */
  readonly onError?: (error: unknown) => void
  /** Called with what apps log by `was.log`; by default a line of it goes to standard error. */
  readonly onLog?: (entry: LogEntry) => void
  /** Where the request log goes: a stream, by default standard output; `false` for no log. */
  readonly log?: LogSink | false
  /**
   * The proxies in front of us that are believed what they say of the client in Forwarded and X-Forwarded-*: addresses,
   * ranges as `10.0.0.0/8`, `loopback`, `private`, `unix`. Its address, the scheme and the host of a request are then
   * those that the client has asked with. Default none.
   */
  readonly trustedProxies?: ProxyList | TrustedProxyOptions
  /**
   * Whether V8 is asked to give memory back once 1,000 connections or more have come in and the process has been idle
   * for a second: about 2 ms for a MiB of objects, with 64 MiB of them at the most. Default true.
   */
  readonly collectWhenIdle?: boolean
}

/** Options of a mount. */
export interface MountOptions extends Omit<StaticOptions, 'maxAges' | 'now'> {
  /** A blank-separated list of host names, `.name` for all names below one, or `default`. */
  readonly host?: string
  /** Lets the handlers of an app or a function push responses over HTTP/2: `was.push`. Default false. */
  readonly push?: boolean
  /**
   * Of an app: names of apps of the same host whose events its listeners hear, too (APP-102). They may be mounted
   * later, but before `ready` or `run`, which reject for a name that no app has.
   */
  readonly subscribe?: readonly string[]
  /** Of an app: what counts more than what it says itself (APP-06). */
  readonly pref?: Preference
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
  /** TLS of this listener; `false` for none. Without it, what `enableSsl` has said. */
  readonly tls?: TlsInput | false
  /** Whether TLS clients are offered HTTP/2. Default true. */
  readonly http2?: boolean
  /**
   * Whether HTTP/2 is spoken without TLS: with clients that begin with its preface, or ask for an Upgrade to h2c.
   * Default true.
   */
  readonly h2c?: boolean
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

/** Where a listener listens. */
export interface Listening extends Endpoint {
  /** As `http://127.0.0.1:5000`; for a Unix socket its path. */
  readonly url: string
}

/** Where an engine listens. */
export interface Running extends Listening {
  /** The SHA-256 fingerprint of the first certificate; empty without TLS. */
  readonly fingerprint256: string
  /** The listeners of `enableForward` that began with this one. */
  readonly forwards: readonly Listening[]
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
  /** Tells WebSockets that the server comes back (1012) rather than goes away (1001). Default false. */
  readonly restart?: boolean
}
