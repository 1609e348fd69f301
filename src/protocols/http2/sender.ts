/**
 * The sending half of a connection: frames into the output queue, content as far as the windows of the peer go (RFC
 * 9113 section 5.2) and in the order of priorities.
 */

import { UsageError } from '../core/errors.js'
import { native } from '../core/native.js'
import { OutputQueue } from '../core/output.js'
import { BlockEncoder } from './block-encoder.js'
import { checkedFields } from './fields-to-send.js'
import { writeBlock } from './frames/continuation.js'
import { writeDataHeader } from './frames/data.js'
import { Flags, FRAME_HEADER_BYTES, FrameTypes, putFrameHeader } from './frames/frame.js'
import { Scheduler } from './scheduler.js'
import { INITIAL_WINDOW_BYTES } from './settings.js'
import type { Stream } from './stream.js'

/** Content up to this size goes out at once when nothing stands in line; more is cut when it is taken. */
const DIRECT_BYTES_MAX = 16_384

/** What one octet can tell, with that octet. */
const PAD_BYTES_MAX = 256
const ZEROS = new Uint8Array(PAD_BYTES_MAX)

/** From so much output on content waits, so that frames of other streams find their place in front of it. */
const FILL_BYTES = 65_536

/** Who owns the streams. */
export interface SenderOwner {
  /** A DATA frame went out, or the end of a stream. */
  onSent(stream: Stream, octets: number, ended: boolean): void
}

/** Sends for one connection. */
export class Sender {
  readonly out: OutputQueue = new OutputQueue()
  readonly encoder: BlockEncoder
  /** Octets of content that the peer takes on the whole connection. */
  window: number = INITIAL_WINDOW_BYTES
  /** Octets of content that were sent. */
  sentBytes = 0
  /** The largest payload that the peer takes. */
  frameBytesMax = 16_384

  /** Content waits, whatever the windows are. */
  paused = false

  readonly #scheduler: Scheduler = new Scheduler()
  readonly #owner: SenderOwner
  readonly #padTo: number

  /** `padTo`: payloads are padded to multiples of so many octets, 2 to 256; 0 for no padding. */
  constructor(owner: SenderOwner, tableBytesMax: number, padTo: number) {
    if (padTo !== 0 && !(Number.isInteger(padTo) && padTo >= 2 && padTo <= PAD_BYTES_MAX))
      throw new UsageError('H2_PAD', `padTo is 0, or from 2 to ${PAD_BYTES_MAX}: ${String(padTo)}`)
    this.#owner = owner
    this.#padTo = padTo
    this.encoder = new BlockEncoder(tableBytesMax)
  }

  /** How many streams have content to send and a window of their own. */
  get waiting(): number {
    return this.#scheduler.size
  }

  /** Writes a field block: a frame of `type`, with CONTINUATION where it takes more than one. */
  block(type: number, flags: number, streamId: number, block: Uint8Array): void {
    const size = block.length
    if (size > this.frameBytesMax) {
      // Pieces of the block are queued as they lie, and its memory is used again.
      writeBlock(this.out, type, flags, streamId, block.slice(), this.frameBytesMax)
      return
    }
    const { out } = this
    const padding = this.#padding(size, this.frameBytesMax)
    const padded = padding > 0 ? Flags.padded : Flags.none
    const start = out.reserve(FRAME_HEADER_BYTES + 1 + size)
    const { memory } = out
    let at = putFrameHeader(memory, start, size + padding, type, flags | Flags.endHeaders | padded, streamId)
    if (padding > 0) memory[at++] = padding - 1
    // A call of `set` costs more than a short loop.
    if (size > 32) memory.set(block, at)
    else for (let i = 0; i < size; i++) memory[at + i] = block[i]!
    out.commit(at + size)
    this.#pad(padding)
  }

  /** Sends content, text of `size` octets in UTF-8 or octets, that ends the stream. */
  whole(stream: Stream, content: string | Uint8Array, size: number): void {
    if (typeof content !== 'string') {
      stream.endQueued = true
      this.data(stream, content)
      return
    }
    if (!this.#goesDirect(stream, size)) {
      const octets = native.allocate(size)
      native.utf8Write(octets, content, 0)
      stream.endQueued = true
      stream.enqueue(octets)
      this.#line(stream)
      return
    }
    this.#take(stream, size)
    writeDataHeader(this.out, stream.id, size, true)
    if (size === content.length) this.out.latin1(content)
    else this.out.utf8(content, size)
    this.#owner.onSent(stream, size, true)
  }

