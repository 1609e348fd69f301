/** Lets in who has shown a password or a token (RFC 9110 section 11), before any content is read. */

import { createHash } from 'node:crypto'
import { HttpError } from '../../http-error.js'
import type { Step } from '../hooks.js'
import type { StateOptions } from '../state/state-options.js'
import { isPreflight } from '../guards/cors.js'
import { MissingOptionError } from '../guards/missing-option.js'
import { sameSecret } from '../state/seal.js'
import type { Was } from '../was.js'
import type { AppAuthOptions, AuthRule, AuthScheme } from './auth-options.js'
import { type Authorization, basicCredentials, parseAuthorization } from './authorization.js'
import {
  digestClaim,
  type DigestAlgorithm,
  digestHex,
  DigestNonces,
  type DigestOptions,
  type DigestSecrets,
} from './digest.js'
import { jwtKeysOf, verifyJwt } from './jwt.js'
import { isHashed, PasswordChecker } from './password.js'
import {
  type BearerHandler,
  type Credential,
  findCredential,
  type FoundCredential,
  makeUser,
  type User,
  type Users,
} from './users.js'

/** What a scheme finds: who it is, or why it is nobody, as parameters of the next challenge. */
type Found = User | readonly [name: string, value: string][]

/** One scheme. */
interface Scheme {
  /** As it stands in Authorization, in lower case. */
  readonly name: string
  identify(was: Was, authorization: Authorization): Promise<Found>
  /** Values of WWW-Authenticate. */
  challenges(reason: readonly [name: string, value: string][]): string[]
}

const NO_REASON: readonly [string, string][] = []

/**
 * The guard for a rule; `owners` are the options of the apps that the route lies in, the innermost first. Throws
 * `TypeError` when something is missing that a scheme needs: no route is open because of that.
 */
export function authGuard(rule: Exclude<AuthRule, false>, owners: readonly (AppAuthOptions & StateOptions)[]): Step {
  const names = typeof rule === 'string' ? [rule] : rule
  if (names.length === 0) throw new TypeError('auth names no scheme')
  const schemes = names.map((name) => schemeOf(name, owners))
  if (new Set(schemes.map(({ name }) => name)).size < schemes.length)
    throw new TypeError(`auth names one scheme twice: ${names.join(', ')}`)
  return async (was) => {
    const { request } = was
    // A browser asks in advance without saying who it is (Fetch, section 4.8): it is answered, and no handler is
    // called.
    if (isPreflight(request)) return was.response(204, null, { allow: request.routable?.methods?.join(', ') ?? '' })
    const fields = request.headers.getAll('authorization')
    const authorization = fields.length === 1 ? parseAuthorization(fields[0]!) : undefined
    const scheme = schemes.find(({ name }) => name === authorization?.scheme)
    let reason = NO_REASON
    if (authorization !== undefined && scheme !== undefined) {
      const found = await scheme.identify(was, authorization)
      if ('name' in found) {
        request.user = found
        return undefined
      }
      reason = found
    }
    const challenges = schemes.flatMap((each) => each.challenges(each === scheme ? reason : NO_REASON))
    throw new HttpError(
      401,
      '',
      challenges.flatMap((challenge) => ['www-authenticate', challenge]),
    )
  }
}

function schemeOf(name: AuthScheme, owners: readonly (AppAuthOptions & StateOptions)[]): Scheme {
  const needed = <Name extends keyof AppAuthOptions>(option: Name): NonNullable<AppAuthOptions[Name]> => {
    for (const owner of owners)
      if (owner[option] !== undefined) return owner[option] as NonNullable<AppAuthOptions[Name]>
    throw new MissingOptionError(`auth: '${name}' needs ${option} in the options of the app`)
  }
  const realm = owners.find((owner) => owner.realm !== undefined)?.realm ?? 'App'
  if (!/^[ -~]*$/.test(realm)) throw new TypeError('a realm is printable ASCII')
  switch (name) {
    case 'basic':
    case 'digest': {
      const users = needed('users')
      const digest = owners.find((owner) => owner.digest !== undefined)?.digest ?? {}
      const make = (): Scheme => (name === 'basic' ? new Basic(users, realm) : new Digest(users, realm, digest))
      return shared(users, JSON.stringify([name, realm, digest]), make)
    }
    case 'bearer':
      return new Bearer(handled(needed('bearerHandler')))
    case 'jwt':
      return new Bearer(tokens(owners))
    default:
      throw new TypeError(`not a scheme of authentication: ${String(name)}`)
  }
}

