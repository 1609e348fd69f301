/** One open WebSocket over one transport: what the server and the client give to people. */

import { UsageError } from '../protocols/core/errors.js'
import type { WebSocketEngine } from '../protocols/websocket/engine.js'
import { CloseCodes, webSocketFaults } from '../protocols/websocket/errors.js'
import type { WebSocketEvent, WebSocketFatalEvent } from '../protocols/websocket/events.js'
import { PreparedMessage } from '../protocols/websocket/prepared.js'
import { Driver, type DriverHandler } from './driver.js'
import { MessageStream } from './message-stream.js'
import { type MessagePieces, octetsOf } from './message-pieces.js'
import { type Transport, TransportError } from './transport.js'
import { WebSocketInbox } from './websocket-inbox.js'

/** A message: text, or octets as a binary one. */
export type Message = string | Uint8Array

/** How a connection ended. */
export interface CloseInfo {
  /** The code of the peer's Close (RFC 6455 section 7.4): 1005 when it had none, 1006 when no Close came. */
  readonly code: number
  readonly reason: string
  /** Why, when it did not end in order. */
  readonly error: Error | undefined
}

/** Who gets what comes. Without a listener the connection is iterated over. */
export interface WebSocketListener {
  onMessage(message: Message): void
  /** A message begins to come, where the engine gives pieces. */
  onStream?(stream: MessageStream): void
  /** We have begun to close: what still comes is what was under way. */
  onClosing?(): void
  /** Nothing comes any more, and nothing can be sent. Comes once. */
  onClosed(info: CloseInfo): void
  /** The transport is gone, too. Comes once, last. */
  onGone?(): void
}

/** How a message is sent. */
export interface SendOptions {
  /** False sends it without compression, where that was negotiated. Default true. */
  readonly compress?: boolean | undefined
  /** What a message in pieces is. Default `binary`, or `text` when its first piece is a string. */
  readonly kind?: 'text' | 'binary' | undefined
}

/** From so much output on, `send` lets its caller wait. */
const HIGH_WATER_BYTES = 65_536

/** What `write` may leave behind a message in pieces. */
const BEHIND_MAX = 65_536
const BEHIND_BYTES_MAX = 16_777_216

/** Who may want the peer to wait. */
const Holders = { caller: 1, inbox: 2, stream: 4 } as const

const RESOLVED = Promise.resolve()

/** Thrown, or rejected with, when a message cannot be sent because the connection is closed. */
export class WebSocketClosedError extends Error {
  override readonly name = 'WebSocketClosedError'
  readonly code: number
  readonly reason: string

  constructor(info: CloseInfo | undefined) {
    super('the WebSocket is closed', { cause: info?.error })
    this.code = info?.code ?? CloseCodes.ABNORMAL
    this.reason = info?.reason ?? ''
  }
}

interface Waiting {
  readonly resolve: () => void
  readonly reject: (error: Error) => void
}

/** One connection. */
export class WebSocketLink implements DriverHandler<WebSocketEvent>, AsyncIterable<Message | MessageStream> {
  readonly #driver: Driver<WebSocketEvent>
  readonly #engine: WebSocketEngine
  readonly #listener: WebSocketListener
  readonly #inbox: WebSocketInbox | undefined
  #stream: MessageStream | undefined
  #code: number = CloseCodes.ABNORMAL
  #reason = ''
  #error: Error | undefined
  #info: CloseInfo | undefined
  #closed: Promise<CloseInfo> | undefined
  #onClosed: ((info: CloseInfo) => void) | undefined
  #drains: Waiting[] | undefined
  #pings: Map<number, (roundTripMs: number) => void> | undefined
  #pingCount = 0
  /** Rejects the message in pieces that is under way: its source may never give anything again. */
  #abandonPieces: ((error: Error) => void) | undefined
  /** Messages that wait until the one in pieces is sent; undefined while none is under way. */
  #behind: (() => void)[] | undefined
  #behindBytes = 0
  /** Who wants the peer to wait: bits of `Holders`. */
  #holders = 0

