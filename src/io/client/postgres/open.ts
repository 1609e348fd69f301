/** Connects to a server as far as the protocol itself: TCP or a Unix socket, and TLS as it was asked for. */

import { isIP, type Socket } from 'node:net'
import { checkServerIdentity, type ConnectionOptions, type PeerCertificate, TLSSocket } from 'node:tls'
import { postgresFaults } from '../../../protocols/postgres/errors.js'
import { PostgresTlsRequest } from '../../../protocols/postgres/tls-request.js'
import { readPem } from '../../certificate.js'
import { connectSocket, type Place, tlsSettings } from '../../connector.js'
import { SocketTransport } from '../../socket-transport.js'
import { type Transport, TransportError } from '../../transport.js'
import { channelBindingOf } from './channel-binding.js'
import { isSocketFolder, type PostgresHost } from './config-hosts.js'
import type { PostgresTls } from './config-tls.js'
import type { PostgresConfig } from './config.js'

/** None; what the server has (which may be none); or TLS and nothing else. */
export type Encryption = 'plain' | 'offered' | 'tls'

/** Where to connect, and how. */
export interface PostgresTarget {
  /** As it was configured. */
  readonly host: PostgresHost
  /** The address that it stands for, or the name itself. */
  readonly place: Place
  readonly encryption: Encryption
}

/** What an engine can be put on. */
export interface OpenedTransport {
  readonly transport: Transport
  /** What SCRAM can be bound to; undefined without TLS. */
  readonly channelBindingData: Uint8Array | undefined
  /** The same server again, at the same address and with the same encryption: for cancelling. */
  readonly target: PostgresTarget
}

/** The protocol's name for direct TLS. */
const ALPN = 'postgresql'

/** The place of a host whose name is not looked up yet. */
export function placeOf({ host, address, port }: PostgresHost): Place {
  if (address === undefined && isSocketFolder(host)) {
    const path = `${host}/.s.PGSQL.${port}`
    return { path: path.startsWith('@') ? `\0${path.slice(1)}` : path }
  }
  return { host: address ?? host, port }
}

/**
 * Connects. Rejects with `TransportError` (the codes of `connect`, of `PostgresTlsRequest`, and `PG_TLS_REFUSED` when
 * the server has no TLS), with the reason of `signal`, and with `UsageError` for certificates that cannot be used. Then
 * nothing is left of it. It has no time-out of its own.
 */
export async function openTransport(
  target: PostgresTarget,
  config: Pick<PostgresConfig, 'sslnegotiation' | 'tls' | 'keepAliveMs'>,
  signal: AbortSignal,
): Promise<OpenedTransport> {
  const { host, place, encryption } = target
  const direct = config.sslnegotiation === 'direct'
  const secure = encryption === 'plain' ? undefined : tlsOptions(config.tls, place, host, direct)
  const ask = secure === undefined || direct ? undefined : (socket: Socket) => askForTls(socket, place, encryption)
  const { keepAliveMs } = config
  const socket = await connectSocket(place, { secure, ask, keepAliveMs, signal, timeoutMs: Infinity })
  if (direct && socket instanceof TLSSocket && socket.alpnProtocol !== ALPN) {
    socket.destroy()
    throw failure(place, 'PG_TLS_ALPN', 'the server does not speak PostgreSQL over direct TLS')
  }
  const isSecure = socket instanceof TLSSocket
  const { remoteAddress, remotePort } = socket
  const reached = 'path' in place ? place : { host: remoteAddress ?? place.host, port: remotePort ?? place.port }
  return {
    transport: new SocketTransport(socket),
    channelBindingData: isSecure ? channelBindingOf(socket) : undefined,
    target: { host, place: reached, encryption: isSecure ? 'tls' : 'plain' },
  }
}

/** Sends SSLRequest, and waits for the one octet of the answer. Nothing else is read from the socket. */
function askForTls(socket: Socket, place: Place, encryption: Encryption): Promise<boolean> {
  // The caller's time-out covers this, too.
  const engine = new PostgresTlsRequest(Infinity)
  return new Promise((resolve, reject) => {
    const step = (): void => {
      const event = engine.poll()
      if (event === undefined) return
      socket.off('data', onData)
      socket.off('end', onEnd)
      socket.pause()
      if (event.type === 'fatal') reject(failure(place, event.code, postgresFaults[event.code].text))
      else if (event.type === 'handover' && !event.accepts && encryption === 'tls')
        reject(failure(place, 'PG_TLS_REFUSED', 'the server has no TLS, and sslmode asks for it'))
      else resolve(event.type === 'handover' && event.accepts)
    }
    const onData = (chunk: Uint8Array): void => {
      engine.receive(chunk, 0)
      step()
    }
    const onEnd = (): void => {
      engine.receiveEnd(0)
      step()
    }
    socket.on('data', onData)
    socket.on('end', onEnd)
    engine.start(0)
    socket.write(engine.output()!)
  })
}

function tlsOptions(tls: PostgresTls, place: Place, { host }: PostgresHost, direct: boolean): ConnectionOptions {
  const { verify, sni, crl, maxVersion, minVersion, ca, cert, key, passphrase, servername } = tls
  const rejectUnauthorized = verify !== 'nothing'
  const settings = tlsSettings({ ca, cert, key, passphrase, minVersion, rejectUnauthorized }, place)
  const name = servername ?? host
  const identify =
    verify === 'name'
      ? (_host: string, certificate: PeerCertificate) => checkServerIdentity(name, certificate)
      : () => undefined
  return {
    ...settings,
    checkServerIdentity: identify,
    servername: sni && isIP(name) === 0 ? name : '',
    ...(crl !== undefined && { crl: readPem(crl, 'revocation list', process.cwd()).text }),
    ...(maxVersion !== undefined && { maxVersion }),
    ...(direct && { ALPNProtocols: [ALPN] }),
  }
}

function failure(place: Place, code: string, message: string): TransportError {
  const peer = 'path' in place ? { address: place.path, port: 0 } : { address: place.host, port: place.port }
  return new TransportError(code, peer, message)
}
