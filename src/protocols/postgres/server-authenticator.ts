/**
 * How a server finds out who a client is ("Start-up" and "SASL Authentication" of the documentation). A user that is
 * not there goes the same way as one with another password, and fails at its end.
 */

import { UsageError } from '../core/errors.js'
import { native } from '../core/native.js'
import { base64Of } from './base64.js'
import type { BodyReader } from './body-reader.js'
import type { Digests } from './digests.js'
import type { PostgresFaultCode } from './errors.js'
import type { AuthMethod } from './events.js'
import { SCRAM, SCRAM_PLUS, utf8 } from './scram.js'
import { readScramVerifier, sameSecret, scramSecret, type ScramSecret, ScramServer } from './scram-server.js'
import { AuthCodes } from './server-messages.js'
import type { ServerWriter } from './server-writer.js'

/** What a server needs to ask for proofs. */
export interface ServerAuthOptions {
  readonly digests: Digests
  /** So many random octets, of a generator that is fit for secrets. */
  readonly random: (bytes: number) => Uint8Array
  /**
   * At least 16 octets that stay the same while users do: salts for users that are not there are made of it, so that
   * they look like those of users.
   */
  readonly secret: Uint8Array
  /** Rounds of hashing where a password is given instead of a verifier. Default 4,096. */
  readonly scramIterations?: number | undefined
  /**
   * The hash of our certificate (`tls-server-end-point`, RFC 5929 section 4): the proof may be bound to the channel.
   */
  readonly channelBindingData?: Uint8Array | undefined
}

/**
 * How a client is asked. `password` is that of the user, `verifier` what is stored instead of it: `md5…` or
 * `SCRAM-SHA-256$…`, as PostgreSQL has them. Undefined: there is no such user. Prefer verifiers for SCRAM: a password
 * is hashed anew for each client.
 */
export type ServerAuth =
  | { readonly method: 'none' }
  | { readonly method: ProofMethod; readonly password: string | undefined }
  | { readonly method: ProofMethod; readonly verifier: string | undefined }

/** A way to authenticate that asks for a proof. SCRAM is bound to the channel where both ends can. */
export type ProofMethod = 'password' | 'md5' | 'scram-sha-256'

/** What a proof has shown: the way that was gone, a fault, or `more` to come. */
export type ProofVerdict = AuthMethod | 'more' | { readonly fault: PostgresFaultCode }

const ITERATIONS = 4096
const SECRET_BYTES_MIN = 16
const SALT_BYTES = 16
const NONCE_BYTES = 18
const MD5_SALT_BYTES = 4
const MD5_VERIFIER = /^md5[0-9a-f]{32}$/
const FAILED: ProofVerdict = { fault: 'PG_AUTH_FAILED' }

/** Judges a password that came in the clear, or its hash. */
type Judge = (password: string) => boolean

/** The authentication of one client. */
export class ServerAuthenticator {
  readonly #options: ServerAuthOptions
  readonly #writer: ServerWriter
  #judge: Judge | undefined
  #method: AuthMethod = 'none'
  #scram: ScramServer | undefined

  constructor(options: ServerAuthOptions, writer: ServerWriter) {
    if (options.secret.length < SECRET_BYTES_MIN)
      throw new UsageError('PG_AUTH_OPTIONS', `the secret has at least ${SECRET_BYTES_MIN} octets`)
    this.#options = options
    this.#writer = writer
  }

  /** Asks for a proof. Throws `UsageError` for a verifier that does not fit, before anything is written. */
  ask(user: string, auth: Exclude<ServerAuth, { readonly method: 'none' }>): void {
    this.#method = auth.method
    if (auth.method === 'password') this.#askPassword(user, auth)
    else if (auth.method === 'md5') this.#askMd5(user, auth)
    else this.#askScram(user, auth)
  }

  /** PasswordMessage for a password or an MD5. */
  judgePassword(body: BodyReader): ProofVerdict {
    const password = body.string()
    if (!body.complete) return { fault: 'PG_MESSAGE_MALFORMED' }
    return this.#judge!(password) ? this.#method : FAILED
  }

