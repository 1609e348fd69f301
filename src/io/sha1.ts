/** SHA-1 for the handshake of WebSocket (RFC 6455 section 4.2.2), where it hides nothing. */

import { createHash } from 'node:crypto'
import type { Sha1 } from '../protocols/websocket/handshake.js'

/** The digest of a text of ASCII, in base64. */
export const sha1: Sha1 = (text) => createHash('sha1').update(text, 'latin1').digest('base64')
