/** What a client is told: a URL, options, or both; checked, with the defaults. */

import { UsageError } from '../../../protocols/core/errors.js'
import type { RedisLimits } from '../../../protocols/redis/limits.js'
import type { ClientTlsOptions, Place } from '../../connector.js'
import { hostOf, urlOptions } from './config-url.js'
import type { RedisConnection } from './connection.js'

/** The secret of a user, or who gives it for each new connection. */
export type PasswordSource = string | (() => string | Promise<string>)

/** The options of `redis`. Times are milliseconds; `Infinity` for no limit. */
export interface RedisOptions {
  /** `redis://`, `rediss://` (with TLS) or `unix:`; options beside it win. */
  readonly url?: string | undefined
  /** Default 127.0.0.1. */
  readonly host?: string | undefined
  /** Default 6379. */
  readonly port?: number | undefined
  /** A Unix socket, instead of host and port. */
  readonly path?: string | undefined
  /** TLS; certificates are verified. Default false, and true for `rediss://`. */
  readonly tls?: ClientTlsOptions | boolean | undefined
  /** A user of the ACL; without one it is `default`. */
  readonly username?: string | undefined
  readonly password?: PasswordSource | undefined
  /** The number of the database. Default 0. */
  readonly database?: number | undefined
  /** 3 is content with RESP2 where the server has no more. Default 3. */
  readonly protocol?: 2 | 3 | undefined
  /** The name of the connections, as CLIENT LIST shows it. */
  readonly name?: string | undefined
  /** For a connection with all that comes before the first command. Default 10,000. */
  readonly connectTimeoutMs?: number | undefined
  /** How long a command may take from its call on. Default `Infinity`. */
  readonly commandTimeoutMs?: number | undefined
  /** Commands that wait for a connection at the most; the next one is refused. Default 10,000. */
  readonly queueMax?: number | undefined
  /** How long a command waits for a connection. Default 10,000. */
  readonly queueTimeoutMs?: number | undefined
  /**
   * What becomes of commands whose connection is lost before their answer: `fail` tells their callers, `retry` sends
   * those again that do no harm when they are done twice, and tells the others' callers. Default `retry`.
   */
  readonly inFlight?: 'fail' | 'retry' | undefined
  /** How often a command is sent again at the most. Default 3. */
  readonly retryMax?: number | undefined
  /** The pause before the second attempt to connect; twice as long after each further one. Default 50. */
  readonly backoffMs?: number | undefined
  /** The longest pause. Default 2000. */
  readonly backoffMaxMs?: number | undefined
  /** After so much silence the server is asked whether it is there. Default 30,000. */
  readonly pingIntervalMs?: number | undefined
  /** How long it may take to say so. Default 10,000. */
  readonly pingTimeoutMs?: number | undefined
  /** Connections for commands that wait, and for `reserve` and `watch`, at the most. Default 10. */
  readonly linksMax?: number | undefined
  /** How long a command waits for one of these. Default 30,000. */
  readonly linkTimeoutMs?: number | undefined
  /** Keeps replies here as long as they are true. Default: no cache. */
  readonly cache?: CacheOptions | undefined
  /** Of the protocol. */
  readonly limits?: Partial<RedisLimits> | undefined
  /** A connection was made, the first one or a later one. */
  readonly onConnect?: (() => void) | undefined
  /** A connection was lost, or could not be made. It will be tried again. */
  readonly onDisconnect?: ((error: Error) => void) | undefined
}

/** How replies are cached (client-side caching). */
export interface CacheOptions {
  /** Replies that are kept at the most; the one that is longest unused goes first. Default 10,000. */
  readonly max?: number | undefined
  /**
   * `default`: the server remembers which keys we have read. `broadcast`: it tells of all keys that begin with one of
   * `prefixes`. Default `default`.
   */
  readonly mode?: 'default' | 'broadcast' | undefined
  /** What the keys begin with that are cached, in mode `broadcast`. Default: all. */
  readonly prefixes?: readonly string[] | undefined
  /** How long a reply is kept at the most. Default `Infinity`. */
  readonly ttlMs?: number | undefined
}

/** Checked, and complete. */
export interface RedisConfig {
  readonly place: Place
  readonly tls: ClientTlsOptions | boolean
  readonly username: string | undefined
  readonly password: PasswordSource | undefined
  readonly database: number
  readonly protocol: 2 | 3
  readonly name: string | undefined
  readonly connectTimeoutMs: number
  readonly commandTimeoutMs: number
  readonly queueMax: number
  readonly queueTimeoutMs: number
  readonly inFlight: 'fail' | 'retry'
  readonly retryMax: number
  readonly backoffMs: number
  readonly backoffMaxMs: number
  readonly pingIntervalMs: number
  readonly pingTimeoutMs: number
  readonly linksMax: number
  readonly linkTimeoutMs: number
  readonly cache: Required<{ readonly [Name in keyof CacheOptions]: NonNullable<CacheOptions[Name]> }> | undefined
  readonly limits: Partial<RedisLimits>
  readonly onConnect: (() => void) | undefined
  readonly onDisconnect: ((error: Error) => void) | undefined
  /** Looks at each new connection; what it rejects with has the connection given up. */
  readonly accept?: ((connection: RedisConnection) => Promise<void>) | undefined
}

const NUMBERS = {
  connectTimeoutMs: 10_000,
  commandTimeoutMs: Infinity,
  queueMax: 10_000,
  queueTimeoutMs: 10_000,
  retryMax: 3,
  backoffMs: 50,
  backoffMaxMs: 2000,
  pingIntervalMs: 30_000,
  pingTimeoutMs: 10_000,
  linksMax: 10,
  linkTimeoutMs: 30_000,
} as const

