/** What the options of apps, routes and WebSockets may be. What one of them is for stands where it is declared. */

import * as is from '../option-table.js'
import { type OptionTable, without } from '../option-table.js'
import type { AppOptions } from './app-options.js'
import type { SubAppOptions } from './app.js'
import { isParam } from './args/param.js'
import { isSchema } from './args/schema.js'
import type { AppAuthOptions, RouteAuthOptions } from './auth/auth-options.js'
import type { DigestOptions } from './auth/digest.js'
import type { JwtSettings } from './auth/jwt.js'
import type { CorsOptions } from './guards/cors.js'
import type { CsrfOptions } from './guards/csrf.js'
import type { SharedGuardOptions } from './guards/guard-options.js'
import type { RateLimitOptions } from './guards/rate-limit.js'
import type { SecurityHeadersOptions } from './guards/security-headers.js'
import type { RouteOptions } from './route.js'
import type { SessionOptions } from './state/session-options.js'
import type { StateOptions } from './state/state-options.js'
import type { Delimiters } from './templates/templates.js'
import type { SocketDeflate, SocketOptions } from './websocket/options.js'

const textOrTexts = is.either(is.text, is.texts)
const stringOrNo = is.either(is.string, is.no)

const cookie: Omit<OptionTable<SessionOptions>, 'store' | 'named' | 'timeoutSeconds' | 'secureKey'> = {
  cookie: is.text,
  path: is.text,
  domain: is.text,
  secure: is.flag,
  httpOnly: is.flag,
  sameSite: is.word('strict', 'lax', 'none'),
  partitioned: is.flag,
}

const session: OptionTable<SessionOptions> = {
  ...cookie,
  timeoutSeconds: is.elsewhere,
  store: is.object,
  secureKey: is.elsewhere,
  named: is.byName(() => session),
}

const jwt: OptionTable<JwtSettings> = {
  algorithms: is.texts,
  key: is.elsewhere,
  requireExp: is.flag,
  issuer: textOrTexts,
  audience: textOrTexts,
  toleranceSeconds: is.unsigned,
}

const state: OptionTable<StateOptions> = {
  secureKey: is.elsewhere,
  session: is.within(() => session),
  mbox: is.within(() => cookie),
  jwt: is.within(() => jwt),
}

const cors: OptionTable<CorsOptions> = {
  origins: is.either(is.text, is.texts, is.callback),
  credentials: is.flag,
  headers: is.either(is.word('reflect'), is.texts),
  exposeHeaders: is.texts,
  maxAgeSeconds: is.whole(0),
  privateNetwork: is.flag,
}

const csrf: OptionTable<CsrfOptions> = { trustedOrigins: is.texts, token: is.flag }

const rateLimit: OptionTable<RateLimitOptions> = {
  limit: is.positive,
  windowSeconds: is.positive,
  burst: is.positive,
  key: is.either(is.word('ip', 'user'), is.callback),
  store: is.object,
  name: is.string,
}

const hsts: OptionTable<Exclude<NonNullable<SecurityHeadersOptions['hsts']>, false>> = {
  maxAgeSeconds: is.whole(0),
  includeSubDomains: is.flag,
  preload: is.flag,
}

const securityHeaders: OptionTable<SecurityHeadersOptions> = {
  contentSecurityPolicy: is.either(is.text, is.object, is.no),
  hsts: is.either(
    is.no,
    is.within(() => hsts),
  ),
  referrerPolicy: stringOrNo,
  frameOptions: is.either(is.word('DENY', 'SAMEORIGIN'), is.no),
  openerPolicy: stringOrNo,
  resourcePolicy: stringOrNo,
  permissionsPolicy: stringOrNo,
}

const shared: OptionTable<SharedGuardOptions> = {
  cors: is.either(
    is.no,
    is.within(() => cors),
  ),
  csrf: is.either(
    is.flag,
    is.within(() => csrf),
  ),
  rateLimit: is.either(
    is.no,
    is.within(() => rateLimit),
  ),
  securityHeaders: is.either(
    is.flag,
    is.within(() => securityHeaders),
  ),
}

