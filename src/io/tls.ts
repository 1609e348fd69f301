/** The TLS side of a listener: which certificate a client gets, what it may negotiate, whether it must show its own. */

import { constants } from 'node:crypto'
import type { Socket } from 'node:net'
import { createSecureContext, type SecureContext, type SecureContextOptions, TLSSocket } from 'node:tls'
import {
  type CertificateSource,
  loadCertificate,
  lookupName,
  parseCertificate,
  type PemSource,
  readPem,
  tlsError,
} from './certificate.js'
import { type ClientCertificate, clientCertificateOf } from './client-certificate.js'
import { selfSigned } from './self-signed.js'

/**
 * Finds the certificate for a host name that none of those given is for; undefined when there is none. The name is in
 * lower case, without final dot. Return the same object for the same certificate: what is made of it is kept with it.
 */
export type CertificateResolver = (
  serverName: string,
) => CertificateSource | undefined | Promise<CertificateSource | undefined>

/** TLS: one certificate (`cert`, `key`, `passphrase`), several (`certificates`), or one for development (`dev`). */
export interface TlsOptions extends Partial<CertificateSource> {
  /**
   * Several certificates. A client gets the first that names exactly the host that it asks for, else the first with a
   * wildcard for it, else what `resolve` finds, else the first of all. So does one that names no host.
   */
  readonly certificates?: readonly CertificateSource[] | undefined
  /** A certificate for `localhost`, 127.0.0.1 and ::1 that signs itself, made now and kept nowhere. */
  readonly dev?: boolean | undefined
  /**
   * Asked for names that no certificate is for. Where it throws, rejects, or gives what cannot be used, or takes longer
   * than the handshake may, that client is refused.
   */
  readonly resolve?: CertificateResolver | undefined
  /** Refuses clients that ask for a host that no certificate is for. Default false: they get the first one. */
  readonly strictSni?: boolean | undefined
  /** The least version; 1.2 by default. */
  readonly minVersion?: 'TLSv1.2' | 'TLSv1.3' | undefined
  /**
   * Whether clients are asked for a certificate, and are refused without one that leads to `ca`. Default `none`.
   */
  readonly clientCertificates?: 'none' | 'request' | 'require' | undefined
  /** The authorities that certificates of clients lead to. */
  readonly ca?: PemSource | readonly PemSource[] | undefined
}

/** What a listener wants of one connection. */
export interface HandshakeOptions {
  /** The protocols that are offered, the preferred one first (RFC 7301). */
  readonly alpn: readonly string[]
  /** Told of what a resolver has thrown. */
  readonly onError: (error: unknown) => void
}

const OPTIONS: ReadonlySet<string> = new Set(
  'cert key passphrase hosts certificates dev resolve strictSni minVersion clientCertificates ca'.split(' '),
)

/**
 * Only what has forward secrecy and authenticated encryption: nothing of it is on the block list of HTTP/2 (RFC 9113
 * appendix A), and the suite that section 9.2.2 demands is in. Curves are Node's, P-256 among them.
 */
const CIPHERS = [
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
].join(':')

/** What connections are secured with from one reload to the next. */
export class TlsTable {
  /** The SHA-256 fingerprint of the first certificate. */
  readonly fingerprint256: string
  readonly #clientCertificates: 'none' | 'request' | 'require'
  readonly #settings: SecureContextOptions
  readonly #directory: string
  readonly #first: SecureContext
  readonly #byName: Map<string, SecureContext> = new Map()
  readonly #resolve: CertificateResolver | undefined
  readonly #strict: boolean
  /** Whether the name that a client asks for makes any difference. */
  readonly #choosing: boolean
  /** What the resolver gave, with what was made of it. */
  readonly #resolved: WeakMap<CertificateSource, SecureContext> = new WeakMap()

