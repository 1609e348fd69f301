/** Messages that wait for somebody who asks for them, one by one. The peer is made to wait when too many do. */

import { MessageStream } from './message-stream.js'
import type { WebSocketListener } from './websocket-link.js'

type Item = string | Uint8Array | MessageStream

/** How many messages, and how many octets of them, wait at the most before the peer does. */
const HELD_MESSAGES = 64
const HELD_BYTES = 65_536

/** The listener of a connection that is iterated over. */
export class WebSocketInbox implements WebSocketListener {
  readonly #onPace: (hold: boolean) => void
  #items: Item[] = []
  #bytes = 0
  #held = false
  /** We have closed. */
  #leaving = false
  #closed = false
  #waiting: ((item: Item | undefined) => void)[] = []

  /** `onPace` is told when the peer should wait, and when it need not any more. */
  constructor(onPace: (hold: boolean) => void) {
    this.#onPace = onPace
  }

  /** Whether no message waits. */
  get empty(): boolean {
    return this.#items.length === 0
  }

  /** The next message, or undefined at the end. */
  receive(): Promise<Item | undefined> {
    const item = this.#items.shift()
    if (item === undefined) {
      if (this.#closed) return Promise.resolve(undefined)
      return new Promise((resolve) => this.#waiting.push(resolve))
    }
    this.#bytes -= sizeOf(item)
    if (this.#held && this.#items.length === 0) this.#pace(false)
    return Promise.resolve(item)
  }

  onMessage(message: string | Uint8Array): void {
    this.#add(message)
  }

  onStream(stream: MessageStream): void {
    this.#add(stream)
  }

  /** What still comes is for nobody: it must not keep the peer's Close from coming. */
  onClosing(): void {
    this.#leaving = true
    this.#pace(false)
  }

  onClosed(): void {
    this.#closed = true
    const waiting = this.#waiting
    this.#waiting = []
    for (const resolve of waiting) resolve(undefined)
  }

  #add(item: Item): void {
    const waiting = this.#waiting.shift()
    if (waiting !== undefined) {
      waiting(item)
      return
    }
    if (this.#leaving) {
      if (item instanceof MessageStream) item.leave()
      return
    }
    this.#items.push(item)
    this.#bytes += sizeOf(item)
    if (this.#items.length >= HELD_MESSAGES || this.#bytes >= HELD_BYTES) this.#pace(true)
  }

  #pace(hold: boolean): void {
    if (this.#held === hold) return
    this.#held = hold
    this.#onPace(hold)
  }
}

/** A message in pieces counts its own. */
function sizeOf(item: Item): number {
  return typeof item === 'string' || item instanceof Uint8Array ? item.length : 0
}
