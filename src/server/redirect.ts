/** Responses that send a client elsewhere. */

import { escapeHtml } from './html.js'

/** The fields and the page of a redirection to `location`, in which nothing is taken as markup. */
export function redirection(location: string): { readonly fields: readonly string[]; readonly body: string } {
  const text = escapeHtml(location)
  return {
    fields: ['location', location, 'content-type', 'text/html; charset=utf-8'],
    body: `<!doctype html>\n<title>Moved</title>\n<p>Moved to <a href="${text}">${text}</a>\n`,
  }
}