const sharedSchemes: WeakMap<object, Map<string, Scheme>> = new WeakMap()

/**
 * All routes with the same users have one scheme: its nonces, and the passwords that were right, hold for all of them.
 */
function shared(users: Users, key: string, make: () => Scheme): Scheme {
  let schemes = sharedSchemes.get(users)
  if (schemes === undefined) sharedSchemes.set(users, (schemes = new Map()))
  let scheme = schemes.get(key)
  if (scheme === undefined) schemes.set(key, (scheme = make()))
  return scheme
}

function quoted(value: string): string {
  return `"${value.replace(/[\\"]/g, '\\$&')}"`
}

function withReason(start: string, reason: readonly [name: string, value: string][]): string {
  return start + reason.map(([name, value]) => `, ${name}=${value}`).join('')
}

class Basic implements Scheme {
  readonly name = 'basic'
  readonly #users: Users
  readonly #realm: string
  readonly #checker: PasswordChecker = new PasswordChecker()
  /** Whether a password that was found is a hash, and whether one is none. */
  #hashes = false
  #others = false

  constructor(users: Users, realm: string) {
    this.#users = users
    this.#realm = realm
    if (typeof users !== 'function')
      for (const known of users instanceof Map ? users.values() : Object.values(users))
        this.#see(known as FoundCredential)
  }

