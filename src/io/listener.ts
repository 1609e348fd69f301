/** Accepts connections: TCP or Unix socket, plain or TLS, under a cap on how many are open at once. */

import { createServer, type Server, type Socket } from 'node:net'
import { createSecureContext, type SecureContextOptions, TLSSocket } from 'node:tls'
import { clock } from './clock.js'
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
  /** From the connection to the end of the TLS handshake. */
  readonly handshakeMs?: number | undefined
}

const BACKLOG = 4096
const CONNECTIONS_MAX = 100_000
const HANDSHAKE_MS = 10_000

/** A listening socket. */
export class Listener {
  readonly #server: Server
  readonly #options: ListenOptions
  readonly #onTransport: (transport: Transport) => void
  #refused = 0

  /** `onTransport` gets each connection, paused until it is opened. */
  private constructor(options: ListenOptions, onTransport: (transport: Transport) => void) {
    this.#options = options
    this.#onTransport = onTransport
    this.#server = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true })
    this.#server.maxConnections = options.connectionsMax ?? CONNECTIONS_MAX
    this.#server.on('drop', () => this.#refused++)
    this.#server.on('connection', (socket) => this.#accept(socket))
  }

  /** Listens; rejects with the system's error (`EADDRINUSE`, `EACCES`). */
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
    if (this.#options.tls === undefined) this.#onTransport(new SocketTransport(socket))
    else this.#secure(socket, this.#options.tls)
  }

  #secure(socket: Socket, options: SecureContextOptions): void {
    const secureContext = createSecureContext({ minVersion: 'TLSv1.2', ...options })
    const secured = new TLSSocket(socket, { isServer: true, secureContext, ALPNProtocols: ['http/1.1'] })
    const deadline = clock.now + (this.#options.handshakeMs ?? HANDSHAKE_MS)
    const handshake = { onTick: (now: number): void => void (now >= deadline && secured.destroy()) }
    const settle = (): void => clock.remove(handshake)
    clock.add(handshake)
    secured.once('close', settle)
    secured.on('error', () => secured.destroy())
    secured.once('secure', () => {
      settle()
      this.#onTransport(new SocketTransport(secured))
    })
  }
}
