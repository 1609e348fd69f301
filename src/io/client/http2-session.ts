/** A client's connection over HTTP/2, on which several tunnels are open at once (RFC 8441). */

import { Http2Client } from '../../protocols/http2/client.js'
import { http2Faults } from '../../protocols/http2/errors.js'
import type { Http2ClientEvent, ResetEvent } from '../../protocols/http2/events.js'
import type { Http2Limits } from '../../protocols/http2/limits.js'
import { type ClientTlsOptions, connect } from '../connector.js'
import { Driver, type DriverHandler } from '../driver.js'
import { type Transport, TransportError } from '../transport.js'
import { Http2Tunnel, type Tunnel, type TunnelOwner } from './http2-tunnel.js'
import { type Origin, originOf } from './origin.js'
import { within } from './within.js'

/** How to open a connection. */
export interface Http2SessionOptions {
  /** TLS, for `https`. Certificates are verified unless it says otherwise. */
  readonly tls?: ClientTlsOptions | undefined
  /** Gives up when it aborts before the connection is there. */
  readonly signal?: AbortSignal | undefined
  /** For all of it: name, TLS, and the settings of the server, in milliseconds. Default 10,000. */
  readonly connectTimeoutMs?: number | undefined
  readonly limits?: Partial<Http2Limits> | undefined
}

/** What a tunnel is asked for with. */
export interface TunnelRequest {
  /** What is spoken inside, as `websocket`. */
  readonly protocol: string
  /** Host and port, if it is not that of the connection. */
  readonly authority?: string | undefined
  readonly target: string
  /** A flat list. */
  readonly fields: readonly string[]
  /** Gives up, and resets the stream, when it aborts before the tunnel is there. */
  readonly signal?: AbortSignal | undefined
}

const CONNECT_TIMEOUT_MS = 10_000

/**
 * Opens a connection over HTTP/2: TLS with ALPN for `https`, prior knowledge for `http`. Rejects with `TransportError`
 * (`H2_ALPN` when the server speaks no HTTP/2), and with the reason of `signal`.
 */
export function http2Session(url: string | URL, options: Http2SessionOptions = {}): Promise<Http2Session> {
  const { tls = {}, limits, signal, connectTimeoutMs = CONNECT_TIMEOUT_MS } = options
  const origin = originOf(url)
  return within(signal, connectTimeoutMs, origin.expired(connectTimeoutMs), async (inner) => {
    const how = { tls: origin.secure && tls, alpn: ['h2'], timeoutMs: Infinity, signal: inner }
    const transport = await connect(origin.place, how)
    if (origin.secure && transport.protocol !== 'h2') {
      transport.destroy()
      throw new TransportError('H2_ALPN', transport.peer, 'the server does not speak HTTP/2')
    }
    return Http2Session.open(transport, origin, limits, inner)
  })
}

/** The connection. */
export class Http2Session implements DriverHandler<Http2ClientEvent>, TunnelOwner {
  readonly engine: Http2Client
  /** Resolves when the connection has ended; with the reason, when that was not in order. Never rejects. */
  readonly closed: Promise<Error | undefined>
  readonly #origin: Origin
  readonly #driver: Driver<Http2ClientEvent>
  /** By the number of their stream. */
  readonly #tunnels: Map<number, Http2Tunnel> = new Map()
  /** Those that wait until less output does. */
  #waiting: Http2Tunnel[] = []
  #onReady: (() => void) | undefined
  #onClosed!: (error: Error | undefined) => void
  /** Why no tunnel can be opened any more. */
  #error: TransportError | undefined
  #inOrder = false

