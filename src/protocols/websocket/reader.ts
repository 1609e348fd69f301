/** Reads the head of a frame (RFC 6455 section 5.2): up to 14 octets, checked as far as they say something. */

import { NO_TRANSITION } from '../core/transitions.js'
import type { WebSocketFaultCode } from './errors.js'
import { FrameInputs, lifecycle } from './lifecycle.js'
import type { WebSocketLimits } from './limits.js'

/** The opcodes (RFC 6455 section 11.8). */
export const Opcodes = { continuation: 0x0, text: 0x1, binary: 0x2, close: 0x8, ping: 0x9, pong: 0xa } as const

/** Bits of the first two octets. */
export const FIN = 0x80
export const RSV1 = 0x40
export const MASKED = 0x80

const RSV2_AND_3 = 0x30
const KNOWN_OPCODES = 0b0000_0111_0000_0111

/** A control frame has no more (RFC 6455 section 5.5). */
export const CONTROL_BYTES_MAX = 125

/** Values of the length that say where it stands instead. */
export const LENGTH_16 = 126
export const LENGTH_64 = 127

/** What `read` gives instead of a position: the head is not complete; `fault` says what is wrong with it. */
export const NEED_MORE = -1
export const FAULT = -2

/** What a frame is to the lifecycle of its direction: a number of `FrameInputs`. */
export function frameInput(opcode: number, fin: boolean): number {
  if (opcode === Opcodes.close) return FrameInputs.close
  if (opcode > Opcodes.close) return FrameInputs.control
  if (opcode === Opcodes.continuation) return fin ? FrameInputs.last : FrameInputs.middle
  return fin ? FrameInputs.whole : FrameInputs.first
}

/** The head of a frame. It may be shared between connections, as long as no frame is under way. */
export class FrameReader {
  fin = false
  /** RSV1 is set: the message is compressed (RFC 7692 section 6). */
  compressed = false
  opcode = 0
  /** Octets of the payload. */
  length = 0
  /** The masking key, its first octet on top; 0 without one. */
  key = 0

  fault: WebSocketFaultCode = 'WS_OPCODE'
  /** Index of the first octet that cannot be right. */
  faultAt = 0
  /** The limit that was passed, and what came instead, or -1. */
  faultLimit = -1
  faultGot = -1

  #masked = false
  #deflate = false
  #frameBytesMax = 0

  /**
   * Says whose frames are read: `masked` tells whether the peer is a client; `deflate` whether permessage-deflate was
   * negotiated.
   */
  begin(masked: boolean, deflate: boolean, { frameBytesMax }: WebSocketLimits): void {
    this.#masked = masked
    this.#deflate = deflate
    this.#frameBytesMax = frameBytesMax
  }

  /**
   * Reads a head that begins at `at`, in a direction whose state is a number of `DirectionStates`. Gives the position
   * behind it, `NEED_MORE` or `FAULT`.
   */
  read(state: number, bytes: Uint8Array, at: number, end: number): number {
    if (end - at < 2) return end - at === 1 ? this.#checkFirst(state, bytes[at]!, at) : NEED_MORE
    const first = bytes[at]!
    const second = bytes[at + 1]!
    if (this.#checkFirst(state, first, at) === FAULT) return FAULT
    if (second >= MASKED !== this.#masked)
      return this.#fail(this.#masked ? 'WS_MASK_MISSING' : 'WS_MASK_UNEXPECTED', at + 1)
    this.fin = first >= FIN
    this.compressed = (first & RSV1) !== 0
    this.opcode = first & 0xf
    this.length = second & 0x7f
    let next = at + 2
    if (this.opcode >= Opcodes.close) {
      if (this.length > CONTROL_BYTES_MAX) return this.#fail('WS_CONTROL_TOO_LONG', at + 1)
    } else if (this.length >= LENGTH_16) {
      next = this.#readLength(bytes, next, end)
      if (next < 0) return next
    }
    if (this.length > this.#frameBytesMax)
      return this.#fail('WS_FRAME_TOO_LARGE', at + 1, this.#frameBytesMax, this.length)
    if (!this.#masked) return next
    if (end - next < 4) return NEED_MORE
    this.key = (bytes[next]! << 24) | (bytes[next + 1]! << 16) | (bytes[next + 2]! << 8) | bytes[next + 3]!
    return next + 4
  }

  #checkFirst(state: number, first: number, at: number): number {
    const opcode = first & 0xf
    if (((KNOWN_OPCODES >> opcode) & 1) === 0) return this.#fail('WS_OPCODE', at)
    if ((first & RSV2_AND_3) !== 0) return this.#fail('WS_RESERVED_BIT', at)
    // Only the first frame of a message says that it is compressed (RFC 7692 section 6.1).
    if ((first & RSV1) !== 0 && (!this.#deflate || (opcode !== Opcodes.text && opcode !== Opcodes.binary)))
      return this.#fail('WS_RESERVED_BIT', at)
    if (opcode >= Opcodes.close && first < FIN) return this.#fail('WS_CONTROL_FRAGMENTED', at)
    if (lifecycle.next(state, frameInput(opcode, first >= FIN)) === NO_TRANSITION)
      return this.#fail(opcode === Opcodes.continuation ? 'WS_CONTINUATION' : 'WS_MESSAGE_UNFINISHED', at)
    return NEED_MORE
  }

  #readLength(bytes: Uint8Array, at: number, end: number): number {
    if (this.length === LENGTH_16) {
      if (end - at < 2) return NEED_MORE
      this.length = (bytes[at]! << 8) | bytes[at + 1]!
      return this.length < LENGTH_16 ? this.#fail('WS_LENGTH', at) : at + 2
    }
    if (end - at < 8) return NEED_MORE
    const high = ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0
    const low = ((bytes[at + 4]! << 24) | (bytes[at + 5]! << 16) | (bytes[at + 6]! << 8) | bytes[at + 7]!) >>> 0
    // Beyond 2^53 a number is not exact any more, but far beyond every limit.
    this.length = high * 0x1_0000_0000 + low
    return high >= 0x8000_0000 || this.length < 0x1_0000 ? this.#fail('WS_LENGTH', at) : at + 8
  }

  #fail(fault: WebSocketFaultCode, at: number, limit = -1, got = -1): number {
    this.fault = fault
    this.faultAt = at
    this.faultLimit = limit
    this.faultGot = got
    return FAULT
  }
}
