/**
 * One WebSocket connection behind its handshake (RFC 6455): the commands, the same for both roles but for masking and
 * for who ends the transport.
 */

import { CloseCodes } from './errors.js'
import type { MessageKind } from './events.js'
import { CLOSED, FrameLayer } from './frame-layer.js'
import type { PreparedMessage } from './prepared.js'
import { Opcodes } from './reader.js'

const NOTHING = new Uint8Array(0)

/** One connection; `WebSocketServer` and `WebSocketClient` are its roles. */
export abstract class WebSocketEngine extends FrameLayer {
  /**
   * Sends a text message; a lone surrogate becomes U+FFFD. `compress` false sends it as it is. When more than
   * `outputBytesMax` waits already, the peer is taken for stuck: the connection ends with `WS_OUTPUT_TOO_LARGE`.
   */
  sendText(text: string, compress = true): void {
    if (this.#maySend()) this.sender.text(text, compress)
  }

  /** Sends a binary message. The octets belong to the engine from now on. */
  sendBinary(octets: Uint8Array, compress = true): void {
    if (this.#maySend()) this.sender.binary(octets, compress)
  }

  /** Sends a message that was encoded before: a server queues its frame as it is, without a copy. */
  sendPrepared(message: PreparedMessage, compress = true): void {
    if (this.#maySend()) this.sender.prepared(message, compress)
  }

  /** Begins a message that is sent in pieces; no other one can be sent before `endMessage`. */
  beginMessage(kind: MessageKind, compress = true): void {
    if (!this.over) this.sender.begin(kind, compress)
  }

  /** Sends a piece of the message; of a text, UTF-8 that may be cut anywhere. The octets belong to the engine. */
  sendPiece(octets: Uint8Array): void {
    if (this.#maySend()) this.sender.piece(octets)
  }

  /** Ends the message that was sent in pieces. */
  endMessage(): void {
    if (!this.over) this.sender.end()
  }

  /** Sends Ping with up to 125 octets; a `pong` event tells of the answer. */
  ping(payload: Uint8Array = NOTHING): void {
    if (!this.over) this.sendPing(payload)
  }

  /** Sends a Pong that nobody has asked for (RFC 6455 section 5.5.3). Pings are answered without it. */
  pong(payload: Uint8Array = NOTHING): void {
    if (!this.over) this.sender.control(Opcodes.pong, payload, 'pong')
  }

  /**
   * Begins the closing handshake (RFC 6455 section 7.1.2) with a code of `isCloseCode`, or 1005 for none, and a reason
   * of up to 123 octets. What the peer still sends comes as before, until its own Close. Does nothing behind a Close.
   */
  close(code: number = CloseCodes.NORMAL, reason = ''): void {
    if (this.open) this.sendClose(code, reason, 'local')
  }

  /** Ends the connection now, without Close. */
  abort(): void {
    if (this.over) return
    this.out.clear()
    this.finish(CLOSED.local)
  }

  #maySend(): boolean {
    if (this.over) return false
    if (this.out.bytes < this.limits.outputBytesMax) return true
    const { outputBytesMax } = this.limits
    const got = this.out.bytes
    this.out.clear()
    return this.fail('WS_OUTPUT_TOO_LARGE', -1, outputBytesMax, got) ?? false
  }
}
