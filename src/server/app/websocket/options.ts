/** What `app.websocket` is told, and what its handlers look like. */

import type { MessagePieces } from '../../../io/message-pieces.js'
import type { MessageStream } from '../../../io/message-stream.js'
import type { CloseInfo } from '../../../io/websocket-link.js'
import type { WebSocketLimits } from '../../../protocols/websocket/limits.js'
import type { DeflateOptions } from '../../../protocols/websocket/negotiation.js'
import type { PreparedMessage } from '../../../protocols/websocket/prepared.js'
import type { RouteAuthOptions } from '../auth/auth-options.js'
import type { SharedGuardOptions } from '../guards/guard-options.js'
import type { Was } from '../was.js'
import type { Rooms } from './rooms.js'
import type { SocketWas } from './socket-was.js'

/**
 * How messages meet their handler: one call a message whose value is the reply (`SIMPLE`), or goes to everybody in the
 * room (`GROUPCHAT`); or one call a connection (`DEDICATE`).
 */
export type SocketSpec = 'SIMPLE' | 'GROUPCHAT' | 'DEDICATE'

/** What messages are to the handler: strings and octets as they come, or values that travel as JSON. */
export type SocketEncoding = 'text' | 'json'

/** A message as a handler gets it; a stream where `pieces` are wanted. */
export type Incoming<Encoding extends SocketEncoding, Pieces extends boolean> = Pieces extends true
  ? MessageStream
  : Encoding extends 'json'
    ? unknown
    : string | Uint8Array

/** What can be sent as a message: text, octets, one that is encoded already, or pieces. Nothing is sent for null. */
export type Sendable = string | Uint8Array | PreparedMessage | MessagePieces | null | undefined

/** What a handler may send or return. */
export type Outgoing<Encoding extends SocketEncoding> = Encoding extends 'json' ? unknown : Sendable | void

/** The handlers by spec. */
export interface SocketHandlers<Params, Encoding extends SocketEncoding, Pieces extends boolean> {
  SIMPLE: (
    was: SocketWas<Params, Encoding, Pieces>,
    message: Incoming<Encoding, Pieces>,
    params: Params,
  ) => Outgoing<Encoding> | Promise<Outgoing<Encoding>>
  /** What is returned goes to all in the room, `[message, clientId]` to one. */
  GROUPCHAT: (
    was: SocketWas<Params, Encoding, Pieces>,
    message: Incoming<Encoding, Pieces>,
    params: Params,
  ) => RoomReply<Encoding> | Promise<RoomReply<Encoding>>
  /** Its end closes the connection. A generator sends what it yields, and gets the next message for it. */
  DEDICATE: (
    was: SocketWas<Params, Encoding, Pieces>,
    params: Params,
  ) => void | Promise<void> | Conversation<Encoding, Pieces>
}

/** A message to everybody, or to one. */
export type RoomReply<Encoding extends SocketEncoding> =
  Outgoing<Encoding> | readonly [message: Outgoing<Encoding>, clientId: number]

/** Yields what is sent, and gets the next message; undefined when the connection is closed. */
export type Conversation<Encoding extends SocketEncoding, Pieces extends boolean = false> =
  | AsyncGenerator<Outgoing<Encoding>, Outgoing<Encoding>, Incoming<Encoding, Pieces> | undefined>
  | Generator<Outgoing<Encoding>, Outgoing<Encoding>, Incoming<Encoding, Pieces> | undefined>

/** Compression that is offered to clients. */
export interface SocketDeflate extends DeflateOptions {
  /** Messages of fewer octets are sent as they are. Default 1024. */
  readonly thresholdBytes?: number
}

/**
 * Which pages may connect: those of the same host (`same`), all (`*`), those of the listed origins, or those that a
 * function says. A client that names no origin is no page, and is let in.
 */
export type OriginPolicy = 'same' | '*' | readonly string[] | ((origin: string, was: Was) => boolean | Promise<boolean>)

/** Chooses one of the subprotocols that a client offers, or none. */
export type ProtocolChooser = (offered: readonly string[], was: Was) => string | undefined

/**
 * Who may connect: asked before the handshake is answered, as for a route. Without `auth` and `authenticate` it is what
 * the apps around say.
 */
export type SocketGuardOptions = RouteAuthOptions & Pick<SharedGuardOptions, 'rateLimit'>

/** Options of a WebSocket. */
export interface SocketOptions<
  Params = unknown,
  Spec extends SocketSpec = SocketSpec,
  Encoding extends SocketEncoding = SocketEncoding,
  Pieces extends boolean = boolean,
> extends SocketGuardOptions {
  /** Default `SIMPLE`. */
  readonly spec?: Spec
  /** Default `text`. */
  readonly encoding?: Encoding
  /** Messages come as streams that are read while they arrive. Default false. Not with JSON. */
  readonly pieces?: Pieces
  /** Closed with 1001 when for so long nothing has come, not even the answer to a heartbeat. Default 60. */
  readonly timeoutSeconds?: number
  /** A silent client is asked after so long whether it is there; `false` never. Default 25. */
  readonly heartbeatSeconds?: number | false
  /** Default `same`. */
  readonly origin?: OriginPolicy
  /** Subprotocols that are spoken; the first of them that a client offers is used. Or a function that chooses. */
  readonly protocols?: readonly string[] | ProtocolChooser
  /** Lets a client in, or not: `false`, or a thrown `HttpError`, refuses it. Before the handshake is answered. */
  readonly authenticate?: (was: Was) => boolean | void | Promise<boolean | void>
  /** permessage-deflate (RFC 7692): `true`, or how. Default none. */
  readonly deflate?: boolean | SocketDeflate
  /** Limits and deadlines of a connection. */
  readonly limits?: Partial<WebSocketLimits>
  /** Where the rooms of a `GROUPCHAT` are. Default: in this process. */
  readonly rooms?: Rooms
  /** Values for parameters that the address leaves out. */
  readonly defaults?: Partial<Params>
  /** A connection is open. What is returned, unless it is empty, goes where what a handler returns goes: a greeting. */
  readonly onOpen?: (was: SocketWas<Params, Encoding, Pieces>) => RoomReply<Encoding> | Promise<RoomReply<Encoding>>
  /** It is over; comes once for each `onOpen`, behind it. What is returned goes to those that are left in the room. */
  readonly onClose?: (
    was: SocketWas<Params, Encoding, Pieces>,
    info: CloseInfo,
  ) => RoomReply<Encoding> | Promise<RoomReply<Encoding>>
}
