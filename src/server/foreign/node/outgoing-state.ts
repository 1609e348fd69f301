/** What a response of Node keeps for itself, and what we keep of it. */

import type { ServerResponse } from 'node:http'
import type { Exchange } from '../../exchange.js'
import type { ForeignContext } from '../context.js'
import type { OutgoingFields } from '../outgoing-fields.js'
import type { Incoming } from './incoming.js'
import type { ForeignSocket } from './socket.js'

/** Where a response has its state. */
export const STATE: unique symbol = Symbol('response')

/** Is told when a piece has been taken. */
export type Callback = (error?: Error | null) => void
/** Content as the application gives it. */
export type Piece = string | Uint8Array

/** What Node keeps for itself. */
interface Internals {
  _header: string | null
  _contentLength: number | null
  _hasBody: boolean
  _removedContLen: boolean
  _trailer: string
  _closed: boolean
  _storeHeader(firstLine: string, headers: unknown): void
  _send(data: Piece, encoding?: BufferEncoding | null, callback?: Callback | null): boolean
  _writeRaw(data: Piece, encoding?: BufferEncoding | Callback | null, callback?: Callback | null): boolean
  _finish(): void
  _flush(): void
  _flushOutput(): boolean
  [STATE]: State
}

/** A response that goes to an exchange. */
export type Outgoing = ServerResponse<Incoming> & Internals

/** What is known of a response under way. */
export interface State {
  readonly context: ForeignContext
  readonly exchange: Exchange
  readonly foreignSocket: ForeignSocket
  fields: OutgoingFields | undefined
  /** The head is on its way. */
  headSent: boolean
  /** `end` is being called: a piece that it gives may be all of the content. */
  ending: boolean
  /** That piece. */
  held: Piece | undefined
  heldEncoding: BufferEncoding | null
  /** The last piece is there. */
  complete: boolean
  /** Somebody waits for room. */
  draining: boolean
  callbacks: Callback[] | undefined
  /** Fields of an early hint, beside Link. */
  hints: readonly string[]
  /** `close` was told, or nobody is there to be told. */
  closed: boolean
}
