/** The port that engines are driven through: one byte stream to one peer, whatever carries it. */

import type { ClientCertificate } from './client-certificate.js'

/** Where one end of a transport is. */
export interface Endpoint {
  /** An IP address, or the path of a Unix socket; empty when unknown. */
  readonly address: string
  /** The port; 0 where there is none. */
  readonly port: number
}

/** What a transport reports. After `onClose` nothing follows. */
export interface TransportSink {
  /** Bytes came. The chunk is valid during the call only: its memory is used again for the next one. */
  onData(chunk: Uint8Array): void
  /** The peer has half-closed. */
  onEnd(): void
  /** Bytes are taken again, after `writable` was false; after `end`, everything is written. */
  onDrain(): void
  /** The transport is gone, in order or because of `error`. */
  onClose(error: TransportError | undefined): void
}

/** A byte stream in both directions. */
export interface Transport {
  readonly peer: Endpoint
  readonly local: Endpoint
  readonly encrypted: boolean
  /**
   * The protocol that was negotiated (ALPN, RFC 7301), as `h2` or `http/1.1`; empty when none was, and without TLS.
   */
  readonly protocol: string
  /** The certificate that the client has shown; undefined on the side of a client. */
  readonly clientCertificate: ClientCertificate | undefined
  /** False while more is buffered than the peer takes; then write nothing until `onDrain`. */
  readonly writable: boolean
  /** Starts delivery to `sink`; a later call moves delivery to another one. A transport that is gone tells so again. */
  open(sink: TransportSink): void
  /** Writes pieces in one go. Their memory must not be used again. */
  write(pieces: readonly Uint8Array[]): void
  /** Stops delivery of data; the peer is slowed down in the end. */
  pause(): void
  resume(): void
  /** Half-closes once everything is written. */
  end(): void
  /**
   * Ends both directions at once; with `reset` the peer is told that this is no end in order, where the transport can.
   */
  destroy(reset?: boolean): void
}

/** A socket, TLS or time-out fault. Only `io` makes these. */
export class TransportError extends Error {
  override readonly name = 'TransportError'
  /** The code of the system (`ECONNRESET`), of TLS, or of this package (`PEER_TIMEOUT`). */
  readonly code: string
  /** The peer, as `address:port`. */
  readonly peer: string

  constructor(code: string, peer: Endpoint, message: string, cause?: unknown) {
    super(`${formatEndpoint(peer)}: ${message}`, { cause })
    this.code = code
    this.peer = formatEndpoint(peer)
  }
}

/** `address:port`, with brackets around an IPv6 address; the path of a Unix socket as it is. */
export function formatEndpoint(endpoint: Endpoint): string {
  if (endpoint.port === 0) return endpoint.address === '' ? 'unknown' : endpoint.address
  return endpoint.address.includes(':')
    ? `[${endpoint.address}]:${endpoint.port}`
    : `${endpoint.address}:${endpoint.port}`
}
