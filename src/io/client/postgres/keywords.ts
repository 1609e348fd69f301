/** The names of all that can be said about a connection: those of libpq, of its environment, and our options. */

import { UsageError } from '../../../protocols/core/errors.js'

/** What is said, by the keywords of libpq. */
export type Settings = Map<string, string>

/** What can be said, and the variable that says it, if there is one. */
const VARIABLES: ReadonlyMap<string, string | undefined> = new Map(
  Object.entries({
    service: 'PGSERVICE',
    servicefile: 'PGSERVICEFILE',
    user: 'PGUSER',
    password: 'PGPASSWORD',
    passfile: 'PGPASSFILE',
    dbname: 'PGDATABASE',
    host: 'PGHOST',
    hostaddr: 'PGHOSTADDR',
    port: 'PGPORT',
    connect_timeout: 'PGCONNECT_TIMEOUT',
    client_encoding: 'PGCLIENTENCODING',
    options: 'PGOPTIONS',
    application_name: 'PGAPPNAME',
    fallback_application_name: undefined,
    keepalives: undefined,
    keepalives_idle: undefined,
    sslmode: 'PGSSLMODE',
    sslnegotiation: 'PGSSLNEGOTIATION',
    sslrootcert: 'PGSSLROOTCERT',
    sslcert: 'PGSSLCERT',
    sslkey: 'PGSSLKEY',
    sslpassword: undefined,
    sslcertmode: 'PGSSLCERTMODE',
    sslcrl: 'PGSSLCRL',
    sslsni: 'PGSSLSNI',
    ssl_min_protocol_version: 'PGSSLMINPROTOCOLVERSION',
    ssl_max_protocol_version: 'PGSSLMAXPROTOCOLVERSION',
    require_auth: 'PGREQUIREAUTH',
    channel_binding: 'PGCHANNELBINDING',
    min_protocol_version: 'PGMINPROTOCOLVERSION',
    max_protocol_version: 'PGMAXPROTOCOLVERSION',
    target_session_attrs: 'PGTARGETSESSIONATTRS',
    load_balance_hosts: 'PGLOADBALANCEHOSTS',
    gssencmode: 'PGGSSENCMODE',
    krbsrvname: 'PGKRBSRVNAME',
    gsslib: 'PGGSSLIB',
    gssdelegation: 'PGGSSDELEGATION',
    sslcompression: 'PGSSLCOMPRESSION',
    keepalives_interval: undefined,
    keepalives_count: undefined,
    tcp_user_timeout: undefined,
    sslcrldir: 'PGSSLCRLDIR',
    requirepeer: 'PGREQUIREPEER',
    replication: undefined,
    scram_client_key: undefined,
    scram_server_key: undefined,
    sslkeylogfile: undefined,
    oauth_issuer: undefined,
    oauth_client_id: undefined,
    oauth_client_secret: undefined,
    oauth_scope: undefined,
  }),
)

/** Variables that stand for parameters of the session. */
const SESSION_VARIABLES = [
  ['PGTZ', 'timezone'],
  ['PGDATESTYLE', 'DateStyle'],
  ['PGGEQO', 'geqo'],
] as const

/**
 * What makes no connection weaker or another one when it is not heeded: there is no GSS, TLS does not compress, and
 * Node cannot set these times of TCP.
 */
const IGNORED: ReadonlySet<string> = new Set(
  'krbsrvname gsslib gssdelegation sslcompression keepalives_interval keepalives_count tcp_user_timeout'.split(' '),
)

/** What would be missed if it were not heeded. */
const REFUSED: ReadonlySet<string> = new Set(
  (
    'sslcrldir requirepeer replication scram_client_key scram_server_key sslkeylogfile ' +
    'oauth_issuer oauth_client_id oauth_client_secret oauth_scope'
  ).split(' '),
)

/** The caller's fault in what is said about a connection (`PG_CONFIG`). */
export function configError(message: string): UsageError {
  return new UsageError('PG_CONFIG', message)
}

/**
 * Adds a setting. `where` is for the message of the `UsageError` that is thrown for a keyword that nobody knows, or
 * that is not supported.
 */
export function addSetting(settings: Settings, keyword: string, value: string, where: string): void {
  if (!VARIABLES.has(keyword)) throw configError(`${where}: unknown keyword ${JSON.stringify(keyword)}`)
  if (REFUSED.has(keyword) && value !== '') throw configError(`${where}: ${keyword} is not supported`)
  if (!IGNORED.has(keyword)) settings.set(keyword, value)
}

/** Adds what is not said yet. */
export function addMissing(settings: Settings, more: Settings): void {
  for (const [keyword, value] of more) if (!settings.has(keyword)) settings.set(keyword, value)
}

/** What the environment says. A variable that is empty says nothing, as an unset one. */
export function environmentSettings(env: NodeJS.ProcessEnv): Settings {
  const settings: Settings = new Map()
  for (const [keyword, variable] of VARIABLES) {
    const value = variable === undefined ? undefined : env[variable]
    if (value !== undefined && value !== '') addSetting(settings, keyword, value, variable!)
  }
  if (env['PGREQUIRESSL']?.startsWith('1') === true && !settings.has('sslmode')) settings.set('sslmode', 'require')
  return settings
}

/** The parameters of the session that the environment gives, as names and values. */
export function environmentParameters(env: NodeJS.ProcessEnv): [string, string][] {
  const parameters: [string, string][] = []
  for (const [variable, name] of SESSION_VARIABLES) {
    const value = env[variable]
    if (value !== undefined && value !== '') parameters.push([name, value])
  }
  return parameters
}
