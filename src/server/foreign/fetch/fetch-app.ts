/** Apps that are a web-standard `fetch` handler: a `Request` comes, a `Response` goes. */

import { HttpError } from '../../http-error.js'
import { checkOptions, flag, type OptionTable } from '../../option-table.js'
import { ForeignContext, within } from '../context.js'
import { ForeignApp } from '../foreign-app.js'
import { isThenable } from '../thenable.js'
import { answerResponse } from './answer-response.js'
import { createRequest } from './light-request.js'
import { lightly } from './light-response.js'

/** Takes a request and gives its response, now or by promise; nothing is a 404. `env` and `context` are one object. */
export type FetchFunction = {
  fetch(request: Request, env: ForeignContext, context: ForeignContext): unknown
}['fetch']

/** How a handler is called. */
export interface FetchOptions {
  /**
   * Whether `Response` is a lighter class while the handler runs, until it awaits something: what it makes of text or
   * bytes then costs a tenth. Default true.
   */
  readonly lightResponse?: boolean
}

const fetchOptions: OptionTable<FetchOptions> = { lightResponse: flag }

/** Marks a function `(request) => Response`, so that it can be mounted. */
export function fetchHandler(handler: FetchFunction, options: FetchOptions = {}): ForeignApp {
  if (typeof handler !== 'function') throw new TypeError('a fetch handler is a function (request) => Response')
  checkOptions('fetchHandler', fetchOptions, options)
  const { lightResponse = true } = options
  return new ForeignApp((context) => {
    const request = createRequest(ForeignContext.exchange(context))
    const call = (): unknown => within(context, handler, request, context, context)
    const result = lightResponse ? lightly(call) : call()
    if (!isThenable(result)) return answer(context, result)
    Promise.resolve(result)
      .then((response) => answer(context, response))
      .catch((error: unknown) => ForeignContext.fail(context, error))
  })
}

function answer(context: ForeignContext, response: unknown): void {
  if (response === undefined || response === null) throw new HttpError(404)
  answerResponse(context, response)
}
