/** `was` of a WebSocket: that of the request that opened it, with the connection. */

import { Was } from '../was.js'
import type { SocketEncoding } from './options.js'
import type { Socket } from './socket.js'

/** The context of one connection, the same for all of its messages. `request` is the one that opened it. */
export class SocketWas<
  Params = unknown,
  Encoding extends SocketEncoding = 'text',
  Pieces extends boolean = false,
> extends Was {
  /** The connection; from the time on that it is open. */
  websocket!: Socket<Params, Encoding, Pieces>
}
