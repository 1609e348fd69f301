/** Connects as a configuration says: finds a server, logs in there. */

import { randomBytes } from 'node:crypto'
import type { TypeRegistry } from '../../../protocols/postgres/types/registry.js'
import { type PostgresConfig, passwordOf } from './config.js'
import { PostgresConnection } from './connection.js'
import { runCommand, valueOf } from './commands.js'
import { connectAny, type Login } from './hosts.js'
import { openTransport } from './open.js'
import { PostgresConnectionError } from './postgres-error.js'
import type { Descriptions } from './statement-cache.js'

/** What the connections of one client share. */
export interface Shared {
  readonly types: TypeRegistry
  readonly descriptions: Descriptions
}

const PREFIX_BYTES = 6

/**
 * A connection that is logged in. Rejects with what has gone wrong with the one host, or `PostgresHostsError`; with the
 * reason of `signal`; and with `UsageError` for certificates that cannot be used.
 */
export function connectPostgres(
  config: PostgresConfig,
  shared: Shared,
  signal: AbortSignal,
): Promise<PostgresConnection> {
  return connectAny(config, loginOf(config, shared), signal)
}

/** Whether a connection still answers. */
export async function answers(connection: PostgresConnection): Promise<boolean> {
  await runCommand(connection, '')
  return true
}

function loginOf(config: PostgresConfig, shared: Shared): Login<PostgresConnection> {
  return {
    login: async ({ transport, channelBindingData, target }, host, signal) => {
      const password = await passwordOf(config, host).catch((error: unknown) => {
        transport.destroy()
        throw error
      })
      const openCancel = async (inner: AbortSignal): Promise<typeof transport> =>
        (await openTransport(target, config, inner)).transport
      const settings = {
        ...config,
        ...shared,
        password,
        openCancel,
        statementPrefix: config.uniqueStatementNames ? `s${randomBytes(PREFIX_BYTES).toString('hex')}_` : 's',
      }
      const connection = await PostgresConnection.login(transport, channelBindingData, settings, signal)
      if (connection.minorVersion >= config.leastMinor) return connection
      connection.destroy()
      const spoken = `3.${connection.minorVersion}`
      throw new PostgresConnectionError('PG_VERSION', `the server speaks version ${spoken} of the protocol`, false)
    },
    parameter: (connection, name) => connection.parameter(name),
    ask: valueOf,
    end: (connection) => connection.destroy(),
  }
}