  async identify(was: Was, { token }: Authorization): Promise<Found> {
    const credentials = basicCredentials(token)
    if (credentials === undefined) return NO_REASON
    const { name, password } = credentials
    const known = await findCredential(this.#users, was, name)
    this.#see(known)
    if (!(await this.#isRight(name, password, known))) return NO_REASON
    return makeUser({ name, realm: this.#realm, info: infoOf(known) })
  }

  #see(known: FoundCredential): void {
    if (known === undefined || known === null) return
    if (isHashed((typeof known === 'object' ? known.password : known) ?? '')) this.#hashes = true
    else this.#others = true
  }

  async #isRight(name: string, password: string, known: Credential | undefined): Promise<boolean> {
    const stored = typeof known === 'object' ? known.password : known
    // To find nobody takes as long as to find somebody: where no password is a hash, that is short.
    const nobody = !this.#hashes && this.#others ? NOBODY : undefined
    const digest = typeof known === 'object' ? known.digest : known === undefined ? nobody : undefined
    if (stored !== undefined || digest === undefined) return this.#checker.check(name, password, stored)
    const algorithm: DigestAlgorithm = digest['SHA-256'] === undefined ? 'MD5' : 'SHA-256'
    const secret = digest[algorithm] ?? ''
    return sameSecret(digestHex(algorithm, `${name}:${this.#realm}:${password}`), secret.toLowerCase())
  }

  challenges(): string[] {
    return [`Basic realm=${quoted(this.#realm)}, charset="UTF-8"`]
  }
}

const NOBODY: DigestSecrets = { 'SHA-256': '' }

function infoOf(known: Credential | undefined): unknown {
  return typeof known === 'object' ? known.info : undefined
}

const OPAQUE_DIGITS = 32

class Digest implements Scheme {
  readonly name = 'digest'
  readonly #users: Users
  readonly #realm: string
  readonly #opaque: string
  readonly #algorithms: readonly DigestAlgorithm[]
  readonly #nonces: DigestNonces

  constructor(users: Users, realm: string, options: DigestOptions) {
    this.#users = users
    this.#realm = realm
    this.#opaque = createHash('sha256').update(realm).digest('hex').slice(0, OPAQUE_DIGITS)
    this.#algorithms = options.algorithms ?? ['SHA-256', 'MD5']
    this.#nonces = new DigestNonces(options)
    for (const algorithm of this.#algorithms) digestHex(algorithm, '')
  }

  async identify(was: Was, { params }: Authorization): Promise<Found> {
    const { method, uri } = was.request
    const expected = { method, uri, realm: this.#realm, opaque: this.#opaque, algorithms: this.#algorithms }
    const claim = digestClaim(params, expected)
    if (claim === undefined || this.#nonces.check(claim.nonce) === 'foreign') return this.#foreign(claim)
    const known = await findCredential(this.#users, was, claim.name)
    const secret = known === undefined ? undefined : this.#secretOf(claim.name, known, claim.algorithm)
    // Who is not known takes as long as who is.
    const right = claim.answers(secret ?? digestHex(claim.algorithm, ''))
    if (secret === undefined || !right) return NO_REASON
    // Counted when the password was right: nobody else can use up the counts of a nonce.
    const verdict = this.#nonces.use(claim.nonce, claim.count)
    if (verdict === 'fresh') return makeUser({ name: claim.name, realm: this.#realm, info: infoOf(known) })
    // The password was right: with another nonce the client need not ask its user again.
    return STALE
  }

  /** A nonce of another process, or of one that has ended, is as good as a stale one: the client need not ask again. */
  #foreign(claim: unknown): Found {
    return claim === undefined ? NO_REASON : STALE
  }

  #secretOf(name: string, known: Credential, algorithm: DigestAlgorithm): string | undefined {
    const stored = typeof known === 'object' ? known.password : known
    const secret = typeof known === 'object' ? known.digest?.[algorithm] : undefined
    if (secret !== undefined || stored === undefined) return secret
    if (stored.startsWith('$scrypt$'))
      throw new TypeError(`the password of a user is hashed, which Digest cannot use: store digestSecrets`)
    return digestHex(algorithm, `${name}:${this.#realm}:${stored}`)
  }

  challenges(reason: readonly [string, string][]): string[] {
    const nonce = this.#nonces.issue()
    return this.#algorithms.map((algorithm) =>
      withReason(
        `Digest realm=${quoted(this.#realm)}, qop="auth", algorithm=${algorithm}, nonce="${nonce}", opaque="${this.#opaque}", charset=UTF-8`,
        reason,
      ),
    )
  }
}

const STALE: readonly [string, string][] = [['stale', 'true']]

/** Judges a token: a user, or what the client is told. */
type TokenJudge = (was: Was, token: string) => Promise<User | string>

class Bearer implements Scheme {
  readonly name = 'bearer'
  readonly #judge: TokenJudge

  constructor(judge: TokenJudge) {
    this.#judge = judge
  }

  async identify(was: Was, { token }: Authorization): Promise<Found> {
    const judged = token === '' ? 'the token is malformed' : await this.#judge(was, token)
    if (typeof judged !== 'string') return judged
    const told = judged.replace(/[^ !#-[\]-~]/g, ' ')
    const error: [string, string] = ['error', '"invalid_token"']
    return told === '' ? [error] : [error, ['error_description', `"${told}"`]]
  }

  challenges(reason: readonly [string, string][]): string[] {
    return [withReason('Bearer realm="App"', reason)]
  }
}

function handled(handler: BearerHandler): TokenJudge {
  return async (was, token) => {
    const verdict = await handler(was, token)
    if (typeof verdict === 'string') return verdict
    if (verdict === true) return makeUser({})
    return typeof verdict === 'object' && verdict !== null ? makeUser(verdict) : ''
  }
}

function tokens(owners: readonly StateOptions[]): TokenJudge {
  const owner = owners.find(({ jwt, secureKey }) => jwt !== undefined || secureKey !== undefined)
  if (owner === undefined) throw new MissingOptionError(`auth: 'jwt' needs jwt or secureKey in the options of the app`)
  const keys = jwtKeysOf(owner)
  return async (_was, token) => {
    const result = await verifyJwt(keys, token)
    if ('error' in result) return `the token is ${result.error}`
    const { claims } = result
    const name = claims['username'] ?? claims['sub']
    return makeUser({ name: typeof name === 'string' ? name : '', claims })
  }
}
