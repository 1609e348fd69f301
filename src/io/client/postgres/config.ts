/** The configuration of a client: from options, a connection string, a service and the environment, as libpq does. */

import { homedir, userInfo } from 'node:os'
import path from 'node:path'
import type { AuthMethod } from '../../../protocols/postgres/events.js'
import { limitsOf, type PostgresLimits } from '../../../protocols/postgres/limits.js'
import { type PoolOptions, poolOptionsOf } from '../../pool-options.js'
import { hostsOf, type PostgresHost } from './config-hosts.js'
import type { Password, PostgresClientSettings, PostgresOptions, TargetSessionAttrs } from './config-options.js'
import { type PostgresTls, type SslMode, tlsOf } from './config-tls.js'
import { choice, flag, integer, requireAuthOf, timeoutMs, versionOf } from './config-values.js'
import { readConnectionString } from './connection-string.js'
import {
  addMissing,
  addSetting,
  configError,
  environmentParameters,
  environmentSettings,
  type Settings,
} from './keywords.js'
import { passwordFromFile } from './passfile.js'
import { serviceSettings } from './service-file.js'

/** A configuration in which everything is decided. */
export interface PostgresConfig {
  /** At least one. */
  readonly hosts: readonly PostgresHost[]
  readonly user: string
  /** `passwordOf` asks it, and the password file. */
  readonly password: Password | undefined
  readonly passfile: string
  readonly database: string
  readonly sslmode: SslMode
  readonly sslnegotiation: 'postgres' | 'direct'
  readonly tls: PostgresTls
  /** Of the session, by name; `client_encoding` is among them. */
  readonly parameters: Readonly<Record<string, string>>
  readonly targetSessionAttrs: TargetSessionAttrs
  readonly loadBalanceHosts: 'disable' | 'random'
  readonly connectTimeoutMs: number
  /** After so much silence TCP asks whether the peer is there; `Infinity` for never. */
  readonly keepAliveMs: number
  readonly requireAuth: readonly AuthMethod[] | undefined
  readonly channelBinding: 'disable' | 'prefer' | 'require'
  /** The version of the protocol that is asked for, and the least minor version that may come of it. */
  readonly version: '3.0' | '3.2'
  readonly leastMinor: number
  readonly limits: PostgresLimits
  readonly pool: PoolOptions
  readonly statementCacheMax: number
  readonly uniqueStatementNames: boolean
  readonly pipelineMax: number
  readonly cancelTimeoutMs: number
  readonly types: PostgresClientSettings['types']
  readonly onNotice: PostgresClientSettings['onNotice']
}

const CONNECT_TIMEOUT_MS = 10_000
const KEEP_ALIVE_S = '60'
const TARGETS = ['any', 'read-write', 'read-only', 'primary', 'standby', 'prefer-standby'] as const

/** Options that are no text with a keyword of libpq. */
const OWN_OPTIONS: ReadonlySet<string> = new Set(
  (
    'url password tls parameters connectTimeoutMs limits pool types statementCacheMax uniqueStatementNames ' +
    'pipelineMax cancelTimeoutMs onNotice'
  ).split(' '),
)
const DEFAULTS = { statementCacheMax: 256, uniqueStatementNames: false, pipelineMax: 1000, cancelTimeoutMs: 10_000 }

/**
 * Decides everything that a connection needs. Throws `UsageError` (`PG_CONFIG`) for options and keywords that nobody
 * knows, values that do not fit, and what is not supported; its message names them.
 */
export function configOf(
  source: string | URL | PostgresOptions = {},
  env: NodeJS.ProcessEnv = process.env,
): PostgresConfig {
  const options: PostgresOptions = typeof source === 'string' || source instanceof URL ? { url: source } : source
  const home = env['HOME'] || homedir()
  const settings = gather(options, env, home)
  const user = settings.get('user') || userInfo().username
  const folder = path.join(home, '.postgresql')
  const { types, onNotice } = options
  return {
    hosts: hostsOf(settings),
    user,
    password: passwordOption(options) ?? (settings.get('password') || undefined),
    passfile: settings.get('passfile') || path.join(home, '.pgpass'),
    database: settings.get('dbname') || user,
    ...tlsOf(settings, options.tls, folder),
    parameters: parametersOf(settings, options, env),
    targetSessionAttrs: choice(settings, 'target_session_attrs', TARGETS, 'any'),
    loadBalanceHosts: choice(settings, 'load_balance_hosts', ['disable', 'random'], 'disable'),
    connectTimeoutMs: connectTimeoutOf(settings, options),
    keepAliveMs: keepAliveOf(settings),
    requireAuth: requireAuthOf(settings),
    channelBinding: choice(settings, 'channel_binding', ['disable', 'prefer', 'require'], 'prefer'),
    ...versionOf(settings),
    limits: limitsOf(options.limits),
    pool: poolOptionsOf(options.pool),
    ...clientSettings(options),
    types,
    onNotice,
  }
}

/** The password for a host; undefined when there is none. */
export async function passwordOf(config: PostgresConfig, host: PostgresHost): Promise<string | undefined> {
  const { password, passfile, database, user } = config
  if (typeof password === 'string') return password
  if (password !== undefined) return password()
  return passwordFromFile(passfile, { host: host.host, port: host.port, database, user }, (message) =>
    process.emitWarning(message, { code: 'SKITAI_PASSFILE' }),
  )
}

