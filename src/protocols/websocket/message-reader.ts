/**
 * Makes messages of the payloads of frames (RFC 6455 section 5.4): unmasks, inflates, checks texts, and holds them to
 * the limits as they come. What is whole in one frame and one chunk goes the short way.
 */

import { native } from '../core/native.js'
import type { MessageInflater } from './deflate.js'
import type { WebSocketFaultCode } from './errors.js'
import type { BinaryEvent, DataEvent, TextEvent, WebSocketEvent } from './events.js'
import type { WebSocketLimits } from './limits.js'
import { mask, maskInto, type WordMemory, wordMemory } from './mask.js'
import { MessageBuffer, ownedMemory, SLABBED_BYTES_MAX } from './message-buffer.js'
import { Utf8Check, VALID } from './utf8.js'

/**
 * Compressed payloads are taken in pieces of this size, wherever chunks end: their limits then are a matter of octets.
 */
export const INFLATE_BYTES = 4096

const SCRATCH_BYTES = 65_536

/** Octets that any message may inflate to before its ratio counts. */
const RATIO_FREE_BYTES = 1_048_576

/** From this frame of a message on its frames must have a mean size. */
const FRAGMENTS_FREE = 64

/** For what is read and dropped within one call: all connections share it. */
const scratch: WordMemory = wordMemory(SCRATCH_BYTES, native.allocate)
const inflated: WordMemory = wordMemory(SCRATCH_BYTES, native.allocate)

const NONE = -1
const END = Object.freeze({ type: 'end' } as const)

/** One message at a time, as its frames come; for what is whole there is `wholeMessage`. */
export class MessageReader {
  /** What is wrong, after `false` or a fault was given, and the index of the octet within what was handed in. */
  fault: WebSocketFaultCode = 'WS_UTF8'
  faultAt = 0
  faultLimit = -1
  faultGot = -1

  /** Events that stand behind the one that was given. */
  readonly queue: WebSocketEvent[] = []

  readonly #limits: WebSocketLimits
  readonly #inflater: MessageInflater | undefined
  readonly #pieces: boolean
  readonly #buffer: MessageBuffer = new MessageBuffer()
  readonly #utf8: Utf8Check = new Utf8Check()
  #text = false
  #compressed = false
  #fragments = 0
  /** Octets of the message as frames brought them. */
  #bytes = 0
  /** Octets of it that were made of these. */
  #size = 0
  /** Octets that were inflated since somebody asked. */
  #inflatedBytes = 0

  constructor(limits: WebSocketLimits, inflater: MessageInflater | undefined, pieces: boolean) {
    this.#limits = limits
    this.#inflater = inflater
    this.#pieces = pieces
  }

  /** Whether payloads are inflated now. */
  get compressed(): boolean {
    return this.#compressed
  }

