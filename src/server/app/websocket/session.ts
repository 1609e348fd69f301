/** One open WebSocket of an app: opening, closing, and what goes wrong. What messages mean, its spec says. */

import type { Transport } from '../../../io/transport.js'
import type { WebSocketInbox } from '../../../io/websocket-inbox.js'
import {
  type CloseInfo,
  WebSocketClosedError,
  WebSocketLink,
  type WebSocketListener,
} from '../../../io/websocket-link.js'
import type { MessageStream } from '../../../io/message-stream.js'
import { TransportError } from '../../../io/transport.js'
import { CloseCodes } from '../../../protocols/websocket/errors.js'
import { WebSocketServer } from '../../../protocols/websocket/server.js'
import type { DeflateParameters } from '../../../protocols/websocket/deflate.js'
import type { Exchange } from '../../exchange.js'
import { type Codec, MessageError } from './codec.js'
import type { OpenSockets } from './open-sockets.js'
import type { Room } from './rooms.js'
import type { SocketRoute } from './route.js'
import { Socket, type SocketSource } from './socket.js'
import type { SocketWas } from './socket-was.js'

/** What a connection begins with. */
export interface SessionSetup {
  readonly exchange: Exchange
  readonly route: SocketRoute
  readonly was: SocketWas
  /** The parameters of path and query. */
  readonly params: Readonly<Record<string, unknown>>
  /** The value of the parameter `room`; empty where there are no rooms. */
  readonly room: string
  /** The subprotocol; empty when there is none. */
  readonly protocol: string
  readonly deflate: DeflateParameters | undefined
  readonly sockets: OpenSockets
}

/** From so much output on, who sends waits. */
export const HIGH_WATER_BYTES = 262_144

const REASON_BYTES_MAX = 123

/** One connection. */
export abstract class Session implements WebSocketListener, SocketSource {
  readonly setup: SessionSetup
  readonly was: SocketWas
  readonly codec: Codec
  link!: WebSocketLink
  readonly inbox: WebSocketInbox | undefined = undefined
  room: Room | undefined
  /** The connection ends because of us: what still comes is nobody's. */
  failed = false
  /** `onOpen` has ended, well or not. */
  #opened = false
  #info: CloseInfo | undefined
  /** The room knows that the client is gone. */
  #left: Promise<void> | undefined
  /** `onClose` was called. */
  #parted = false

  constructor(setup: SessionSetup) {
    this.setup = setup
    this.was = setup.was
    this.codec = setup.route.codec
  }

  abstract onMessage(message: string | Uint8Array): void
  abstract onStream(stream: MessageStream): void
  /** Whether messages are being handled, or wait. */
  protected abstract readonly busy: boolean
  /** Messages need not wait: nothing is to be done before them. */
  protected abstract unlock(): void
  /** The connection has begun. Messages may be handled, those first that came meanwhile. */
  protected abstract ready(): void
  /** Sends what a handler has returned, which is neither null nor undefined. A promise while the client is slow. */
  protected abstract deliver(value: unknown): void | Promise<void>

  /** Takes the byte stream; `rest` came on it already. */
  begin(transport: Transport, rest: Uint8Array): void {
    const { route, params, protocol, deflate, sockets } = this.setup
    this.link = new WebSocketLink(transport, new WebSocketServer({ ...route.engine, deflate }), this)
    this.was.websocket = new Socket(this, params, protocol) as SocketWas['websocket']
    sockets.add(this)
    const entered = this.enter()
    const atOnce = entered === undefined && route.onOpen === undefined
    if (atOnce) {
      this.#opened = true
      this.unlock()
    }
    this.link.start(rest)
    sockets.closeOne(this)
    if (atOnce) this.ready()
    else void this.#open(entered)
  }

  onClosed(info: CloseInfo): void {
    this.#info = info
    this.setup.exchange.leave()
    if (this.#opened) this.#end()
  }

  onGone(): void {
    const { exchange, sockets } = this.setup
    sockets.delete(this)
    const error = this.#info?.error
    if (error !== undefined && !(error instanceof TransportError)) sockets.report(error, exchange)
    exchange.endStream(this.link.bytesReceived, this.link.bytesSent)
  }

  next(): Promise<string | Uint8Array | MessageStream | undefined> {
    return Promise.resolve(undefined)
  }

  fail(error: unknown): void {
    if (this.failed) return
    this.failed = true
    if (error instanceof MessageError) {
      void this.link.close(error.code, error.message)
      return
    }
    const { sockets, exchange } = this.setup
    // That the client has gone while somebody was about to send is no mistake.
    if (!(error instanceof WebSocketClosedError && !this.link.open)) sockets.report(error, exchange)
    void this.link.close(CloseCodes.INTERNAL_ERROR, this.was.app?.debug === true ? reasonOf(error) : '')
  }

  /** Before the connection begins and `onOpen`. Rejects, and never throws. */
  protected enter(): void | Promise<void> {}

  /** Behind the end, before `onClose`. */
  protected leave(): void | Promise<void> {}

  /** No message is being handled, and none waits. */
  protected rest(): void {
    const info = this.#info
    if (info === undefined || !this.#opened || this.busy || this.#parted) return
    this.#parted = true
    void this.#part(info)
  }

  async #open(entered: void | Promise<void>): Promise<void> {
    const { onOpen } = this.setup.route
    try {
      await entered
      const greeting = await onOpen?.(this.was)
      if (greeting !== undefined && greeting !== null && greeting !== '') await this.deliver(greeting)
    } catch (error) {
      this.fail(error)
    }
    this.#opened = true
    if (this.#info !== undefined) this.#end()
    this.ready()
  }

  /** Whoever is gone is not in the room, whatever is still done with its messages. */
  #end(): void {
    this.#left = (async () => this.leave())()
    // Heard of behind the last message.
    this.#left.catch(() => {})
    this.rest()
  }

  /** Once for every `#open`. */
  async #part(info: CloseInfo): Promise<void> {
    const { route, sockets, exchange } = this.setup
    try {
      await this.#left
      const parting = await route.onClose?.(this.was, info)
      if (parting !== undefined && parting !== null && parting !== '' && this.room !== undefined)
        await this.deliver(parting)
    } catch (error) {
      if (!(error instanceof WebSocketClosedError)) sockets.report(error, exchange)
    }
  }
}

/** The message of an error, cut to what a Close frame holds: whole characters only. */
function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  const octets = Buffer.from(text)
  if (octets.length <= REASON_BYTES_MAX) return text
  let end = REASON_BYTES_MAX
  while ((octets[end]! & 0xc0) === 0x80) end--
  return octets.toString('utf8', 0, end)
}
