/** A login and one query at a time over the engine: as little of a client as finding a server needs. */

import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto'
import { PostgresClient, type PostgresClientEvent } from '#src/protocols/postgres/index.js'
import { Driver, type DriverHandler, type Transport, TransportError } from '#src/io/index.js'
import { configOf, passwordOf, type PostgresConfig } from '#src/io/client/postgres/config.js'
import type { PostgresOptions } from '#src/io/client/postgres/config-options.js'
import { connectAny, type Login } from '#src/io/client/postgres/hosts.js'
import type { OpenedTransport } from '#src/io/client/postgres/open.js'

const digests = {
  md5: (octets: Uint8Array): string => createHash('md5').update(octets).digest('hex'),
  sha256: (octets: Uint8Array): Uint8Array => createHash('sha256').update(octets).digest(),
  hmacSha256: (key: Uint8Array, octets: Uint8Array): Uint8Array => createHmac('sha256', key).update(octets).digest(),
  pbkdf2Sha256: (password: Uint8Array, salt: Uint8Array, iterations: number): Uint8Array =>
    pbkdf2Sync(password, salt, iterations, 32, 'sha256'),
}

/** A server's refusal, as the client of this package names it. */
export class ServerError extends Error {
  override readonly name = 'PostgresError'
  readonly code: string

  constructor({ message, code }: { readonly message: string; readonly code: string }) {
    super(message)
    this.code = code
  }
}

/** One connection. */
export class SmallConnection implements DriverHandler<PostgresClientEvent> {
  readonly engine: PostgresClient
  readonly transport: Transport
  readonly parameters: Map<string, string> = new Map()
  method = ''
  value = ''
  readonly #driver: Driver<PostgresClientEvent>
  #error: Error | undefined
  #settle: () => void = () => {}

  constructor({ transport, channelBindingData }: OpenedTransport, config: PostgresConfig, password?: string) {
    const { user, database, parameters, requireAuth, channelBinding, version } = config
    this.transport = transport
    this.engine = new PostgresClient({
      user,
      password,
      database,
      parameters,
      requireAuth,
      channelBinding,
      channelBindingData,
      version,
      digests,
      encrypted: transport.encrypted,
      nonce: () => randomBytes(18).toString('base64'),
    })
    this.#driver = new Driver(transport, this.engine, this)
  }

  async login(signal: AbortSignal): Promise<this> {
    const onAbort = (): void => this.#driver.destroy(signal.reason as Error)
    signal.addEventListener('abort', onAbort)
    await this.#until(() => this.#driver.start())
    signal.removeEventListener('abort', onAbort)
    return this
  }

  /** The last value of what a statement gives. */
  async ask(sql: string): Promise<string> {
    await this.#until(() => {
      this.#driver.enter()
      this.engine.query(sql)
    })
    return this.value
  }

  end(): void {
    this.#driver.destroy()
  }

  onEvent(event: PostgresClientEvent): void {
    if (event.type === 'authenticated') this.method = event.method
    else if (event.type === 'parameter') this.parameters.set(event.name, event.value)
    else if (event.type === 'rows') while (event.rows.next()) this.value = event.rows.text(0) ?? ''
    else if (event.type === 'error') this.#error ??= new ServerError(event.error)
    else if (event.type === 'fatal') this.#error ??= new TransportError(event.code, this.transport.peer, event.code)
    if (event.type === 'ready') this.#settle()
  }

  onFlushed(): void {}
  onReleased(): void {}

  onClosed(error: Error | undefined): void {
    this.#error ??= error ?? new TransportError('PEER_GONE', this.transport.peer, 'gone')
    this.#settle()
  }

  async #until(begin: () => void): Promise<void> {
    const settled = new Promise<void>((resolve) => (this.#settle = resolve))
    begin()
    await settled
    const error = this.#error
    this.#error = undefined
    if (error !== undefined) throw error
  }
}

/** How `connectAny` is given it. */
export function smallLogin(config: PostgresConfig): Login<SmallConnection> {
  return {
    login: async (opened, host, signal) => {
      const connection = new SmallConnection(opened, config, await passwordOf(config, host))
      return connection.login(signal)
    },
    parameter: ({ parameters }, name) => parameters.get(name),
    ask: (connection, sql) => connection.ask(sql),
    end: (connection) => connection.end(),
  }
}

/** Connects as the options say, without anything that this machine says. */
export async function connectSmall(
  options: string | PostgresOptions,
  random: () => number = Math.random,
): Promise<SmallConnection> {
  const config = configOf(options, { HOME: '/nonexistent' })
  return connectAny(config, smallLogin(config), new AbortController().signal, random)
}
