/** What a handler may return, and how it becomes a response. */

import { otherContent } from './other-values.js'
import type { FileValue } from './response-values.js'
import { FieldLines } from '../../protocols/http1/writer.js'

/** Content that is sent piece by piece: bytes, or text that is sent as UTF-8. */
export type StreamBody =
  | AsyncIterable<Uint8Array | string>
  | Iterable<Uint8Array | string>
  | ReadableStream<Uint8Array | string>
  | NodeJS.ReadableStream

/** Content of a response. A plain object, an array, a number or a boolean is sent as JSON; nothing is sent for null. */
export type BodyValue = string | Uint8Array | StreamBody | object | number | boolean | null | undefined

/** What a handler may return: content, a whole response, or nothing (204). */
export type HandlerValue = BodyValue | ResponseValue | FileValue | Response

/**
 * Headers by name, or as pairs: a list, a `Map`, `Headers`; several values of one name are sent as several field lines.
 */
export type HeaderValues =
  Readonly<Record<string, string | number | readonly string[]>> | Iterable<readonly [string, string]>

/** A response with status, content and headers: what `was.response(…)` makes. */
export class ResponseValue {
  readonly status: number
  readonly body: BodyValue
  /** Flat list: name, value. */
  readonly fields: readonly string[]

  constructor(status: number, body: BodyValue, fields: readonly string[]) {
    this.status = status
    this.body = body
    this.fields = fields
  }
}

/** Content that is ready to be sent. */
export interface Prepared {
  readonly body: string | Uint8Array | StreamBody
  /** The Content-Type that it has unless another is given; already a field line. */
  readonly type: FieldLines
  readonly typeName: string
}

const typed = (name: string): { type: FieldLines; typeName: string } => ({
  type: new FieldLines(['content-type', name]),
  typeName: name,
})
const HTML = typed('text/html; charset=utf-8')
const OCTETS = typed('application/octet-stream')
const JSON_TYPE = typed('application/json')

/**
 * Makes content of a value; undefined for no content. `pretty` indents JSON. Throws `TypeError` for what cannot be
 * sent, and an `Error` that it gets.
 */
export function prepare(value: BodyValue, pretty = false): Prepared | undefined {
  if (value === undefined || value === null) return undefined
  if (typeof value === 'string') return { body: value, type: HTML.type, typeName: HTML.typeName }
  if (value instanceof Uint8Array) return { body: value, type: OCTETS.type, typeName: OCTETS.typeName }
  if (value instanceof ArrayBuffer) return prepare(new Uint8Array(value))
  if (ArrayBuffer.isView(value)) return prepare(new Uint8Array(value.buffer, value.byteOffset, value.byteLength))
  if (typeof value === 'object' && !Array.isArray(value) && Object.getPrototypeOf(value) !== Object.prototype) {
    const other = otherContent(value)
    if (other !== undefined) return { body: other.body, ...typed(other.type) }
  }
  if (typeof value === 'object' && !Array.isArray(value) && isStream(value)) {
    const raw = 'pipe' in value || 'getReader' in value
    return { body: value, ...(raw ? OCTETS : HTML) }
  }
  if (typeof value === 'object' && 'then' in value && typeof value.then === 'function')
    throw new TypeError('content is no promise: await it first')
  const text = jsonOf(value, pretty)
  if (text === undefined) throw new TypeError(`a handler returned a ${typeof value}, which cannot be sent`)
  return { body: text, type: JSON_TYPE.type, typeName: JSON_TYPE.typeName }
}

/** Undefined for a function and the like. What JSON has no form for, as a BigInt or a cycle, is said to be that. */
function jsonOf(value: unknown, pretty: boolean): string | undefined {
  try {
    return pretty ? JSON.stringify(value, undefined, 2) : JSON.stringify(value)
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    throw new TypeError(`a handler returned what JSON has no form for: ${error.message}`, { cause: error })
  }
}

function isStream(value: object): value is StreamBody {
  if (Symbol.asyncIterator in value || Symbol.iterator in value) return true
  // JSON that a client has sent, and an app gives back, has members of any name, but no function.
  return 'getReader' in value && typeof value.getReader === 'function'
}

/** A list, a `Map`, or `Headers`. */
function isPairs(headers: HeaderValues): headers is Iterable<readonly [string, string]> {
  return Symbol.iterator in headers
}

/** A flat list of fields from headers in any of their forms. */
export function flattenHeaders(headers: HeaderValues): string[] {
  const fields: string[] = []
  const add = (name: string, value: string | number | readonly string[]): void => {
    if (Array.isArray(value)) for (const each of value as readonly string[]) fields.push(name, each)
    else fields.push(name, String(value))
  }
  if (isPairs(headers)) for (const [name, value] of headers) add(name, value)
  else
    for (const name of Object.keys(headers)) add(name, (headers as Record<string, string | readonly string[]>)[name]!)
  return fields
}

/** The status of `200`, `'200'` or `'404 Not Found'`. Throws `TypeError` for anything else. */
export function statusOf(status: number | string): number {
  const code = typeof status === 'number' ? status : Number(/^\d{3}(?= |$)/.exec(status)?.[0])
  if (!Number.isInteger(code) || code < 200 || code > 599)
    throw new TypeError(`not a status from 200 to 599: ${status}`)
  return code
}
