/** Pages for errors that an app makes itself (APP-97). */

import { inspect } from 'node:util'
import { reasonPhrase } from '../../protocols/http1/writer.js'
import { HttpError } from '../http-error.js'
import type { HandlerValue } from './values.js'
import type { Was } from './was.js'

/** What a page about an error can tell. */
export interface ErrorInfo {
  /** The status, from 400 to 599. */
  readonly code: number
  /** Its reason phrase, as `Not Found`. */
  readonly message: string
  /** What the client may know of it; empty when there is nothing. */
  readonly detail: string
  /** The request target as it came: not escaped. */
  readonly url: string
  readonly time: Date
  /** What answers: `skitai`. */
  readonly software: string
  /** `debug` in debug mode, else `normal`. */
  readonly mode: 'debug' | 'normal'
  /** In debug mode only, else empty: not escaped. */
  readonly traceback: string
  /** What was thrown. */
  readonly error: unknown
}

/** Makes what is sent in place of the standard page; the status is that of the error unless it says otherwise. */
export type ErrorHandler = (was: Was, error: ErrorInfo) => HandlerValue | Promise<HandlerValue>

/** The handlers of one app by status; 0 stands for all others. */
export class ErrorHandlers {
  readonly #handlers: Map<number, ErrorHandler> = new Map()

  set(status: number, handler: ErrorHandler): void {
    if (status !== 0 && !(Number.isInteger(status) && status >= 400 && status <= 599))
      throw new TypeError(`an error has a status from 400 to 599, not ${status}`)
    if (typeof handler !== 'function') throw new TypeError('an error handler is a function')
    this.#handlers.set(status, handler)
  }

  of(status: number): ErrorHandler | undefined {
    return this.#handlers.get(status) ?? this.#handlers.get(0)
  }
}

/**
 * Whether an app has thrown it for the client to know; with a status that is none of an error it has made a mistake.
 */
export function isExpected(error: unknown): error is HttpError {
  return error instanceof HttpError && Number.isInteger(error.status) && error.status >= 400 && error.status <= 599
}

/** The status that answers what was thrown. */
export function statusOfError(error: unknown): number {
  return isExpected(error) ? error.status : 500
}

/** What a page can tell of what was thrown. */
export function errorInfo(error: unknown, was: Was): ErrorInfo {
  const code = statusOfError(error)
  const debug = was.app?.debug === true
  return {
    code,
    message: reasonPhrase(code) || 'Unknown',
    detail: isExpected(error) ? error.message : '',
    url: was.request.uri,
    time: new Date(),
    software: 'skitai',
    mode: debug ? 'debug' : 'normal',
    traceback: debug ? traceOf(error) : '',
    error,
  }
}

/** Where something was thrown, as text: not escaped. */
export function traceOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : inspect(error)
}
