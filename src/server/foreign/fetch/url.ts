/** The URL of a request, in the form that `new URL` gives it. */

import type { Exchange } from '../../exchange.js'
import { HttpError } from '../../http-error.js'

/** What is left as it is in path and query. Dot segments were refused before. */
const PLAIN = /^\/[A-Za-z0-9\-._~!$&()*+,;=:@%/?]*$/
const DOTS = /(?:^|\/)(?:\.|%2e){1,2}(?:\/|$|\?)/i

let lastBase = ''
let lastOrigin = ''

/**
 * The absolute URL that a request is for. A request that does not say for which host is taken for `localhost`. Throws
 * `HttpError` 400 for a host that no URL can have, as `[:::]`.
 */
export function urlOf({ scheme, host, target }: Exchange): string {
  const base = `${scheme}://${host === '' ? 'localhost' : host}`
  if (base !== lastBase) {
    if (!URL.canParse(base)) throw new HttpError(400, 'The host of the request is none')
    lastOrigin = new URL(base).origin
    lastBase = base
  }
  if (PLAIN.test(target) && !DOTS.test(target)) return lastOrigin + target
  return new URL(target.startsWith('/') ? lastOrigin + target : target, lastOrigin).href
}
