/**
 * Conversations with a real server, recorded at the transport of the client, and played back by a server in memory that
 * goes away after any octet.
 */

import { PostgresConnection } from '#src/io/client/postgres/connection.js'
import { configOf } from '#src/io/client/postgres/config.js'
import type { Exclusive } from '#src/io/client/postgres/exclusive.js'
import type { Operation } from '#src/io/client/postgres/operation.js'
import { openTransport, placeOf } from '#src/io/client/postgres/open.js'
import { Queries } from '#src/io/client/postgres/queries.js'
import type { Description } from '#src/io/client/postgres/description.js'
import { RecentMap } from '#src/io/client/postgres/statement-cache.js'
import { memoryTransports, type Transport, type TransportSink } from '#src/io/index.js'
import { TypeRegistry } from '#src/protocols/postgres/index.js'
import type { PostgresServer } from './server.js'

/** What the server said once it had so many messages of the client. */
interface Part {
  readonly after: number
  readonly octets: Uint8Array
}

/** Who logs in. */
export interface Credentials {
  readonly user: string
  readonly password: string | undefined
}

/** A conversation as the client saw it. */
export interface Recording {
  readonly credentials: Credentials
  readonly parts: readonly Part[]
  /** Octets of the server. */
  readonly size: number
  /** Octets of the server up to its first ReadyForQuery. */
  readonly loginSize: number
  /** What came of it, in order. */
  readonly log: readonly string[]
}

/** Queries on one connection. */
export class OneConnection extends Queries {
  readonly connection: PostgresConnection

  constructor(connection: PostgresConnection) {
    super(true)
    this.connection = connection
  }

  protected override run(operation: Operation): void {
    this.connection.run(operation)
  }

  protected override exclusive(): Promise<Exclusive> {
    return Promise.resolve({ connection: this.connection, release: () => {} })
  }
}

/** What is done on a connection, step by step; each step tells what came of it. */
export type Conversation = (db: OneConnection, tell: (happened: string) => void) => Promise<unknown>

/** Logs in, converses, and closes. Whatever fails is told; it never rejects. */
async function converse(
  transport: Transport,
  conversation: Conversation,
  credentials: Credentials,
  log: string[],
): Promise<void> {
  const tell = (happened: string): void => void log.push(happened)
  try {
    const connection = await PostgresConnection.login(
      transport,
      undefined,
      settings(credentials),
      new AbortController().signal,
    )
    tell('logged in')
    await conversation(new OneConnection(connection), tell)
    await connection.close()
    tell('closed')
  } catch (error) {
    tell(textOf(error))
  }
}

/** How a failure is told: a loss of the connection is the same whatever its reason. */
export function textOf(error: unknown): string {
  if (!(error instanceof Error)) return `not an error: ${String(error)}`
  const { name, code } = error as Error & { readonly code?: string }
  return name === 'PostgresConnectionError' ? LOST : `${name} ${code ?? error.message}`
}

/** What a loss of the connection is told as. */
export const LOST = 'lost'

function settings(credentials: Credentials): Parameters<typeof PostgresConnection.login>[2] {
  return {
    ...credentials,
    database: 'postgres',
    parameters: {},
    requireAuth: undefined,
    channelBinding: 'disable',
    version: '3.0',
    limits: {},
    types: new TypeRegistry(),
    descriptions: new RecentMap<Description>(100),
    statementCacheMax: 100,
    statementPrefix: 's',
    openCancel: () => Promise.reject(new Error('there is nobody else')),
    cancelTimeoutMs: 1000,
  }
}

/** Has a conversation with a real server. */
export async function record(
  server: PostgresServer,
  conversation: Conversation,
  credentials: Credentials = { user: 'postgres', password: undefined },
): Promise<Recording> {
  const config = configOf({ host: server.socketFolder, port: server.port, user: 'postgres' }, { HOME: '/nonexistent' })
  const [host] = config.hosts
  const target = { host: host!, place: placeOf(host!), encryption: 'plain' } as const
  const { transport } = await openTransport(target, config, new AbortController().signal)
  const parts: Part[] = []
  const counter = new MessageCounter()
  const log: string[] = []
  const watched = watch(transport, {
    onWrite: (octets) => counter.take(octets),
    onData: (chunk) => parts.push({ after: counter.count, octets: Uint8Array.from(chunk) }),
  })
  await converse(watched, conversation, credentials, log)
  const size = parts.reduce((sum, { octets }) => sum + octets.length, 0)
  return { credentials, parts, size, loginSize: loginSizeOf(parts), log }
}

