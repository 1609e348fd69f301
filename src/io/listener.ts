/**
 * Accepts connections: TCP or Unix socket, plain or TLS, with or without PROXY headers, under a cap on how many are
 * open.
 */

import { createServer, type Server, type Socket } from 'node:net'
import { clock, type Timed } from './clock.js'
import { ProxyProtocolReader } from './proxy-protocol.js'
import { SocketTransport, type SocketTransportOptions } from './socket-transport.js'
import { type HandshakeOptions, TlsCredentials, type TlsOptions } from './tls.js'
import type { Endpoint, Transport } from './transport.js'

/** Where and how to listen. */
export interface ListenOptions {
  /** An IPv4 or IPv6 address; all interfaces, IPv6 and IPv4, without one. */
  readonly address?: string | undefined
  /** 0 for any free port. */
  readonly port?: number | undefined
  /** The path of a Unix socket, instead of address and port. */
  readonly path?: string | undefined
  /** The number of an inherited, listening descriptor, instead of address and port. */
  readonly descriptor?: number | undefined
  /** How many connections the system may hold ready. */
  readonly backlog?: number | undefined
  /** Connections beyond this are closed at once. */
  readonly connectionsMax?: number | undefined
  /** TLS. Credentials may serve several listeners, and be reloaded. */
  readonly tls?: TlsOptions | TlsCredentials | undefined
  /**
   * The protocols that are offered to TLS clients (ALPN), the preferred one first; `http/1.1` by default. A client that
   * names only others is refused; one that names none is let in.
   */
  readonly alpn?: readonly string[] | undefined
  /**
   * Every connection begins with a PROXY header, version 1 or 2; one without is closed. Only behind a balancer that
   * sends it.
   */
  readonly proxyProtocol?: boolean | undefined
  /** From the connection to the end of the PROXY header and the TLS handshake. */
  readonly handshakeMs?: number | undefined
  /** Told of what a certificate resolver has thrown. */
  readonly onError?: ((error: unknown) => void) | undefined
}

const BACKLOG = 4096
const CONNECTIONS_MAX = 100_000
const HANDSHAKE_MS = 10_000
const ALPN = ['http/1.1']

/** The addresses that a PROXY header tells. */
interface Ends {
  readonly peer: Endpoint
  readonly local: Endpoint
}

/** A listening socket. */
export class Listener {
  readonly #server: Server
  readonly #options: ListenOptions
  readonly #connectionsMax: number
  readonly #tls: TlsCredentials | undefined
  readonly #handshake: HandshakeOptions
  readonly #onTransport: (transport: Transport) => void
  /** Connections on their way to become transports. */
  readonly #opening: Set<Socket> = new Set()
  /** All connections that were accepted and are not closed yet. */
  #open = 0
  #refused = 0

  private constructor(options: ListenOptions, onTransport: (transport: Transport) => void) {
    this.#options = options
    this.#onTransport = onTransport
    this.#connectionsMax = options.connectionsMax ?? CONNECTIONS_MAX
    const { tls, alpn = ALPN, onError = ignore } = options
    this.#tls = tls === undefined || tls instanceof TlsCredentials ? tls : new TlsCredentials(tls)
    this.#handshake = { alpn, onError }
    this.#server = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true })
    this.#server.on('connection', (socket) => this.#accept(socket))
  }

  /**
   * Listens; `onTransport` gets each connection, paused until it is opened. Rejects with the system's error
   * (`EADDRINUSE`, `EACCES`), or with `UsageError` for a certificate that cannot be used.
   */
  static async open(options: ListenOptions, onTransport: (transport: Transport) => void): Promise<Listener> {
    const listener = new Listener(options, onTransport)
    await listener.#listen()
    return listener
  }

  /** Where it listens: the address with the port that was given or found. */
  get endpoint(): Endpoint {
    const bound = this.#server.address()
    if (bound === null) return { address: '', port: 0 }
    return typeof bound === 'string' ? { address: bound, port: 0 } : { address: bound.address, port: bound.port }
  }

  /** How many connections were closed because of the cap. */
  get refused(): number {
    return this.#refused
  }

  /**
   * How many connections are open, those included that have not sent their PROXY header or finished their handshake.
   */
  get connections(): number {
    return this.#open
  }

  /** How many of them are on their way to become transports. */
  get opening(): number {
    return this.#opening.size
  }

