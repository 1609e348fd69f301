/** Connects: TCP, TLS and Unix sockets become transports, within a time, or an error that names the peer. */

import { connect as connectSocketTo, isIP, type NetConnectOpts, type Socket } from 'node:net'
import { type ConnectionOptions, connect as connectTls } from 'node:tls'
import { type CertificateSource, loadCertificate, type PemSource, readPem } from './certificate.js'
import { SocketTransport } from './socket-transport.js'
import { type Endpoint, type Transport, TransportError } from './transport.js'

/** TLS on the side of a client. Relative paths are taken from the working directory. */
export interface ClientTlsOptions extends Pick<Partial<CertificateSource>, 'key' | 'passphrase'> {
  /** Our own certificate, followed by those that lead to its root; the key may stand here, too. */
  readonly cert?: PemSource | undefined
  /** The authorities that the certificate of the server must lead to, instead of those that Node brings along. */
  readonly ca?: PemSource | readonly PemSource[] | undefined
  /** False takes any certificate: whoever stands between then reads and changes all. For tests only. Default true. */
  readonly rejectUnauthorized?: boolean | undefined
  /** The name that the server is asked for, and that its certificate must be for. By default the host. */
  readonly servername?: string | undefined
  /** The least version; 1.2 by default. */
  readonly minVersion?: 'TLSv1.2' | 'TLSv1.3' | undefined
}

/** Where to connect. */
export type Place =
  | {
      /** A name, or an address without brackets. Of a name, all addresses are tried in turn (RFC 8305). */
      readonly host: string
      readonly port: number
    }
  | {
      /** A Unix socket. */
      readonly path: string
    }

/** How to connect. */
export interface ConnectOptions {
  /** TLS, with options or with the defaults; without it the connection is plain. */
  readonly tls?: ClientTlsOptions | boolean | undefined
  /** The protocols that are offered over TLS, the preferred one first (RFC 7301); `transport.protocol` is chosen. */
  readonly alpn?: readonly string[] | undefined
  /** For all of it, name and handshake included, in milliseconds; `Infinity` for no limit. Default 10,000. */
  readonly timeoutMs?: number | undefined
  /** Gives up and closes the socket when it aborts before the connection is there. */
  readonly signal?: AbortSignal | undefined
}

/** How to connect a socket. */
export interface ConnectSocketOptions extends Pick<ConnectOptions, 'timeoutMs' | 'signal'> {
  /** TLS, as Node takes it; without it the connection is plain. */
  readonly secure?: ConnectionOptions | undefined
  /**
   * Asks the peer on the plain socket whether TLS is to begin, and waits for the answer. It must leave nothing behind
   * on the socket, neither octets nor listeners.
   */
  readonly ask?: ((socket: Socket) => Promise<boolean>) | undefined
  /** After so much silence, in milliseconds, TCP asks whether the peer is there; `Infinity`, the default, for never. */
  readonly keepAliveMs?: number | undefined
}

const TIMEOUT_MS = 10_000

/**
 * Connects, and gives a transport that waits until it is opened. Rejects with `TransportError` (the code of the system
 * or of TLS, or `CONNECT_TIMEOUT`), with the reason of `signal`, and with `UsageError` for a certificate of ours that
 * cannot be used.
 */
export async function connect(place: Place, options: ConnectOptions = {}): Promise<Transport> {
  const { tls = false, alpn = [], timeoutMs, signal } = options
  const secure =
    tls === false ? undefined : { ALPNProtocols: [...alpn], ...tlsSettings(tls === true ? {} : tls, place) }
  return new SocketTransport(await connectSocket(place, { secure, timeoutMs, signal }))
}

