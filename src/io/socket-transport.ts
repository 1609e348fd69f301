/** Transports over sockets of `node:net` and `node:tls`: TCP, TLS and Unix sockets. */

import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import type { ClientCertificate } from './client-certificate.js'
import { DirectWrites } from './direct-writes.js'
import { readShared, type SharedReads, sharedReads } from './shared-reads.js'
import { type Endpoint, type Transport, TransportError, type TransportSink } from './transport.js'

/** A socket with its transport. Listeners are shared functions: an idle connection owns no closure. */
type Owned = Socket & { [owner]: SocketTransport }

const owner = Symbol('transport')

/** What a socket itself does not know. */
export interface SocketTransportOptions {
  /** Replace the socket's own addresses, when a proxy has told the real ones. */
  readonly peer?: Endpoint | undefined
  readonly local?: Endpoint | undefined
  readonly clientCertificate?: ClientCertificate | undefined
  /** Called once, when the socket is closed. */
  readonly onGone?: (() => void) | undefined
}

/** One connected socket. It takes the socket over: all of its events are handled here. */
export class SocketTransport implements Transport {
  readonly peer: Endpoint
  readonly encrypted: boolean
  readonly protocol: string
  readonly clientCertificate: ClientCertificate | undefined

  readonly #local: Endpoint | undefined
  readonly #socket: Owned
  /** The socket reads into the shared buffer and hands that over itself. */
  readonly #shared: boolean
  readonly #direct: DirectWrites | undefined
  readonly #onGone: (() => void) | undefined
  #sink: TransportSink | undefined
  #error: Error | undefined
  #writable = true
  #closed = false

  /** Takes over a socket that is connected and, with TLS, whose handshake is over. */
  constructor(socket: Socket, options: SocketTransportOptions = {}) {
    this.#onGone = options.onGone
    this.peer = options.peer ?? { address: socket.remoteAddress ?? '', port: socket.remotePort ?? 0 }
    this.#local = options.local
    this.encrypted = socket instanceof TLSSocket
    this.protocol = (socket instanceof TLSSocket && socket.alpnProtocol) || ''
    this.clientCertificate = options.clientCertificate
    const moved = this.encrypted ? undefined : readShared(socket, READS)
    const used = moved ?? socket
    this.#shared = moved !== undefined
    this.#socket = Object.assign(used, { [owner]: this })
    this.#direct = moved && DirectWrites.of(moved, this)
    // Without a sink the peer waits; an error without a listener would end the process.
    used.pause()
    used.on('error', onError)
    used.on('close', onClose)
  }

  /** Asked for rarely: looked up when it is. */
  get local(): Endpoint {
    const { localAddress = '', localPort = 0 } = this.#socket
    return this.#local ?? { address: localAddress, port: localPort }
  }

  get writable(): boolean {
    return this.#direct?.writable ?? this.#writable
  }

  open(sink: TransportSink): void {
    const first = this.#sink === undefined
    this.#sink = sink
    if (this.#closed) setImmediate(() => this.#tellClosed())
    if (!first) return
    if (!this.#shared) this.#socket.on('data', onData)
    this.#socket.on('end', onEnd)
    this.#socket.on('drain', onDrain)
    this.#socket.resume()
  }

  write(pieces: readonly Uint8Array[]): void {
    if (this.#direct !== undefined) return this.#direct.write(pieces)
    const socket = this.#socket
    if (pieces.length === 1) {
      this.#writable = socket.write(pieces[0]!)
      return
    }
    socket.cork()
    for (const piece of pieces) this.#writable = socket.write(piece)
    socket.uncork()
  }

  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  end(): void {
    this.#socket.once('finish', onDrain)
    this.#socket.end()
  }

  destroy(reset = false): void {
    if (reset && mayReset(this.#socket)) this.#socket.resetAndDestroy()
    else this.#socket.destroy()
  }

  /** For the listeners below. */
  receive(chunk: Uint8Array): void {
    this.#sink?.onData(chunk)
  }

  receiveEnd(): void {
    this.#sink?.onEnd()
  }

  drained(): void {
    this.#writable = true
    this.#sink?.onDrain()
  }

  failed(error: Error): void {
    this.#error ??= error
  }

  closed(): void {
    this.#closed = true
    this.#onGone?.()
    this.#tellClosed()
  }

  #tellClosed(): void {
    const error = this.#error as (NodeJS.ErrnoException & { readonly reason?: string }) | undefined
    if (error === undefined) return this.#sink?.onClose(undefined)
    // Of an error of OpenSSL, the reason is what a person can read.
    const { code = 'ERR_SOCKET', reason = error.message } = error
    this.#sink?.onClose(new TransportError(code, this.peer, reason, error))
  }
}

const READS: SharedReads = sharedReads(onData)

/**
 * Whether a socket can be reset: it is TCP itself, neither a Unix socket nor TLS, and no half-close of ours waits for
 * what was written before. libuv refuses to reset one where it does, and then never lets go of it: its loop spins.
 */
function mayReset(socket: Socket): boolean {
  if (socket.destroyed || socket instanceof TLSSocket || socket.remoteAddress === undefined) return false
  return !socket.writableEnded || socket.writableFinished
}

function onData(this: Socket, chunk: Uint8Array): void {
  ;(this as Owned)[owner].receive(chunk)
}

function onEnd(this: Socket): void {
  ;(this as Owned)[owner].receiveEnd()
}

function onDrain(this: Socket): void {
  ;(this as Owned)[owner].drained()
}

function onError(this: Socket, error: Error): void {
  ;(this as Owned)[owner].failed(error)
}

function onClose(this: Socket): void {
  ;(this as Owned)[owner].closed()
}
