/** One GET over HTTP/1.1 that asks to switch to another protocol (RFC 9110 section 7.8), and nothing else. */

import type { Fields } from '../../protocols/core/fields.js'
import { Http1Client } from '../../protocols/http1/client.js'
import { http1Faults } from '../../protocols/http1/errors.js'
import type { Http1ClientEvent } from '../../protocols/http1/events.js'
import { Driver, type DriverHandler } from '../driver.js'
import { type Transport, TransportError } from '../transport.js'
import { UnexpectedResponse } from './unexpected-response.js'

/** A connection that belongs to another protocol now. */
export interface Upgraded {
  /** Paused. */
  readonly transport: Transport
  /** What came behind the answer. */
  readonly rest: Uint8Array
  /** The fields of the answer. */
  readonly fields: Fields
}

/**
 * Asks over a new connection to switch to the protocol in Upgrade, one of `fields`. Rejects with
 * `UnexpectedResponseError` when the server does not, with `TransportError` when the connection is lost, with the
 * reason of `signal`, and with `UsageError` for fields that cannot be sent. Then the connection is closed.
 */
export function upgradeHttp1(
  transport: Transport,
  target: string,
  fields: readonly string[],
  signal: AbortSignal,
): Promise<Upgraded> {
  return new Promise((resolve, reject) => new Http1Upgrade(transport, signal, resolve, reject).start(target, fields))
}

class Http1Upgrade implements DriverHandler<Http1ClientEvent> {
  readonly #engine: Http1Client = new Http1Client()
  readonly #driver: Driver<Http1ClientEvent>
  readonly #signal: AbortSignal
  readonly #resolve: (upgraded: Upgraded) => void
  readonly #reject: (error: Error) => void
  #unexpected: UnexpectedResponse | undefined
  #fields: Fields | undefined
  #rest: Uint8Array | undefined

  constructor(
    transport: Transport,
    signal: AbortSignal,
    resolve: (upgraded: Upgraded) => void,
    reject: (error: Error) => void,
  ) {
    this.#driver = new Driver(transport, this.#engine, this)
    this.#signal = signal
    this.#resolve = resolve
    this.#reject = reject
  }

  start(target: string, fields: readonly string[]): void {
    if (this.#signal.aborted) return this.#onAbort()
    this.#signal.addEventListener('abort', this.#onAbort)
    try {
      this.#driver.start(undefined, () => this.#engine.sendRequest('GET', target, fields))
    } catch (error) {
      this.#driver.destroy(error as Error)
    }
  }

  onEvent(event: Http1ClientEvent): void {
    switch (event.type) {
      case 'response':
        if (event.status === 101) this.#fields = event.fields
        else this.#unexpected = new UnexpectedResponse(event.status, event.fields)
        return
      case 'data':
        if (this.#unexpected?.push(event.bytes) === true) this.#driver.destroy()
        return
      case 'end':
        this.#driver.destroy()
        return
      case 'handover':
        this.#rest = event.rest
        return
      case 'fatal':
        this.#driver.destroy(new TransportError(event.code, this.#driver.transport.peer, http1Faults[event.code].text))
        return
      default:
        return
    }
  }

  onFlushed(): void {}

  onClosed(error: Error | undefined): void {
    const { peer } = this.#driver.transport
    this.#signal.removeEventListener('abort', this.#onAbort)
    if (this.#unexpected !== undefined && !this.#signal.aborted) this.#reject(this.#unexpected.toError(peer))
    else this.#reject(error ?? new TransportError('PEER_GONE', peer, 'the server has closed the connection'))
  }

  onReleased(transport: Transport): void {
    this.#signal.removeEventListener('abort', this.#onAbort)
    this.#resolve({ transport, rest: this.#rest!, fields: this.#fields! })
  }

  readonly #onAbort = (): void => this.#driver.destroy(this.#signal.reason as Error)
}