  /** Sends octets, and the end behind them if `endQueued` is set. */
  data(stream: Stream, octets: Uint8Array): void {
    const size = octets.length
    if (size > 0 && this.#goesDirect(stream, size)) {
      const ends = stream.endQueued
      stream.endQueued = false
      this.#take(stream, size)
      writeDataHeader(this.out, stream.id, size, ends)
      this.out.append(octets)
      this.#owner.onSent(stream, size, ends)
      return
    }
    stream.enqueue(octets)
    if (stream.hasOutput) this.#line(stream)
  }

  /** Ends the stream behind what waits; with trailers, which were checked, or without. */
  end(stream: Stream, trailers: readonly string[] | undefined): void {
    stream.endQueued = true
    stream.trailers = trailers
    if (stream.queuedBytes > 0) this.#line(stream)
    else this.#writeEnd(stream)
  }

  /** The stream is over: nothing more goes out. */
  remove(stream: Stream): void {
    this.#scheduler.remove(stream)
    stream.drop()
  }

  /** The window of the stream was changed. */
  onWindow(stream: Stream): void {
    if (!stream.hasOutput) return
    if (stream.isBlocked) this.#scheduler.remove(stream)
    else this.#scheduler.add(stream)
  }

  /** Changes the priority of a stream; its place in line with it. */
  prioritize(stream: Stream, change: () => void): void {
    const { scheduled } = stream
    this.#scheduler.remove(stream)
    change()
    if (scheduled) this.#scheduler.add(stream)
  }

  /** Moves content to the output as far as windows and room allow. */
  fill(): void {
    const scheduler = this.#scheduler
    if (this.paused) return
    while (scheduler.size > 0 && this.window > 0 && this.out.bytes < FILL_BYTES) {
      const stream = scheduler.next()
      this.#writeFrame(stream)
      scheduler.sent(stream)
    }
  }

  #goesDirect(stream: Stream, size: number): boolean {
    return (
      size <= DIRECT_BYTES_MAX &&
      size <= stream.sendWindow &&
      size <= this.window &&
      size <= this.frameBytesMax &&
      stream.queuedBytes === 0 &&
      this.#scheduler.size === 0 &&
      !this.paused &&
      this.#padTo === 0 &&
      this.out.bytes < FILL_BYTES
    )
  }

  #take(stream: Stream, size: number): void {
    stream.sendWindow -= size
    this.window -= size
    this.sentBytes += size
  }

  #line(stream: Stream): void {
    if (!stream.isBlocked) this.#scheduler.add(stream)
  }

  #writeFrame(stream: Stream): void {
    const room = Math.min(stream.sendWindow, this.window, this.frameBytesMax)
    // Padding has to leave room for itself: one octet tells how long it is.
    const size = Math.min(stream.queuedBytes, this.#padTo > 0 && room > 1 ? room - 1 : room)
    const padding = this.#padding(size, room)
    const last = size === stream.queuedBytes
    const ends = last && stream.endQueued && stream.trailers === undefined
    this.#take(stream, size + padding)
    writeDataHeader(this.out, stream.id, size + padding, ends, padding)
    for (let left = size; left > 0;) {
      const piece = stream.dequeue(left)
      this.out.append(piece)
      left -= piece.length
    }
    this.#pad(padding)
    if (last || stream.isBlocked) this.#scheduler.remove(stream)
    if (ends) stream.endQueued = false
    this.#owner.onSent(stream, size, ends)
    if (last && stream.endQueued) this.#writeEnd(stream)
  }

  /** Octets that bring a payload of `size` to a multiple, as far as there is room, with the one that tells of them. */
  #padding(size: number, room: number): number {
    const padTo = this.#padTo
    if (padTo === 0) return 0
    return Math.min(Math.ceil((size + 1) / padTo) * padTo, room) - size
  }

  /** Writes the padding behind a payload. */
  #pad(padding: number): void {
    if (padding > 1) this.out.append(ZEROS.subarray(0, padding - 1))
  }

  #writeEnd(stream: Stream): void {
    const { trailers } = stream
    stream.endQueued = false
    stream.trailers = undefined
    if (trailers === undefined) {
      writeDataHeader(this.out, stream.id, 0, true)
    } else {
      this.encoder.begin()
      for (let i = 0; i < trailers.length; i += 2) this.encoder.field(trailers[i]!, trailers[i + 1]!)
      this.block(FrameTypes.headers, Flags.endStream, stream.id, this.encoder.end())
    }
    this.#owner.onSent(stream, 0, true)
  }
}

/** The trailers to send, checked; undefined for none. Throws `UsageError` for a forbidden one. */
export function checkedTrailers(trailers: readonly string[] | undefined): readonly string[] | undefined {
  return trailers === undefined || trailers.length === 0 ? undefined : checkedFields(trailers, 'trailers')
}
