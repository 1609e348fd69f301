/** Content-Type, parsed once for routing, the choice of a parser, and validation (RFC 9110 section 8.3). */

import { isToken } from '../../protocols/core/http-syntax.js'

/** A media type with its parameters. */
export interface ContentType {
  /** Lower case, as `text/html`. */
  readonly type: string
  /** Values by lower-case name, unquoted. */
  readonly parameters: ReadonlyMap<string, string>
}

const NO_PARAMETERS: ReadonlyMap<string, string> = new Map()
const PARAMETERS_MAX = 16
const QUOTED = /^"((?:[\t !#-[\]-~\x80-\xff]|\\[\t -~\x80-\xff])*)"$/

/** Parses the value of a field; undefined when it is malformed, or names a parameter twice. */
export function parseContentType(value: string): ContentType | undefined {
  // The frequent case is one that is known by heart.
  const known = COMMON.get(value)
  if (known !== undefined) return known
  const parts = splitQuoted(value)
  const type = trim(parts[0]!).toLowerCase()
  const slash = type.indexOf('/')
  if (slash < 0 || !isToken(type.slice(0, slash)) || !isToken(type.slice(slash + 1))) return undefined
  if (parts.length === 1) return { type, parameters: NO_PARAMETERS }
  if (parts.length > PARAMETERS_MAX) return undefined
  const parameters = new Map<string, string>()
  for (const part of parts.slice(1)) {
    const text = trim(part)
    // A semicolon with nothing behind it is allowed (RFC 9110 section 5.6.6).
    if (text === '') continue
    const equals = text.indexOf('=')
    const name = text.slice(0, Math.max(equals, 0)).toLowerCase()
    const given = unquote(text.slice(equals + 1))
    if (!isToken(name) || given === undefined || parameters.has(name)) return undefined
    parameters.set(name, given)
  }
  return { type, parameters }
}

const COMMON: ReadonlyMap<string, ContentType> = new Map(
  ['application/json', 'application/x-www-form-urlencoded'].map((type) => [type, { type, parameters: NO_PARAMETERS }]),
)

/** Divides at semicolons that stand in no quotes. */
function splitQuoted(value: string): string[] {
  const parts: string[] = []
  let from = 0
  let quoted = false
  for (let at = 0; at < value.length; at++) {
    const char = value[at]
    if (quoted && char === '\\') at++
    else if (char === '"') quoted = !quoted
    else if (char === ';' && !quoted) {
      parts.push(value.slice(from, at))
      from = at + 1
    }
  }
  parts.push(value.slice(from))
  return parts
}

function trim(text: string): string {
  return text.replace(/^[ \t]+|[ \t]+$/g, '')
}

function unquote(text: string): string | undefined {
  if (isToken(text)) return text
  return QUOTED.exec(text)?.[1]?.replace(/\\(.)/g, '$1')
}
