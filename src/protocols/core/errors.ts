/** The two kinds of error that are thrown rather than delivered as events: the caller's fault and ours. */

/** Our application used an engine wrongly. Thrown synchronously; the engine's state has not changed. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
  /** A stable name for programs to branch on. */
  readonly code: string

  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }
}

/** A bug of ours. The driver ends the one connection that it happened on. */
export class InvariantError extends Error {
  override readonly name = 'InvariantError'
}
