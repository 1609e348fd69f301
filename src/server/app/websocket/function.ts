/** `websocket(…)`: a WebSocket that is mounted by itself, as a function is. */

import type { MountedFunction } from '../../mounts.js'
import type { Conversation, SocketEncoding, SocketOptions } from './options.js'
import { socketFunction, socketRoute } from './route.js'
import type { SocketWas } from './socket-was.js'

type NoParams = Readonly<Record<string, never>>

/** What a connection is given: yields what is sent, and gets the next message; or returns a promise. */
export type ConversationHandler<Encoding extends SocketEncoding, Pieces extends boolean> = (
  was: SocketWas<NoParams, Encoding, Pieces>,
) => Conversation<Encoding, Pieces> | Promise<void>

/**
 * A function to be mounted that is a WebSocket for everything below its point. Each connection is one call of the
 * generator: what it yields is sent, and the next message comes back; undefined stands for the end. Throws `TypeError`
 * or `UsageError` for an option that is none.
 */
export function websocket<Encoding extends SocketEncoding = 'text', Pieces extends boolean = false>(
  options: Omit<SocketOptions<NoParams, 'DEDICATE', Encoding, Pieces>, 'spec' | 'defaults' | 'rooms'>,
  handler: ConversationHandler<Encoding, Pieces>,
): MountedFunction {
  return socketFunction(socketRoute('/', { ...options, spec: 'DEDICATE' }, handler))
}