  private constructor(transport: Transport, origin: Origin, limits: Partial<Http2Limits> | undefined) {
    this.engine = new Http2Client(limits === undefined ? {} : { limits })
    this.closed = new Promise((resolve) => (this.#onClosed = resolve))
    this.#origin = origin
    this.#driver = new Driver(transport, this.engine, this)
  }

  /** Begins on a transport, and waits for the settings of the server. */
  static async open(
    transport: Transport,
    origin: Origin,
    limits: Partial<Http2Limits> | undefined,
    signal: AbortSignal,
  ): Promise<Http2Session> {
    const session = new Http2Session(transport, origin, limits)
    const onAbort = (): void => session.#driver.destroy(signal.reason as Error)
    const ready = new Promise<void>((resolve) => (session.#onReady = resolve))
    signal.addEventListener('abort', onAbort)
    if (signal.aborted) onAbort()
    else session.#driver.start()
    await ready
    signal.removeEventListener('abort', onAbort)
    if (session.#error !== undefined) throw signal.aborted ? signal.reason : session.#error
    return session
  }

  get transport(): Transport {
    return this.#driver.transport
  }

  /** Scheme and authority, as `https://example.test:8443`. */
  get origin(): string {
    return this.#origin.text
  }

  /** Whether a tunnel can be asked for now. */
  get open(): boolean {
    return this.engine.canRequest
  }

  /**
   * Asks for a tunnel. Rejects with `UnexpectedResponseError` when the server refuses, with the reason of `signal`,
   * with `UsageError` for what cannot be sent, and with `TransportError`: `H2_CONNECT_PROTOCOL` when the server has not said
   * that it understands extended CONNECT, `H2_STREAMS_MAX` when it takes no more streams now.
   */
  openTunnel(request: TunnelRequest): Promise<Tunnel> {
    const { protocol, authority = this.#origin.authority, target, fields, signal } = request
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted()
      this.enter()
      const { engine } = this
      if (this.#error !== undefined) throw this.#error
      if (!engine.peerSettings.connectProtocol)
        throw this.#failure('H2_CONNECT_PROTOCOL', 'the server does not understand extended CONNECT')
      if (!engine.canRequest) throw this.#failure('H2_STREAMS_MAX', 'the server takes no further stream now')
      const scheme = this.#origin.secure ? 'https' : 'http'
      const streamId = engine.sendHead({ method: 'CONNECT', protocol, scheme, authority, target, fields })
      this.#tunnels.set(streamId, new Http2Tunnel(this, streamId, { resolve, reject }, signal))
    })
  }

  /** Opens no further tunnel, and ends the connection when those that are open have ended. */
  close(): Promise<Error | undefined> {
    this.enter()
    this.engine.close()
    return this.closed
  }

  /** Ends the connection at once. */
  terminate(): void {
    this.#loseAll(this.#failure('CLOSED', 'the connection was terminated'))
    this.#driver.destroy(undefined, true)
  }

  /** For tunnels. */
  enter(): void {
    this.#driver.enter()
  }

  await(tunnel: Http2Tunnel): void {
    this.#waiting.push(tunnel)
  }

  forget({ streamId }: Http2Tunnel): void {
    this.#tunnels.delete(streamId)
  }

  onEvent(event: Http2ClientEvent): void {
    switch (event.type) {
      case 'settings':
        this.#onReady?.()
        return
      case 'response':
        this.#tunnels.get(event.streamId)?.receiveResponse(event)
        return
      case 'data':
        this.#onData(event.streamId, event.bytes)
        return
      case 'end':
        this.#tunnels.get(event.streamId)?.receiveEnd()
        return
      case 'reset':
        this.#onReset(event)
        return
      case 'streamFault':
        this.#tunnels.get(event.streamId)?.lose(this.#failure(event.code, http2Faults[event.code].text))
        return
      case 'fatal':
        this.#loseAll(this.#failure(event.code, http2Faults[event.code].text))
        // Nobody takes what would be written.
        if (event.code === 'H2_WRITE_TIMEOUT') this.#driver.cut()
        return
      case 'closed':
        this.#inOrder = this.#error === undefined
        this.#loseAll(this.#failure('CLOSED', 'the connection is closed'))
        return
      default:
        return
    }
  }

  onFlushed(): void {
    const waiting = this.#waiting
    if (waiting.length === 0) return
    this.#waiting = []
    for (const tunnel of waiting) if (!tunnel.flushed()) this.#waiting.push(tunnel)
  }

  onClosed(error: Error | undefined): void {
    this.#loseAll(this.#failure('PEER_GONE', 'the connection is gone', error))
    this.#onClosed(this.#inOrder ? undefined : this.#error)
  }

  /** HTTP/2 stays what it is. */
  onReleased(transport: Transport): void {
    transport.destroy()
    this.onClosed(undefined)
  }

  /** A tunnel that is gone takes nothing: its window must not stay shut for the others. */
  #onData(streamId: number, bytes: Uint8Array): void {
    const tunnel = this.#tunnels.get(streamId)
    if (tunnel === undefined) this.engine.consume(streamId, bytes.length)
    else tunnel.receive(bytes)
  }

  #onReset({ streamId, errorCode }: ResetEvent): void {
    const error = this.#failure('RESET', `the server has reset the stream with error code ${errorCode}`)
    this.#tunnels.get(streamId)?.receiveReset(error, errorCode)
  }

  #loseAll(error: TransportError): void {
    this.#error ??= error
    this.#onReady?.()
    for (const tunnel of this.#tunnels.values()) tunnel.lose(error)
  }

  #failure(code: string, message: string, cause?: Error): TransportError {
    return cause instanceof TransportError ? cause : new TransportError(code, this.transport.peer, message, cause)
  }
}
