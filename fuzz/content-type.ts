/**
 * Content-Type: what is accepted is one media type, whatever stands around it, and written again it is the same
 * (SECURITY 31).
 */

import { latin1Of } from 'skitai/testing'
import { type ContentType, parseContentType } from '#src/server/app/content-type.js'

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/i

/** The value of a field. */
export function fuzz(data: Uint8Array): void {
  const text = latin1Of(data)
  const parsed = parseContentType(text)
  if (parsed === undefined) return
  const [main = '', sub = '', ...more] = parsed.type.split('/')
  ensure(TOKEN.test(main) && TOKEN.test(sub) && more.length === 0, `not a media type: ${parsed.type}`)
  ensure(parsed.type === parsed.type.toLowerCase(), 'a type that has two spellings')
  ensure(!/[^\t -~\x80-\xff]/.test([...parsed.parameters.values()].join('')), 'a parameter that no field can have')
  ensure(same(parsed, parseContentType(written(parsed))), 'another one when it is written again')
  ensure(same(parsed, parseContentType(`\t ${text} \t`)), 'another one with blanks around it')
}

function written({ type, parameters }: ContentType): string {
  const parts = Array.from(parameters, ([name, value]) => `;${name.toUpperCase()}="${value.replace(/[\\"]/g, '\\$&')}"`)
  return type.toUpperCase() + parts.join('')
}

function same(a: ContentType, b: ContentType | undefined): boolean {
  return b !== undefined && a.type === b.type && JSON.stringify([...a.parameters]) === JSON.stringify([...b.parameters])
}

function ensure(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Error(what)
}
