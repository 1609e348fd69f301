/** An answer that is thrown: handlers and body readers end a request with it. */

/** Thrown by a handler, it becomes the response: its status, and its message as the detail that clients may see. */
export class HttpError extends Error {
  override readonly name = 'HttpError'
  /** 400..599. */
  readonly status: number
  /** Further fields of the response: a flat list of name, value. */
  readonly fields: readonly string[]

  constructor(status: number, message = '', fields: readonly string[] = []) {
    super(message)
    this.status = status
    this.fields = fields
  }
}
