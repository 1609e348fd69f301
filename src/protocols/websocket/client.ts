/** The client role of a WebSocket connection: what goes is masked, what comes is not (RFC 6455 section 5.1). */

import { WebSocketEngine } from './engine.js'
import type { WebSocketOptions } from './options.js'

/** What a client connection is given. */
export interface WebSocketClientOptions extends WebSocketOptions {
  /**
   * Gives 32 bits that nobody can foresee, from a strong source (RFC 6455 section 10.3): the key of each frame that is
   * sent. What they hide are proxies between, which must not be led to take a payload for HTTP.
   */
  readonly maskingKey: () => number
}

/**
 * One connection of a client, behind its handshake. Once both have closed, it waits for the server to end the
 * transport.
 */
export class WebSocketClient extends WebSocketEngine {
  constructor(options: WebSocketClientOptions) {
    super(options, { client: true, maskingKey: options.maskingKey })
  }
}
