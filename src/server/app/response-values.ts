/** Responses that handlers ask for by name: JSON objects, faults, problems, files, redirections. */

import { escapeHtml } from '../html.js'
import { reasonPhrase } from '../../protocols/http1/writer.js'
import { traceOf } from './error-handlers.js'
import { ResponseValue } from './values.js'

/** What a fault tells beside status and message (APP-47). */
export interface FaultOptions {
  /** The status times 100 by default, and 90 more with a traceback. */
  readonly code?: number
  readonly debug?: string
  readonly moreInfo?: string
  /** What was thrown: its trace is shown. For an app in debug mode. */
  readonly error?: unknown
}

/** The object of a fault. */
export interface FaultObject {
  readonly code: number
  readonly message: string
  readonly debug?: string
  readonly more_info?: string
  readonly traceback?: readonly string[]
}

/** Makes the object of a fault, without a response around it. */
export function faultObject(status: number, message: string, options: FaultOptions = {}): FaultObject {
  const { error, debug, moreInfo } = options
  return {
    code: options.code ?? status * 100 + (error === undefined ? 0 : 90),
    message,
    ...(debug !== undefined && { debug }),
    ...(moreInfo !== undefined && { more_info: moreInfo }),
    ...(error !== undefined && { traceback: traceOf(error).split('\n') }),
  }
}

/** Members of problem details beside `status` (RFC 9457 section 3.1); others are extensions. */
export interface ProblemDetails {
  /** A URI for the kind of problem; `about:blank` by default. */
  readonly type?: string
  /** The reason phrase of the status by default. */
  readonly title?: string
  readonly detail?: string
  readonly instance?: string
  readonly [extension: string]: unknown
}

/** A response with problem details; their `status` is that of the response, whatever else stands there. */
export function problemValue(status: number, details: ProblemDetails = {}): ResponseValue {
  const { type = 'about:blank', title = reasonPhrase(status) || 'Unknown', ...rest } = details
  const text = JSON.stringify({ type, title, ...rest, status })
  return new ResponseValue(status, text, ['content-type', 'application/problem+json'])
}

/** A file to be sent: conditional and range requests are answered as those of static files. */
export class FileValue {
  /** An absolute path. */
  readonly file: string
  /** The media type; by the name of the file unless it is given. */
  readonly type: string | undefined
  /** The name under which a browser saves it; undefined to show it. */
  readonly filename: string | undefined

  constructor(file: string, type: string | undefined, filename: string | undefined) {
    this.file = file
    this.type = type
    this.filename = filename
  }
}

/** Content-Disposition that saves a file under a name, whatever is in it (RFC 6266 section 4.3, RFC 8187). */
export function attachment(filename: string): string {
  const name = filename.replace(/[\p{Cc}/\\]/gu, '_').replace(/\p{Surrogate}/gu, '\ufffd')
  const plain = name.replace(/[^\x20-\x7e]|["%]/gu, '_')
  const encoded = encodeURIComponent(name).replace(/['()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16)}`)
  return plain === name
    ? `attachment; filename="${plain}"`
    : `attachment; filename="${plain}"; filename*=UTF-8''${encoded}`
}

/**
 * A redirection. It is not kept by caches unless its status says so, and nothing of `location` is taken as markup
 * (SEC-23).
 */
export function redirectValue(location: string, status: number): ResponseValue {
  if (![301, 302, 303, 307, 308].includes(status)) throw new TypeError(`not a status of a redirection: ${status}`)
  if (typeof location !== 'string' || /\p{Cc}|\p{Surrogate}/u.test(location))
    throw new TypeError(`not a location: ${JSON.stringify(location)}`)
  // What is not ASCII has no place in a field: browsers and `new URL` encode it in the same way.
  const encoded = location.replace(/[^\x21-\x7e]/gu, (character) => encodeURIComponent(character))
  const text = escapeHtml(encoded)
  const body = `<!doctype html>\n<title>${reasonPhrase(status)}</title>\n<p><a href="${text}">${text}</a>\n`
  return new ResponseValue(status, body, ['location', encoded, 'cache-control', 'max-age=0'])
}
