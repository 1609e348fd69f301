/** `was`: the service context that every handler gets, one a request. */

import type { FieldsToSend } from '../../protocols/http1/writer.js'
import type { Exchange } from '../exchange.js'
import { statusPage } from '../error-page.js'
import type { App } from './app.js'
import type { Request } from './request.js'
import { type ResponseMaker, responseMaker, ResponseState } from './response.js'

/** The context of one request. */
export class Was {
  readonly request: Request
  /** The app that the route belongs to; undefined in a mounted function. */
  readonly app: App | undefined

  readonly #exchange: Exchange
  #state: ResponseState | undefined
  #response: ResponseMaker | undefined
  #g: Record<string, unknown> | undefined

  constructor(exchange: Exchange, request: Request, app: App | undefined) {
    this.#exchange = exchange
    this.request = request
    this.app = app
  }

  /** Makes responses, and sets header fields of whatever the handler returns. */
  get response(): ResponseMaker {
    this.#state ??= new ResponseState()
    this.#response ??= responseMaker(this.#state, (status) => statusPage(status, '', this.request.headers).body)
    return this.#response
  }

  /** The id of the whole transaction, the same in the logs of all servers that take part. */
  get gtid(): string {
    return this.#exchange.transaction.gtid
  }

  /** The id of this call in it: thousands count its depth, the rest counts calls. */
  get ltid(): string {
    return this.#exchange.transaction.ltid
  }

  /** An object of the request's own, for what its functions share. */
  get g(): Record<string, unknown> {
    this.#g ??= Object.create(null) as Record<string, unknown>
    return this.#g
  }

  /** For the server: what a handler has set on `was.response`; undefined when it never asked for it. */
  static responseState(was: Was): ResponseState | undefined {
    return was.#state
  }

  /** Sends 103 (Early Hints) with these fields, a flat list of name, value; dropped for a client that knows none. */
  earlyHints(fields: FieldsToSend): void {
    this.#exchange.inform(103, fields)
  }
}
