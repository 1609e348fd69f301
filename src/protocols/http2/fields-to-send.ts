/** Fields that the application hands in: checked before anything is written, so that a bad one changes nothing. */

import { UsageError } from '../core/errors.js'
import { isFieldValue, isToken } from '../core/http-syntax.js'
import { isForbiddenTrailer } from '../core/trailers.js'
import { isConnectionField } from './field-kinds.js'

/** A flat list of names and values. Names in any case; they go out in lower case. */
export type FieldsToSend = readonly string[]

/** What a section is for: some fields are written by the engine, some may not stand in trailers. */
export type SectionKind = 'request' | 'response' | 'trailers'

/** The list with its names in lower case. Throws `UsageError` for what must not be sent (RFC 9113 section 8.2). */
export function checkedFields(fields: FieldsToSend, kind: SectionKind): readonly string[] {
  if (fields.length % 2 !== 0) throw new UsageError('H2_FIELDS', 'fields are a flat list of names and values')
  const checked: string[] = []
  for (let i = 0; i < fields.length; i += 2) {
    const given = fields[i]!
    const value = fields[i + 1]!
    if (typeof given !== 'string' || !isToken(given))
      throw new UsageError('H2_FIELD_NAME', `not a field name: ${JSON.stringify(given)}`)
    if (typeof value !== 'string' || !isFieldValue(value))
      throw new UsageError('H2_FIELD_VALUE', `not a value for the field ${given}: ${JSON.stringify(value)}`)
    const name = given.toLowerCase()
    checkName(name, value, kind)
    checked.push(name, value)
  }
  return checked
}

function checkName(name: string, value: string, kind: SectionKind): void {
  if (isConnectionField(name))
    throw new UsageError('H2_FIELD_CONNECTION', `${name} is about a connection: HTTP/2 has no such field`)
  if (name === 'te' && (kind !== 'request' || value.toLowerCase() !== 'trailers'))
    throw new UsageError('H2_FIELD_CONNECTION', 'te may only say trailers, in a request')
  if (name === 'content-length') throw new UsageError('H2_FIELD_MANAGED', `${name} is written by the engine`)
  if (name === 'host' && kind === 'request') throw new UsageError('H2_FIELD_MANAGED', 'the authority stands for host')
  if (kind === 'trailers' && isForbiddenTrailer(name))
    throw new UsageError('H2_TRAILER', `${name} must not be a trailer`)
}