  /** `engine` begins with `start`. Without a listener, `receive` or iteration gives the messages. */
  constructor(transport: Transport, engine: WebSocketEngine, listener?: WebSocketListener) {
    this.#engine = engine
    this.#driver = new Driver(transport, engine, this)
    if (listener === undefined) this.#inbox = new WebSocketInbox((hold) => this.#hold(Holders.inbox, hold))
    this.#listener = listener ?? this.#inbox!
  }

  /** Begins. `rest` is what came behind the handshake. */
  start(rest?: Uint8Array): void {
    this.#driver.start(rest)
  }

  get transport(): Transport {
    return this.#driver.transport
  }

  /** Whether messages can be sent. */
  get open(): boolean {
    return this.#engine.open
  }

  /** Octets that wait for the peer. */
  get outputBytes(): number {
    return this.#engine.outputBytes
  }

  /** Octets that came, and that were sent, frames and all. */
  get bytesReceived(): number {
    return this.#engine.bytesReceived
  }

  get bytesSent(): number {
    return this.#engine.bytesSent
  }

  /** Resolves when the connection has ended, in order or not. Never rejects. */
  get closed(): Promise<CloseInfo> {
    this.#closed ??=
      this.#info === undefined ? new Promise((resolve) => (this.#onClosed = resolve)) : Promise.resolve(this.#info)
    return this.#closed
  }

