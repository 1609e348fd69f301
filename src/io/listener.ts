/**
 * Accepts connections: TCP or Unix socket, plain or TLS, with or without PROXY headers, under a cap on how many are
 * open.
 */

import { createServer, type Server, type Socket } from 'node:net'
import { createSecureContext, type SecureContext, type SecureContextOptions, TLSSocket } from 'node:tls'
import { clock, type Timed } from './clock.js'
import { ProxyProtocolReader } from './proxy-protocol.js'
import { SocketTransport } from './socket-transport.js'
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
  /** TLS with this certificate; 1.2 at the least. */
  readonly tls?: SecureContextOptions | undefined
  /**
   * Every connection begins with a PROXY header, version 1 or 2; one without is closed. Only behind a balancer that
   * sends it.
   */
  readonly proxyProtocol?: boolean | undefined
  /** From the connection to the end of the PROXY header and the TLS handshake. */
  readonly handshakeMs?: number | undefined
}

const BACKLOG = 4096
const CONNECTIONS_MAX = 100_000
const HANDSHAKE_MS = 10_000

/** The addresses that a PROXY header tells. */
interface Ends {
  readonly peer: Endpoint
  readonly local: Endpoint
}

/** A listening socket. */
export class Listener {
  readonly #server: Server
  readonly #options: ListenOptions
  readonly #secureContext: SecureContext | undefined
  readonly #onTransport: (transport: Transport) => void
  #refused = 0

  private constructor(options: ListenOptions, onTransport: (transport: Transport) => void) {
    this.#options = options
    this.#onTransport = onTransport
    this.#secureContext = options.tls && createSecureContext({ minVersion: 'TLSv1.2', ...options.tls })
    this.#server = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true })
    this.#server.maxConnections = options.connectionsMax ?? CONNECTIONS_MAX
    this.#server.on('drop', () => this.#refused++)
    this.#server.on('connection', (socket) => this.#accept(socket))
  }

  /**
   * Listens; `onTransport` gets each connection, paused until it is opened. Rejects with the system's error
   * (`EADDRINUSE`, `EACCES`), or with that of TLS for a certificate that cannot be used.
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

  /** Stops accepting at once. Connections go on. */
  close(): void {
    this.#server.close()
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

  #accept(socket: Socket): void {
    if (this.#options.proxyProtocol === true) this.#readProxyHeader(socket)
    else this.#secure(socket, undefined)
  }

  #readProxyHeader(socket: Socket): void {
    const reader = new ProxyProtocolReader()
    const settle = this.#giveUpLater(socket)
    const onData = (chunk: Uint8Array): void => {
      const read = reader.receive(chunk)
      if (read.type === 'more') return
      settle()
      if (read.type === 'fault') {
        socket.destroy()
        return
      }
      socket.off('data', onData)
      socket.pause()
      if (read.rest.length > 0) socket.unshift(read.rest)
      const { kind, source, destination } = read.header
      this.#secure(socket, kind === 'proxied' ? { peer: source, local: destination } : undefined)
    }
    socket.on('data', onData)
    // Until its transport takes the socket over, an end is a failure and an error has no other listener.
    socket.once('end', () => void (socket.listenerCount('data') > 0 && socket.off('data', onData).destroy()))
    socket.on('error', () => socket.destroy())
    socket.resume()
  }

  #secure(socket: Socket, ends: Ends | undefined): void {
    const secureContext = this.#secureContext
    if (secureContext === undefined) {
      this.#onTransport(new SocketTransport(socket, ends?.peer, ends?.local))
      return
    }
    const secured = new TLSSocket(socket, { isServer: true, secureContext, ALPNProtocols: ['http/1.1'] })
    const settle = this.#giveUpLater(secured)
    secured.on('error', () => secured.destroy())
    secured.once('secure', () => {
      settle()
      this.#onTransport(new SocketTransport(secured, ends?.peer, ends?.local))
    })
  }

  /** Ends a connection that does not get through its opening in time. The result calls that off. */
  #giveUpLater(socket: Socket): () => void {
    const deadline = clock.now + (this.#options.handshakeMs ?? HANDSHAKE_MS)
    const opening: Timed = { onTick: (now) => void (now >= deadline && socket.destroy()) }
    const settle = (): void => clock.remove(opening)
    clock.add(opening)
    socket.once('close', settle)
    return settle
  }
}
