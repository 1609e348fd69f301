/** From a request to an open WebSocket: who is let in, what is agreed on (RFC 6455 section 4.2, RFC 8441 section 5). */

import { sha1 } from '../../../io/sha1.js'
import { acceptHandshake, type Handshake, readHandshake } from '../../../protocols/websocket/handshake.js'
import type { Exchange } from '../../exchange.js'
import { HttpError } from '../../http-error.js'
import type { App } from '../app.js'
import type { AppContext } from '../app-host.js'
import { socketGuardsOf } from '../guards.js'
import type { Request } from '../request.js'
import type { MatchedParams } from '../router.js'
import { Was } from '../was.js'
import type { OpenSockets } from './open-sockets.js'
import { isOriginAllowed } from './origin.js'
import { withQuery } from './query-params.js'
import { sessionOf, type SocketRoute } from './route.js'
import { SocketWas } from './socket-was.js'

/** Fields of the answer that the handshake alone decides on. */
const OWN_FIELD = /^(?:connection|upgrade|sec-websocket-.*|content-.*|transfer-encoding|trailer)$/i

/**
 * Opens a WebSocket, or rejects with the `HttpError` that refuses it, or with what a function of the route throws.
 * Resolves when the request is answered.
 */
export async function openSocket(
  exchange: Exchange,
  request: Request,
  app: App | undefined,
  route: SocketRoute,
  matched: MatchedParams,
  sockets: OpenSockets,
  context: AppContext,
): Promise<void> {
  const handshake = handshakeOf(exchange)
  const was = new SocketWas(exchange, request, app, false, context)
  Was.setLayers(was, route.layers)
  if (!(await isOriginAllowed(route.origin, exchange.fields, exchange.host, was)))
    throw new HttpError(403, 'Pages of this origin may not connect')
  for (const guard of socketGuardsOf(route)) await guard(was)
  const params = route.query.length === 0 ? matched : withQuery(matched, route.query, request.query, route.defaults)
  const room = route.spec === 'GROUPCHAT' ? roomOf(request, params) : ''
  if (route.authenticate !== undefined && (await route.authenticate(was)) === false) throw refused(exchange)
  const protocol = chooseProtocol(route, handshake, was)
  if (sockets.closing) throw new HttpError(503, 'The server is closing')
  const { fields, deflate } = acceptHandshake(handshake, { protocol, deflate: route.deflate }, sha1)
  const setup = { exchange, route, was, params, room, protocol: protocol ?? '', deflate, sockets }
  const session = sessionOf(setup as typeof setup & { was: SocketWas })
  exchange.accept([...fields, ...ownFields(was)], (transport, rest) => {
    try {
      session.begin(transport, rest)
    } catch (error) {
      // A mistake of ours ends this connection, and no other.
      sockets.report(error, exchange)
      transport.destroy()
      exchange.endStream(0, 0)
    }
  })
}

function handshakeOf(exchange: Exchange): Handshake {
  const { method, version, fields, upgrade, contentLength } = exchange
  const handshake = readHandshake({ method, version, fields, protocol: version === '2.0' ? upgrade : '' })
  if ('status' in handshake) throw new HttpError(handshake.status, handshake.text, handshake.fields)
  if (version !== '2.0' && contentLength !== 0) throw new HttpError(400, 'A handshake has no content')
  return handshake
}

/** Clients of one path and one `room` are in one room. */
function roomOf(request: Request, params: MatchedParams): string {
  const room = params['room'] ?? request.query.get('room')
  if (room === null || room === undefined || room === '') throw new HttpError(400, 'The parameter room is missing')
  return String(room)
}

/**
 * We never challenge a client that has shown nothing: browsers do not ask their user for a WebSocket. One whose
 * credentials are wrong hears it (RFC 9110 section 15.5.2).
 */
function refused({ fields }: Exchange): HttpError {
  const scheme = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+(?= )/.exec(fields.get('authorization') ?? '')?.[0]
  if (scheme === undefined) return new HttpError(403, 'This client may not connect')
  return new HttpError(401, 'These credentials are not valid', ['www-authenticate', `${scheme} realm="skitai"`])
}

/** The first of ours that the client offers, or what a function says (RFC 6455 section 4.2.2). */
function chooseProtocol({ protocols }: SocketRoute, { protocols: offered }: Handshake, was: Was): string | undefined {
  if (typeof protocols === 'function') return protocols(offered, was)
  return protocols.find((name) => offered.includes(name))
}

/** What was set on `was.response` meanwhile, as a cookie. */
function ownFields(was: Was): string[] {
  const set = Was.responseState(was)?.fields ?? []
  const fields: string[] = []
  for (let i = 0; i < set.length; i += 2) if (!OWN_FIELD.test(set[i]!)) fields.push(set[i]!, set[i + 1]!)
  return fields
}
