/** TLS of a configuration: how much of it there must be, and what it is done with. */

import { existsSync } from 'node:fs'
import path from 'node:path'
import type { PemSource } from '../../certificate.js'
import { choice, flag } from './config-values.js'
import { configError, type Settings } from './keywords.js'

/**
 * How much TLS there must be ("SSL Support" of the documentation). `prefer`, the default of libpq and ours, goes on
 * without where the server has none: who stands between can see to that, and read and change all. `require` keeps out
 * those who only listen; only `verify-full` keeps out whoever is not the server.
 */
export type SslMode = (typeof MODES)[number]

const MODES = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'] as const
const VERSIONS = ['TLSv1.2', 'TLSv1.3'] as const

/** Certificates, as options give them: PEM, or the paths of files. */
export interface PostgresTlsOptions {
  /** The authorities that the server's certificate must lead to; `system` for those that Node brings along. */
  readonly ca?: PemSource | readonly PemSource[] | undefined
  /** Our certificate, the key of it, and what opens the key. */
  readonly cert?: PemSource | undefined
  readonly key?: PemSource | undefined
  readonly passphrase?: string | undefined
  /** Certificates that were revoked. */
  readonly crl?: PemSource | undefined
  /** The name that the server is asked for, and that its certificate must be for, instead of the host. */
  readonly servername?: string | undefined
}

/** What connections are secured with. */
export interface PostgresTls extends Omit<PostgresTlsOptions, 'ca'> {
  /** Undefined for those that Node brings along. */
  readonly ca: PemSource | readonly PemSource[] | undefined
  /** Whether the certificate of the server must lead to an authority, and whether it must be for its name. */
  readonly verify: 'nothing' | 'authority' | 'name'
  /** Whether the server is told the name that it is asked for. */
  readonly sni: boolean
  readonly minVersion: (typeof VERSIONS)[number] | undefined
  readonly maxVersion: (typeof VERSIONS)[number] | undefined
}

/** What a configuration says about TLS. */
export interface TlsConfig {
  readonly sslmode: SslMode
  readonly sslnegotiation: 'postgres' | 'direct'
  readonly tls: PostgresTls
}

const TLS_OPTIONS: ReadonlySet<string> = new Set('ca cert key passphrase crl servername'.split(' '))

/** Reads what is said about TLS. Files that libpq looks for by itself are in `folder`. */
export function tlsOf(settings: Settings, options: PostgresTlsOptions | undefined, folder: string): TlsConfig {
  for (const name of Object.keys(options ?? {}))
    if (!TLS_OPTIONS.has(name)) throw configError(`unknown option of tls: ${name}`)
  const ca = authorityOf(settings, options, folder)
  const system = ca === 'system'
  const sslmode = choice(settings, 'sslmode', MODES, system ? 'verify-full' : 'prefer')
  const sslnegotiation = choice(settings, 'sslnegotiation', ['postgres', 'direct'], 'postgres')
  if (system && sslmode !== 'verify-full')
    throw configError(`sslmode ${sslmode} is too weak for the authorities of the system: it must be verify-full`)
  if (sslnegotiation === 'direct' && MODES.indexOf(sslmode) < MODES.indexOf('require'))
    throw configError(`sslmode ${sslmode} is too weak for direct TLS: it must be require or more`)
  if (sslmode === 'verify-ca' && ca === undefined)
    throw configError('verify-ca wants the authority of the server: sslrootcert, or tls.ca')
  choice(settings, 'gssencmode', ['prefer', 'disable'], 'prefer')
  const minVersion = versionOf(settings, 'ssl_min_protocol_version')
  const maxVersion = versionOf(settings, 'ssl_max_protocol_version')
  if (minVersion === 'TLSv1.3' && maxVersion === 'TLSv1.2')
    throw configError('ssl_min_protocol_version is above ssl_max_protocol_version')
  // As with libpq: whoever names an authority with `require` wants it looked at.
  const named = sslmode === 'verify-ca' || (sslmode === 'require' && ca !== undefined)
  const verify = sslmode === 'verify-full' ? 'name' : named ? 'authority' : 'nothing'
  const sni = flag(settings, 'sslsni')
  const crl = options?.crl ?? fileOf(settings, 'sslcrl', folder, 'root.crl')
  const own = ownOf(settings, options, folder)
  const { servername } = options ?? {}
  const tls = { ca: system ? undefined : ca, crl, ...own, servername, verify, sni, minVersion, maxVersion } as const
  return { sslmode, sslnegotiation, tls }
}

function versionOf(settings: Settings, keyword: string): PostgresTls['minVersion'] {
  const words = [...VERSIONS, ''] as const
  return choice(settings, keyword, words, '') || undefined
}

function authorityOf(settings: Settings, options: PostgresTlsOptions | undefined, folder: string): PostgresTls['ca'] {
  return options?.ca ?? fileOf(settings, 'sslrootcert', folder, 'root.crt')
}

function ownOf(
  settings: Settings,
  options: PostgresTlsOptions | undefined,
  folder: string,
): Pick<PostgresTls, 'cert' | 'key' | 'passphrase'> {
  const none = { cert: undefined, key: undefined, passphrase: undefined }
  if (choice(settings, 'sslcertmode', ['allow', 'disable'], 'allow') === 'disable') return none
  if (options?.cert !== undefined) {
    const { cert, key, passphrase } = options
    return { cert, key, passphrase }
  }
  const cert = fileOf(settings, 'sslcert', folder, 'postgresql.crt')
  if (cert === undefined) return none
  const key = settings.get('sslkey') || path.join(folder, 'postgresql.key')
  return { cert, key, passphrase: settings.get('sslpassword') }
}

/** The file that is named, else the one that libpq looks for, if it is there. */
function fileOf(settings: Settings, keyword: string, folder: string, name: string): string | undefined {
  const given = settings.get(keyword)
  if (given !== undefined && given !== '') return given
  const file = path.join(folder, name)
  return existsSync(file) ? file : undefined
}
