/** What `postgres()` can be given beside, or instead of, a connection string. */

import type { AuthMethod, NoticeFields } from '../../../protocols/postgres/events.js'
import type { PostgresLimits } from '../../../protocols/postgres/limits.js'
import type { TypeRegistry } from '../../../protocols/postgres/types/registry.js'
import type { PoolOptions } from '../../pool-options.js'
import type { PostgresTlsOptions, SslMode } from './config-tls.js'

/** The password, or what gives it: it is asked for each connection, for tokens that run out. */
export type Password = string | (() => string | Promise<string>)

/**
 * Options go before a connection string, that before a service, that before the environment (`PGHOST` …), as with
 * libpq. Those of libpq that are not listed have its keyword as their name, in camelCase (`sslCrl` is `sslcrl`, since
 * that keyword is one word).
 */
export interface PostgresOptions extends PostgresPlaceOptions, PostgresClientSettings {
  /** A connection string, `postgres://…` or `host=… user=…`. */
  readonly url?: string | URL | undefined
  /** By default the name of the user of this process. */
  readonly user?: string | undefined
  readonly password?: Password | undefined
  /** By default the name of the user. */
  readonly database?: string | undefined
  /** Where passwords are looked for when none is given. Default `~/.pgpass`. */
  readonly passfile?: string | undefined
  readonly service?: string | undefined
  readonly servicefile?: string | undefined
  /** How much TLS there must be. Default `prefer`, which falls back to none: use `verify-full` over any network. */
  readonly sslmode?: SslMode | undefined
  /** `direct` begins with TLS at once, which servers from 17 on understand. Default `postgres`: it is asked for. */
  readonly sslnegotiation?: 'postgres' | 'direct' | undefined
  /** The file with the authorities that the server's certificate must lead to, or `system`. `tls.ca` goes before. */
  readonly sslrootcert?: string | undefined
  readonly sslcert?: string | undefined
  readonly sslkey?: string | undefined
  readonly sslpassword?: string | undefined
  readonly sslcrl?: string | undefined
  readonly sslcertmode?: 'allow' | 'disable' | undefined
  readonly sslsni?: boolean | undefined
  readonly sslMinProtocolVersion?: 'TLSv1.2' | 'TLSv1.3' | undefined
  readonly sslMaxProtocolVersion?: 'TLSv1.2' | 'TLSv1.3' | undefined
  readonly tls?: PostgresTlsOptions | undefined
  /** The ways to authenticate that are allowed. Default: all, but a password in the clear over TLS only. */
  readonly requireAuth?: string | readonly Exclude<AuthMethod, 'scram-sha-256-plus'>[] | undefined
  readonly channelBinding?: 'disable' | 'prefer' | 'require' | undefined
  readonly minProtocolVersion?: '3.0' | '3.2' | 'latest' | undefined
  readonly maxProtocolVersion?: '3.0' | '3.2' | 'latest' | undefined
  readonly applicationName?: string | undefined
  readonly fallbackApplicationName?: string | undefined
  /** Options of the server's command line, as `-c statement_timeout=5s`. */
  readonly options?: string | undefined
  /** Parameters of the session by name, as `{ search_path: 'app', statement_timeout: '5s' }`. */
  readonly parameters?: Readonly<Record<string, string>> | undefined
}

/** Where to. */
export interface PostgresPlaceOptions {
  /** A name, an address, or the folder of a Unix socket; or several. Default `localhost`. */
  readonly host?: string | readonly string[] | undefined
  /** Addresses instead of looking the names of `host` up: as many. */
  readonly hostaddr?: string | readonly string[] | undefined
  /** One for all hosts, or one each. Default 5432. */
  readonly port?: number | string | readonly (number | string)[] | undefined
  /** What the server must be. Default `any`. */
  readonly targetSessionAttrs?: TargetSessionAttrs | undefined
  /** `random` tries hosts, and the addresses of a name, in any order. Default `disable`: in turn. */
  readonly loadBalanceHosts?: 'disable' | 'random' | undefined
  /** For one host, login included, in milliseconds; `Infinity` for no limit. Default 10,000. */
  readonly connectTimeoutMs?: number | undefined
  /** Whether TCP asks a silent peer whether it is there. Default true. */
  readonly keepalives?: boolean | undefined
  /** Seconds of silence before it does. Default 60. */
  readonly keepalivesIdle?: number | undefined
}

/** What the server must be: `target_session_attrs` of libpq. */
export type TargetSessionAttrs = 'any' | 'read-write' | 'read-only' | 'primary' | 'standby' | 'prefer-standby'

/** How connections are used; nothing of it has a keyword of libpq. */
export interface PostgresClientSettings {
  readonly limits?: Partial<PostgresLimits> | undefined
  /** How many connections there are, and how long. */
  readonly pool?: Partial<PoolOptions> | undefined
  /** Codecs of types; by default those that every server has. */
  readonly types?: TypeRegistry | undefined
  /** Prepared statements that a connection keeps; 0 for none. Default 256. */
  readonly statementCacheMax?: number | undefined
  /** Names of prepared statements that no other client has, for poolers that share connections. Default false. */
  readonly uniqueStatementNames?: boolean | undefined
  /** Queries under way on one connection; 1 for one after the other. Default 1,000. */
  readonly pipelineMax?: number | undefined
  /** Milliseconds for a statement that was cancelled to end; then its connection is ended. Default 10,000. */
  readonly cancelTimeoutMs?: number | undefined
  /** Told of what the server says that is no error. */
  readonly onNotice?: ((notice: NoticeFields) => void) | undefined
}
