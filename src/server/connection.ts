/** A connection of the server, whatever protocol version it speaks, and who owns it. */

import type { Transport } from '../io/transport.js'
import type { ExchangeBase } from './exchange-base.js'
import type { TransactionIds } from './transaction-id.js'
import type { TrustedProxies } from './trusted-proxies.js'

/** One connection. */
export interface Connection {
  readonly owner: ConnectionOwner
  /** A number of its own within the process. */
  readonly id: number
  readonly transport: Transport
  /** Whether no request is under way. */
  readonly idle: boolean
  /** Requests so far. */
  readonly requests: number
  /** Begins to serve. */
  start(): void
  /** Lets the peer know that the connection will end: what comes behind this is the last. */
  announceClose(): void
  /** Finishes what is under way, then ends; at once when nothing is. */
  close(): void
  /** Ends the connection where it stands. */
  cut(): void
}

/** Who answers exchanges and keeps track of connections. */
export interface ConnectionOwner {
  /** A request came. */
  onExchange(exchange: ExchangeBase): void
  /** An exchange is over: answered, or lost. */
  onExchangeOver(exchange: ExchangeBase): void
  /** A request was refused by the engine, with this status, before it was complete. */
  onRefused(connection: Connection, status: number): void
  /** Gives the ids of requests. */
  readonly transactionIds: TransactionIds
  /** Who is believed what is said of the way of requests; undefined for nobody. */
  readonly proxies: TrustedProxies | undefined
  /** A connection goes on as another one: `after` is open from now on, `before` is not. */
  onConnectionSwitched(before: Connection, after: Connection): void
  /** A connection is gone; `error` when not in order: a `TransportError`, or what was thrown by mistake. */
  onConnectionClosed(connection: Connection, error: Error | undefined): void
}
