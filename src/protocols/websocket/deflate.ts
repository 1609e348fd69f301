/** permessage-deflate at work (RFC 7692 section 7.2): messages compressed and inflated, with context or without. */

import type { Compression, Deflater, Inflater } from './compression.js'

/** What was negotiated (RFC 7692 section 7.1), by the names of the parameters. */
export interface DeflateParameters {
  readonly serverNoContextTakeover: boolean
  readonly clientNoContextTakeover: boolean
  /** 8 to 15. */
  readonly serverMaxWindowBits: number
  /** 8 to 15. */
  readonly clientMaxWindowBits: number
}

/** What the last octets of a compressed message are, which are not sent (RFC 7692 section 7.2.1). */
const TAIL = Uint8Array.of(0x00, 0x00, 0xff, 0xff)

/** An empty message is one octet: an empty block behind which nothing else stands (RFC 7692 section 7.2.3.6). */
const EMPTY = Uint8Array.of(0x00)
const NOTHING = new Uint8Array(0)

function withoutTail(octets: Uint8Array): Uint8Array {
  return octets.subarray(0, octets.length - TAIL.length)
}

/** Compresses a message on its own. */
export function deflateWhole(compression: Compression, windowBits: number, message: Uint8Array): Uint8Array {
  if (message.length === 0) return EMPTY
  const deflater = compression.deflater(windowBits)
  const octets = withoutTail(deflater.deflate(message, true))
  deflater.release()
  return octets
}

/** Compresses what one connection sends. */
export class MessageDeflater {
  readonly #compression: Compression
  /** Bits of the window that the peer can look back. */
  readonly windowBits: number
  /** Whether messages refer to those before. */
  readonly takeover: boolean
  #deflater: Deflater | undefined
  /** The end of what was compressed so far: it is the tail if the message ends here. */
  #kept: Uint8Array = NOTHING

  constructor(compression: Compression, windowBits: number, takeover: boolean) {
    this.#compression = compression
    this.windowBits = windowBits
    this.takeover = takeover
  }

  /** Compresses a message, and gives what is sent of it. */
  message(octets: Uint8Array): Uint8Array {
    if (octets.length === 0) return EMPTY
    const compressed = withoutTail(this.#take().deflate(octets, true))
    this.#end()
    return compressed
  }

  /** Compresses a piece of a message, and gives what can be sent of it so far. */
  piece(octets: Uint8Array): Uint8Array {
    const compressed = octets.length === 0 ? NOTHING : this.#take().deflate(octets, false)
    return this.#hold(compressed)
  }

  /** Ends the message of which pieces were compressed, and gives the rest of what is sent. */
  last(): Uint8Array {
    const rest = joined(this.#kept, this.#take().deflate(NOTHING, true))
    this.#kept = NOTHING
    this.#end()
    return withoutTail(rest)
  }

  /** A message was sent that this has not seen: what follows must not refer to what was before. */
  forget(): void {
    this.#deflater?.reset()
  }

  /** Nothing more is compressed. */
  release(): void {
    this.#deflater?.release()
    this.#deflater = undefined
  }

  /** The octets but for the last four, which may be the tail. */
  #hold(octets: Uint8Array): Uint8Array {
    const all = joined(this.#kept, octets)
    const sent = Math.max(0, all.length - TAIL.length)
    this.#kept = all.slice(sent)
    return all.subarray(0, sent)
  }

  #take(): Deflater {
    this.#deflater ??= this.#compression.deflater(this.windowBits)
    return this.#deflater
  }

  #end(): void {
    if (!this.takeover) this.release()
  }
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  if (a.length === 0) return b
  const all = new Uint8Array(a.length + b.length)
  all.set(a)
  all.set(b, a.length)
  return all
}

/** Inflates what one connection receives. */
export class MessageInflater {
  /** Octets of the message so far: those that came, and those that they gave. */
  received = 0
  inflated = 0
  /** Nothing more comes of what was fed. */
  done = true

  readonly #compression: Compression
  readonly #windowBits: number
  readonly #takeover: boolean
  #inflater: Inflater | undefined
  #input: Uint8Array = NOTHING
  #at = 0
  #end = 0

  constructor(compression: Compression, windowBits: number, takeover: boolean) {
    this.#compression = compression
    this.#windowBits = windowBits
    this.#takeover = takeover
  }

  /** Begins a message. */
  begin(): void {
    this.received = 0
    this.inflated = 0
  }

  /** Takes octets of the message; `inflate` then gives what they hold, and must be done with before the next ones. */
  feed(input: Uint8Array, start: number, end: number): void {
    this.received += end - start
    this.#input = input
    this.#at = start
    this.#end = end
  }

  /** The message is complete: `inflate` gives the rest. */
  feedTail(): void {
    this.#input = TAIL
    this.#at = 0
    this.#end = TAIL.length
  }

  /**
   * Inflates into `output`; gives how many octets there are, the complement of that (negative) if what follows is not
   * DEFLATE. `done` tells whether more can come of what was fed.
   */
  inflate(output: Uint8Array): number {
    this.#inflater ??= this.#compression.inflater(this.#windowBits)
    const inflater = this.#inflater
    const valid = inflater.inflate(this.#input, this.#at, this.#end, output)
    this.#at += inflater.consumed
    this.inflated += inflater.produced
    this.done = this.#at === this.#end && inflater.produced < output.length
    return valid ? inflater.produced : ~inflater.produced
  }

  /** The message is over. */
  finish(): void {
    if (!this.#takeover) this.release()
  }

  /** Nothing more is inflated. */
  release(): void {
    this.#inflater?.release()
    this.#inflater = undefined
  }
}

/** Compresses what an endpoint sends, as it was negotiated. */
export function deflaterOf(compression: Compression, deflate: DeflateParameters, client: boolean): MessageDeflater {
  return client
    ? new MessageDeflater(compression, deflate.clientMaxWindowBits, !deflate.clientNoContextTakeover)
    : new MessageDeflater(compression, deflate.serverMaxWindowBits, !deflate.serverNoContextTakeover)
}

/** Inflates what an endpoint receives, as it was negotiated. */
export function inflaterOf(compression: Compression, deflate: DeflateParameters, client: boolean): MessageInflater {
  return client
    ? new MessageInflater(compression, deflate.serverMaxWindowBits, !deflate.serverNoContextTakeover)
    : new MessageInflater(compression, deflate.clientMaxWindowBits, !deflate.clientNoContextTakeover)
}
