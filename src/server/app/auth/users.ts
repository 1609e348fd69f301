/** Who may come in, and who has. */

import type { Was } from '../was.js'
import type { DigestSecrets } from './digest.js'

/** The client of a request, as far as it has shown who it is. */
export interface User {
  readonly name: string
  /** Empty for tokens. */
  readonly realm: string
  /** What the app has about the user. */
  readonly info: unknown
  /** What a JSON Web Token says; empty for all else. */
  readonly claims: Readonly<Record<string, unknown>>
}

/**
 * What an app knows of a user's password: what `hashPassword` has made of it (for Basic), what `digestSecrets` has (for
 * both), or the password itself, which is for trying things out.
 */
export type Credential =
  string | { readonly password?: string; readonly digest?: DigestSecrets; readonly info?: unknown }

/** Users by name, or a function that finds one. */
export type Users =
  | ReadonlyMap<string, Credential>
  | Readonly<Record<string, Credential>>
  | ((was: Was, name: string) => FoundCredential | Promise<FoundCredential>)

/** What a function that finds users gives. */
export type FoundCredential = Credential | undefined | null

/**
 * Judges the token of Bearer: a user or `true` lets it in; a string is the reason that the client is told; anything
 * else refuses it. We differ from what gave nothing for success: a forgotten `return` must not open the door.
 */
export type BearerHandler = (was: Was, token: string) => BearerVerdict | Promise<BearerVerdict>

/** What `BearerHandler` may give. */
export type BearerVerdict = Partial<User> | boolean | string | undefined | null

/** A user of what is known. */
export function makeUser(known: Partial<User>): User {
  return { name: known.name ?? '', realm: known.realm ?? '', info: known.info, claims: known.claims ?? NO_CLAIMS }
}

const NO_CLAIMS: Readonly<Record<string, unknown>> = Object.freeze(Object.create(null) as Record<string, unknown>)

/** Finds a user. Names are the client's: `__proto__` is a name that nobody has. */
export async function findCredential(users: Users, was: Was, name: string): Promise<Credential | undefined> {
  if (typeof users === 'function') return (await users(was, name)) ?? undefined
  if (users instanceof Map) return (users as ReadonlyMap<string, FoundCredential>).get(name) ?? undefined
  return (
    (Object.hasOwn(users, name) ? (users as Readonly<Record<string, FoundCredential>>)[name] : undefined) ?? undefined
  )
}
