/** What an app and a route say about what must be so before a request is looked at. */

import type { AppAuthOptions, RouteAuthOptions } from '../auth/auth-options.js'
import type { CorsOptions } from './cors.js'
import type { CsrfOptions } from './csrf.js'
import type { RateLimitOptions } from './rate-limit.js'
import type { SecurityHeadersOptions } from './security-headers.js'

/** Guards that an app has for all of its routes, and a route in place of those. `false` is none. */
export interface SharedGuardOptions {
  /** Which pages of other origins may read the responses. Default none. */
  readonly cors?: CorsOptions | false
  /** Refuses requests that another site has made a browser send. Default false. */
  readonly csrf?: boolean | CsrfOptions
  /** How often a client may ask. A route with a limit of its own counts for that only. */
  readonly rateLimit?: RateLimitOptions | false
  /** Header fields that make browsers careful. Default false. */
  readonly securityHeaders?: boolean | SecurityHeadersOptions
}

/** Options of an app. */
export interface AppGuardOptions extends SharedGuardOptions, AppAuthOptions {}

/** Options of a route. */
export interface RouteGuardOptions extends SharedGuardOptions, RouteAuthOptions {}
