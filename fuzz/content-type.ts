/** The Content-Type field: what is read is what the grammar says (RFC 9110 section 8.3.1), and reads the same again. */

import { latin1Of } from 'skitai/testing'
import { type ContentType, parseContentType } from '#src/server/app/content-type.js'

const TOKEN = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]+"
const QUOTED = '"(?:[\\t !#-\\[\\]-~\\x80-\\xff]|\\\\[\\t -~\\x80-\\xff])*"'
const FIELD = new RegExp(`^[ \\t]*${TOKEN}/${TOKEN}[ \\t]*(?:;[ \\t]*(?:${TOKEN}=(?:${TOKEN}|${QUOTED})[ \\t]*)?)*$`)
const PARAMETER = new RegExp(`;[ \\t]*(?:(${TOKEN})=(?:${TOKEN}|${QUOTED}))?`, 'g')
const PARTS_MAX = 16

/** Whether the grammar, and what is refused beyond it, allows a value. */
function isRight(value: string): boolean {
  if (!FIELD.test(value)) return false
  const parts = [...value.matchAll(PARAMETER)]
  const names = parts.flatMap(([, name]) => (name === undefined ? [] : [name.toLowerCase()]))
  return parts.length < PARTS_MAX && new Set(names).size === names.length
}

/** The value of a field. */
export function fuzz(data: Uint8Array): void {
  const value = latin1Of(data)
  const parsed = parseContentType(value)
  ensure((parsed !== undefined) === isRight(value), parsed === undefined ? 'it is refused' : 'it is let through')
  if (parsed === undefined) return
  ensure(parsed.type === parsed.type.toLowerCase(), 'a type with capitals')
  const again = parseContentType(written(parsed))
  ensure(again !== undefined && written(again) === written(parsed), 'another type when it is read again')
}

function written({ type, parameters }: ContentType): string {
  return type + Array.from(parameters, ([name, value]) => `;${name}="${value.replace(/[\\"]/g, '\\$&')}"`).join('')
}

function ensure(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Error(what)
}
