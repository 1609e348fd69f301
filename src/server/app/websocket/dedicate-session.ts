/** A connection with a function of its own, which takes messages when it wants them; its end is the connection's. */

import type { MessageStream } from '../../../io/message-stream.js'
import { WebSocketInbox } from '../../../io/websocket-inbox.js'
import type { CloseInfo } from '../../../io/websocket-link.js'
import type { Conversation } from './options.js'
import { Session } from './session.js'

type AnyConversation = Conversation<'json', boolean>

/** Spec DEDICATE. */
export class DedicateSession extends Session {
  override readonly inbox: WebSocketInbox = new WebSocketInbox((hold) => this.link.hold(hold))
  #stream: MessageStream | undefined

  onMessage(message: string | Uint8Array): void {
    if (!this.failed) this.inbox.onMessage(message)
  }

  onStream(stream: MessageStream): void {
    this.#stream = stream
    if (this.failed) stream.leave()
    else this.inbox.onStream(stream)
  }

  onClosing(): void {
    this.inbox.onClosing()
  }

  override onClosed(info: CloseInfo): void {
    this.inbox.onClosed()
    super.onClosed(info)
  }

  /** Who asks for the next message does not want the rest of the one before. */
  override next(): Promise<string | Uint8Array | MessageStream | undefined> {
    if (this.inbox.empty) this.#stream?.leave()
    return this.inbox.receive()
  }

  /** Messages wait for the function. */
  protected unlock(): void {}

  protected ready(): void {
    if (!this.failed) void this.#run()
    this.rest()
  }

  /** The function hears of the end by itself. */
  protected get busy(): boolean {
    return false
  }

  protected deliver(value: unknown): Promise<void> {
    return this.link.send(this.codec.encode(value))
  }

  async #run(): Promise<void> {
    try {
      const value = this.setup.route.handler(this.was, this.setup.params)
      if (isConversation(value)) await this.#converse(value)
      else await value
    } catch (error) {
      this.fail(error)
      return
    }
    void this.link.close()
  }

  /** Sends what is yielded, and gives the next message for it; at the end of the connection undefined, once. */
  async #converse(conversation: AnyConversation): Promise<void> {
    let step = await conversation.next()
    for (;;) {
      if (step.value !== undefined && step.value !== null && this.link.open) await this.deliver(step.value)
      if (step.done === true) return
      const message = await this.was.websocket.receive()
      step = await conversation.next(message)
      if (message !== undefined) continue
      if (step.done !== true) await conversation.return(undefined)
      return
    }
  }
}

function isConversation(value: unknown): value is AnyConversation {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as AnyConversation).next === 'function' &&
    typeof (value as AnyConversation).return === 'function'
  )
}
