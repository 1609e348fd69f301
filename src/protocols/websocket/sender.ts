/** What one endpoint sends (RFC 6455 section 6.1): messages whole or in pieces, control frames, Close. */

import { UsageError } from '../core/errors.js'
import { native } from '../core/native.js'
import type { OutputQueue } from '../core/output.js'
import { NO_TRANSITION } from '../core/transitions.js'
import { closePayload } from './close-frame.js'
import type { Compression } from './compression.js'
import type { MessageDeflater } from './deflate.js'
import type { MessageKind } from './events.js'
import { DirectionStates, FrameInputs, lifecycle } from './lifecycle.js'
import type { PreparedMessage } from './prepared.js'
import { CONTROL_BYTES_MAX, FIN, Opcodes, RSV1 } from './reader.js'
import { Utf8Check } from './utf8.js'
import { FrameWriter } from './writer.js'

const NOTHING = new Uint8Array(0)

/** What a sender needs to compress. */
export interface SenderDeflate {
  readonly compression: Compression
  readonly deflater: MessageDeflater
  /** Messages of fewer octets are sent as they are. */
  readonly thresholdBytes: number
}

/** Everything that goes out of one connection. */
export class Sender {
  /** A number of `DirectionStates`. */
  state: number = DirectionStates.idle

  readonly #out: OutputQueue
  readonly #writer: FrameWriter
  readonly #deflate: SenderDeflate | undefined
  /** About the message that is sent in pieces: its opcode until the first frame is sent, and how it is made. */
  #opcode = 0
  #compressing = false
  /** While the message is a text. */
  #utf8: Utf8Check | undefined

  constructor(out: OutputQueue, maskingKey: (() => number) | undefined, deflate: SenderDeflate | undefined) {
    this.#out = out
    this.#writer = new FrameWriter(out, maskingKey)
    this.#deflate = deflate
  }

  text(text: string, compress: boolean): void {
    if (typeof text !== 'string') throw new UsageError('WS_CONTENT', `a text is a string, not ${typeof text}`)
    this.#step(FrameInputs.whole, 'sendText')
    const deflate = this.#deflate
    if (deflate === undefined || !compress || !this.#isWorthIt(deflate, text)) {
      this.#writer.text(FIN | Opcodes.text, text)
      return
    }
    const octets = native.allocate(native.utf8Length(text))
    native.utf8Write(octets, text, 0)
    this.#compressed(deflate, Opcodes.text, octets)
  }

  binary(octets: Uint8Array, compress: boolean): void {
    checkOctets(octets)
    this.#step(FrameInputs.whole, 'sendBinary')
    const deflate = this.#deflate
    if (deflate !== undefined && compress && octets.length >= deflate.thresholdBytes)
      this.#compressed(deflate, Opcodes.binary, octets)
    else this.#writer.octets(FIN | Opcodes.binary, octets)
  }

  prepared(message: PreparedMessage, compress: boolean): void {
    this.#step(FrameInputs.whole, 'sendPrepared')
    const deflate = this.#deflate
    const { opcode, payload } = message
    // Each frame of a client has a key of its own.
    if (this.#writer.masks) {
      if (deflate !== undefined && compress && payload.length >= deflate.thresholdBytes)
        this.#compressed(deflate, opcode, payload)
      else this.#writer.octets(FIN | opcode, payload)
      return
    }
    if (deflate === undefined || !compress || payload.length < deflate.thresholdBytes) {
      this.#out.pass(message.frame)
      return
    }
    this.#out.pass(message.deflated(deflate.compression, deflate.deflater.windowBits))
    deflate.deflater.forget()
  }

  begin(kind: MessageKind, compress: boolean): void {
    this.state = this.#next(FrameInputs.first, 'beginMessage')
    this.#opcode = kind === 'text' ? Opcodes.text : Opcodes.binary
    this.#compressing = compress && this.#deflate !== undefined
    this.#utf8 = kind === 'text' ? new Utf8Check() : undefined
  }

  piece(octets: Uint8Array): void {
    checkOctets(octets)
    this.#next(FrameInputs.middle, 'sendPiece')
    if (this.#utf8?.accepts(octets) === false) throw new UsageError('WS_UTF8', 'a piece of a text is not UTF-8')
    const sent = this.#compressing ? this.#deflate!.deflater.piece(octets) : octets
    if (sent.length > 0) this.#frame(0, sent)
  }

  end(): void {
    const next = this.#next(FrameInputs.last, 'endMessage')
    if (this.#utf8?.complete === false) throw new UsageError('WS_UTF8', 'a text ends inside a character')
    const rest = this.#compressing ? this.#deflate!.deflater.last() : NOTHING
    this.#frame(FIN, rest)
    this.#utf8 = undefined
    this.state = next
  }

  control(opcode: number, payload: Uint8Array, command: string): void {
    checkOctets(payload)
    if (payload.length > CONTROL_BYTES_MAX)
      throw new UsageError('WS_CONTROL', `a control frame has ${CONTROL_BYTES_MAX} octets at the most`)
    this.#next(FrameInputs.control, command)
    this.#writer.octets(FIN | opcode, payload)
  }

  /** Sends Close; 1005 stands for none of code and reason. */
  close(code: number, reason: string): void {
    const payload = closePayload(code, reason)
    this.state = this.#next(FrameInputs.close, 'close')
    this.#writer.octets(FIN | Opcodes.close, payload)
  }

  /** The connection is over. */
  release(): void {
    this.#deflate?.deflater.release()
  }

  /** UTF-8 has at least as many octets as a string has characters: mostly nothing is to be counted. */
  #isWorthIt({ thresholdBytes }: SenderDeflate, text: string): boolean {
    if (text.length >= thresholdBytes) return true
    return text.length * 3 >= thresholdBytes && native.utf8Length(text) >= thresholdBytes
  }

  #compressed({ deflater }: SenderDeflate, opcode: number, octets: Uint8Array): void {
    const compressed = deflater.message(octets)
    // Without context the peer's has not to know what was sent: the shorter form is.
    if (!deflater.takeover && compressed.length >= octets.length) this.#writer.octets(FIN | opcode, octets)
    else this.#writer.octets(FIN | RSV1 | opcode, compressed)
  }

  /** The first frame of a message says what it is; the others continue it. */
  #frame(fin: number, octets: Uint8Array): void {
    const opcode = this.#opcode
    this.#opcode = Opcodes.continuation
    const rsv1 = this.#compressing && opcode !== Opcodes.continuation ? RSV1 : 0
    this.#writer.octets(fin | rsv1 | opcode, octets)
  }

  /** A whole message leaves the state as it was: only whether it may be sent is asked. */
  #step(input: number, command: string): void {
    if (this.state !== DirectionStates.idle) this.#next(input, command)
  }

  #next(input: number, command: string): number {
    const next = lifecycle.next(this.state, input)
    if (next === NO_TRANSITION)
      throw new UsageError('WS_STATE', `${command} does not fit: what is sent is ${lifecycle.states[this.state]!}`)
    return next
  }
}

function checkOctets(octets: Uint8Array): void {
  if (!(octets instanceof Uint8Array))
    throw new UsageError('WS_CONTENT', `octets are a Uint8Array, not ${typeof octets}`)
}
