/** What stands for the socket of a request: where the peer is, how it came, and the way to break it off. */

import { EventEmitter } from 'node:events'
import { isIPv6 } from 'node:net'
import { getDefaultHighWaterMark } from 'node:stream'
import type { ServerResponse } from 'node:http'
import type { Exchange } from '../../exchange.js'

const HIGH_WATER_BYTES = getDefaultHighWaterMark(false)

/** The longest time a timer takes. */
const TIMER_MS_MAX = 2_147_483_647

/**
 * The socket as an application sees it. Over HTTP/1.1 it is the same for all requests of a connection, over HTTP/2 each
 * request has its own. Bytes cannot be written past the response: `write` and `end` refuse.
 */
export class ForeignSocket extends EventEmitter {
  /** The response under way; Node asks for it by this name. */
  _httpMessage: ServerResponse | null = null
  /** Node counts in here how often a response was corked. */
  readonly _writableState: { corked: number } = { corked: 0 }
  readonly readableHighWaterMark: number = HIGH_WATER_BYTES
  readonly writableHighWaterMark: number = HIGH_WATER_BYTES
  readonly connecting: boolean = false
  readonly pending: boolean = false
  destroyed = false
  closed = false
  errored: Error | null = null
  timeout = 0
  /** The request under way, or the last one. */
  exchange: Exchange

  #timer: NodeJS.Timeout | undefined

  constructor(exchange: Exchange) {
    super()
    this.exchange = exchange
  }

  get readable(): boolean {
    return !this.destroyed
  }

  get writable(): boolean {
    return !this.destroyed
  }

  get readyState(): string {
    return this.destroyed ? 'closed' : 'open'
  }

  /** True over TLS; a plain socket has no such property. */
  get encrypted(): true | undefined {
    return this.exchange.encrypted || undefined
  }

  /** Whether the certificate of the client is good. */
  get authorized(): boolean {
    return this.exchange.clientCertificate?.authorized ?? false
  }

  get alpnProtocol(): string | false {
    return this.exchange.connection.transport.protocol || false
  }

  get remoteAddress(): string | undefined {
    return this.exchange.peer.address || undefined
  }

  get remotePort(): number | undefined {
    return this.exchange.peer.port || undefined
  }

  get remoteFamily(): string | undefined {
    return familyOf(this.remoteAddress)
  }

  get localAddress(): string | undefined {
    return this.exchange.connection.transport.local.address || undefined
  }

  get localPort(): number | undefined {
    return this.exchange.connection.transport.local.port || undefined
  }

  get localFamily(): string | undefined {
    return familyOf(this.localAddress)
  }

  get bytesRead(): number {
    return this.exchange.body.bytes
  }

  get bytesWritten(): number {
    return 0
  }

  get writableLength(): number {
    return this.exchange.over ? 0 : this.exchange.outputBytes
  }

  get writableNeedDrain(): boolean {
    return this.writableLength >= HIGH_WATER_BYTES
  }

  get writableCorked(): number {
    return this._writableState.corked
  }

  get writableEnded(): boolean {
    return this.destroyed
  }

  address(): { readonly address?: string; readonly port?: number; readonly family?: string } {
    const { localAddress: address, localPort: port, localFamily: family } = this
    return { ...(address && { address }), ...(port && { port }), ...(family && { family }) }
  }

  /** What the client has shown: subject, issuer, fingerprint; an empty object without a certificate. */
  getPeerCertificate(): object {
    return this.exchange.clientCertificate ?? {}
  }

  /** What is written leaves in one go at the end of the turn, corked or not. */
  cork(): void {
    this._writableState.corked++
  }

  uncork(): void {
    if (this._writableState.corked > 0) this._writableState.corked--
  }

  pause(): this {
    return this
  }

  resume(): this {
    return this
  }

  ref(): this {
    return this
  }

  unref(): this {
    return this
  }

  setNoDelay(): this {
    return this
  }

  setKeepAlive(): this {
    return this
  }

  setEncoding(): never {
    throw refusal()
  }

  write(): never {
    throw refusal()
  }

  end(): never {
    throw refusal()
  }

  pipe(): never {
    throw refusal()
  }

  /** After so many milliseconds without content in either direction, `timeout` is told; 0 for never. */
  setTimeout(timeoutMs: number, listener?: () => void): this {
    this.timeout = timeoutMs
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (timeoutMs > 0 && !this.destroyed) {
      this.#timer = setTimeout(() => this.#expire(), Math.min(timeoutMs, TIMER_MS_MAX))
      this.#timer.unref()
    }
    if (listener !== undefined) {
      if (timeoutMs > 0) this.once('timeout', listener)
      else this.removeListener('timeout', listener)
    }
    return this
  }

  /** Content went one way or the other: the time begins anew. */
  touch(): void {
    this.#timer?.refresh()
  }

  /** The request is over: its timer with it. */
  rest(): void {
    if (this.timeout > 0) this.setTimeout(0)
  }

  /** Breaks off what is under way; the connection, over HTTP/1.1, and the stream over HTTP/2. */
  destroy(error?: Error | null): this {
    if (this.destroyed) return this
    this.errored = error ?? null
    const { exchange } = this
    if (!exchange.over) exchange.abort()
    else if (exchange.version !== '2.0') exchange.connection.close()
    this.close()
    return this
  }

  destroySoon(): void {
    this.destroy()
  }

  /** It is gone: `first` is called when that can be seen, and before it is told. */
  close(first?: () => void): void {
    if (this.destroyed) return first?.()
    this.destroyed = true
    this.rest()
    first?.()
    this.closed = true
    this.emit('close', this.errored !== null)
  }

  /** As a server of Node does it: whoever listens on request or response decides, else it ends. */
  #expire(): void {
    const response = this._httpMessage
    const request = response?.req
    let heard = request !== undefined && !request.complete && request.emit('timeout', this)
    if (response !== null) heard = response.emit('timeout', this) || heard
    if (!heard) this.destroy()
    this.emit('timeout')
  }
}

const sockets: WeakMap<object, ForeignSocket> = new WeakMap()

/** The socket of a request. */
export function socketOf(exchange: Exchange): ForeignSocket {
  if (exchange.version === '2.0') return new ForeignSocket(exchange)
  const { connection } = exchange
  let socket = sockets.get(connection)
  if (socket === undefined || socket.destroyed) {
    socket = new ForeignSocket(exchange)
    sockets.set(connection, socket)
  }
  // The response before is complete, and did not have the time yet to say so.
  if (socket._httpMessage !== null) {
    socket._httpMessage.detachSocket(socket as never)
    socket.rest()
  }
  socket.exchange = exchange
  return socket
}

function familyOf(address: string | undefined): string | undefined {
  if (address === undefined || address.startsWith('/')) return undefined
  return isIPv6(address) ? 'IPv6' : 'IPv4'
}

function refusal(): Error {
  const error = new Error('this server writes to its sockets itself: use the response')
  return Object.assign(error, { code: 'ERR_METHOD_NOT_IMPLEMENTED' })
}
