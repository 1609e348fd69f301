/** A WebSocket as it was registered: checked, and ready for its connections. */

import { isToken } from '../../../protocols/core/http-syntax.js'
import type { Compression } from '../../../protocols/websocket/compression.js'
import { limitsOf, type WebSocketLimits } from '../../../protocols/websocket/limits.js'
import { deflateParametersOf } from '../../../protocols/websocket/negotiation.js'
import { zlibCompression } from '../../../io/deflate.js'
import { HttpError } from '../../http-error.js'
import { checkOptions } from '../../option-table.js'
import type { App } from '../app.js'
import { socketOptions } from '../option-tables.js'
import type { ParamSpec } from '../path-params.js'
import type { MatchedParams, Routable } from '../router.js'
import { type Codec, codecs } from './codec.js'
import { DedicateSession } from './dedicate-session.js'
import { GroupSession } from './group-session.js'
import type { SocketDeflate, SocketEncoding, SocketGuardOptions, SocketOptions, SocketSpec } from './options.js'
import { splitRule } from './query-params.js'
import { LocalRooms, type Rooms } from './rooms.js'
import type { Session, SessionSetup } from './session.js'
import { SimpleSession } from './simple-session.js'
import type { SocketWas } from './socket-was.js'

/** A handler as the sessions call it: with a message and the parameters, or with the parameters only. */
export type SocketHandler = (was: SocketWas, input: unknown, params?: MatchedParams) => unknown

type AnyOptions = SocketOptions<MatchedParams, SocketSpec, 'json', boolean>

/** One WebSocket. */
export interface SocketRoute extends Routable {
  /** The apps that it lies in, the outermost first; none for a mounted function. */
  readonly layers: readonly App[]
  /** Parameters of the query. */
  readonly query: readonly ParamSpec[]
  readonly spec: SocketSpec
  readonly encoding: SocketEncoding
  readonly codec: Codec
  readonly handler: SocketHandler
  readonly rooms: Rooms
  readonly origin: NonNullable<AnyOptions['origin']>
  readonly protocols: NonNullable<AnyOptions['protocols']>
  readonly authenticate: AnyOptions['authenticate']
  readonly guards: SocketGuardOptions
  readonly onOpen: ((was: SocketWas) => unknown) | undefined
  readonly onClose: ((was: SocketWas, info: Parameters<NonNullable<AnyOptions['onClose']>>[1]) => unknown) | undefined
  readonly deflate: SocketDeflate | undefined
  /** What the engine of each connection is given. */
  readonly engine: {
    readonly limits: WebSocketLimits
    readonly compression: Compression
    readonly thresholdBytes: number | undefined
    readonly pieces: boolean
  }
}

const SESSIONS: Readonly<Record<SocketSpec, new (setup: SessionSetup) => Session>> = {
  SIMPLE: SimpleSession,
  GROUPCHAT: GroupSession,
  DEDICATE: DedicateSession,
}

const TIMEOUT_SECONDS = 60

/** Makes a route. Throws `TypeError` or `UsageError` for a rule or an option that is none. */
export function socketRoute(rule: string, given: unknown, handler: unknown): SocketRoute {
  checkOptions(`the WebSocket ${rule}`, socketOptions, given)
  const options = given as AnyOptions
  const { spec = 'SIMPLE', encoding = 'text', pieces = false, protocols = [] } = options
  const { path, query } = splitRule(rule)
  if (typeof handler !== 'function') throw new TypeError(`the WebSocket ${rule} has no handler`)
  if (!Object.hasOwn(SESSIONS, spec)) throw new TypeError(`not a spec: ${String(spec)}`)
  if (!Object.hasOwn(codecs, encoding)) throw new TypeError(`not an encoding: ${String(encoding)}`)
  if (pieces && (encoding as SocketEncoding) === 'json') throw new TypeError('JSON is not read in pieces')
  if (typeof protocols !== 'function' && !protocols.every(isToken)) throw new TypeError('a subprotocol is a token')
  const deflate = options.deflate === true ? {} : options.deflate || undefined
  if (deflate !== undefined) deflateParametersOf(deflate)
  return {
    layers: [],
    rule: path,
    methods: ['GET'],
    defaults: options.defaults,
    query,
    spec,
    encoding,
    codec: codecs[encoding],
    handler: handler as SocketHandler,
    rooms: options.rooms ?? new LocalRooms(),
    origin: options.origin ?? 'same',
    protocols,
    authenticate: options.authenticate,
    guards: options,
    onOpen: options.onOpen as SocketRoute['onOpen'],
    onClose: options.onClose as SocketRoute['onClose'],
    deflate,
    engine: {
      limits: limitsFor(options),
      compression: zlibCompression,
      thresholdBytes: deflate?.thresholdBytes,
      pieces,
    },
  }
}

function limitsFor({ timeoutSeconds = TIMEOUT_SECONDS, heartbeatSeconds, limits }: AnyOptions): WebSocketLimits {
  if (!(timeoutSeconds > 0)) throw new TypeError(`not a timeout: ${String(timeoutSeconds)}`)
  if (heartbeatSeconds !== undefined && heartbeatSeconds !== false && !(heartbeatSeconds > 0))
    throw new TypeError(`not a heartbeat: ${String(heartbeatSeconds)}`)
  const pingEveryMs = heartbeatSeconds === false ? Infinity : heartbeatSeconds && heartbeatSeconds * 1000
  return limitsOf({ idleMs: timeoutSeconds * 1000, ...(pingEveryMs && { pingEveryMs }), ...limits })
}

/** The WebSocket of an app that lies in another one. */
export function inside(outer: App, route: SocketRoute): SocketRoute {
  return { ...route, layers: [outer, ...route.layers] }
}

/** A connection of a route. */
export function sessionOf(setup: SessionSetup): Session {
  return new SESSIONS[setup.route.spec](setup)
}

const functionRoutes: WeakMap<object, SocketRoute> = new WeakMap()

/** A function that stands for a route, to be mounted. Called with a plain request, it refuses it. */
export function socketFunction(route: SocketRoute): () => never {
  const refuse = (): never => {
    throw needsWebSocket()
  }
  functionRoutes.set(refuse, route)
  return refuse
}

/** The route that a function stands for; undefined for any other function. */
export function functionRoute(target: object): SocketRoute | undefined {
  return functionRoutes.get(target)
}

/** The answer to a plain request for a WebSocket. */
export function needsWebSocket(): HttpError {
  return new HttpError(426, 'This needs a WebSocket', ['upgrade', 'websocket'])
}