/** How the server goes: it half-closes, it is gone in order, or it resets. */
export type Cut = 'end' | 'close' | 'reset'

/**
 * The same conversation with a server that goes after so many octets. Gives what came of it, or undefined when
 * something was still waited for when nothing could happen any more.
 */
export async function replay(
  { parts, credentials }: Recording,
  conversation: Conversation,
  octets: number,
  cut: Cut,
): Promise<readonly string[] | undefined> {
  const [ours, theirs] = memoryTransports()
  const counter = new MessageCounter()
  let left = octets
  let at = 0
  const speak = (): void => {
    for (let part = parts[at]; part !== undefined && part.after <= counter.count && left >= 0; part = parts[at]) {
      at++
      theirs.write([part.octets.slice(0, left)])
      left -= part.octets.length
      if (left > 0 || (left === 0 && at === parts.length)) continue
      left = -1
      if (cut === 'end') theirs.end()
      else theirs.destroy(cut === 'reset')
    }
  }
  theirs.open({
    onData: (chunk) => {
      counter.take(chunk)
      speak()
    },
    onEnd: () => theirs.end(),
    onDrain: () => {},
    onClose: () => {},
  })
  const log: string[] = []
  const progress = { over: false }
  void converse(ours, conversation, credentials, log).finally(() => (progress.over = true))
  for (let turn = 0; turn < TURNS_MAX && !progress.over; turn++) await new Promise((resolve) => setImmediate(resolve))
  return progress.over ? log : undefined
}

/** In memory every turn of the loop brings something, or nothing will come any more. */
const TURNS_MAX = 2000

/** Counts the messages of a client: the first has no type ("Message Formats" of the documentation). */
class MessageCounter {
  count = 0
  #head: number[] = []
  #skip = 0

  take(octets: Uint8Array): void {
    for (const octet of octets) {
      if (this.#skip > 0) {
        if (--this.#skip === 0) this.count++
        continue
      }
      this.#head.push(octet)
      const before = this.count === 0 ? 0 : 1
      if (this.#head.length < before + 4) continue
      const size = this.#head.slice(before).reduce((sum, digit) => sum * 256 + digit, 0)
      this.#head = []
      this.#skip = size - 4
      if (this.#skip === 0) this.count++
    }
  }
}

/** The octets up to and including the first ReadyForQuery. */
function loginSizeOf(parts: readonly Part[]): number {
  const all = Buffer.concat(parts.map(({ octets }) => octets))
  let at = 0
  while (all[at] !== 0x5a) at += 1 + all.readUInt32BE(at + 1)
  return at + 6
}

interface Watcher {
  onWrite(octets: Uint8Array): void
  onData(chunk: Uint8Array): void
}

/** The transport, with somebody who sees what passes. */
function watch(transport: Transport, watcher: Watcher): Transport {
  const sinkOf = (sink: TransportSink): TransportSink => ({
    onData: (chunk) => {
      watcher.onData(chunk)
      sink.onData(chunk)
    },
    onEnd: () => sink.onEnd(),
    onDrain: () => sink.onDrain(),
    onClose: (error) => sink.onClose(error),
  })
  return {
    peer: transport.peer,
    local: transport.local,
    encrypted: false,
    protocol: '',
    clientCertificate: undefined,
    get writable() {
      return transport.writable
    },
    open: (sink) => transport.open(sinkOf(sink)),
    write: (pieces) => {
      for (const piece of pieces) watcher.onWrite(piece)
      transport.write(pieces)
    },
    pause: () => transport.pause(),
    resume: () => transport.resume(),
    end: () => transport.end(),
    destroy: (reset) => transport.destroy(reset),
  }
}
