/**
 * The client role of a PostgreSQL connection, protocol 3.0 and 3.2. Commands are sent as they are given, any number of
 * them before the first answer; each gets a number, and the events of its answer have it.
 */

import { UsageError } from '../core/errors.js'
import type { AuthOptions } from './authenticator.js'

import { ClientReceiver, type ClientReceiverOptions } from './client-receiver.js'
import { WaitStates } from './lifecycle.js'
import { checkBytes, ClientMessages, type ParameterValue } from './writer.js'

/** What a client connection is given. */
export interface PostgresClientOptions extends AuthOptions, ClientReceiverOptions {
  /** The name of the database; that of the user by default, which is the server's choice. */
  readonly database?: string | undefined
  /** Parameters of the session, as `application_name`. */
  readonly parameters?: Readonly<Record<string, string>> | undefined
  /** `3.2` asks for the newer version, with longer keys for cancelling. Default `3.0`, which all servers speak. */
  readonly version?: '3.0' | '3.2' | undefined
}

const VERSIONS = { '3.0': 0x0003_0000, '3.2': 0x0003_0002 } as const

/** Names that the start has itself. */
const RESERVED: ReadonlySet<string> = new Set(['user', 'database', 'replication'])

/**
 * One client connection. Commands throw `UsageError` when they do not fit, and do nothing once the connection is over;
 * they may be given as soon as the server is ready for the first time.
 */
export class PostgresClient extends ClientReceiver {
  readonly #options: PostgresClientOptions
  #lastId = 0

  constructor(options: PostgresClientOptions) {
    super(options, options, VERSIONS[options.version ?? '3.0'])
    this.#options = options
  }

  override start(now: number): void {
    super.start(now)
    const { user, database, parameters = {}, version = '3.0' } = this.#options
    const pairs: (readonly [string, string])[] = [['user', user]]
    if (database !== undefined) pairs.push(['database', database])
    for (const [name, value] of Object.entries(parameters)) {
      if (name === '' || RESERVED.has(name)) throw new UsageError('PG_PARAMETER', `not a parameter: ${name}`)
      pairs.push([name, value])
    }
    this.writer.startup(VERSIONS[version], pairs)
  }

  /** Sends statements as text (Query). Nothing of it is a parameter: it is run as it stands. */
  query(sql: string): number {
    return this.#command(WaitStates.query, () => this.writer.texts(ClientMessages.query, '', [sql]))
  }

  /** Prepares a statement under a name, the empty one until the next of it; with the types of its first parameters. */
  parse(name: string, sql: string, typeOids: readonly number[] = []): number {
    return this.#command(WaitStates.parse, () => this.writer.parse(name, sql, typeOids))
  }

  /**
   * Makes a portal of a statement and values. `resultFormats` has one format for all columns, or one each; none stands
   * for text.
   */
  bind(
    portal: string,
    statement: string,
    values: readonly ParameterValue[] = [],
    resultFormats: readonly ('text' | 'binary')[] = [],
  ): number {
    return this.#command(WaitStates.bind, () => this.writer.bind(portal, statement, values, resultFormats))
  }

  /** Asks what a statement takes and gives, or what a portal gives. */
  describe(what: 'statement' | 'portal', name: string): number {
    const state = what === 'statement' ? WaitStates.describeStatement : WaitStates.describePortal
    return this.#command(state, () => this.writer.texts(ClientMessages.describe, letterOf(what), [name]))
  }

  /** Runs a portal, for so many rows at the most; 0 for all. */
  execute(portal: string, rowsMax = 0): number {
    return this.#command(WaitStates.execute, () => this.writer.execute(portal, rowsMax))
  }

  /** Closes a statement or a portal; one that is not there is no error. */
  closeObject(what: 'statement' | 'portal', name: string): number {
    return this.#command(WaitStates.close, () => this.writer.texts(ClientMessages.close, letterOf(what), [name]))
  }

  /** Ends a part of the pipeline: an error before skips what stands up to here, and no more. */
  sync(): number {
    return this.#command(WaitStates.sync, () => this.writer.bare(ClientMessages.sync))
  }

  /**
   * Calls a function by its object identifier; `functionResult`, then `ready`, answer it, without a Sync. An old way;
   * a statement that selects from the function does the same.
   */
  callFunction(oid: number, values: readonly ParameterValue[] = [], resultFormat: 'text' | 'binary' = 'text'): number {
    return this.#command(WaitStates.functionCall, () => this.writer.functionCall(oid, values, resultFormat))
  }

  /** Asks the server to send what it has, without the end of a part. */
  flush(): void {
    if (!this.over) this.writer.bare(ClientMessages.flush)
  }

  /** Sends data of COPY, cut anywhere. The octets belong to the engine from now on. */
  copyData(octets: Uint8Array): void {
    if (!(octets instanceof Uint8Array))
      throw new UsageError('PG_VALUE', `octets are a Uint8Array, not ${typeof octets}`)
    checkBytes(octets.length)
    if (this.#copies('copyData')) this.writer.octets(ClientMessages.copyData, octets)
  }

  /** All data of COPY was sent. */
  copyDone(): void {
    if (this.#copies('copyDone')) this.#endCopy(() => this.writer.bare(ClientMessages.copyDone))
  }

  /** Breaks COPY off; the server reports an error with the reason. */
  copyFail(reason: string): void {
    if (this.#copies('copyFail')) this.#endCopy(() => this.writer.texts(ClientMessages.copyFail, '', [reason]))
  }

  /** Ends the connection in order. What is under way gets no answer any more. */
  terminate(): void {
    if (this.over) return
    this.writer.bare(ClientMessages.terminate)
    this.conclude('local')
  }

  /** Ends the connection now, without a word. */
  abort(): void {
    if (this.over) return
    this.out.clear()
    this.conclude('local')
  }

  #command(state: number, write: () => void): number {
    if (!this.over && !this.ready) throw new UsageError('PG_STATE', 'the server is not ready for commands yet')
    if (!this.over) {
      write()
      this.pend(++this.#lastId, state)
    }
    return this.#lastId
  }

  #endCopy(write: () => void): void {
    write()
    this.copying = false
  }

  /** While the server copies in, this is what it waits for. */
  #copies(command: string): boolean {
    if (this.over) return false
    if (!this.copying) throw new UsageError('PG_STATE', `${command} does not fit: nothing is copied to the server`)
    return true
  }
}

function letterOf(what: 'statement' | 'portal'): string {
  return what === 'statement' ? 'S' : 'P'
}
