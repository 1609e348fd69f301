/** Refuses requests that another site has made a browser send. */

import { HttpError } from '../../http-error.js'
import type { Step } from '../hooks.js'
import { isForeign } from './cors.js'

/** How forged requests are told. */
export interface CsrfOptions {
  /** Other origins whose pages may send forms here. */
  readonly trustedOrigins?: readonly string[]
  /**
   * Beside what the browser says of the origin, wants the token of the session: `X-CSRF-Token`, or `_csrf_token` of a
   * form. Default true.
   */
  readonly token?: boolean
}

/** Methods that change nothing (RFC 9110 section 9.2.1). */
const SAFE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE'])

/** Looks at Sec-Fetch-Site and Origin: it costs nothing, and comes before all else. */
export function originGuard({ trustedOrigins = [] }: CsrfOptions): Step {
  return ({ request }) => {
    if (!SAFE.has(request.method) && isForeign(request, trustedOrigins))
      throw new HttpError(403, 'The request comes from another site')
  }
}

/** Looks for the token, for which content may have to be read: it comes last. */
export function tokenGuard(): Step {
  return async (was) => {
    if (!SAFE.has(was.request.method) && !(await was.csrfVerify(true)))
      throw new HttpError(403, 'The form has expired, or comes from another site: load the page again')
  }
}
