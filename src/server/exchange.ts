/**
 * One request and its response, whichever protocol version carries them. Rooms of the server see this, never an engine.
 */

import type { ClientCertificate } from '../io/client-certificate.js'
import type { Endpoint, Transport } from '../io/transport.js'
import type { Fields } from '../protocols/core/fields.js'
import type { FieldsToSend } from '../protocols/http1/writer.js'
import type { Connection } from './connection.js'
import type { RequestBody } from './request-body.js'
import type { TransactionId } from './transaction-id.js'

/** Gets the byte stream that an exchange was switched to, paused; `rest` is what came on it already. Must not throw. */
export type StreamTaker = (transport: Transport, rest: Uint8Array) => void

/** The request as it came, and the way to answer it. Sending into an exchange whose client is gone does nothing. */
export interface Exchange {
  /** What carries it. */
  readonly connection: Connection
  readonly method: string
  readonly target: string
  /** Host and optional port that the request is for; empty when unknown. */
  readonly authority: string
  readonly version: string
  readonly fields: Fields
  /** The same for an application: Host is among them, whatever carried it. */
  readonly headers: Fields
  /** Nobody has asked: the response is one that was promised with another one. */
  readonly pushed: boolean
  /**
   * What the client asks to go on with: Upgrade, or `:protocol` of an extended CONNECT (RFC 8441); empty when it does
   * not.
   */
  readonly upgrade: string
  readonly encrypted: boolean
  readonly peer: Endpoint
  /**
   * The address of the client: the peer, or whom trusted proxies name. This and the next two throw `HttpError` 400 for
   * what a trusted proxy says and cannot mean.
   */
  readonly clientAddress: string
  /** How the client has asked: as the connection is, or as a trusted proxy says. */
  readonly scheme: 'http' | 'https'
  /** Host and optional port that the client has asked for: `authority`, or what a trusted proxy says. */
  readonly host: string
  /** The certificate that the client has shown, if it was asked for one. */
  readonly clientCertificate: ClientCertificate | undefined
  readonly body: RequestBody
  /** The declared length of the content in octets; 0 without content, -1 when unknown. */
  readonly contentLength: number
  /** The ids under which logs of several servers tell of it. */
  readonly transaction: TransactionId
  /** The client is gone or has closed its side: nobody may be waiting any more. */
  readonly left: boolean
  /** No response can be sent any more: it is complete, or the connection is lost. */
  readonly over: boolean
  /** Octets of response that wait for the client. */
  readonly outputBytes: number
  /** Whether a response head was sent. */
  readonly answered: boolean

  /** An interim response; dropped where the client's version has none. */
  inform(status: number, fields: FieldsToSend): void
  /** A whole response. `reason` takes the place of the usual reason phrase where the version has one. */
  send(status: number, fields: FieldsToSend, body: string | Uint8Array, reason?: string): void
  /** A response head; `length` is -1 when the size of the content is not known. */
  sendHead(status: number, fields: FieldsToSend, length: number, reason?: string): void
  sendData(octets: Uint8Array): void
  sendEnd(trailers?: readonly string[]): void
  /**
   * Switches to the protocol that the client has asked for, whatever carries the exchange: answers with 101, or with
   * 200 over HTTP/2, and hands the byte stream to `take` when that has left. `onLost` tells when it never does. Throws
   * `UsageError` for a request that has not asked, or is not complete over HTTP/1.1. Whoever takes the stream calls
   * `endStream` when it is gone: until then the exchange is under way.
   */
  accept(fields: FieldsToSend, take: StreamTaker): void
  /** The client is gone, or has closed its side: whoever listens is told. */
  leave(): void
  /** The byte stream is gone; so many octets came and went on it. */
  endStream(bytesReceived: number, bytesSent: number): void
  /**
   * Promises the response to a GET for a path with its query on the same host (RFC 9113 section 8.4), which is then
   * made like that to any request. Does nothing where version or client take none, or there are too many.
   */
  push(target: string): void
  /** Ends the response where it stands, so that the client sees that it is incomplete. */
  abort(): void
  /** Resolves when little output waits, or the exchange is over. */
  drained(): Promise<void>
  /** Calls `listener` once when the client leaves before the response is complete; at once if it has. */
  onLeft(listener: () => void): void
  /** Calls `listener` once when the exchange ends without a complete response. */
  onLost(listener: () => void): void
  /** Calls `listener` once when the exchange is over, however that came; at once if it is. */
  onOver(listener: () => void): void
}