  /** SASLInitialResponse. */
  judgeFirst(body: BodyReader): ProofVerdict {
    const mechanism = body.string()
    const size = body.int32()
    const message = body.text(size)
    if (!body.complete) return { fault: 'PG_MESSAGE_MALFORMED' }
    const answer = this.#scram!.first(mechanism, message)
    if ('fault' in answer) return answer
    if (mechanism === SCRAM_PLUS) this.#method = 'scram-sha-256-plus'
    this.#writer.authentication(AuthCodes.saslContinue, utf8(answer.message))
    return 'more'
  }

  /** SASLResponse with the proof. */
  judgeProof(body: BodyReader): ProofVerdict {
    const answer = this.#scram!.final(native.utf8Slice(body.bytes, body.at, body.end))
    body.at = body.end
    if ('fault' in answer) return answer
    this.#writer.authentication(AuthCodes.saslFinal, utf8(answer.message))
    return this.#method
  }

  #askPassword(user: string, auth: Known): void {
    this.#judge = this.#passwordJudge(user, auth)
    this.#writer.authentication(AuthCodes.cleartext)
  }

  #passwordJudge(user: string, auth: Known): Judge {
    const { digests } = this.#options
    if ('password' in auth) {
      const { password } = auth
      // Hashes have one length: that of the password is not told by the time.
      const expected = digests.sha256(utf8(password ?? ''))
      return (given) => sameSecret(digests.sha256(utf8(given)), expected) && password !== undefined
    }
    const { verifier } = auth
    if (verifier?.startsWith('md5') === true) {
      const expected = utf8(readMd5(verifier))
      return (given) => sameSecret(utf8(digests.md5(utf8(given + user))), expected)
    }
    const secret = this.#scramSecret(user, auth)
    return (given) => {
      const { storedKey } = scramSecret(given, secret.salt, secret.iterations, digests)
      return sameSecret(storedKey, secret.storedKey) && verifier !== undefined
    }
  }

  #askMd5(user: string, auth: Known): void {
    const { digests, random } = this.#options
    const inner =
      'password' in auth
        ? digests.md5(utf8(`${auth.password ?? ''}${user}`))
        : readMd5(auth.verifier ?? `md5${digests.md5(this.#options.secret)}`)
    const isThere = ('password' in auth ? auth.password : auth.verifier) !== undefined
    const salt = random(MD5_SALT_BYTES)
    const octets = new Uint8Array(inner.length + salt.length)
    octets.set(utf8(inner))
    octets.set(salt, inner.length)
    const expected = utf8(`md5${digests.md5(octets)}`)
    this.#judge = (given) => sameSecret(utf8(given), expected) && isThere
    this.#writer.authentication(AuthCodes.md5, salt)
  }

  #askScram(user: string, auth: Known): void {
    const { digests, random, channelBindingData } = this.#options
    this.#scram = new ScramServer({
      secret: this.#scramSecret(user, auth),
      doomed: ('password' in auth ? auth.password : auth.verifier) === undefined,
      nonce: base64Of(random(NONCE_BYTES)),
      digests,
      binding: channelBindingData,
    })
    this.#writer.mechanisms(channelBindingData === undefined ? [SCRAM] : [SCRAM_PLUS, SCRAM])
  }

  #scramSecret(user: string, auth: Known): ScramSecret {
    if ('verifier' in auth && auth.verifier !== undefined) return readScramVerifier(auth.verifier)
    const { digests, secret, scramIterations = ITERATIONS } = this.#options
    const salt = new Uint8Array(digests.hmacSha256(secret, utf8(user)).subarray(0, SALT_BYTES))
    if ('password' in auth) return scramSecret(auth.password ?? '', salt, scramIterations, digests)
    const nobody = digests.hmacSha256(secret, salt)
    return { salt, iterations: scramIterations, storedKey: nobody, serverKey: nobody }
  }
}

type Known = Exclude<ServerAuth, { readonly method: 'none' }>

/** The digits of an MD5 verifier. */
function readMd5(verifier: string): string {
  if (!MD5_VERIFIER.test(verifier)) throw new UsageError('PG_VERIFIER', 'a verifier is not one of MD5')
  return verifier.slice('md5'.length)
}

/** What to store instead of a password for MD5, in the form in which PostgreSQL does. */
export function md5Verifier(user: string, password: string, digests: Digests): string {
  return `md5${digests.md5(utf8(password + user))}`
}
