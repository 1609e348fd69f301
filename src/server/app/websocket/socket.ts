/** `was.websocket`: one connection as handlers see it. */

import type { MessageStream } from '../../../io/message-stream.js'
import type { WebSocketInbox } from '../../../io/websocket-inbox.js'
import { type CloseInfo, WebSocketClosedError, type WebSocketLink } from '../../../io/websocket-link.js'
import { UsageError } from '../../../protocols/core/errors.js'
import { type Codec, encodeWhole, isEncoded } from './codec.js'
import type { Incoming, Outgoing, SocketEncoding } from './options.js'
import type { EncodedMessage, Room, RoomMember } from './rooms.js'

/** What a connection gives to who holds it. */
export interface SocketSource {
  readonly link: WebSocketLink
  readonly codec: Codec
  /** Where messages wait; only where the handler takes them by itself. */
  readonly inbox: WebSocketInbox | undefined
  /** The room that the client is in. */
  readonly room: Room | undefined
  /** The next message, as it came. */
  next(): Promise<string | Uint8Array | MessageStream | undefined>
  /** Something went wrong: the connection ends. */
  fail(error: unknown): void
}

let lastId = 0

const NOBODY: ReadonlyMap<number, Socket> = new Map()

/** One connection. */
export class Socket<
  Params = unknown,
  Encoding extends SocketEncoding = SocketEncoding,
  Pieces extends boolean = boolean,
>
  implements RoomMember, AsyncIterable<Incoming<Encoding, Pieces>>
{
  /** A number of its own within the process. */
  readonly id: number = ++lastId
  /** The parameters of path and query. */
  readonly params: Params
  /** The subprotocol that was agreed on; empty when none was. */
  readonly protocol: string
  readonly #source: SocketSource

  constructor(source: SocketSource, params: Params, protocol: string) {
    this.#source = source
    this.params = params
    this.protocol = protocol
  }

  /** Whether messages can be sent. */
  get open(): boolean {
    return this.#source.link.open
  }

  /** Octets that wait for the client. */
  get outputBytes(): number {
    return this.#source.link.outputBytes
  }

  /** Octets that came, and that were sent, frames and all. */
  get bytesReceived(): number {
    return this.#source.link.bytesReceived
  }

  get bytesSent(): number {
    return this.#source.link.bytesSent
  }

  /** The value of the parameter `room`; undefined where there are no rooms. */
  get room(): string | undefined {
    return this.#source.room?.name
  }

  /** The clients in the room, this one too, by id; those of this process. */
  get clients(): ReadonlyMap<number, Socket<Params, Encoding, Pieces>> {
    return (this.#source.room?.clients ?? NOBODY) as ReadonlyMap<number, Socket<Params, Encoding, Pieces>>
  }

  /** Resolves when the connection has ended. Never rejects. */
  get closed(): Promise<CloseInfo> {
    return this.#source.link.closed
  }

  /**
   * Sends a message, at any time; to another client of the room where its id is given. Nothing is sent for null.
   * Resolves when little output waits. Rejects with `WebSocketClosedError` when the connection has ended, with
   * `TypeError` for what cannot be sent, and for a client that is not in the room.
   */
  send(message: Outgoing<Encoding>, clientId?: number): Promise<void> {
    const sent = clientId === undefined ? this.#send(message) : this.#sendTo(message, clientId)
    // Who does not look must not end the process.
    sent.catch(ignore)
    return sent
  }

  /** Sends a message to everybody in the room. */
  async broadcast(message: Outgoing<Encoding>): Promise<void> {
    const { room, codec } = this.#source
    if (room === undefined) throw new UsageError('WS_ROOM', 'this WebSocket has no rooms')
    if (message !== undefined && message !== null) await room.broadcast(encodeWhole(codec, message))
  }

  /** Sends Ping, and resolves with the time to its Pong, in milliseconds. Rejects when the connection ends before. */
  ping(): Promise<number> {
    return this.#source.link.ping()
  }

  /**
   * Closes with a code (1000, 1001, …, 3000 to 4999) and a reason of up to 123 octets, and resolves when the connection
   * has ended. Rejects with `UsageError` for a code or a reason that cannot be sent, and closes with 1011 then.
   */
  close(code?: number, reason?: string): Promise<CloseInfo> {
    const closed = this.#source.link.close(code, reason)
    closed.catch((error: unknown) => this.#source.fail(error))
    return closed
  }

  /** Ends the connection at once, without Close. */
  terminate(): void {
    this.#source.link.terminate()
  }

  /** The next message; undefined when the connection has ended. Only in `DEDICATE`. */
  async receive(): Promise<Incoming<Encoding, Pieces> | undefined> {
    const { inbox, codec } = this.#source
    if (inbox === undefined) throw new UsageError('WS_SPEC', 'only a DEDICATE handler takes messages by itself')
    for (;;) {
      const message = await this.#source.next()
      if (message === undefined) return undefined
      try {
        return codec.decode(message) as Incoming<Encoding, Pieces>
      } catch (error) {
        this.#source.fail(error)
      }
    }
  }

  /** The messages, until the connection ends. Only in `DEDICATE`. */
  async *[Symbol.asyncIterator](): AsyncIterator<Incoming<Encoding, Pieces>> {
    for (let message = await this.receive(); message !== undefined; message = await this.receive()) yield message
  }

  /** For rooms. */
  deliver(message: EncodedMessage): void {
    this.#source.link.write(message)
  }

  async #send(message: unknown): Promise<void> {
    if (message !== undefined && message !== null) await this.#source.link.send(this.#source.codec.encode(message))
  }

  async #sendTo(message: unknown, clientId: number): Promise<void> {
    const { room, codec } = this.#source
    if (room === undefined) throw new UsageError('WS_ROOM', 'this WebSocket has no rooms')
    if (message === undefined || message === null) return
    const encoded = codec.encode(message)
    const client = room.clients.get(clientId)
    if (client instanceof Socket) await client.#source.link.send(encoded)
    else if (!isEncoded(encoded)) throw new TypeError('a message in pieces goes to a client of this process only')
    else if (!(await room.sendTo(clientId, encoded))) throw new WebSocketClosedError(undefined)
  }
}

function ignore(): void {}