  /** Relative paths are taken from `directory`. Throws `UsageError` with a code of `TlsFault`. */
  constructor(options: TlsOptions, directory: string) {
    checkOptions(options)
    const { resolve, strictSni = false, clientCertificates = 'none', minVersion = 'TLSv1.2' } = options
    this.#directory = directory
    this.#clientCertificates = clientCertificates
    this.#resolve = resolve
    this.#strict = strictSni
    this.#settings = {
      minVersion,
      ciphers: CIPHERS,
      secureOptions: constants.SSL_OP_NO_RENEGOTIATION | constants.SSL_OP_NO_COMPRESSION,
      // Without it OpenSSL refuses to resume a session of a client that was asked for its certificate.
      sessionIdContext: 'skitai',
      ...(clientCertificates !== 'none' && { ca: authoritiesOf(options, directory) }),
    }
    const loaded = sourcesOf(options).map((source) => loadCertificate(source, directory))
    const contexts = loaded.map((certificate) => this.#contextOf(certificate))
    this.#first = contexts[0]!
    this.#choosing = contexts.length > 1 || resolve !== undefined || strictSni
    this.fingerprint256 = loaded[0]!.fingerprint256
    for (const [index, { names }] of loaded.entries())
      for (const name of names) if (!this.#byName.has(name)) this.#byName.set(name, contexts[index]!)
  }

  /** Begins a handshake as its server. `secure` of the socket tells its end, and then `identify` who came. */
  secure(socket: Socket, { alpn, onError }: HandshakeOptions): TLSSocket {
    return new TLSSocket(socket, {
      isServer: true,
      secureContext: this.#first,
      requestCert: this.#clientCertificates !== 'none',
      rejectUnauthorized: this.#clientCertificates === 'require',
      ...(alpn.length > 0 && { ALPNProtocols: [...alpn] }),
      ...(this.#choosing && { SNICallback: (serverName, done) => this.#choose(serverName, onError, done) }),
    })
  }

  /**
   * The certificate of the client, whose handshake is over. `refused` when it does not get in: Node leaves that to us
   * where the certificate is bad rather than missing.
   */
  identify(socket: TLSSocket): ClientCertificate | 'refused' | undefined {
    if (this.#clientCertificates === 'none') return undefined
    const certificate = clientCertificateOf(socket)
    return this.#clientCertificates === 'require' && certificate?.authorized !== true ? 'refused' : certificate
  }

  /** Gives `done` the context for a name, none for the first one, or an error to refuse the client. Never throws. */
  #choose(serverName: string, onError: (error: unknown) => void, done: Chosen): void {
    const name = lookupName(serverName)
    if (name === undefined) return this.#chooseFirst(done)
    const known = this.#byName.get(name) ?? this.#byName.get(name.replace(/^[^.]+/, '*'))
    if (known !== undefined) return done(null, known)
    if (this.#resolve === undefined) return this.#chooseFirst(done)
    void this.#chooseResolved(name, this.#resolve, onError, done)
  }

  #chooseFirst(done: Chosen): void {
    done(this.#strict ? new Error('no certificate is for this host') : null)
  }

  async #chooseResolved(
    name: string,
    resolve: CertificateResolver,
    onError: (error: unknown) => void,
    done: Chosen,
  ): Promise<void> {
    let context: SecureContext | undefined
    try {
      context = this.#contextFor(await resolve(name))
    } catch (error) {
      done(new Error('no certificate was found', { cause: error }))
      onError(error)
      return
    }
    if (context === undefined) this.#chooseFirst(done)
    else done(null, context)
  }

  #contextFor(source: CertificateSource | undefined): SecureContext | undefined {
    if (source === undefined) return undefined
    let context = this.#resolved.get(source)
    if (context === undefined) {
      context = this.#contextOf(loadCertificate(source, this.#directory))
      this.#resolved.set(source, context)
    }
    return context
  }

  #contextOf({ cert, key, passphrase }: SecureContextOptions): SecureContext {
    try {
      return createSecureContext({ ...this.#settings, cert, key, passphrase })
    } catch (error) {
      throw tlsError('TLS_CERTIFICATE', `the certificate cannot be used: ${(error as Error).message}`, error)
    }
  }
}

type Chosen = (error: Error | null, context?: SecureContext) => void

/** TLS of any number of listeners, that can be loaded anew while they listen. */
export class TlsCredentials {
  #options: TlsOptions
  readonly #directory: string
  #table: TlsTable

  /**
   * Loads certificates and keys; relative paths are taken from `directory`. Throws `UsageError` with a code of
   * `TlsFault`.
   */
  constructor(options: TlsOptions, directory: string = process.cwd()) {
    this.#options = options
    this.#directory = directory
    this.#table = new TlsTable(options, directory)
  }

  /** What new connections are secured with. */
  get table(): TlsTable {
    return this.#table
  }

  /** The SHA-256 fingerprint of the first certificate. */
  get fingerprint256(): string {
    return this.#table.fingerprint256
  }

  /**
   * Reads the files again, or takes other options, for connections from now on; those that are open go on, and clients
   * with a session of before make a full handshake. Throws `UsageError`, and all stays as it was, when something cannot
   * be used.
   */
  reload(options: TlsOptions = this.#options): void {
    this.prepare(options)()
  }

  /** Loads without effect until the result is called, so that several can be changed together or not at all. */
  prepare(options: TlsOptions = this.#options): () => void {
    const table = new TlsTable(options, this.#directory)
    return () => {
      this.#options = options
      this.#table = table
    }
  }
}

function checkOptions(options: TlsOptions): void {
  // In JavaScript a path may stand here, or nothing.
  if (typeof options !== 'object' || options === null)
    throw tlsError(
      'TLS_OPTION',
      `TLS wants options as { cert, key }, not ${options === null ? 'null' : typeof options}`,
    )
  for (const name of Object.keys(options))
    if (!OPTIONS.has(name)) throw tlsError('TLS_OPTION', `unknown option of TLS: ${name}`)
  const { cert, key, certificates, dev, minVersion, clientCertificates, ca, resolve } = options
  const kinds = [cert !== undefined || key !== undefined, certificates !== undefined, dev === true]
  if (kinds.filter(Boolean).length !== 1 || certificates?.length === 0)
    throw tlsError('TLS_OPTION', 'TLS wants either `cert`, or `certificates`, or `dev`')
  if (minVersion !== undefined && minVersion !== 'TLSv1.2' && minVersion !== 'TLSv1.3')
    throw tlsError('TLS_OPTION', `the least version of TLS is TLSv1.2 or TLSv1.3, not ${String(minVersion)}`)
  if (resolve !== undefined && typeof resolve !== 'function') throw tlsError('TLS_OPTION', '`resolve` is no function')
  const asked = clientCertificates ?? 'none'
  if (asked !== 'none' && asked !== 'request' && asked !== 'require')
    throw tlsError('TLS_OPTION', `clientCertificates is none, request or require, not ${String(asked)}`)
  if (asked !== 'none' && (ca === undefined || (Array.isArray(ca) && ca.length === 0)))
    throw tlsError('TLS_OPTION', 'certificates of clients want authorities: `ca` is missing')
}

function sourcesOf(options: TlsOptions): readonly CertificateSource[] {
  if (options.dev === true) return [selfSigned()]
  return options.certificates ?? [options as CertificateSource]
}

function authoritiesOf({ ca = [] }: TlsOptions, directory: string): string[] {
  const all = typeof ca === 'string' || ca instanceof Uint8Array ? [ca] : ca
  return all.map((source) => {
    const pem = readPem(source, 'authority', directory)
    parseCertificate(pem)
    return pem.text
  })
}
