/** The page, or the JSON object, that explains a status (for errors, and for responses without a body of their own). */

import type { Fields } from '../protocols/core/fields.js'
import { FieldLines, reasonPhrase } from '../protocols/http1/writer.js'
import type { ArgumentProblem } from './app/args/argument-error.js'
import { preferredKind } from './accept.js'
import { escapeHtml } from './html.js'

/** Which of them it is, the client has said: caches must know (RFC 9110 section 12.5.5). */
const VARY = ['vary', 'accept']
const HTML_LIST = ['content-type', 'text/html; charset=utf-8', 'x-content-type-options', 'nosniff', ...VARY]
const JSON_LIST = ['content-type', 'application/json', ...VARY]
const PROBLEM_LIST = ['content-type', 'application/problem+json', ...VARY]
const HTML = new FieldLines(HTML_LIST)
const JSON_TYPE = new FieldLines(JSON_LIST)
const PROBLEM = new FieldLines(PROBLEM_LIST)

/** Content that explains a status, with its header fields. */
export interface StatusPage {
  readonly body: string
  readonly fields: FieldLines
  /** The same fields as a list. */
  readonly list: readonly string[]
}

/** What a page shows beside status and detail. */
export interface StatusDetails {
  /** Where the error was thrown; in debug mode only, by the caller's choice. */
  readonly trace?: string | undefined
  /** What is wrong with the parameters of a request. */
  readonly problems?: readonly ArgumentProblem[] | undefined
  /** The nonce that a Content-Security-Policy asks of the style of the page; none when it is empty. */
  readonly nonce?: string
}

/**
 * Explains `status`. `detail` is text for the client. By its Accept field it gets a page, an object `{ code,
 * message, detail? }`, or problem details of RFC 9457; what it has not decided is a page, or problem details for wrong
 * parameters.
 */
export function statusPage(status: number, detail: string, request: Fields, details: StatusDetails = {}): StatusPage {
  const message = reasonPhrase(status) || 'Unknown'
  const { trace, problems, nonce } = details
  const kind = preferredKind(request.get('accept'), problems === undefined ? 'html' : 'problem')
  const traced = { ...(detail && { detail }), ...(trace && { traceback: trace.split('\n') }) }
  if (kind === 'problem' || (kind === 'json' && problems !== undefined)) {
    const value = { type: 'about:blank', title: message, status, ...traced, ...(problems && { errors: problems }) }
    return { body: JSON.stringify(value), fields: PROBLEM, list: PROBLEM_LIST }
  }
  if (kind === 'json')
    return { body: JSON.stringify({ code: status, message, ...traced }), fields: JSON_TYPE, list: JSON_LIST }
  const body = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${status} ${escapeHtml(message)}</title>
<style${nonce ? ` nonce="${escapeHtml(nonce)}"` : ''}>
body{font:16px/1.5 system-ui,sans-serif;max-width:44rem;margin:4rem auto;padding:0 1rem;color-scheme:light dark}
pre{overflow:auto}
</style>
<h1>${status} ${escapeHtml(message)}</h1>
${detail && `<p>${escapeHtml(detail)}</p>\n`}${trace ? `<pre>${escapeHtml(trace)}</pre>\n` : ''}<hr><p>skitai</p>
</html>
`
  return { body, fields: HTML, list: HTML_LIST }
}
