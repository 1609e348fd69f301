/** The page, or the JSON object, that explains a status (for errors, and for responses without a body of their own). */

import type { Fields } from '../protocols/core/fields.js'
import { FieldLines, reasonPhrase } from '../protocols/http1/writer.js'
import { escapeHtml } from './html.js'

const HTML_LIST = ['content-type', 'text/html; charset=utf-8', 'x-content-type-options', 'nosniff']
const JSON_LIST = ['content-type', 'application/json']
const HTML = new FieldLines(HTML_LIST)
const JSON_TYPE = new FieldLines(JSON_LIST)

/** Content that explains a status, with its header fields. */
export interface StatusPage {
  readonly body: string
  readonly fields: FieldLines
  /** The same fields as a list. */
  readonly list: readonly string[]
}

/**
 * Explains `status`. `detail` is text for the client; `trace` is shown in debug mode only, by the caller's choice. A
 * client that accepts JSON and does not name HTML gets an object `{ code, message, detail? }`.
 */
export function statusPage(status: number, detail: string, request: Fields, trace?: string): StatusPage {
  const message = reasonPhrase(status) || 'Unknown'
  if (prefersJson(request)) {
    const value = { code: status, message, ...(detail && { detail }), ...(trace && { traceback: trace.split('\n') }) }
    return { body: JSON.stringify(value), fields: JSON_TYPE, list: JSON_LIST }
  }
  const body = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${status} ${escapeHtml(message)}</title>
<style>
body{font:16px/1.5 system-ui,sans-serif;max-width:44rem;margin:4rem auto;padding:0 1rem;color-scheme:light dark}
pre{overflow:auto}
</style>
<h1>${status} ${escapeHtml(message)}</h1>
${detail && `<p>${escapeHtml(detail)}</p>\n`}${trace ? `<pre>${escapeHtml(trace)}</pre>\n` : ''}<hr><p>skitai</p>
</html>
`
  return { body, fields: HTML, list: HTML_LIST }
}

function prefersJson(request: Fields): boolean {
  const accept = request.get('accept')
  return accept !== undefined && accept.includes('application/json') && !accept.includes('text/html')
}
