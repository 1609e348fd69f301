/** An answer that is not the one that was asked for. */

import type { Fields } from '../../protocols/core/fields.js'
import { type Endpoint, formatEndpoint } from '../transport.js'

/** Octets of the content that are kept. */
const BODY_BYTES_MAX = 8192

/** The server has answered, but not with what was asked for: it refuses, or sends elsewhere. Nothing was followed. */
export class UnexpectedResponseError extends Error {
  override readonly name = 'UnexpectedResponseError'
  /** The server, as `address:port`. */
  readonly peer: string
  readonly status: number
  readonly fields: Fields
  /** The content, of which 8 KiB at the most are kept. */
  readonly body: Uint8Array

  constructor(peer: Endpoint, status: number, fields: Fields, body: Uint8Array) {
    super(`${formatEndpoint(peer)}: the server has answered ${status}`)
    this.peer = formatEndpoint(peer)
    this.status = status
    this.fields = fields
    this.body = body
  }
}

/** An answer whose content comes. */
export class UnexpectedResponse {
  readonly #status: number
  readonly #fields: Fields
  readonly #pieces: Uint8Array[] = []
  #bytes = 0

  constructor(status: number, fields: Fields) {
    this.#status = status
    this.#fields = fields
  }

  /** Content came, valid during the call. Gives whether there is as much of it as is kept. */
  push(octets: Uint8Array): boolean {
    const kept = new Uint8Array(octets.subarray(0, BODY_BYTES_MAX - this.#bytes))
    this.#pieces.push(kept)
    this.#bytes += kept.length
    return this.#bytes === BODY_BYTES_MAX
  }

  /** The error that tells of it, with the content so far. */
  toError(peer: Endpoint): UnexpectedResponseError {
    return new UnexpectedResponseError(peer, this.#status, this.#fields, Buffer.concat(this.#pieces))
  }
}
