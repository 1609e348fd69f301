/** Octets to text and back: Latin-1, and the escaped form in which logs and vectors show them. */

const ESCAPES: readonly (readonly [character: string, code: number])[] = [
  ['r', 0x0d],
  ['n', 0x0a],
  ['t', 0x09],
  ['0', 0x00],
  ['\\', 0x5c],
  ['"', 0x22],
]

/** One character an octet (ISO 8859-1). */
export function latin1Of(bytes: Uint8Array): string {
  let text = ''
  for (let i = 0; i < bytes.length; i++) text += String.fromCharCode(bytes[i]!)
  return text
}

/** One octet a character. A character above U+00FF is a RangeError. */
export function bytesOf(latin1: string): Uint8Array {
  const bytes = new Uint8Array(latin1.length)
  for (let i = 0; i < latin1.length; i++) {
    const code = latin1.charCodeAt(i)
    if (code > 0xff) throw new RangeError(`character ${i} (U+${code.toString(16)}) is not one octet`)
    bytes[i] = code
  }
  return bytes
}

/** All of `parts` in one array. */
export function concat(parts: readonly Uint8Array[]): Uint8Array {
  let length = 0
  for (const part of parts) length += part.length
  const whole = new Uint8Array(length)
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

/** A plain copy. `slice` is no way to make one: the Buffer of Node overrides it and shares the memory. */
export function copyOf(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes)
}

/** Whether both hold the same octets. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

/** Visible ASCII and blanks as they are; `\r \n \t \0 \\ \"` by name; every other octet as `\xHH`. */
export function escapeBytes(bytes: Uint8Array): string {
  let text = ''
  for (let i = 0; i < bytes.length; i++) text += ESCAPED[bytes[i]!]!
  return text
}

/** Each octet in its escaped form. */
const ESCAPED: readonly string[] = Array.from({ length: 256 }, (_, code) => {
  const named = ESCAPES.find((row) => row[1] === code)
  if (named !== undefined) return `\\${named[0]}`
  return code >= 0x20 && code < 0x7f ? String.fromCharCode(code) : `\\x${code.toString(16).padStart(2, '0')}`
})

/** The inverse of `escapeBytes`. An unknown escape or a character above U+00FF is a RangeError. */
export function unescapeBytes(text: string): Uint8Array {
  let latin1 = ''
  for (let i = 0; i < text.length; i++) {
    if (text[i] !== '\\') {
      latin1 += text[i]
      continue
    }
    const letter = text[++i]
    const named = ESCAPES.find((row) => row[0] === letter)
    if (named !== undefined) latin1 += String.fromCharCode(named[1])
    else {
      const hex = text.slice(i + 1, i + 3)
      if (letter !== 'x' || !/^[0-9a-fA-F]{2}$/.test(hex)) throw new RangeError(`unknown escape at ${i - 1} of ${text}`)
      latin1 += String.fromCharCode(parseInt(hex, 16))
      i += 2
    }
  }
  return bytesOf(latin1)
}
