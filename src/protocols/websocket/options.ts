/** What a connection is told when it begins. */

import type { Compression } from './compression.js'
import type { DeflateParameters } from './deflate.js'
import type { WebSocketLimits } from './limits.js'

/** What a connection is given. */
export interface WebSocketOptions {
  readonly limits?: Partial<WebSocketLimits> | undefined
  /** What the handshake has negotiated for permessage-deflate; without it nothing is compressed. */
  readonly deflate?: DeflateParameters | undefined
  /** DEFLATE; needed with `deflate`. */
  readonly compression?: Compression | undefined
  /** Messages of fewer octets are sent without compression. Default 1024. */
  readonly thresholdBytes?: number | undefined
  /** Messages come in pieces (`message`, `data`*, `end`) instead of whole (`text`, `binary`). Default false. */
  readonly pieces?: boolean | undefined
}

/** What a role is. */
export interface Role {
  readonly client: boolean
  /** 32 bits that nobody can foresee, for each frame of a client. */
  readonly maskingKey: (() => number) | undefined
}
