/**
 * How a client proves who it is ("Start-up" and "SASL Authentication" of the documentation). What is not allowed is
 * refused before anything is told; a server that lets everybody in is refused, too, where a proof was asked for.
 */

import type { BodyReader } from './body-reader.js'
import type { Digests } from './digests.js'
import type { PostgresFaultCode } from './errors.js'
import type { AuthMethod } from './events.js'
import { SCRAM, SCRAM_PLUS, ScramClient, utf8 } from './scram.js'
import { readMechanisms } from './server-messages.js'
import { native } from '../core/native.js'
import { ClientMessages, type MessageWriter } from './writer.js'

/** What authentication needs. */
export interface AuthOptions {
  readonly user: string
  /** Without it, only a server that asks for none lets us in. */
  readonly password?: string | undefined
  readonly digests: Digests
  /** Random text of printable ASCII without a comma, 18 octets in base64 as a rule; asked for once a connection. */
  readonly nonce: () => string
  /**
   * The ways that are allowed. Default: all but `password` in the clear, which needs `encrypted`. We differ from libpq,
   * which tells its password to every server that asks.
   */
  readonly requireAuth?: readonly AuthMethod[] | undefined
  /** The transport is encrypted. Default false. */
  readonly encrypted?: boolean | undefined
  /** The hash of the server's certificate (`tls-server-end-point`, RFC 5929 section 4). */
  readonly channelBindingData?: Uint8Array | undefined
  /** Whether the proof is bound to the channel: when the server can (`prefer`, the default), always, or never. */
  readonly channelBinding?: 'disable' | 'prefer' | 'require' | undefined
}

/** One authentication. */
export class Authenticator {
  /** The way that the server has chosen. */
  method: AuthMethod = 'none'

  readonly #options: AuthOptions
  readonly #writer: MessageWriter
  readonly #iterationsMax: number
  #scram: ScramClient | undefined

  constructor(options: AuthOptions, writer: MessageWriter, iterationsMax: number) {
    this.#options = options
    this.#writer = writer
    this.#iterationsMax = iterationsMax
  }

  /** The server lets us in. Gives the code of what is wrong with that. */
  accept(): PostgresFaultCode | undefined {
    if (!this.#allows(this.method)) return 'PG_AUTH_REFUSED'
    if (this.#options.channelBinding === 'require' && this.method !== 'scram-sha-256-plus') return 'PG_CHANNEL_BINDING'
    return undefined
  }

  /** The server asks for the password as it is. */
  cleartext(): PostgresFaultCode | undefined {
    const refused = this.#begin('password')
    if (refused !== undefined) return refused
    this.#writer.texts(ClientMessages.password, '', [this.#options.password!])
    return undefined
  }

  /** The server asks for an MD5 with four octets of salt. */
  md5(body: BodyReader): PostgresFaultCode | undefined {
    const salt = body.octets(4)
    if (!body.complete) return 'PG_MESSAGE_MALFORMED'
    const refused = this.#begin('md5')
    if (refused !== undefined) return refused
    const { user, password, digests } = this.#options
    const inner = utf8(digests.md5(utf8(password! + user)))
    const salted = new Uint8Array(inner.length + salt.length)
    salted.set(inner)
    salted.set(salt, inner.length)
    this.#writer.texts(ClientMessages.password, 'md5', [digests.md5(salted)])
    return undefined
  }

  /** The server offers mechanisms of SASL. */
  sasl(body: BodyReader): PostgresFaultCode | undefined {
    const mechanisms = readMechanisms(body)
    if (!body.complete) return 'PG_MESSAGE_MALFORMED'
    const { channelBinding = 'prefer', channelBindingData, password, nonce, digests } = this.#options
    const couldBind = channelBindingData !== undefined && channelBinding !== 'disable'
    const binds = couldBind && mechanisms.includes(SCRAM_PLUS) && this.#allows('scram-sha-256-plus')
    if (!binds && channelBinding === 'require') return 'PG_CHANNEL_BINDING'
    if (!binds && !mechanisms.includes(SCRAM)) return 'PG_AUTH_UNSUPPORTED'
    const refused = this.#begin(binds ? 'scram-sha-256-plus' : 'scram-sha-256')
    if (refused !== undefined) return refused
    this.#scram = new ScramClient({
      password: password!,
      nonce: nonce(),
      digests,
      binding: binds ? channelBindingData : undefined,
      couldBind: couldBind && !binds && !mechanisms.includes(SCRAM_PLUS),
      iterationsMax: this.#iterationsMax,
    })
    this.#writer.saslInitial(binds ? SCRAM_PLUS : SCRAM, this.#scram.first())
    return undefined
  }

  /** The server's first message of SCRAM. */
  saslContinue(body: BodyReader): PostgresFaultCode | undefined {
    const answer = this.#scram!.answer(textOf(body))
    if ('fault' in answer) return answer.fault
    this.#writer.saslResponse(answer.message)
    return undefined
  }

  /** The server's last message of SCRAM. */
  saslFinal(body: BodyReader): PostgresFaultCode | undefined {
    return this.#scram!.verify(textOf(body))
  }

  #begin(method: AuthMethod): PostgresFaultCode | undefined {
    if (!this.#allows(method)) return 'PG_AUTH_REFUSED'
    if (this.#options.channelBinding === 'require' && method !== 'scram-sha-256-plus') return 'PG_CHANNEL_BINDING'
    if (this.#options.password === undefined) return 'PG_AUTH_PASSWORD'
    this.method = method
    return undefined
  }

  #allows(method: AuthMethod): boolean {
    const { requireAuth, encrypted = false } = this.#options
    return requireAuth === undefined ? method !== 'password' || encrypted : requireAuth.includes(method)
  }
}

/** All of a message as text. */
function textOf({ bytes, at, end }: BodyReader): string {
  return native.utf8Slice(bytes, at, end)
}