function gather(options: PostgresOptions, env: NodeJS.ProcessEnv, home: string): Settings {
  const settings = optionSettings(options)
  if (options.url !== undefined) {
    const text = options.url instanceof URL ? options.url.href : options.url
    if (typeof text !== 'string') throw configError(`url is a connection string, not ${typeof text}`)
    addMissing(settings, readConnectionString(text))
  }
  const around = environmentSettings(env)
  const service = settings.get('service') || around.get('service')
  const servicefile = settings.get('servicefile') || around.get('servicefile')
  if (service !== undefined && service !== '') addMissing(settings, serviceSettings(service, servicefile, env, home))
  addMissing(settings, around)
  return settings
}

/** Options that have a keyword of libpq, in camelCase or as it is, as its text. */
function optionSettings(options: PostgresOptions): Settings {
  const settings: Settings = new Map()
  if (typeof options !== 'object' || options === null)
    throw configError(`options are an object or a connection string, not ${options === null ? 'null' : typeof options}`)
  for (const [name, value] of Object.entries(options) as [string, unknown][]) {
    if (OWN_OPTIONS.has(name) || value === undefined) continue
    const keyword = name === 'database' ? 'dbname' : name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
    addSetting(settings, keyword, textOf(name, value), 'options')
  }
  return settings
}

function passwordOption({ password }: PostgresOptions): Password | undefined {
  if (password !== undefined && typeof password !== 'string' && typeof password !== 'function')
    throw configError(`password is a text or a function, not ${password === null ? 'null' : typeof password}`)
  return password
}

function textOf(name: string, value: unknown): string {
  if (Array.isArray(value)) return value.map((one: unknown) => textOf(name, one)).join(',')
  if (typeof value === 'boolean') return value ? '1' : '0'
  if (typeof value === 'number') return String(value)
  if (typeof value !== 'string') throw configError(`${name} is a text, not ${value === null ? 'null' : typeof value}`)
  return value
}

function connectTimeoutOf(settings: Settings, { connectTimeoutMs }: PostgresOptions): number {
  if (connectTimeoutMs === undefined) return timeoutMs(settings, 'connect_timeout', CONNECT_TIMEOUT_MS)
  if (typeof connectTimeoutMs !== 'number' || !(connectTimeoutMs > 0))
    throw configError(`connectTimeoutMs is a number above 0, not ${String(connectTimeoutMs)}`)
  return connectTimeoutMs
}

function keepAliveOf(settings: Settings): number {
  if (!flag(settings, 'keepalives')) return Infinity
  return integer('keepalives_idle', settings.get('keepalives_idle') || KEEP_ALIVE_S, 0, 2_147_483) * 1000
}

/** What a parameter may be called: as the server's own, or with the name of an extension before it. */
const PARAMETER = /^[A-Za-z_][\w$]*(?:\.[A-Za-z_][\w$]*)*$/
/** What the start says itself, and extensions of the protocol. */
const RESERVED = /^(?:user|database|replication|_pq_\..*)$/i

/**
 * The parameters of the session. Whoever gives a URL chooses among the keywords of libpq; any others come from the
 * options of the program alone.
 */
function parametersOf(
  settings: Settings,
  { parameters = {} }: PostgresOptions,
  env: NodeJS.ProcessEnv,
): Record<string, string> {
  const encoding = settings.get('client_encoding') ?? ''
  if (!/^(?:utf-?8|unicode|auto)?$/i.test(encoding))
    throw configError(`client_encoding is always UTF8, not ${JSON.stringify(encoding)}`)
  // What is read as text is read as ISO.
  const all: Record<string, string> = { client_encoding: 'UTF8', DateStyle: 'ISO' }
  const application = settings.get('application_name') || settings.get('fallback_application_name')
  if (application) all['application_name'] = application
  const commandLine = settings.get('options')
  if (commandLine) all['options'] = commandLine
  for (const [parameter, value] of environmentParameters(env)) all[parameter] = value
  for (const [parameter, value] of Object.entries(parameters)) {
    if (!PARAMETER.test(parameter) || RESERVED.test(parameter))
      throw configError(`parameters: not a parameter of a session: ${JSON.stringify(parameter)}`)
    if (typeof value !== 'string') throw configError(`parameters: ${parameter} is a text, not ${typeof value}`)
    // The server does not tell upper case from lower case in names: one must not be there twice.
    const same = Object.keys(all).find((name) => name.toLowerCase() === parameter.toLowerCase())
    all[same ?? parameter] = value
  }
  for (const [parameter, value] of Object.entries(all))
    if (value.includes('\0')) throw configError(`parameters: ${parameter} has an octet of zero`)
  if (!/^utf-?8$/i.test(all['client_encoding']!)) throw configError('parameters: client_encoding is always UTF8')
  if (!/^\s*ISO\b/i.test(all['DateStyle']!)) throw configError('parameters: DateStyle must begin with ISO')
  return all
}

function clientSettings(options: PostgresOptions): typeof DEFAULTS {
  const given = Object.fromEntries(
    Object.keys(DEFAULTS).flatMap((name) => {
      const value = options[name as keyof typeof DEFAULTS]
      return value === undefined ? [] : [[name, value]]
    }),
  )
  const all = { ...DEFAULTS, ...given }
  integer('statementCacheMax', String(all.statementCacheMax), 0, 2_147_483_647)
  integer('pipelineMax', String(all.pipelineMax), 1, 2_147_483_647)
  if (typeof all.cancelTimeoutMs !== 'number' || !(all.cancelTimeoutMs >= 0))
    throw configError(`cancelTimeoutMs is a number from 0 up, not ${String(all.cancelTimeoutMs)}`)
  if (typeof all.uniqueStatementNames !== 'boolean') throw configError('uniqueStatementNames is true or false')
  return all
}