/** As `connect`, but gives the socket itself. */
export function connectSocket(place: Place, options: ConnectSocketOptions = {}): Promise<Socket> {
  const { signal, timeoutMs = TIMEOUT_MS } = options
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted()
    let [socket, connected] = begin(place, options)
    let timer: NodeJS.Timeout | undefined
    const unwatch = (): void => {
      socket.off(connected, onConnect)
      socket.off('close', onClose)
      socket.off('error', fail)
    }
    const watch = (): void => {
      socket.on(connected, onConnect)
      socket.on('close', onClose)
      socket.on('error', fail)
    }
    const settle = (): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', onAbort)
      unwatch()
    }
    const fail = (error: Error): void => {
      settle()
      // What it still says concerns nobody, but without a listener it would end the process.
      socket.on('error', ignore)
      socket.destroy()
      reject(error instanceof TransportError || error === signal?.reason ? error : transportError(place, error))
    }
    const onAbort = (): void => fail(signal!.reason as Error)
    const onClose = (): void => fail(failure(place, 'PEER_GONE', 'the peer has closed the connection'))
    const onConnect = (): void => {
      if (connected === 'connect' && options.ask !== undefined) {
        options.ask(socket).then(onAnswer, fail)
        return
      }
      settle()
      resolve(socket)
    }
    const onAnswer = (accepts: boolean): void => {
      if (socket.destroyed) return
      if (!accepts || options.secure === undefined) {
        settle()
        resolve(socket)
        return
      }
      unwatch()
      socket.on('error', ignore)
      socket = connectTls({ ...options.secure, socket })
      connected = 'secureConnect'
      watch()
    }
    if (timeoutMs < Infinity)
      timer = setTimeout(() => fail(failure(place, 'CONNECT_TIMEOUT', `no connection in ${timeoutMs} ms`)), timeoutMs)
    signal?.addEventListener('abort', onAbort)
    watch()
  })
}

/** Begins to connect; gives the socket, and the event that tells of its success. */
function begin(place: Place, { secure, ask, keepAliveMs = Infinity }: ConnectSocketOptions): [Socket, string] {
  const alive = keepAliveMs < Infinity ? { keepAlive: true, keepAliveInitialDelay: keepAliveMs } : {}
  const to: NetConnectOpts = { ...place, allowHalfOpen: true, noDelay: true, ...alive }
  if (secure === undefined || ask !== undefined) return [connectSocketTo(to), 'connect']
  return [connectTls({ ...to, ...secure }), 'secureConnect']
}

/** Options as Node takes them. What is left to Node, its environment could switch off. */
export function tlsSettings(tls: ClientTlsOptions, place: Place): ConnectionOptions {
  const { cert, key, passphrase, ca, rejectUnauthorized = true, minVersion = 'TLSv1.2' } = tls
  // Node asks for no name by itself, and an address is none (RFC 6066 section 3).
  const { servername = 'host' in place && isIP(place.host) === 0 ? place.host : undefined } = tls
  const directory = process.cwd()
  const authorities = ca === undefined ? undefined : isList(ca) ? ca : [ca]
  const own = cert === undefined ? undefined : loadCertificate({ cert, key, passphrase }, directory)
  return {
    rejectUnauthorized,
    minVersion,
    ...(servername !== undefined && { servername }),
    ...(authorities !== undefined && { ca: authorities.map((source) => readPem(source, 'authority', directory).text) }),
    ...(own !== undefined && { cert: own.cert, key: own.key, passphrase: own.passphrase }),
  }
}

function isList(ca: PemSource | readonly PemSource[]): ca is readonly PemSource[] {
  return Array.isArray(ca)
}

function failure(place: Place, code: string, message: string, cause?: unknown): TransportError {
  const peer: Endpoint = 'path' in place ? { address: place.path, port: 0 } : { address: place.host, port: place.port }
  return new TransportError(code, peer, message, cause)
}

/** Where several addresses were tried, each has its message. Of an error of OpenSSL, the reason is for people. */
function transportError(place: Place, error: NodeJS.ErrnoException & { readonly reason?: string }): TransportError {
  const errors: readonly Error[] = error instanceof AggregateError ? error.errors : [error]
  const message = error.reason ?? errors.map((one) => one.message).join('; ')
  return failure(place, error.code ?? 'ERR_SOCKET', message, error)
}

function ignore(): void {}
