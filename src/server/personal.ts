/** Who may keep a response that depends on who asks. */

import { fieldOf } from './field-list.js'

/**
 * Adds Cache-Control unless it is there: `private`, so that no shared cache stores the response and gives it to others
 * (RFC 9111 sections 3 and 5.2.2.7), and `no-cache`, so that the client's own cache asks before it shows it again, to
 * somebody else perhaps who sits there by now: a Last-Modified alone would let it guess for how long that is right
 * (section 4.2.2). `no-store` would be stronger than the danger that section 7.3 speaks of: going back in a browser,
 * and 304, still work. An Expires of its own says when to ask.
 */
export function keepPrivate(fields: string[]): void {
  if (fieldOf(fields, 'cache-control') !== undefined) return
  fields.push('cache-control', fieldOf(fields, 'expires') === undefined ? 'private, no-cache' : 'private')
}
