/** All WebSockets of an engine: those that are open, and the end of all. */

import type { Exchange } from '../../exchange.js'
import type { Session } from './session.js'

/** The open ones. */
export class OpenSockets {
  readonly #sessions: Set<Session> = new Set()
  readonly #onError: (error: unknown, exchange: Exchange) => void
  /** The code that all are closed with; 0 while new ones are welcome. */
  #closeCode = 0

  constructor(onError: (error: unknown, exchange: Exchange) => void) {
    this.#onError = onError
  }

  /** How many are open. */
  get size(): number {
    return this.#sessions.size
  }

  /** Whether no new one is welcome. */
  get closing(): boolean {
    return this.#closeCode > 0
  }

  /** One is open. */
  add(session: Session): void {
    this.#sessions.add(session)
  }

  /** One is gone. */
  delete(session: Session): void {
    this.#sessions.delete(session)
  }

  /** Closes all, and those that are about to open, with a code. */
  close(code: number): void {
    this.#closeCode = code
    for (const session of this.#sessions) this.closeOne(session)
  }

  /** Closes one, when all are closed. */
  closeOne(session: Session): void {
    if (this.#closeCode > 0) void session.link.close(this.#closeCode)
  }

  /** Tells of an error that nobody expected. */
  report(error: unknown, exchange: Exchange): void {
    this.#onError(error, exchange)
  }
}
