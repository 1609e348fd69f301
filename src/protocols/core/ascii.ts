/** Character codes and classes that text protocols share. A class is a table of 256 flags, read by index. */

export const HTAB = 0x09
export const LF = 0x0a
export const CR = 0x0d
export const SP = 0x20
export const COLON = 0x3a
export const COMMA = 0x2c

const DIGITS = '0123456789'
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** A table with 1 for every character of `members`, 0 for the others. */
export function charClass(members: string): Uint8Array {
  const table = new Uint8Array(256)
  for (let i = 0; i < members.length; i++) table[members.charCodeAt(i)] = 1
  return table
}

/** A table with 1 from `first` to `last`, both included. */
export function charRange(first: number, last: number): Uint8Array {
  return new Uint8Array(256).fill(1, first, last + 1)
}

/** tchar (RFC 9110 section 5.6.2). */
export const TOKEN: Uint8Array = charClass(`!#$%&'*+-.^_\`|~${DIGITS}${LETTERS}`)

/** The characters of a field value: field-vchar, SP and HTAB (RFC 9110 section 5.5). */
export const FIELD_VALUE: Uint8Array = charRange(0x20, 0xff)
FIELD_VALUE[HTAB] = 1
FIELD_VALUE[0x7f] = 0

/** VCHAR (RFC 5234 appendix B.1). */
export const VISIBLE: Uint8Array = charRange(0x21, 0x7e)

/** The characters of a request target: visible ASCII but `#`. Its form is checked apart (RFC 9112 section 3.2). */
export const TARGET: Uint8Array = VISIBLE.slice()
TARGET[0x23] = 0

/** The value of a hexadecimal digit, 255 for all else. */
export const HEX: Uint8Array = new Uint8Array(256).fill(255)
for (let i = 0; i < 16; i++) {
  HEX['0123456789abcdef'.charCodeAt(i)] = i
  HEX['0123456789ABCDEF'.charCodeAt(i)] = i
}

/** Whether `text` from `start` to `end` is `other`, letters compared without case. Both are ASCII or never equal. */
export function equalsIgnoreCase(text: string, start: number, end: number, other: string): boolean {
  if (end - start !== other.length) return false
  for (let i = 0; i < other.length; i++) {
    const a = text.charCodeAt(start + i)
    const b = other.charCodeAt(i)
    if (a === b) continue
    const letter = a | 0x20
    if (letter !== (b | 0x20) || letter < 0x61 || letter > 0x7a) return false
  }
  return true
}
