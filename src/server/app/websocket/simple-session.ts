/** A connection whose messages are handled one by one, in their order; what the handler returns is the reply. */

import type { MessageStream } from '../../../io/message-stream.js'
import { isEncoded } from './codec.js'
import { HIGH_WATER_BYTES, Session, type SessionSetup } from './session.js'
import type { SocketHandler } from './route.js'

/** Spec SIMPLE. */
export class SimpleSession extends Session {
  readonly #handler: SocketHandler
  readonly #params: Readonly<Record<string, unknown>>
  /** Messages come as they are. */
  readonly #plain: boolean
  /** A message in pieces is being handled, and the one behind it. */
  #streaming = false
  #nextStream: MessageStream | undefined

  constructor(setup: SessionSetup) {
    super(setup)
    this.#handler = setup.route.handler
    this.#params = setup.params
    this.#plain = setup.route.encoding === 'text'
  }

  /** While the handler needs no time, there is no promise and nothing else made for a message. */
  onMessage(message: string | Uint8Array): void {
    if (this.failed) return
    try {
      const input = this.#plain ? message : this.codec.decode(message)
      const value = this.#handler(this.was, input, this.#params)
      if (isThenable(value)) this.#await(this.#deliverLater(value))
      else if (value !== undefined && value !== null) {
        const sent = this.deliver(value)
        if (sent !== undefined) this.#await(sent)
      }
    } catch (error) {
      this.fail(error)
    }
  }

  onStream(stream: MessageStream): void {
    if (this.failed) return stream.leave()
    if (!this.#streaming) return void this.#handleStreams(stream)
    this.#nextStream = stream
    this.link.hold(true)
  }

  protected ready(): void {}

  protected deliver(value: unknown): void | Promise<void> {
    const message = this.codec.encode(value)
    if (!isEncoded(message) || this.link.outputBytes >= HIGH_WATER_BYTES) return this.link.send(message)
    this.link.write(message)
  }

  async #deliverLater(value: PromiseLike<unknown>): Promise<void> {
    const settled = await value
    if (settled !== undefined && settled !== null) await this.deliver(settled)
  }

  /** The next message waits. */
  #await(done: Promise<void>): void {
    this.link.hold(true)
    void done.catch((error: unknown) => this.fail(error)).then(() => this.link.hold(false))
  }

  async #handleStreams(first: MessageStream): Promise<void> {
    this.#streaming = true
    for (let stream: MessageStream | undefined = first; stream !== undefined; stream = this.#shiftStream()) {
      try {
        await this.#deliverLater(Promise.resolve(this.#handler(this.was, stream, this.#params)))
      } catch (error) {
        this.fail(error)
      }
      stream.leave()
    }
    this.#streaming = false
  }

  #shiftStream(): MessageStream | undefined {
    const stream = this.#nextStream
    this.#nextStream = undefined
    if (stream !== undefined) this.link.hold(false)
    return stream
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as PromiseLike<unknown>).then === 'function'
}
