/** TLS of an engine: what its listeners are secured with, and how that is changed while they listen. */

import type { CertificateSource } from '../io/certificate.js'
import { TlsCredentials, type TlsOptions } from '../io/tls.js'
import { scriptDirectory } from './script-directory.js'

/** TLS for all of the engine, or for one listener: options, or a list of certificates. */
export type TlsInput = TlsOptions | readonly CertificateSource[]

/** The TLS of one engine. */
export class EngineTls {
  /** What listeners get that have nothing of their own. */
  #enabled: TlsCredentials | undefined
  /** What listeners have got. */
  readonly #used: Set<TlsCredentials> = new Set()

  /** Loads what listeners get from now on. Throws `UsageError`. */
  enable(input: TlsInput): void {
    this.#enabled = load(input)
  }

  /** For a listener: its own TLS, that of the engine, or none (`false`). Throws `UsageError`. */
  credentialsFor(own: TlsInput | false | undefined): TlsCredentials | undefined {
    if (own === undefined) return this.#enabled
    return own === false ? undefined : load(own)
  }

  /** A listener uses these: they are reloaded from now on. */
  keep(credentials: TlsCredentials): void {
    this.#used.add(credentials)
  }

  /**
   * Reads all files again; `input` replaces what was enabled. Throws, and changes nothing, when something cannot be
   * used or there is no TLS.
   */
  reload(input?: TlsInput): void {
    if (input !== undefined && this.#enabled === undefined) throw new Error('TLS was not enabled: call enableSsl first')
    const all = new Set(this.#used)
    if (this.#enabled !== undefined) all.add(this.#enabled)
    if (all.size === 0) throw new Error('there is no TLS to reload')
    const commits = [...all].map((credentials) =>
      credentials.prepare(input !== undefined && credentials === this.#enabled ? optionsOf(input) : undefined),
    )
    for (const commit of commits) commit()
  }
}

function load(input: TlsInput): TlsCredentials {
  return new TlsCredentials(optionsOf(input), scriptDirectory())
}

function optionsOf(input: TlsInput): TlsOptions {
  return isList(input) ? { certificates: input } : input
}

function isList(input: TlsInput): input is readonly CertificateSource[] {
  return Array.isArray(input)
}
