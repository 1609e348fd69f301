/** The server role of a WebSocket connection: what comes is masked, what goes is not (RFC 6455 section 5.1). */

import { WebSocketEngine } from './engine.js'
import type { WebSocketOptions } from './options.js'

/** One connection of a server, behind its handshake. Once both have closed, it ends the transport. */
export class WebSocketServer extends WebSocketEngine {
  constructor(options: WebSocketOptions = {}) {
    super(options, { client: false, maskingKey: undefined })
  }
}