const digest: OptionTable<DigestOptions> = {
  algorithms: is.texts,
  nonceSeconds: is.positive,
  noncesMax: is.whole(1),
}

const authRule = is.either(is.text, is.texts, is.no)

const auth: OptionTable<AppAuthOptions> = {
  auth: authRule,
  realm: is.string,
  users: is.either(is.object, is.callback),
  digest: is.within(() => digest),
  bearerHandler: is.callback,
  loginHandler: is.callback,
  permissionHandler: is.callback,
  staffHandler: is.callback,
}

const pair: is.OptionRule = {
  what: 'two strings that are not empty',
  fits: (value) => Array.isArray(value) && value.length === 2 && value.every((each) => is.text.fits(each)),
}

const delimiters: OptionTable<Delimiters> = {
  block: pair,
  variable: pair,
  comment: pair,
  trimBlocks: is.flag,
  lstripBlocks: is.flag,
}

/** Options of `new App`. */
export const appOptions: OptionTable<AppOptions> = {
  ...state,
  ...shared,
  ...auth,
  name: is.string,
  debug: is.flag,
  home: is.text,
  templates: textOrTexts,
  delimiters: is.within(() => delimiters),
  static: is.text,
  services: is.text,
  reload: is.flag,
  preserve: is.texts,
  config: is.object,
  bodyBytesMax: is.octets,
  multipartBytesMax: is.octets,
  fileBytesMax: is.octets,
  compress: is.flag,
  prettyJson: is.flag,
  push: is.flag,
}

/** Options of an app within an app. */
export const subAppOptions: OptionTable<SubAppOptions> = { namespace: is.string }

const judges: OptionTable<RouteAuthOptions> = {
  auth: authRule,
  login: is.flag,
  permission: textOrTexts,
  staff: is.flag,
  testpass: is.callback,
}

const declaration: is.OptionRule = {
  what: 'parameters by name, as { page: int(1) }, or a validator of Standard Schema',
  fits: (value) => is.object.fits(value) || is.callback.fits(value),
  inner: (place, value, name) => {
    if (isSchema(value as object)) return
    for (const [each, param] of Object.entries(value as object) as [string, unknown][])
      if (!isParam(param))
        throw new TypeError(`${place}: ${name}.${each} is what int(), str() and the like make, or ${name} a validator`)
  },
}

/** Options of a route. */
export const routeOptions: OptionTable<RouteOptions> = {
  ...shared,
  ...judges,
  name: is.string,
  methods: is.texts,
  contentTypes: is.texts,
  defaults: is.object,
  query: declaration,
  body: declaration,
  extra: is.flag,
  bodyBytesMax: is.octets,
  runBefore: is.callbacks,
  runAfter: is.callbacks,
  emitAfter: is.text,
  broadcastAfter: is.text,
}

/** Options of a route whose method is settled already. */
export const methodRouteOptions: OptionTable<Omit<RouteOptions, 'methods'>> = without(routeOptions, 'methods')

const deflate: OptionTable<SocketDeflate> = {
  serverNoContextTakeover: is.flag,
  clientNoContextTakeover: is.flag,
  serverMaxWindowBits: is.elsewhere,
  clientMaxWindowBits: is.elsewhere,
  thresholdBytes: is.octets,
}

/** Options of a WebSocket. */
export const socketOptions: OptionTable<SocketOptions> = {
  ...judges,
  rateLimit: shared.rateLimit,
  spec: is.elsewhere,
  encoding: is.elsewhere,
  pieces: is.flag,
  timeoutSeconds: is.elsewhere,
  heartbeatSeconds: is.elsewhere,
  origin: is.either(is.text, is.texts, is.callback),
  protocols: is.either(is.texts, is.callback),
  authenticate: is.callback,
  deflate: is.either(
    is.flag,
    is.within(() => deflate),
  ),
  limits: is.elsewhere,
  rooms: is.object,
  defaults: is.object,
  onOpen: is.callback,
  onClose: is.callback,
}
