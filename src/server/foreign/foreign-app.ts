/** An application of another framework, mounted: whatever it is, it gets a request and answers it. */

import type { Exchange } from '../exchange.js'
import { ForeignContext, type ForeignPlace } from './context.js'

/** Answers the request of `context`, now or later. What it throws is answered with an error. */
export type ForeignRunner = (context: ForeignContext) => void

/** A mounted foreign application: what `fetchHandler` and `nodeHandler` make. */
export class ForeignApp {
  readonly #run: ForeignRunner

  constructor(run: ForeignRunner) {
    this.#run = run
  }

  /** Answers an exchange, now or later. Never throws. */
  handle(exchange: Exchange, place: ForeignPlace): void {
    const context = new ForeignContext(exchange, place)
    try {
      this.#run(context)
    } catch (error) {
      ForeignContext.fail(context, error)
    }
  }
}
