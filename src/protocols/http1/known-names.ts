/** Names that are recognised where they lie, without making a string of them. */

import { native } from '../core/native.js'

/** The fields that decide framing and persistence, as bits of `seen` and `repeated`. */
export const Known = {
  host: 1,
  contentLength: 2,
  transferEncoding: 4,
  connection: 8,
  expect: 16,
  upgrade: 32,
} as const

/** The bit of a field that decides framing or persistence, 0 for all others. */
export function knownField(bytes: Uint8Array, start: number, end: number): number {
  switch (end - start) {
    case 4:
      return isName(bytes, start, 'host') ? Known.host : 0
    case 6:
      return isName(bytes, start, 'expect') ? Known.expect : 0
    case 7:
      return isName(bytes, start, 'upgrade') ? Known.upgrade : 0
    case 10:
      return isName(bytes, start, 'connection') ? Known.connection : 0
    case 14:
      return isName(bytes, start, 'content-length') ? Known.contentLength : 0
    case 17:
      return isName(bytes, start, 'transfer-encoding') ? Known.transferEncoding : 0
    default:
      return 0
  }
}

/** Whether the token at `start` is `name` but for case. Setting bit 5 confuses no two characters of a token here. */
function isName(bytes: Uint8Array, start: number, name: string): boolean {
  for (let i = 0; i < name.length; i++) if ((bytes[start + i]! | 0x20) !== name.charCodeAt(i)) return false
  return true
}

/** The method; the frequent ones as constants, so that nothing is made for them. */
export function methodOf(bytes: Uint8Array, start: number, end: number): string {
  const size = end - start
  for (const method of FREQUENT_METHODS) if (method.length === size && isText(bytes, start, method)) return method
  return native.latin1Slice(bytes, start, end)
}

const FREQUENT_METHODS = ['GET', 'POST', 'PUT', 'HEAD', 'PATCH', 'DELETE', 'OPTIONS'] as const

/** Whether the bytes at `start` are the characters of `text`, all ASCII. */
export function isText(bytes: Uint8Array, start: number, text: string): boolean {
  for (let i = 0; i < text.length; i++) if (bytes[start + i] !== text.charCodeAt(i)) return false
  return true
}
