/** From a request to an open WebSocket: who is let in, what is agreed on (RFC 6455 section 4.2, RFC 8441 section 5). */

import { sha1 } from '../../../io/sha1.js'
import { acceptHandshake, type Handshake, readHandshake } from '../../../protocols/websocket/handshake.js'
import type { Exchange } from '../../exchange.js'
import { HttpError } from '../../http-error.js'
import { answers, runLayers, saved } from '../dispatch.js'
import { socketGuardsOf } from '../guards.js'
import type { Request } from '../request.js'
import type { MatchedParams } from '../router.js'
import { type HandlerValue, ResponseValue } from '../values.js'
import { Was } from '../was.js'
import type { OpenSockets } from './open-sockets.js'
import { withQuery } from './query-params.js'
import { sessionOf, type SocketRoute } from './route.js'
import type { SocketWas } from './socket-was.js'

/** Fields of the answer that the handshake alone decides on. */
const OWN_FIELD = /^(?:connection|upgrade|sec-websocket-.*|content-.*|transfer-encoding|trailer)$/i

/** Stands for the response to a handshake that is accepted. */
const ACCEPTED = new ResponseValue(200, null, [])

/**
 * Opens a WebSocket, and gives undefined then. Else it gives the response that a guard or a hook of the apps has in its
 * place, or rejects with the `HttpError` that refuses it, or with what a function of the route throws. Guards come
 * first, then the hooks of the apps around all else; changes of sessions, messages and cookies are written down.
 */
export async function openSocket(
  exchange: Exchange,
  was: SocketWas,
  route: SocketRoute,
  matched: MatchedParams,
  sockets: OpenSockets,
): Promise<{ readonly refusal: HandlerValue } | undefined> {
  const handshake = handshakeOf(exchange)
  Was.setLayers(was, route.layers)
  for (const guard of socketGuardsOf(route)) {
    const reply = await guard(was)
    if (answers(reply)) return { refusal: refusing(reply, was) }
  }
  let params = matched
  let room = ''
  let protocol: string | undefined
  const enter = async (): Promise<HandlerValue> => {
    const { request } = was
    if (route.query.length > 0) params = withQuery(matched, route.query, request.query, route.defaults)
    if (route.spec === 'GROUPCHAT') room = roomOf(request, params)
    if (route.authenticate !== undefined && (await route.authenticate(was)) === false) throw refused(exchange)
    protocol = chooseProtocol(route, handshake, was)
    if (sockets.closing) throw new HttpError(503, 'The server is closing')
    return saved(ACCEPTED, was)
  }
  const watched = route.layers.some((app) => app.watchesRequests)
  const value = await (watched ? runLayers(route.layers, was, enter) : enter())
  if (value !== ACCEPTED) return { refusal: refusing(value, was) }
  await saved(value, was)
  Was.sendCookies(was)
  const { fields, deflate } = acceptHandshake(handshake, { protocol, deflate: route.deflate }, sha1)
  const setup = { exchange, route, was, params, room, protocol: protocol ?? '', deflate, sockets }
  const session = sessionOf(setup)
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
  return undefined
}

/** 200 would open the WebSocket over HTTP/2: what has no status of its own, or one of success, goes out with 403. */
function refusing(value: HandlerValue, { response }: Was): HandlerValue {
  const succeeds = (status: number): boolean => status < 300
  if (value instanceof ResponseValue)
    return succeeds(value.status) ? new ResponseValue(REFUSED, value.body, value.fields) : value
  if (typeof value === 'object' && value !== null && Object.prototype.toString.call(value) === '[object Response]') {
    const { status, body, headers } = value as Response
    return succeeds(status) ? new Response(body, { status: REFUSED, headers }) : value
  }
  if (succeeds(Number.parseInt(response.getStatus()))) response.setStatus(REFUSED)
  return value
}

const REFUSED = 403

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
