/** Connects as a configuration says: a transport, and the beginning of the protocol on it. */

import { connect } from '../../connector.js'
import type { Transport } from '../../transport.js'
import { within } from '../within.js'
import type { RedisConfig } from './config.js'
import { RedisConnection } from './connection.js'
import { RedisConnectionError } from './redis-error.js'

/** Opens a transport to the server. */
export type OpenTransport = (signal: AbortSignal) => Promise<Transport>

/** Opens one as the configuration says; it has no time-out of its own. */
export function transportOpener({ place, tls }: RedisConfig): OpenTransport {
  return (signal) => connect(place, { tls, signal, timeoutMs: Infinity })
}

/**
 * A connection that the server has accepted. Rejects with `RedisError` when it refuses, with `TransportError` or
 * `RedisConnectionError` when there is none, with what the source of the password throws, with `UsageError` for
 * certificates that cannot be used, and with the reason of `signal`.
 */
export function openConnection(
  config: RedisConfig,
  open: OpenTransport,
  pushFlags: number,
  signal: AbortSignal,
): Promise<RedisConnection> {
  const { connectTimeoutMs } = config
  const expired = (): Error =>
    new RedisConnectionError('CONNECT_TIMEOUT', `no connection in ${connectTimeoutMs} ms`, false)
  return within(signal, connectTimeoutMs, expired, async (inner) => {
    const password = await (typeof config.password === 'function' ? config.password() : config.password)
    const transport = await open(inner)
    const connection = await RedisConnection.begin(transport, { ...config, password, pushFlags }, inner)
    if (config.accept !== undefined) await accepted(connection, config.accept, inner)
    return connection
  })
}

/** It is gone when it is not accepted. */
async function accepted(
  connection: RedisConnection,
  accept: (connection: RedisConnection) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const onAbort = (): void => connection.destroy()
  signal.addEventListener('abort', onAbort)
  try {
    await accept(connection)
  } catch (error) {
    connection.destroy()
    throw error
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}
