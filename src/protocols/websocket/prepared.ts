/**
 * A message that goes to many connections: its frame is encoded once, and all of them write the same octets. Compressed
 * frames are made when the first connection asks for one, without context, so that each can use them.
 */

import { UsageError } from '../core/errors.js'
import { native } from '../core/native.js'
import type { Compression } from './compression.js'
import { deflateWhole } from './deflate.js'
import { FIN, Opcodes, RSV1 } from './reader.js'
import { headBytes, writeHead } from './writer.js'

/** A message, encoded. */
export class PreparedMessage {
  /** The opcode of the message. */
  readonly opcode: number
  /** The message without compression, as a server sends it. */
  readonly frame: Uint8Array
  /** The message itself, within `frame`. */
  readonly payload: Uint8Array

  /** By the bits of the window. */
  readonly #deflated: Map<number, Uint8Array> = new Map()

  /** Encodes a text, or octets as a binary message; they are copied. Throws `UsageError` for anything else. */
  constructor(message: string | Uint8Array) {
    if (typeof message !== 'string' && !(message instanceof Uint8Array))
      throw new UsageError('WS_CONTENT', 'a message is a string or a Uint8Array')
    const text = typeof message === 'string'
    const length = text ? native.utf8Length(message) : message.length
    const head = headBytes(length)
    this.opcode = text ? Opcodes.text : Opcodes.binary
    this.frame = native.allocate(head + length)
    this.payload = this.frame.subarray(head)
    writeHead(this.frame, 0, FIN | this.opcode, length, 0)
    if (text) native.utf8Write(this.frame, message, head)
    else this.frame.set(message, head)
  }

  /** The frame with the message compressed for a window of so many bits. */
  deflated(compression: Compression, windowBits: number): Uint8Array {
    const known = this.#deflated.get(windowBits)
    if (known !== undefined) return known
    const payload = deflateWhole(compression, windowBits, this.payload)
    const head = headBytes(payload.length)
    const frame = native.allocate(head + payload.length)
    writeHead(frame, 0, FIN | RSV1 | this.opcode, payload.length, 0)
    frame.set(payload, head)
    this.#deflated.set(windowBits, frame)
    return frame
  }
}
