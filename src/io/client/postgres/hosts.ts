/**
 * Finds a server: the hosts of a configuration in turn or in any order, with the encryption that it asks for, until one
 * lets us in and is what it must be ("Specifying Multiple Hosts" of the documentation).
 */

import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import type { Place } from '../../connector.js'
import { TransportError } from '../../transport.js'
import { within } from '../within.js'
import { isSocketFolder, type PostgresHost } from './config-hosts.js'
import type { TargetSessionAttrs } from './config-options.js'
import type { PostgresConfig } from './config.js'
import { type Encryption, type OpenedTransport, openTransport, placeOf } from './open.js'

/** What is done with a connection, by those who know what it is. */
export interface Login<Connection> {
  /** Logs in. What it rejects with has ended the transport. */
  login(opened: OpenedTransport, host: PostgresHost, signal: AbortSignal): Promise<Connection>
  /** A parameter that the server has reported. */
  parameter(connection: Connection, name: string): string | undefined
  /** The one value that a statement gives, as text: servers before 14 do not report what they are. */
  ask(connection: Connection, sql: string): Promise<string>
  /** Ends a connection to a server that is not what it must be. */
  end(connection: Connection): void
}

/** No host was any good. `errors` has why, one for each that was tried, in the order in which they were. */
export class PostgresHostsError extends AggregateError {
  override readonly name = 'PostgresHostsError'
  readonly code = 'PG_HOSTS'

  constructor(errors: readonly Error[]) {
    super(errors, `no server was found: ${errors.map(({ message }) => message).join('; ')}`)
  }
}

/**
 * Connects and logs in. A server that cannot be reached, is starting or ending (57P03), or is not what it must be leads
 * to the next one; one that refuses us ends the search, as with libpq, because the next one could be asked with another
 * password than it has. Rejects with the one error that there was, or with `PostgresHostsError`. `random` is for tests.
 */
export async function connectAny<Connection>(
  config: PostgresConfig,
  login: Login<Connection>,
  signal: AbortSignal,
  random: () => number = Math.random,
): Promise<Connection> {
  const { targetSessionAttrs } = config
  const rounds: readonly TargetSessionAttrs[] =
    targetSessionAttrs === 'prefer-standby' ? ['standby', 'any'] : [targetSessionAttrs]
  const errors: Error[] = []
  for (const wanted of rounds) {
    for (const host of ordered(config, config.hosts, random)) {
      for (const place of await placesOf(config, host, errors, random)) {
        try {
          return await tryPlace(config, login, { host, place, wanted }, signal)
        } catch (error) {
          if (signal.aborted) throw signal.reason
          if (!leadsOn(error)) throw error
          errors.push(error)
        }
      }
    }
  }
  throw errors.length === 1 ? errors[0]! : new PostgresHostsError(errors)
}

/** A place to try, and what the server there must be. */
interface Candidate {
  readonly host: PostgresHost
  readonly place: Place
  readonly wanted: TargetSessionAttrs
}

function tryPlace<Connection>(
  config: PostgresConfig,
  login: Login<Connection>,
  { host, place, wanted }: Candidate,
  signal: AbortSignal,
): Promise<Connection> {
  const { connectTimeoutMs } = config
  const expired = (): Error => failure(place, 'CONNECT_TIMEOUT', `no connection in ${connectTimeoutMs} ms`)
  return within(signal, connectTimeoutMs, expired, async (inner) => {
    const connection = await logIn(config, login, host, place, inner)
    const mismatch = await stopAtEnd(mismatchOf(login, connection, wanted), inner).catch((error: unknown) => {
      login.end(connection)
      throw error
    })
    if (mismatch === undefined) return connection
    login.end(connection)
    throw failure(place, 'PG_TARGET_SESSION', mismatch)
  })
}

/** The signal ends what does not heed it. */
function stopAtEnd<Value>(promise: Promise<Value>, signal: AbortSignal): Promise<Value> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason as Error)
    signal.addEventListener('abort', onAbort, { once: true })
    promise.then(resolve, reject)
  })
}

/** Tries one encryption and, where the mode leaves a choice, another one. */
async function logIn<Connection>(
  config: PostgresConfig,
  login: Login<Connection>,
  host: PostgresHost,
  place: Place,
  signal: AbortSignal,
): Promise<Connection> {
  const [first, second] = 'path' in place ? (['plain'] as const) : encryptionsOf(config)
  const attempt = async (encryption: Encryption): Promise<Connection> => {
    const opened = await openTransport({ host, place, encryption }, config, signal)
    return login.login(opened, host, signal)
  }
  try {
    return await attempt(first)
  } catch (error) {
    if (second === undefined || signal.aborted || !mayBeEncryption(error)) throw error
    return await attempt(second).catch((other: unknown) => {
      throw codeOf(other) === 'PG_TLS_REFUSED' ? error : other
    })
  }
}

