/** Our client engine on a bare socket, for tests that want to see what it sees: one command after the other. */

import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import {
  type ParameterValue,
  PostgresClient,
  type PostgresClientEvent,
  type PostgresClientOptions,
} from 'skitai/postgres'
import { digests } from '../vectors/postgres-commands.js'

/** Where a server listens. */
export interface Place {
  readonly host: string
  readonly port: number
}

/** One connection. */
export class EngineConnection {
  readonly engine: PostgresClient
  /** What the server has sent, chunk by chunk. */
  readonly received: Uint8Array[] = []
  readonly #socket: Socket
  #onEvent: (event: PostgresClientEvent) => void = () => {}
  #settle: ((error?: Error) => void) | undefined

  private constructor(place: Place, options: Partial<PostgresClientOptions>) {
    this.engine = new PostgresClient({
      user: 'postgres',
      database: 'postgres',
      digests,
      nonce: () => 'rOprNGfwEbeRWgbNEkqO',
      ...options,
    })
    this.#socket = connect(place.port, place.host)
  }

  /** Connects, and waits until the server is ready. */
  static async open(place: Place, options: Partial<PostgresClientOptions> = {}): Promise<EngineConnection> {
    const connection = new EngineConnection(place, options)
    const socket = connection.#socket
    await once(socket, 'connect')
    socket.on('data', (chunk: Uint8Array) => {
      connection.received.push(new Uint8Array(chunk))
      connection.engine.receive(chunk, 0)
      connection.#drain()
    })
    socket.on('error', (error) => connection.#settle?.(error))
    socket.on('end', () => {
      connection.engine.receiveEnd(0)
      connection.#drain()
    })
    await connection.run(
      () => connection.engine.start(0),
      () => {},
    )
    return connection
  }

  /** Gives commands, and settles with the first `ready`; an error rejects it. */
  run(give: () => void, onEvent: (event: PostgresClientEvent) => void): Promise<void> {
    this.#onEvent = onEvent
    return new Promise((resolve, reject) => {
      this.#settle = (error) => (error === undefined ? resolve() : reject(error))
      give()
      this.#drain()
    })
  }

  /** Runs a statement by the extended query. */
  query(
    sql: string,
    values: readonly ParameterValue[],
    format: 'text' | 'binary',
    onEvent: (event: PostgresClientEvent) => void,
  ): Promise<void> {
    const { engine } = this
    return this.run(() => {
      engine.parse('', sql)
      engine.bind('', '', values, [format])
      engine.execute('')
      engine.sync()
    }, onEvent)
  }

  /** Says farewell, and waits until the socket is closed. */
  async close(): Promise<void> {
    this.engine.terminate()
    this.#drain()
    this.#socket.end()
    await once(this.#socket, 'close')
  }

  #drain(): void {
    const { engine } = this
    let failed: Error | undefined
    for (let event = engine.poll(); event !== undefined; event = engine.poll()) {
      this.#onEvent(event)
      if (event.type === 'error') failed = new Error(event.error.message)
      else if (event.type === 'fatal') failed = new Error(event.code)
      if (event.type === 'ready' || event.type === 'fatal' || event.type === 'closed') {
        this.#settle?.(failed)
        this.#settle = undefined
      }
    }
    for (let octets = engine.output(); octets !== undefined; octets = engine.output()) this.#socket.write(octets)
  }
}
