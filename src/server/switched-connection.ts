/** A connection that has spoken HTTP/1.1, and carries another protocol for one exchange as long as that lives. */

import type { Transport } from '../io/transport.js'
import type { Connection, ConnectionOwner } from './connection.js'
import type { ExchangeBase } from './exchange-base.js'

/** What is left of an HTTP/1.1 connection: neither engine nor driver, of which there may be many thousands. */
export class SwitchedConnection implements Connection {
  readonly owner: ConnectionOwner
  readonly id: number
  readonly transport: Transport
  readonly requests: number
  readonly idle = false

  constructor({ owner, id, requests }: Connection, transport: Transport) {
    this.owner = owner
    this.id = id
    this.requests = requests
    this.transport = transport
  }

  /** It has begun. */
  start(): void {}

  /** Whoever took the transport knows how to say so. */
  announceClose(): void {}

  /** It ends with its exchange. */
  close(): void {}

  cut(): void {
    this.transport.destroy()
  }

  /** The exchange is over, and the transport gone. */
  release(exchange: ExchangeBase): void {
    this.owner.onExchangeOver(exchange)
    this.owner.onConnectionClosed(this, undefined)
  }
}