  /** Sends a message and asks for nothing. Does nothing once the connection is closed. */
  write(message: Message | PreparedMessage, compress = true): void {
    if (!this.#engine.open) return
    if (this.#behind === undefined) this.#write(message, compress)
    else this.#writeBehind(this.#behind, message, compress)
  }

  /**
   * Sends a message; one in pieces goes out as its source gives them. Resolves when little output waits, so that who
   * awaits it never runs ahead of the peer. Rejects with `WebSocketClosedError` when the connection has ended, and with
   * what the source throws: if a piece was sent before, the connection is closed with 1011, because a message cannot be
   * taken back. Octets must not be changed behind it.
   */
  send(message: Message | PreparedMessage | MessagePieces, options: SendOptions = {}): Promise<void> {
    const sent = this.#send(message, options)
    // Who does not look must not end the process.
    if (sent !== RESOLVED) sent.catch(ignore)
    return sent
  }

  /** Sends Ping and resolves with the time to its Pong, in milliseconds. Rejects when the connection ends before. */
  ping(): Promise<number> {
    const answered = new Promise<number>((resolve, reject) => {
      if (!this.#engine.open) {
        reject(new WebSocketClosedError(this.#info))
        return
      }
      const since = performance.now()
      const number = (this.#pingCount = (this.#pingCount + 1) >>> 0)
      this.#pings ??= new Map()
      this.#pings.set(number, (at) => (at < 0 ? reject(new WebSocketClosedError(this.#info)) : resolve(at - since)))
      this.#driver.enter()
      this.#engine.ping(Uint8Array.of(0x70, number >>> 24, number >>> 16, number >>> 8, number))
    })
    answered.catch(ignore)
    return answered
  }

  /** Stops or resumes what comes; the peer is slowed down in the end. */
  hold(hold: boolean): void {
    this.#hold(Holders.caller, hold)
  }

  /**
   * Closes with a code (1000 by default; 1005 for none) and a reason of up to 123 octets, and resolves when the
   * connection has ended. Rejects with `UsageError` for a code or a reason that cannot be sent.
   */
  close(code: number = CloseCodes.NORMAL, reason = ''): Promise<CloseInfo> {
    try {
      this.#driver.enter()
      this.#engine.close(code, reason)
      this.#stream?.leave()
      this.#listener.onClosing?.()
      return this.closed
    } catch (error) {
      const refused = Promise.reject(error as Error)
      refused.catch(ignore)
      return refused
    }
  }

  /** Ends the connection at once, without Close. */
  terminate(): void {
    this.#driver.destroy(undefined, true)
  }

  /**
   * The next message; undefined when the connection has ended. One in pieces that nobody reads yet is passed over. Not
   * with a listener.
   */
  receive(): Promise<Message | MessageStream | undefined> {
    if (this.#inbox === undefined) throw new UsageError('WS_LISTENER', 'a listener gets the messages')
    // Who asks for the next message does not want the rest of this one.
    if (this.#inbox.empty) this.#stream?.leave()
    return this.#inbox.receive()
  }

  /** The messages, until the connection ends; how it ended, `closed` tells. Not with a listener. */
  async *[Symbol.asyncIterator](): AsyncIterator<Message | MessageStream> {
    for (let message = await this.receive(); message !== undefined; message = await this.receive()) yield message
  }

  onEvent(event: WebSocketEvent): void {
    switch (event.type) {
      case 'text':
        this.#listener.onMessage(event.text)
        return
      case 'binary':
        this.#listener.onMessage(event.bytes)
        return
      case 'message':
        this.#stream = new MessageStream(event.kind, (hold) => this.#hold(Holders.stream, hold))
        if (this.#listener.onStream === undefined) this.#stream.leave()
        else this.#listener.onStream(this.#stream)
        return
      case 'data':
        this.#stream?.push(event.bytes)
        return
      case 'end':
        this.#stream?.end()
        this.#stream = undefined
        return
      case 'ping':
        return
      case 'pong':
        this.#onPong(event.bytes)
        return
      case 'close':
        this.#code = event.code
        this.#reason = event.reason
        return
      case 'fatal':
        this.#onFatal(event)
        return
      case 'closed':
        this.#end()
    }
  }

  onFlushed(): void {
    if (this.#drains !== undefined && this.#engine.outputBytes < HIGH_WATER_BYTES) this.#settleDrains(undefined)
  }

  onClosed(error: Error | undefined): void {
    this.#error ??= error
    // A connection that is lost is not open any more, and gives back what it has of the compression.
    this.#engine.abort()
    this.#end()
    this.#listener.onGone?.()
  }

  /** A WebSocket stays one. */
  onReleased(transport: Transport): void {
    transport.destroy()
    this.onClosed(undefined)
  }

  #hold(holder: number, hold: boolean): void {
    this.#holders = hold ? this.#holders | holder : this.#holders & ~holder
    this.#driver.enter()
    this.#engine.hold(this.#holders !== 0)
  }

  #write(message: Message | PreparedMessage, compress: boolean): void {
    const engine = this.#engine
    this.#driver.enter()
    if (typeof message === 'string') engine.sendText(message, compress)
    else if (message instanceof PreparedMessage) engine.sendPrepared(message, compress)
    else engine.sendBinary(message, compress)
  }

  /** What nobody awaits must not pile up behind a message whose source gives nothing. */
  #writeBehind(behind: (() => void)[], message: Message | PreparedMessage, compress: boolean): void {
    if (!isWhole(message)) throw new UsageError('WS_CONTENT', 'a message is a string or a Uint8Array')
    behind.push(() => this.write(message, compress))
    this.#behindBytes += message instanceof PreparedMessage ? message.frame.length : message.length
    if (this.#behindBytes <= BEHIND_BYTES_MAX && behind.length <= BEHIND_MAX) return
    const { text } = webSocketFaults.WS_OUTPUT_TOO_LARGE
    this.#driver.destroy(new TransportError('WS_OUTPUT_TOO_LARGE', this.transport.peer, text), true)
  }

  #send(message: Message | PreparedMessage | MessagePieces, options: SendOptions): Promise<void> {
    if (!this.#engine.open) return Promise.reject(new WebSocketClosedError(this.#info))
    if (this.#behind !== undefined) {
      const behind = this.#behind
      return new Promise((resolve, reject) => behind.push(() => this.#send(message, options).then(resolve, reject)))
    }
    if (!isWhole(message)) return this.#sendPieces(message, options)
    try {
      this.#write(message, options.compress ?? true)
    } catch (error) {
      return Promise.reject(error as Error)
    }
    return this.#drained()
  }

  #drained(): Promise<void> {
    if (this.#engine.outputBytes < HIGH_WATER_BYTES && !this.#engine.over) return RESOLVED
    if (this.#info !== undefined) return Promise.reject(new WebSocketClosedError(this.#info))
    return new Promise((resolve, reject) => (this.#drains ??= []).push({ resolve, reject }))
  }

  #sendPieces(source: MessagePieces, options: SendOptions): Promise<void> {
    this.#behind = []
    return new Promise((resolve, reject) => {
      this.#abandonPieces = reject
      this.#pump(source, options).then(resolve, reject)
    })
  }

  async #pump(source: MessagePieces, { compress = true, kind }: SendOptions): Promise<void> {
    let begun = false
    try {
      for await (const octets of octetsOf(source)) {
        if (!begun) this.#beginPieces(kind ?? octets.kind, compress)
        begun = true
        this.#enterOpen()
        this.#engine.sendPiece(octets.bytes)
        await this.#drained()
      }
      if (!begun) this.#beginPieces(kind ?? 'binary', compress)
      this.#enterOpen()
      this.#engine.endMessage()
    } catch (error) {
      // What has begun cannot be taken back (RFC 6455 section 5.4).
      if (begun) {
        this.#driver.enter()
        this.#engine.close(CloseCodes.INTERNAL_ERROR)
      }
      throw error
    } finally {
      this.#sendBehind()
    }
    return this.#drained()
  }

  #beginPieces(kind: 'text' | 'binary', compress: boolean): void {
    this.#enterOpen()
    this.#engine.beginMessage(kind, compress)
  }

  #enterOpen(): void {
    if (!this.#engine.open) throw new WebSocketClosedError(this.#info)
    this.#driver.enter()
  }

  /** Among those that have waited may be another one in pieces: the rest goes on waiting. */
  #sendBehind(): void {
    const behind = this.#behind ?? []
    this.#abandonPieces = undefined
    this.#behind = undefined
    this.#behindBytes = 0
    for (const next of behind) {
      const again = this.#behindNow()
      if (again === undefined) next()
      else again.push(next)
    }
  }

  #behindNow(): (() => void)[] | undefined {
    return this.#behind
  }

  #onPong(bytes: Uint8Array): void {
    if (this.#pings === undefined || bytes.length !== 5 || bytes[0] !== 0x70) return
    const number = ((bytes[1]! << 24) | (bytes[2]! << 16) | (bytes[3]! << 8) | bytes[4]!) >>> 0
    const answered = this.#pings.get(number)
    this.#pings.delete(number)
    answered?.(performance.now())
  }

  #onFatal({ code }: WebSocketFatalEvent): void {
    const { text, closeCode } = webSocketFaults[code]
    this.#error = new TransportError(code, this.transport.peer, text)
    this.#end()
    // Nobody takes what would be written. A peer that has only half-closed may still take it.
    if (closeCode === 0 && code !== 'WS_TRUNCATED') this.#driver.cut(true)
  }

  /** Nothing comes any more, and nothing can be sent. */
  #end(): void {
    if (this.#info !== undefined) return
    const info: CloseInfo = { code: this.#code, reason: this.#reason, error: this.#error }
    this.#info = info
    this.#stream?.fail(new WebSocketClosedError(info))
    this.#settleDrains(new WebSocketClosedError(info))
    this.#abandonPieces?.(new WebSocketClosedError(info))
    this.#sendBehind()
    for (const answered of this.#pings?.values() ?? []) answered(-1)
    this.#pings = undefined
    this.#onClosed?.(info)
    this.#listener.onClosed(info)
  }

  #settleDrains(error: Error | undefined): void {
    const drains = this.#drains
    this.#drains = undefined
    for (const { resolve, reject } of drains ?? []) {
      if (error === undefined) resolve()
      else reject(error)
    }
  }
}

function ignore(): void {}

function isWhole(message: unknown): message is Message | PreparedMessage {
  return typeof message === 'string' || message instanceof Uint8Array || message instanceof PreparedMessage
}