function encryptionsOf({ sslmode }: PostgresConfig): readonly [Encryption, Encryption?] {
  switch (sslmode) {
    case 'disable':
      return ['plain']
    case 'allow':
      return ['plain', 'tls']
    case 'prefer':
      return ['offered', 'plain']
    default:
      return ['tls']
  }
}

/** The server wants another encryption (28000: its `pg_hba.conf` has no line for this one), or TLS cannot be had. */
function mayBeEncryption(error: unknown): boolean {
  const code = codeOf(error)
  return code === '28000' || /^(?:ERR_SSL_|ERR_TLS_|EPROTO$)/.test(code)
}

/**
 * The addresses of a name, where it matters which of them is taken; otherwise `connectSocket` tries all of them by
 * itself, and does not wait long for one that is silent.
 */
async function placesOf(
  config: PostgresConfig,
  host: PostgresHost,
  errors: Error[],
  random: () => number,
): Promise<readonly Place[]> {
  const { targetSessionAttrs, loadBalanceHosts } = config
  const place = placeOf(host)
  const matters = targetSessionAttrs !== 'any' || loadBalanceHosts === 'random'
  if (!matters || host.address !== undefined || isSocketFolder(host.host) || isIP(host.host) !== 0) return [place]
  try {
    const addresses = await lookup(host.host, { all: true, order: 'verbatim' })
    const places = addresses.map(({ address }) => ({ host: address, port: host.port }))
    return ordered(config, places, random)
  } catch (error) {
    const { code = 'ENOTFOUND', message } = error as NodeJS.ErrnoException
    errors.push(new TransportError(code, { address: host.host, port: host.port }, message, error))
    return []
  }
}

/** As they come, or in any order. */
function ordered<Item>(
  { loadBalanceHosts }: PostgresConfig,
  items: readonly Item[],
  random: () => number,
): readonly Item[] {
  if (loadBalanceHosts === 'disable') return items
  const shuffled = [...items]
  for (let left = shuffled.length; left > 1; left--) {
    const at = Math.floor(random() * left)
    ;[shuffled[at], shuffled[left - 1]] = [shuffled[left - 1]!, shuffled[at]!]
  }
  return shuffled
}

/** What the server is not; undefined when it is what it must be. */
async function mismatchOf<Connection>(
  login: Login<Connection>,
  connection: Connection,
  wanted: TargetSessionAttrs,
): Promise<string | undefined> {
  switch (wanted) {
    case 'read-write':
      return (await isReadOnly(login, connection)) ? 'the session is read-only' : undefined
    case 'read-only':
      return (await isReadOnly(login, connection)) ? undefined : 'the session is not read-only'
    case 'primary':
      return (await isStandby(login, connection)) ? 'the server is a standby' : undefined
    case 'standby':
      return (await isStandby(login, connection)) ? undefined : 'the server is no standby'
    default:
      return undefined
  }
}

async function isReadOnly<Connection>(login: Login<Connection>, connection: Connection): Promise<boolean> {
  const byDefault = login.parameter(connection, 'default_transaction_read_only')
  const standby = login.parameter(connection, 'in_hot_standby')
  if (byDefault !== undefined && standby !== undefined) return byDefault === 'on' || standby === 'on'
  return (await login.ask(connection, 'SHOW transaction_read_only')) === 'on'
}

async function isStandby<Connection>(login: Login<Connection>, connection: Connection): Promise<boolean> {
  const standby = login.parameter(connection, 'in_hot_standby')
  if (standby !== undefined) return standby === 'on'
  return (await login.ask(connection, 'SELECT pg_catalog.pg_is_in_recovery()::pg_catalog.text')) === 'true'
}

/** Faults that have to do with who we are, or who the server is: the next one is not asked then. */
const REFUSALS = /^PG_(?:AUTH|SCRAM|CHANNEL_BINDING|TLS_REST|TLS_ANSWER)/
/** A server that is starting or ending. */
const CANNOT_CONNECT_NOW = '57P03'

/** Whether an error is no reason not to try the next server. */
function leadsOn(error: unknown): error is Error {
  if (!(error instanceof Error) || error.name === 'UsageError') return false
  const code = codeOf(error)
  if (error.name === 'PostgresError') return code === CANNOT_CONNECT_NOW
  return code !== '' && !REFUSALS.test(code)
}

function codeOf(error: unknown): string {
  const { code } = (error ?? {}) as { readonly code?: unknown }
  return typeof code === 'string' ? code : ''
}

function failure(place: Place, code: string, message: string): TransportError {
  const peer = 'path' in place ? { address: place.path, port: 0 } : { address: place.host, port: place.port }
  return new TransportError(code, peer, message)
}
