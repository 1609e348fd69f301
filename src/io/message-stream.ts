/** A message that is read while it arrives: its reader sets the pace, so that no message has to fit into memory. */

/** From so many octets that nobody has read on, the peer is made to wait. */
const HELD_BYTES = 65_536

/** A message in pieces. It is read once, by iteration or by one of the methods that take all of it. */
export class MessageStream implements AsyncIterable<Uint8Array> {
  readonly kind: 'text' | 'binary'
  readonly #onPace: (hold: boolean) => void
  #pieces: Uint8Array[] = []
  #bytes = 0
  #held = false
  #begun = false
  /** Nobody wants the rest. */
  #dropping = false
  #ended = false
  #error: Error | undefined
  #waiting: (() => void) | undefined

  /** `onPace` is told when the peer should wait, and when it need not any more. */
  constructor(kind: 'text' | 'binary', onPace: (hold: boolean) => void) {
    this.kind = kind
    this.#onPace = onPace
  }

  /** Whether all of it is there. */
  get complete(): boolean {
    return this.#ended
  }

  /** Reads all of it as octets. Rejects when the connection ends before it. */
  async bytes(): Promise<Uint8Array> {
    const pieces: Uint8Array[] = []
    for await (const piece of this) pieces.push(piece)
    return Buffer.concat(pieces)
  }

  /** Reads all of it as text. Rejects when the connection ends before it. */
  async text(): Promise<string> {
    const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
    let text = ''
    for await (const piece of this) text += decoder.decode(piece, { stream: true })
    return text + decoder.decode()
  }

  /** The pieces, as they come; those of a text are UTF-8 that may be cut anywhere. */
  async *[Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    this.#begun = true
    try {
      for (;;) {
        const pieces = this.#take()
        // Even to yield nothing takes time, in which the end could come behind a piece.
        if (pieces.length > 0) {
          yield* pieces
          continue
        }
        if (this.#error !== undefined) throw this.#error
        if (this.#ended) return
        await new Promise<void>((resolve) => (this.#waiting = resolve))
      }
    } finally {
      this.#drop()
    }
  }

  /** For the connection: somebody wants the next message; if nobody reads this one, its rest is not kept. */
  leave(): void {
    if (!this.#begun) this.#drop()
  }

  /** For the connection: a piece came. */
  push(piece: Uint8Array): void {
    if (this.#dropping) return
    this.#pieces.push(piece)
    this.#bytes += piece.length
    if (this.#bytes >= HELD_BYTES) this.#pace(true)
    this.#wake()
  }

  /** For the connection: the message is complete. */
  end(): void {
    this.#ended = true
    this.#wake()
  }

  /** For the connection: the rest will not come. */
  fail(error: Error): void {
    if (this.#ended) return
    this.#error = error
    this.#wake()
  }

  #drop(): void {
    this.#dropping = true
    this.#take()
  }

  #take(): Uint8Array[] {
    const pieces = this.#pieces
    this.#pieces = []
    this.#bytes = 0
    this.#pace(false)
    return pieces
  }

  #pace(hold: boolean): void {
    if (this.#held === hold) return
    this.#held = hold
    this.#onPace(hold)
  }

  #wake(): void {
    const waiting = this.#waiting
    this.#waiting = undefined
    waiting?.()
  }
}
