/** An application of another framework, mounted: whatever it is, it gets a request and answers it. */

import type { Exchange } from '../exchange.js'
import { ForeignContext, type ForeignPlace } from './context.js'

/** Answers the request of `context`, now or later. What it throws is answered with an error. */
export type ForeignRunner = (context: ForeignContext) => void

/** What an application does before its first request, and behind its last one. */
export interface ForeignLife {
  begin(): PromiseLike<unknown>
  end(): PromiseLike<unknown>
}

/** A mounted foreign application: what `fetchHandler` and `nodeHandler` make. */
export class ForeignApp {
  readonly #run: ForeignRunner
  readonly #life: ForeignLife | undefined
  #begun: Promise<void> | undefined
  /** Nothing has to be awaited any more. */
  #ready: boolean

  constructor(run: ForeignRunner, life?: ForeignLife) {
    this.#run = run
    this.#life = life
    this.#ready = life === undefined
  }

  /** Has it get ready, once. Rejects with what keeps it from that. */
  begin(): Promise<void> {
    this.#begun ??= this.#begin()
    return this.#begun
  }

  async #begin(): Promise<void> {
    try {
      await this.#life?.begin()
      this.#ready = true
    } catch (error) {
      // Whoever comes next tries again.
      this.#begun = undefined
      throw error
    }
  }

  /** Lets it go, if it has begun. Rejects with what it fails with. */
  async end(): Promise<void> {
    if (this.#begun === undefined) return
    this.#begun = undefined
    await this.#life?.end()
  }

  /** Answers an exchange, now or later. Never throws. */
  handle(exchange: Exchange, place: ForeignPlace): void {
    const context = new ForeignContext(exchange, place)
    if (this.#ready) return this.#answer(context)
    this.begin().then(
      () => this.#answer(context),
      (error: unknown) => ForeignContext.fail(context, error),
    )
  }

  #answer(context: ForeignContext): void {
    try {
      this.#run(context)
    } catch (error) {
      ForeignContext.fail(context, error)
    }
  }
}
