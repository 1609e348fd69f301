/** `websocket(…)`: a WebSocket that is mounted by itself, as a function is. */

import type { MountedFunction } from '../../mounts.js'
import { socketLacks } from '../guards.js'
import type { Conversation, SocketEncoding, SocketOptions } from './options.js'
import { socketFunction, socketRoute } from './route.js'
import type { SocketWas } from './socket-was.js'

type NoParams = Readonly<Record<string, never>>

/** What a connection is given: yields what is sent, and gets the next message; or returns a promise. */
export type ConversationHandler<Encoding extends SocketEncoding, Pieces extends boolean> = (
  was: SocketWas<NoParams, Encoding, Pieces>,
) => Conversation<Encoding, Pieces> | Promise<void>

/** The options of a WebSocket that is mounted by itself. */
export type ConversationOptions<Encoding extends SocketEncoding, Pieces extends boolean> = Omit<
  SocketOptions<NoParams, 'DEDICATE', Encoding, Pieces>,
  'spec' | 'defaults' | 'rooms'
>

/**
 * A function to be mounted that is a WebSocket for everything below its point. Each connection is one call of the
 * generator: what it yields is sent, and the next message comes back; undefined stands for the end. Throws `TypeError`
 * or `UsageError` for an option that is none.
 */
export function websocket(
  options: ConversationOptions<'text', false>,
  handler: ConversationHandler<'text', false>,
): MountedFunction
export function websocket(
  options: ConversationOptions<'json', false> & { readonly encoding: 'json' },
  handler: ConversationHandler<'json', false>,
): MountedFunction
export function websocket(
  options: ConversationOptions<'text', true> & { readonly pieces: true },
  handler: ConversationHandler<'text', true>,
): MountedFunction
export function websocket(options: object, handler: unknown): MountedFunction {
  const route = socketRoute('/', { ...options, spec: 'DEDICATE' }, handler)
  const lacks = socketLacks(route)
  if (lacks !== undefined) throw lacks
  return socketFunction(route)
}
