/** What an app and a route say about who may come in. */

import type { HandlerValue } from '../values.js'
import type { Was } from '../was.js'
import type { DigestOptions } from './digest.js'
import type { BearerHandler, Users } from './users.js'

/** A scheme of authentication: `jwt` is Bearer with a JSON Web Token. */
export type AuthScheme = 'basic' | 'digest' | 'bearer' | 'jwt'

/** Which schemes let in; of several, the client chooses. `false` lets everybody in. */
export type AuthRule = AuthScheme | readonly AuthScheme[] | false

/**
 * Judges a request in front of the handler: `true` and nothing go on, `false` is 403, anything else is the response.
 */
export type Judge = (was: Was) => HandlerValue | void | Promise<HandlerValue | void>

/** The same for the permissions that a route asks for. */
export type PermissionJudge = (
  was: Was,
  permissions: readonly string[],
) => HandlerValue | void | Promise<HandlerValue | void>

/** Options of an app. */
export interface AppAuthOptions {
  /** For all routes that do not say otherwise. */
  readonly auth?: AuthRule
  /** What Basic and Digest ask a password for. Default `App`. */
  readonly realm?: string
  /** For Basic and Digest. */
  readonly users?: Users
  readonly digest?: DigestOptions
  /** For `bearer`. */
  readonly bearerHandler?: BearerHandler
  /** For routes with `login`. */
  readonly loginHandler?: Judge
  /** For routes with `permission`. */
  readonly permissionHandler?: PermissionJudge
  /** For routes with `staff`. */
  readonly staffHandler?: Judge
}

/** Options of a route. */
export interface RouteAuthOptions {
  /** In place of what the app says. */
  readonly auth?: AuthRule
  /** Asks the app's `loginHandler`. */
  readonly login?: boolean
  /** Asks the app's `permissionHandler` for these. */
  readonly permission?: string | readonly string[]
  /** Asks the app's `staffHandler`. */
  readonly staff?: boolean
  /** Asks this function. */
  readonly testpass?: Judge
}
