/** The one statement of a connection that is being cancelled. */

import type { Transport } from '../../transport.js'
import { within } from '../within.js'
import { type CancelKey, sendCancel } from './cancel.js'
import type { Operation } from './operation.js'

/** How long a request has to work before the next one; each time twice as long. */
const FIRST_DELAY_MS = 100

/** What is asked of a connection. */
export interface CancelTarget {
  readonly cancelKey: CancelKey | undefined
  /** The operation that is executed now. */
  readonly current: Operation | undefined
  /** What was sent behind it. */
  readonly behind: readonly Operation[]
  /** Operations may be sent again. */
  proceed(): void
  destroy(error: Error): void
}

/**
 * A CancelRequest hits whatever the connection executes when it comes. It is sent only while the operation is the
 * current one, and nothing new is sent until the request has arrived and the operation is over: what comes later cannot
 * be hit. What was sent before can, and is told so.
 */
export class Cancelling {
  readonly #target: CancelTarget
  readonly #open: (signal: AbortSignal) => Promise<Transport>
  readonly #timeoutMs: number
  #operation: Operation | undefined
  /** A request is under way. */
  #requesting = false
  /** Requests are being made, or waited between. */
  #repeating = false
  #wake: (() => void) | undefined
  #timer: NodeJS.Timeout | undefined

  constructor(target: CancelTarget, open: (signal: AbortSignal) => Promise<Transport>, timeoutMs: number) {
    this.#target = target
    this.#open = open
    this.#timeoutMs = timeoutMs
  }

  get active(): boolean {
    return this.#operation !== undefined || this.#requesting
  }

  /** Cancels the operation, which is the current one. */
  begin(operation: Operation): void {
    if (this.#operation !== undefined) return
    this.#operation = operation
    const timeoutMs = this.#timeoutMs
    const error = new Error(`a statement that was cancelled has not ended in ${timeoutMs} ms`)
    this.#timer = setTimeout(() => this.#target.destroy(error), timeoutMs)
    if (!this.#repeating) void this.#repeat()
  }

  /** The operation is over. */
  finished(operation: Operation): void {
    if (operation === this.#operation) this.end()
  }

  /** The operation is over, or the connection is gone. */
  end(): void {
    clearTimeout(this.#timer)
    this.#operation = undefined
    this.#wake?.()
  }

  /** A request that came before the server had begun with the statement has done nothing: it is made again. */
  async #repeat(): Promise<void> {
    this.#repeating = true
    for (let delayMs = FIRST_DELAY_MS; this.#operation !== undefined; delayMs *= 2) {
      const operation = this.#operation
      this.#requesting = true
      // When it fails, the bound on the operation decides.
      await this.#request(operation).catch(() => {})
      this.#requesting = false
      if (operation === this.#operation) await this.#delay(delayMs)
    }
    this.#repeating = false
    this.#target.proceed()
  }

  async #request(operation: Operation): Promise<void> {
    const target = this.#target
    const expired = (): Error => new Error('the server takes no request to cancel')
    await within(undefined, this.#timeoutMs, expired, async (signal) => {
      const transport = await this.#open(signal)
      const key = target.cancelKey
      if (operation !== this.#operation || key === undefined) return transport.destroy()
      for (const neighbour of target.behind) neighbour.endangered = true
      await sendCancel(transport, key, signal)
    })
  }

  async #delay(delayMs: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, delayMs)
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
    this.#wake = undefined
  }
}
