/** What stands between the router and the content of a request: functions that may refuse it before it is read. */

import type { App } from './app.js'
import { authGuard } from './auth/authenticate.js'
import { judgeGuards } from './auth/judges.js'
import { jwtKeysOf } from './auth/jwt.js'
import { corsGuard, CorsPolicy } from './guards/cors.js'
import { originGuard, tokenGuard } from './guards/csrf.js'
import type { SharedGuardOptions } from './guards/guard-options.js'
import { MissingOptionError } from './guards/missing-option.js'
import { rateLimitGuard } from './guards/rate-limit.js'
import { securityHeadersGuard } from './guards/security-headers.js'
import type { Step } from './hooks.js'
import { checkOptions } from '../option-table.js'
import { appOptions } from './option-tables.js'
import type { Route } from './route.js'
import { keyRingOf } from './state/key-ring.js'
import { stateOf } from './state/request-state.js'
import { Was } from './was.js'
import { pageGuard } from './websocket/origin.js'
import type { SocketRoute } from './websocket/route.js'

/**
 * The guards of a route, in order; `layers` are the apps that it lies in, the outermost first. What the route says
 * comes before what its app says, and that before the app around it. Throws `MissingOptionError` where something is
 * missing that a guard needs, so that nothing is open by accident.
 */
export function guardsOf(layers: readonly App[], { options, rule, methods }: Route): readonly Step[] {
  const owners = layers.map((app) => app.options).toReversed()
  const guards: Step[] = []
  const first = layers[0]?.options
  if (first !== undefined && keepsElsewhere(first)) guards.push((was) => Was.preload(was))
  const headers = nearest('securityHeaders', options, owners)
  if (headers) guards.push(securityHeadersGuard(headers === true ? {} : headers))
  const cors = corsOf(layers, { options })
  if (cors !== undefined) guards.push(corsGuard(cors, methods ?? []))
  const place = options.rateLimit ? `${(methods ?? []).join()} ${rule}` : (layers.at(-1)?.name ?? '')
  const { limiter, byUser } = limiterOf(options, owners, place)
  if (limiter !== undefined && !byUser) guards.push(limiter)
  const csrf = nearest('csrf', options, owners)
  const forged = csrf === true ? {} : csrf
  if (forged) guards.push(originGuard(forged))
  const auth = options.auth ?? owners.find((owner) => owner.auth !== undefined)?.auth ?? false
  if (auth !== false) guards.push(authGuard(auth, owners))
  if (limiter !== undefined && byUser) guards.push(limiter)
  guards.push(...judgeGuards(options, owners))
  if (forged && forged.token !== false) {
    if (first?.secureKey === undefined) throw new MissingOptionError('csrf needs secureKey in the options of the app')
    guards.push(tokenGuard())
  }
  return guards
}

/** Throws `TypeError` for options of an app that there are not or that cannot be: before the first client comes. */
export function checkStateOptions(options: App['options']): void {
  checkOptions('new App', appOptions, options)
  if (options.secureKey !== undefined) void keyRingOf(options)
  if (options.session !== undefined || options.mbox !== undefined) stateOf(options)
  if (options.jwt !== undefined) jwtKeysOf(options)
}

/** Who may read what a route answers; undefined when no other origin may. */
export function corsOf(layers: readonly App[], { options }: Pick<Route, 'options'>): CorsPolicy | undefined {
  const owners = layers.map((app) => app.options).toReversed()
  const cors = nearest('cors', options, owners)
  return cors ? new CorsPolicy(cors) : undefined
}

/** `byUser`: it asks who the client is, and comes when that is known. */
function limiterOf(
  options: SharedGuardOptions,
  owners: readonly SharedGuardOptions[],
  place: string,
): { readonly limiter: Step | undefined; readonly byUser: boolean } {
  const limit = nearest('rateLimit', options, owners)
  if (limit === undefined || limit === false) return { limiter: undefined, byUser: false }
  return { limiter: rateLimitGuard(limit, place), byUser: limit.key !== undefined && limit.key !== 'ip' }
}

