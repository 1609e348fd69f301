/** The head of a response of Node, as `writeHead` hands it over. */

import { reasonPhrase } from '../../../protocols/http1/writer.js'
import { OutgoingFields } from '../outgoing-fields.js'
import type { Outgoing } from './outgoing-state.js'

/** Reads what `writeHead` hands over. Throws what Node throws for what cannot be sent. */
export function readHead(response: Outgoing, headers: unknown): OutgoingFields {
  const { statusCode, _hasBody } = response
  if (statusCode < 200 || statusCode > 599)
    throw coded(new RangeError(`Invalid status code: ${statusCode}`), 'ERR_HTTP_INVALID_STATUS_CODE')
  const fields = new OutgoingFields()
  if (Array.isArray(headers)) addList(fields, headers as unknown[])
  else if (typeof headers === 'object' && headers !== null)
    addObject(response, fields, headers as Record<string, unknown>)
  if (fields.trailer && (fields.length >= 0 || !_hasBody))
    throw coded(new Error('Trailers are invalid with this transfer encoding'), 'ERR_HTTP_TRAILER_INVALID')
  return fields
}

function addList(fields: OutgoingFields, list: readonly unknown[]): void {
  if (Array.isArray(list[0])) {
    for (const [name, value] of list as readonly [string, unknown][]) fields.add(name, value, true)
    return
  }
  if (list.length % 2 !== 0) throw coded(new TypeError('headers are pairs'), 'ERR_INVALID_ARG_VALUE')
  for (let i = 0; i < list.length; i += 2) fields.add(list[i] as string, list[i + 1], true)
}

/** Either what `setHeader` has kept, a name and a value by the name in lower case, or what `writeHead` was given. */
function addObject(response: Outgoing, fields: OutgoingFields, headers: Readonly<Record<string, unknown>>): void {
  const kept = Object.getPrototypeOf(headers) === null && response.getHeaderNames().length > 0
  for (const key of Object.keys(headers)) {
    const value = headers[key]
    if (kept) fields.add((value as [string, unknown])[0], (value as [string, unknown])[1], false)
    else fields.add(key, value, true)
  }
}

/** The size of the content as far as the head may say it: -1 when unknown. */
export function announced(response: Outgoing, fields: OutgoingFields): number {
  const { statusCode } = response
  if (statusCode === 204 || statusCode === 205) return -1
  if (fields.length >= 0 || !response._hasBody) return fields.length
  if (fields.chunked || fields.trailer || response._removedContLen) return -1
  return response._contentLength ?? -1
}

/** The reason phrase that the application has chosen; undefined for the usual one. */
export function reasonOf({ statusCode, statusMessage }: Outgoing): string | undefined {
  return statusMessage === reasonPhrase(statusCode) ? undefined : statusMessage
}

function coded<Thrown extends Error>(error: Thrown, code: string): Thrown {
  return Object.assign(error, { code })
}