const OTHERS: ReadonlySet<string> = new Set([
  'url',
  'host',
  'port',
  'path',
  'tls',
  'username',
  'password',
  'database',
  'protocol',
  'name',
  'inFlight',
  'cache',
  'limits',
  'onConnect',
  'onDisconnect',
])

const CACHE_NAMES: ReadonlySet<string> = new Set(['max', 'mode', 'prefixes', 'ttlMs'])

/** Throws `UsageError` (`REDIS_OPTION`) that names the option which does not exist, or does not fit. */
export function configOf(given: string | RedisOptions = {}): RedisConfig {
  const own: RedisOptions = typeof given === 'string' ? { url: given } : given
  if (typeof own !== 'object' || own === null) throw optionError('options', 'are a URL or an object', own)
  for (const name of Object.keys(own))
    if (!OTHERS.has(name) && !Object.hasOwn(NUMBERS, name))
      throw new UsageError('REDIS_OPTION', `there is no option ${name}`)
  const options: RedisOptions = own.url === undefined ? own : { ...urlOptions(own.url), ...defined(own) }
  const { inFlight = 'retry', protocol = 3, database = 0, tls = false, limits = {} } = options
  if (inFlight !== 'fail' && inFlight !== 'retry') throw optionError('inFlight', 'is fail or retry', inFlight)
  if (protocol !== 2 && protocol !== 3) throw optionError('protocol', 'is 2 or 3', protocol)
  if (!Number.isInteger(database) || database < 0) throw optionError('database', 'is a whole number', database)
  if (typeof tls !== 'boolean' && (typeof tls !== 'object' || tls === null))
    throw optionError('tls', 'is true, false or an object', tls)
  const config = {
    place: placeOf(options),
    tls,
    ...credentialsOf(options),
    database,
    protocol,
    ...numbersOf(options),
    inFlight,
    cache: cacheOf(options.cache),
    limits,
    onConnect: callbackOf(options, 'onConnect'),
    onDisconnect: callbackOf(options, 'onDisconnect'),
  }
  if (config.cache !== undefined && protocol !== 3) throw optionError('cache', 'needs protocol 3', undefined)
  return config
}

/** An error that names the option. A value is shown where it cannot be a secret. */
export function optionError(name: string, rule: string, value: unknown): UsageError {
  const shown = value === undefined ? '' : `, not ${typeof value === 'object' ? 'an object' : String(value)}`
  return new UsageError('REDIS_OPTION', `${name} ${rule}${shown}`)
}

function placeOf({ path, host = '127.0.0.1', port = 6379 }: RedisOptions): Place {
  if (path !== undefined) {
    if (typeof path !== 'string' || path === '') throw optionError('path', 'is the path of a socket', path)
    return { path }
  }
  if (typeof host !== 'string' || host === '') throw optionError('host', 'is a name or an address', host)
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw optionError('port', 'is 1 to 65535', port)
  return { host: hostOf(host), port }
}

function credentialsOf(options: RedisOptions): Pick<RedisConfig, 'username' | 'password' | 'name'> {
  const { username, password, name } = options
  if (username !== undefined && typeof username !== 'string') throw optionError('username', 'is a string', username)
  if (password !== undefined && typeof password !== 'string' && typeof password !== 'function')
    throw optionError('password', 'is a string or a function', undefined)
  if (username !== undefined && password === undefined) throw optionError('username', 'needs a password', undefined)
  if (name !== undefined && (typeof name !== 'string' || !/^[!-~]+$/.test(name)))
    throw optionError('name', 'is a word without blanks', name)
  return { username, password, name }
}

function numbersOf(options: RedisOptions): Pick<RedisConfig, keyof typeof NUMBERS> {
  const numbers: Record<string, number> = {}
  for (const [name, otherwise] of Object.entries(NUMBERS)) {
    const value = options[name as keyof typeof NUMBERS] ?? otherwise
    if (typeof value !== 'number' || !(value >= 0)) throw optionError(name, 'is a number from 0 up', value)
    numbers[name] = value
  }
  if (!Number.isInteger(numbers['linksMax']) || numbers['linksMax']! < 1)
    throw optionError('linksMax', 'is a whole number from 1 up', numbers['linksMax'])
  return numbers as Pick<RedisConfig, keyof typeof NUMBERS>
}

function cacheOf(options: CacheOptions | undefined): RedisConfig['cache'] {
  if (options === undefined) return undefined
  if (typeof options !== 'object' || options === null) throw optionError('cache', 'is an object', options)
  for (const name of Object.keys(options))
    if (!CACHE_NAMES.has(name)) throw optionError('cache', `has no ${name}`, undefined)
  const { max = 10_000, mode = 'default', prefixes = [], ttlMs = Infinity } = options
  if (!Number.isInteger(max) || max < 1) throw optionError('cache.max', 'is a whole number from 1 up', max)
  if (mode !== 'default' && mode !== 'broadcast') throw optionError('cache.mode', 'is default or broadcast', mode)
  if (typeof ttlMs !== 'number' || !(ttlMs > 0)) throw optionError('cache.ttlMs', 'is a number above 0', ttlMs)
  if (!Array.isArray(prefixes) || prefixes.some((prefix) => typeof prefix !== 'string'))
    throw optionError('cache.prefixes', 'are strings', undefined)
  if (prefixes.length > 0 && mode === 'default')
    throw optionError('cache.prefixes', 'are for mode broadcast', undefined)
  return { max, mode, prefixes, ttlMs }
}

function callbackOf<Name extends 'onConnect' | 'onDisconnect'>(options: RedisOptions, name: Name): RedisOptions[Name] {
  const callback = options[name]
  if (callback !== undefined && typeof callback !== 'function') throw optionError(name, 'is a function', callback)
  return callback
}

function defined(options: RedisOptions): RedisOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
}
