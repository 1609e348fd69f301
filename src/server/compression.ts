/** Which responses of apps are compressed (SRV-15), and how. */

import { encoders } from './content-codings.js'
import type { Exchange } from './exchange.js'
import { fieldOf } from './field-list.js'
import { chooseCoding, type ContentCoding } from './static/content-coding.js'

/**
 * `true` for all responses, `false` for none. By default those that go with nothing secret: the length of compressed
 * content that has both a secret and something of the requester's choice gives the secret away (BREACH), so a request
 * with Cookie or Authorization, and a response with Set-Cookie, is left as it is.
 */
export type Compression = boolean | undefined

/** Less octets are not worth a field. */
export const compressedOctetsMin: number = 2048
/** More is better sent as a stream or a file. */
const OCTETS_MAX = 8_388_608

const CODINGS: readonly ContentCoding[] = [...encoders.keys()].map((name) => ({ name, suffix: '' }))

const TEXT = /^(?:text\/(?!event-stream)|application\/(?:json|javascript|xml|[\w.-]+\+(?:json|xml))|image\/svg\+xml)/i

/** Whether content could be compressed, whoever asks: then the response says that it varies. */
export function isCompressible(body: string | Uint8Array, type: string, compression: Compression): boolean {
  const { length } = body
  return length >= compressedOctetsMin && length <= OCTETS_MAX && compression !== false && TEXT.test(type)
}

/** The coding for a response with these fields; undefined to leave it as it is. */
export function codingFor(
  { fields }: Exchange,
  status: number,
  response: readonly string[],
  compression: Compression,
): string | undefined {
  // HEAD is told the length that GET has (RFC 9110 section 8.6), so its content is encoded, too.
  if (status === 206 || status === 304 || fields.has('range')) return undefined
  if (fieldOf(response, 'content-encoding') !== undefined || fieldOf(response, 'content-range') !== undefined)
    return undefined
  if (/no-transform/i.test(fieldOf(response, 'cache-control') ?? '')) return undefined
  const secret = fields.has('cookie') || fields.has('authorization') || fieldOf(response, 'set-cookie') !== undefined
  if (secret && compression !== true) return undefined
  return chooseCoding(fields.get('accept-encoding'), CODINGS)?.name
}

/** Adds Vary. */
export function varying(response: readonly string[]): string[] {
  const vary = fieldOf(response, 'vary')
  if (vary === undefined) return [...response, 'vary', 'accept-encoding']
  if (/(?:^|,)[ \t]*(?:\*|accept-encoding)[ \t]*(?:,|$)/i.test(vary)) return [...response]
  return response.map((value, index) =>
    index % 2 === 1 && response[index - 1]!.toLowerCase() === 'vary' ? `${value}, accept-encoding` : value,
  )
}

/** The fields of encoded content: its tag is no longer that of each octet (RFC 9110 section 8.8.3). */
export function encodedFields(response: readonly string[], coding: string): string[] {
  const fields: string[] = []
  for (let i = 0; i < response.length; i += 2) {
    const name = response[i]!
    const value = response[i + 1]!
    if (name.toLowerCase() === 'content-length' || name.toLowerCase() === 'accept-ranges') continue
    fields.push(name, name.toLowerCase() === 'etag' && value.startsWith('"') ? `W/${value}` : value)
  }
  fields.push('content-encoding', coding)
  return fields
}
