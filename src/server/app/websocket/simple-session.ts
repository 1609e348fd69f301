/** A connection whose messages are handled one by one, in their order; what the handler returns is the reply. */

import { MessageStream } from '../../../io/message-stream.js'
import { isEncoded } from './codec.js'
import { HIGH_WATER_BYTES, Session, type SessionSetup } from './session.js'
import type { SocketHandler } from './route.js'

/**
 * How many messages, and how many octets of them, wait behind one that takes its time before the peer does. Until then
 * its Pings are answered, and its Close is heard.
 */
const HELD_MESSAGES = 64
const HELD_BYTES = 65_536

/** Spec SIMPLE. */
export class SimpleSession extends Session {
  readonly #handler: SocketHandler
  readonly #params: Readonly<Record<string, unknown>>
  /** Messages come as they are. */
  readonly #plain: boolean
  /** Something is to be done before the first message. */
  #locked = true
  #busy = true
  /** Messages that wait; undefined when none does. */
  #queue: (string | Uint8Array | MessageStream)[] | undefined
  #queuedBytes = 0

  constructor(setup: SessionSetup) {
    super(setup)
    this.#handler = setup.route.handler
    this.#params = setup.params
    this.#plain = setup.route.encoding === 'text'
  }

  onMessage(message: string | Uint8Array): void {
    if (this.#busy) this.#wait(message, message.length)
    else this.#handle(message)
  }

  /** A message in pieces holds the peer by itself when nobody reads it. */
  onStream(stream: MessageStream): void {
    if (this.#busy) this.#wait(stream, 0)
    else this.#handle(stream)
  }

  protected get busy(): boolean {
    return this.#busy
  }

  protected unlock(): void {
    this.#locked = false
    this.#busy = false
  }

  protected ready(): void {
    if (!this.#locked) return
    this.#locked = false
    this.#next()
  }

  protected deliver(value: unknown): void | Promise<void> {
    const message = this.codec.encode(value)
    if (!isEncoded(message) || this.link.outputBytes >= HIGH_WATER_BYTES) return this.link.send(message)
    this.link.write(message)
  }

  #wait(message: string | Uint8Array | MessageStream, bytes: number): void {
    const queue = (this.#queue ??= [])
    queue.push(message)
    this.#queuedBytes += bytes
    if (queue.length >= HELD_MESSAGES || this.#queuedBytes >= HELD_BYTES) this.link.hold(true)
  }

  /** While the handler needs no time, there is no promise and nothing else made for a message. */
  #handle(message: string | Uint8Array | MessageStream): void {
    if (this.failed) return drop(message)
    try {
      const input = this.#plain ? message : this.codec.decode(message)
      const value = this.#handler(this.was, input, this.#params)
      if (typeof value === 'object' && isThenable(value)) return this.#await(message, this.#deliverLater(value))
      if (value !== undefined && value !== null) {
        const sent = this.deliver(value)
        if (sent !== undefined) return this.#await(message, sent)
      }
    } catch (error) {
      this.fail(error)
    }
    if (message instanceof MessageStream) message.leave()
  }

  async #deliverLater(value: PromiseLike<unknown>): Promise<void> {
    const settled = await value
    if (settled !== undefined && settled !== null) await this.deliver(settled)
  }

  /** The messages behind this one wait. */
  #await(message: string | Uint8Array | MessageStream, done: Promise<void>): void {
    this.#busy = true
    void this.#finish(message, done)
  }

  async #finish(message: string | Uint8Array | MessageStream, done: Promise<void>): Promise<void> {
    try {
      await done
    } catch (error) {
      this.fail(error)
    }
    drop(message)
    this.#next()
  }

  /** Handles what waits, as far as that needs no time. */
  #next(): void {
    this.#busy = false
    const queue = this.#queue
    if (queue !== undefined) {
      let at = 0
      while (at < queue.length && !this.#isBusy()) this.#handle(queue[at++]!)
      this.#queue = at < queue.length ? queue.slice(at) : undefined
      if (this.#queue === undefined) {
        this.#queuedBytes = 0
        this.link.hold(false)
      }
    }
    if (!this.#isBusy()) this.rest()
  }

  /** A handler may have taken its time meanwhile. */
  #isBusy(): boolean {
    return this.#busy
  }
}

/** Nobody reads the rest of a message in pieces. */
function drop(message: string | Uint8Array | MessageStream): void {
  if (message instanceof MessageStream) message.leave()
}

function isThenable(value: object | null): value is PromiseLike<unknown> {
  return value !== null && typeof (value as PromiseLike<unknown>).then === 'function'
}