  /** Begins a message. */
  begin(text: boolean, compressed: boolean): void {
    this.#text = text
    this.#compressed = compressed
    this.#fragments = 0
    this.#bytes = 0
    this.#size = 0
    this.#utf8.reset()
    if (compressed) this.#inflater!.begin()
    if (this.#pieces) this.queue.push({ type: 'message', kind: text ? 'text' : 'binary' })
  }

  /** Begins a frame of the message with so many octets. Gives whether it may come. */
  beginFrame(length: number): boolean {
    this.#fragments++
    const { messageBytesMax, fragmentsMax, fragmentBytesMeanMin } = this.#limits
    if (!this.#compressed && this.#size + length > messageBytesMax)
      return this.#fail('WS_MESSAGE_TOO_LARGE', 0, messageBytesMax, this.#size + length)
    if (this.#fragments > fragmentsMax) return this.#fail('WS_FRAGMENTS', 0, fragmentsMax, this.#fragments)
    // The frame under way is not among them: the last one may be small.
    const before = this.#fragments - 1
    if (before >= FRAGMENTS_FREE && this.#bytes < before * fragmentBytesMeanMin)
      return this.#fail('WS_FRAGMENTS', 0, fragmentBytesMeanMin, Math.floor(this.#bytes / before))
    return true
  }

  /**
   * Takes a part of a payload that is not compressed; `more` is how many octets the message may still bring. Gives
   * whether it is right so far; events are in `queue`.
   */
  part(
    bytes: Uint8Array,
    start: number,
    end: number,
    masked: boolean,
    key: number,
    phase: number,
    more: number,
  ): boolean {
    const length = end - start
    if (length === 0) return true
    this.#bytes += length
    this.#size += length
    if (this.#pieces) {
      const memory = wordMemory(length, native.allocate)
      if (masked) maskInto(bytes, start, end, memory, 0, key, phase)
      else memory.octets.set(bytes.subarray(start, end))
      return this.#piece(memory, length)
    }
    const buffer = this.#buffer
    const before = buffer.size
    if (masked) buffer.addMasked(bytes, start, end, key, phase, more)
    else buffer.add(bytes, start, end, more)
    if (!this.#text) return true
    // At once, not when the frame is complete: a peer that waits for the fault need not send the rest.
    const { octets, words } = buffer.memory!
    const at = this.#utf8.check(octets, before, buffer.size, words)
    return at === VALID || this.#fail('WS_UTF8', at - before)
  }

  /** Takes a part of a compressed payload, `INFLATE_BYTES` at the most. Gives whether it is right so far. */
  compressedPart(bytes: Uint8Array, start: number, end: number, masked: boolean, key: number, phase: number): boolean {
    const inflater = this.#inflater!
    this.#bytes += end - start
    if (masked) {
      maskInto(bytes, start, end, scratch, 0, key, phase)
      inflater.feed(scratch.octets, 0, end - start)
    } else {
      inflater.feed(bytes, start, end)
    }
    return this.#inflate(inflater)
  }

  /**
   * The message is complete. Gives its event or the first of them, or undefined when something is wrong; `faultAt`
   * counts from behind the last octet of the payload.
   */
  finish(): WebSocketEvent | undefined {
    if (this.#compressed) {
      const inflater = this.#inflater!
      inflater.feedTail()
      if (!this.#inflate(inflater)) return undefined
      inflater.finish()
    }
    const buffer = this.#buffer
    if (this.#pieces) {
      if (!this.#utf8.complete) return this.#failText(0)
      this.queue.push(END)
      return this.queue.shift()
    }
    if (!this.#text) return { type: 'binary', bytes: buffer.take() } satisfies BinaryEvent
    if (!this.#utf8.complete) return this.#failText(0)
    const { memory, size } = buffer
    const text = memory === undefined ? '' : native.utf8Slice(memory.octets, 0, size)
    buffer.clear()
    return { type: 'text', text } satisfies TextEvent
  }

  /** The connection is over. */
  release(): void {
    this.#buffer.clear()
    this.queue.length = 0
    this.#inflater?.release()
  }

  /** Octets that were inflated since this was asked last. */
  takeInflated(): number {
    const bytes = this.#inflatedBytes
    this.#inflatedBytes = 0
    return bytes
  }

  #inflate(inflater: MessageInflater): boolean {
    do {
      const result = inflater.inflate(inflated.octets)
      const size = result < 0 ? ~result : result
      this.#inflatedBytes += size
      if (size > 0 && !this.#addInflated(size)) return false
      if (result < 0) return this.#fail('WS_DEFLATE', 0)
    } while (!inflater.done)
    return true
  }

  #addInflated(size: number): boolean {
    const { messageBytesMax, inflateRatioMax } = this.#limits
    this.#size += size
    if (this.#size > messageBytesMax) return this.#fail('WS_MESSAGE_TOO_LARGE', 0, messageBytesMax, this.#size)
    if (this.#size > RATIO_FREE_BYTES + this.#bytes * inflateRatioMax)
      return this.#fail('WS_INFLATE_RATIO', 0, inflateRatioMax, Math.floor(this.#size / this.#bytes))
    // Where in the input an octet comes from, nobody can say: the part that brought it is named.
    if (this.#text && this.#utf8.check(inflated.octets, 0, size, inflated.words) !== VALID)
      return this.#fail('WS_UTF8', 0)
    if (this.#pieces)
      this.queue.push({ type: 'data', bytes: new Uint8Array(inflated.octets.subarray(0, size)) } satisfies DataEvent)
    else this.#buffer.add(inflated.octets, 0, size, messageBytesMax - this.#size)
    return true
  }

  /** Gives a piece on; of a text, only what is right. */
  #piece({ octets, words }: WordMemory, length: number): boolean {
    const at = this.#text ? this.#utf8.check(octets, 0, length, words) : VALID
    const size = at === VALID ? length : at
    if (size > 0) this.queue.push({ type: 'data', bytes: octets.subarray(0, size) } satisfies DataEvent)
    return at === VALID || this.#fail('WS_UTF8', at)
  }

  #failText(at: number): undefined {
    this.#fail('WS_UTF8', at)
  }

  #fail(fault: WebSocketFaultCode, at: number, limit: number = NONE, got: number = NONE): false {
    this.fault = fault
    this.faultAt = at
    this.faultLimit = limit
    this.faultGot = got
    return false
  }
}

/**
 * A message that is whole between `start` and `end`, is not compressed, and is not wanted in pieces. Gives its event
 * or, for a text that is none, the index of the first octet that cannot be right, from `start` on.
 */
export function wholeMessage(
  text: boolean,
  bytes: Uint8Array,
  start: number,
  end: number,
  masked: boolean,
  key: number,
): WebSocketEvent | number {
  const length = end - start
  if (!text) return binary(bytes, start, end, masked, key)
  if (!masked) return textOf(bytes, start, end)
  const memory = length > SCRATCH_BYTES ? wordMemory(length, native.allocate) : scratch
  maskInto(bytes, start, end, memory, 0, key, 0)
  return textOf(memory.octets, 0, length)
}

/** The whole text between `start` and `end`, or where it is none, from `start` on. */
function textOf(octets: Uint8Array, start: number, end: number): TextEvent | number {
  const text = native.utf8Slice(octets, start, end)
  // Only what holds the character that stands for errors can have one: that is looked at octet by octet.
  if (text.includes('\ufffd')) {
    const utf8 = new Utf8Check()
    const at = utf8.check(octets, start, end)
    if (at !== VALID) return at - start
    if (!utf8.complete) return end - start
  }
  return { type: 'text', text }
}

function binary(bytes: Uint8Array, start: number, end: number, masked: boolean, key: number): BinaryEvent {
  const length = end - start
  if (length > SLABBED_BYTES_MAX && masked) {
    const memory = wordMemory(length, native.allocate)
    maskInto(bytes, start, end, memory, 0, key, 0)
    return { type: 'binary', bytes: memory.octets.subarray(0, length) }
  }
  const octets = ownedMemory(length)
  if (masked) mask(bytes, start, end, octets, 0, key, 0)
  else octets.set(bytes.subarray(start, end))
  return { type: 'binary', bytes: octets }
}