  /** Stops accepting at once. Connections go on. */
  close(): void {
    this.#server.close()
  }

  /** Ends the connections that have not become transports yet. */
  endOpening(): void {
    for (const socket of this.#opening) socket.destroy()
    this.#opening.clear()
  }

  #listen(): Promise<void> {
    const { address, port, path, descriptor, backlog = BACKLOG } = this.#options
    return new Promise((resolve, reject) => {
      const server = this.#server
      server.once('error', reject)
      server.once('listening', () => {
        server.off('error', reject)
        // Running out of descriptors while accepting is no reason to end: the next connection may find one.
        server.on('error', () => this.#refused++)
        resolve()
      })
      if (descriptor !== undefined) server.listen({ fd: descriptor, backlog })
      else if (path !== undefined) server.listen({ path, backlog })
      else server.listen({ host: address, port: port ?? 0, backlog })
    })
  }

  /**
   * Holds the cap, which the server's own `maxConnections` could not: it counts a socket out whose handle moves on to a
   * transport.
   */
  #accept(socket: Socket): void {
    if (this.#open >= this.#connectionsMax) {
      this.#refused++
      socket.destroy()
      return
    }
    this.#open++
    if (this.#options.proxyProtocol === true) this.#readProxyHeader(socket)
    else this.#admit(socket, undefined)
  }

  #readProxyHeader(socket: Socket): void {
    const reader = new ProxyProtocolReader()
    const settle = this.#begin(socket)
    const onData = (chunk: Uint8Array): void => {
      const read = reader.receive(chunk)
      if (read.type === 'more') return
      if (read.type === 'fault') {
        socket.destroy()
        return
      }
      socket.off('data', onData)
      socket.off('end', onEnd)
      socket.pause()
      settle()
      if (read.rest.length > 0) socket.unshift(read.rest)
      const { kind, source, destination } = read.header
      const ends = kind === 'proxied' ? { peer: source, local: destination } : undefined
      this.#admit(socket, ends)
    }
    const onEnd = (): void => void socket.destroy()
    socket.on('data', onData)
    socket.on('end', onEnd)
    socket.on('error', ignore)
    socket.resume()
  }

  /** With TLS the connection is delivered behind its handshake. */
  #admit(socket: Socket, ends: Ends | undefined): void {
    if (this.#tls === undefined) return this.#deliver(socket, { ...ends, onGone: this.#onGone })
    const { table } = this.#tls
    const secured = table.secure(socket, this.#handshake)
    const settle = this.#begin(secured)
    secured.on('error', ignore)
    // Whoever leaves half-way is not waited for.
    secured.once('end', destroyThis)
    // Node reports what is wrong behind the handshake to its own TLS server only, and leaves the socket open.
    secured.on('_tlsError', endBroken)
    secured.once('secure', () => {
      const clientCertificate = table.identify(secured)
      if (clientCertificate === 'refused') {
        secured.destroy()
        return
      }
      secured.off('end', destroyThis)
      settle()
      this.#deliver(secured, { ...ends, clientCertificate, onGone: this.#onGone })
    })
  }

  #deliver(socket: Socket, options: SocketTransportOptions): void {
    this.#onTransport(new SocketTransport(socket, options))
  }

  readonly #onGone = (): void => void this.#open--

  /**
   * Counts a connection among those that open, and ends it when that takes too long. To be called off with the result
   * before the next one counts it.
   */
  #begin(socket: Socket): () => void {
    const opening: Timed = { onTick: (now) => void (now >= deadline && socket.destroy()) }
    // The time of a clock that has nothing to do stands still until it gets something.
    clock.add(opening)
    const deadline = clock.now + (this.#options.handshakeMs ?? HANDSHAKE_MS)
    this.#opening.add(socket)
    const leave = (): void => {
      clock.remove(opening)
      this.#opening.delete(socket)
      socket.off('close', onClose)
    }
    const onClose = (): void => {
      leave()
      this.#onGone()
    }
    socket.once('close', onClose)
    return leave
  }
}

function destroyThis(this: Socket): void {
  this.destroy()
}

function endBroken(this: Socket, error: Error): void {
  this.destroy(error)
}

/** An error is followed by `close`, which is what counts. */
function ignore(_error: unknown): void {
  // Whoever does not get through the opening of a connection is told nothing, and there is nobody else to tell.
}
