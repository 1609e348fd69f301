/** Sockets, timers and the loop that drives engines. The only part that touches the system; it knows no application. */

export type { CertificateSource, PemSource, TlsFault } from './certificate.js'
export type { ClientCertificate } from './client-certificate.js'
export { Clock, clock, type Timed } from './clock.js'
export { type ClientTlsOptions, connect, type ConnectOptions, type Place } from './connector.js'
export { ZlibCompression, zlibCompression, type ZlibCompressionOptions } from './deflate.js'
export { Driver, type DriverHandler } from './driver.js'
export { type InheritedSocket, takeInheritedSockets } from './inherited.js'
export { Listener, type ListenOptions } from './listener.js'
export { maskingKey } from './masking-key.js'
export { memoryTransports } from './memory-transport.js'
export { type AcquireOptions, type Lease, Pool, PoolError, type PoolResource } from './pool.js'
export { poolDefaults, type PoolOptions } from './pool-options.js'
export type { PoolGauges, PoolStats } from './pool-stats.js'
export type { PoolTime } from './pool-time.js'
export {
  type ProxyFault,
  proxyFaults,
  type ProxyHeader,
  ProxyProtocolReader,
  type ProxyRead,
} from './proxy-protocol.js'
export { type SelfSigned, selfSigned, type SelfSignedOptions } from './self-signed.js'
export { sha1 } from './sha1.js'
export { SocketTransport, type SocketTransportOptions } from './socket-transport.js'
export { type StreamCarrier, StreamTransport } from './stream-transport.js'
export { type CertificateResolver, TlsCredentials, type TlsOptions } from './tls.js'
export { type Endpoint, formatEndpoint, type Transport, TransportError, type TransportSink } from './transport.js'
export { MessageStream } from './message-stream.js'
export type { MessagePieces } from './message-pieces.js'
export {
  type CloseInfo,
  type Message,
  type SendOptions,
  WebSocketClosedError,
  WebSocketLink,
  type WebSocketListener,
} from './websocket-link.js'
