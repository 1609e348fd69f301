/** Apps that are a function `(req, res)` of Node. */

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Exchange } from '../../exchange.js'
import { HttpError } from '../../http-error.js'
import { ForeignContext, guarded, within } from '../context.js'
import { ForeignApp, type ForeignLife } from '../foreign-app.js'
import { isThenable } from '../thenable.js'
import { type Family, familyOf } from './family.js'
import { abortRequest, closeRequest, createRequest, type Incoming, markComplete, tellVersion } from './incoming.js'
import { closeResponse, createResponse } from './outgoing.js'
import type { Outgoing } from './outgoing-state.js'
import { type ForeignSocket, socketOf } from './socket.js'

/** Goes on: there is no answer here, or an error. */
export type NextFunction = (error?: unknown) => void

/** A request as a listener gets it: `url` is what lies below the mount point. */
export interface MountedRequest extends IncomingMessage {
  /** All of the path and query. */
  originalUrl?: string
  /** The mount point. */
  baseUrl?: string
}

/**
 * A function `(req, res)` or `(req, res, next)` of Node that answers requests. Frameworks have classes of their own for
 * what it takes: as a method, it may ask for more than it is promised here.
 */
export type NodeListener = {
  answer(request: MountedRequest, response: ServerResponse, next: NextFunction): unknown
}['answer']

/** A server of Node: what listens on `request` answers. */
export interface NodeServerLike {
  listen(...args: never): unknown
  listenerCount(name: string): number
  emit(name: 'request', request: IncomingMessage, response: ServerResponse): unknown
}

/** How an app is called. */
export interface NodeSetup {
  readonly listener: NodeListener
  /** What is awaited before the first request, and behind the last one. */
  readonly life?: ForeignLife
  /** The listener wants a function to go on with. */
  readonly next?: boolean
}

/** Apps that answer by themselves are not given one. */
const NO_NEXT = undefined as unknown as NextFunction

/** Makes a foreign app of it. */
export function nodeApp({ listener, life, next = false }: NodeSetup): ForeignApp {
  const family = familyOf(listener)
  return new ForeignApp((context) => run(context, listener, next, family()), life)
}

function run(context: ForeignContext, listener: NodeListener, next: boolean, family: Family): void {
  const exchange = ForeignContext.exchange(context)
  const socket = socketOf(exchange)
  const request = createRequest(context, socket, family.request)
  const response = createResponse(request, context, socket, family.response)
  tellVersion(request)
  // As on a server of Node, a client that has closed its side does not get what is not there yet: whoever streams for
  // ever must hear of it.
  exchange.onLeft(() => process.nextTick(leave, exchange))
  exchange.onLost(() => guarded(context, () => lose(socket, request, response)))
  const failed = (error: unknown): void => {
    ForeignContext.fail(context, error)
    guarded(context, () => closeRequest(request))
    closeResponse(response)
  }
  try {
    const result = within(context, listener, request, response, next ? goOn(failed) : NO_NEXT)
    markComplete(request)
    if (isThenable(result)) Promise.resolve(result).catch(failed)
  } catch (error) {
    failed(error)
  }
}

function leave(exchange: Exchange): void {
  if (!exchange.over) exchange.abort()
}

/** There is no next handler: nobody answers, or there is an error. */
function goOn(failed: (error: unknown) => void): NextFunction {
  return (error) => failed(error === undefined || error === null || error === 'router' ? new HttpError(404) : error)
}

/** The events come in the order in which a server of Node has them: the socket tells the response. */
function lose(socket: ForeignSocket, request: Incoming, response: Outgoing): void {
  socket.close(() => abortRequest(request))
  closeResponse(response)
}