function nearest<Name extends keyof SharedGuardOptions>(
  name: Name,
  route: SharedGuardOptions,
  owners: readonly SharedGuardOptions[],
): SharedGuardOptions[Name] | undefined {
  return [route, ...owners].find((each) => each[name] !== undefined)?.[name]
}

/** Fetches a session that is kept elsewhere, for who looks at it where no guards have been. */
export function preloadSession(was: Was): Promise<void> | undefined {
  return was.app !== undefined && keepsElsewhere(was.app.options) ? Was.preload(was) : undefined
}

/** A store in this process is asked when somebody asks for the session; any other may give promises. */
function keepsElsewhere(options: App['options']): boolean {
  if (options.session === undefined) return false
  const { session } = stateOf(options)
  return [session, ...session.named.values()].some(({ store }) => store !== undefined && store.synchronous !== true)
}

/**
 * Forgets what a request that has failed has set, before somebody else answers it: what is remembered of the client is
 * as it came. Never rejects: who answers then asks for a session that is not there.
 */
export function startAnew(was: Was): void | Promise<void> {
  Was.discard(was)
  return preloadSession(was)?.catch((error: unknown) => was.report(error))
}

const socketGuards: WeakMap<SocketRoute, readonly Step[]> = new WeakMap()

/**
 * What stands before a WebSocket, in the order of `guardsOf`: sessions that are kept elsewhere are fetched, and
 * handshakes count as requests; which pages may connect is the WebSocket's to say; who has to show a password or a
 * token for an app has to for its WebSockets, unless they have an `auth` or an `authenticate` of their own. Throws
 * `MissingOptionError` as `guardsOf` does.
 */
export function socketGuardsOf(route: SocketRoute): readonly Step[] {
  let guards = socketGuards.get(route)
  if (guards === undefined) {
    const owners = route.layers.map((app) => app.options).toReversed()
    const made: Step[] = []
    const first = owners.at(-1)
    if (first !== undefined && keepsElsewhere(first)) made.push((was) => Was.preload(was))
    const { guards: own, rule, origin, authenticate } = route
    const { limiter, byUser } = limiterOf(own, owners, own.rateLimit ? `WS ${rule}` : (route.layers.at(-1)?.name ?? ''))
    if (limiter !== undefined && !byUser) made.push(limiter)
    made.push(pageGuard(origin))
    const inherited = authenticate === undefined && owners.find((owner) => owner.auth !== undefined)?.auth
    const auth = own.auth ?? inherited ?? false
    if (auth !== false) made.push(authGuard(auth, owners))
    if (limiter !== undefined && byUser) made.push(limiter)
    made.push(...judgeGuards(own, owners))
    socketGuards.set(route, made)
    guards = made
  }
  return guards
}

/** What a guard of a WebSocket lacks; undefined when it lacks nothing. */
export function socketLacks(route: SocketRoute): TypeError | undefined {
  try {
    void socketGuardsOf(route)
    return undefined
  } catch (error) {
    if (error instanceof MissingOptionError) return new MissingOptionError(`${error.message}: ${route.rule}`)
    throw error
  }
}

const pageGuards: WeakMap<App['options'], readonly Step[]> = new WeakMap()

/** Whether an app sets fields on responses that no route has made. */
export function guardsPages({ options: { securityHeaders, cors } }: App): boolean {
  return Boolean(securityHeaders) || Boolean(cors)
}

/**
 * Sets the fields of an app that make browsers careful, and let pages of other origins read what is wrong, on a
 * response that no route has made.
 */
export function guardPage({ options }: App, was: Was): void {
  let guards = pageGuards.get(options)
  if (guards === undefined) {
    const { securityHeaders: headers, cors } = options
    guards = [
      ...(headers ? [securityHeadersGuard(headers === true ? {} : headers)] : []),
      ...(cors ? [corsGuard(new CorsPolicy(cors), [])] : []),
    ]
    pageGuards.set(options, guards)
  }
  for (const guard of guards) void guard(was)
}
