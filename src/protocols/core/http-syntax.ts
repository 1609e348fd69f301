/** The grammar of HTTP messages that several protocols share (RFC 9110 section 5, RFC 3986 section 3.2). */

import { charClass, FIELD_VALUE, HTAB, SP, TARGET, TOKEN } from './ascii.js'

/** Whether `text` is a token (RFC 9110 section 5.6.2): at least one tchar and nothing else. */
export function isToken(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code > 0x7f || TOKEN[code] === 0) return false
  }
  return text.length > 0
}

/** Whether `text` is a field value (RFC 9110 section 5.5): characters below 256, no control, no blank at either end. */
export function isFieldValue(text: string): boolean {
  const size = text.length
  if (size === 0) return true
  for (let i = 0; i < size; i++) {
    const code = text.charCodeAt(i)
    if (code > 0xff || FIELD_VALUE[code] === 0) return false
  }
  return !isBlank(text.charCodeAt(0)) && !isBlank(text.charCodeAt(size - 1))
}

/** SP or HTAB. */
export function isBlank(code: number): boolean {
  return code === SP || code === HTAB
}

/**
 * The elements of a comma-separated list (RFC 9110 section 5.6.1) without blanks around them; empty ones are left out.
 */
export function listElements(value: string): string[] {
  const elements: string[] = []
  for (const part of value.split(',')) {
    const element = trimBlanks(part)
    if (element !== '') elements.push(element)
  }
  return elements
}

/** Whether `list` has elements, and each of them is one of `offered`, letters compared without case. */
export function areOffered(list: string, offered: string): boolean {
  const elements = listElements(list.toLowerCase())
  const offers = listElements(offered.toLowerCase())
  return elements.length > 0 && elements.every((element) => offers.includes(element))
}

/** `text` without SP and HTAB at its ends. Nothing else is trimmed: a wider notion of blank is how smuggling starts. */
export function trimBlanks(text: string): string {
  let start = 0
  let end = text.length
  while (start < end && isBlank(text.charCodeAt(start))) start++
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--
  return text.slice(start, end)
}

const REG_NAME = charClass("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!$&'()*+,;=")
const IP_LITERAL = charClass('0123456789ABCDEFabcdef:.')

/**
 * Whether `text` is a host with an optional port (RFC 9110 section 7.2): a registered name, an IPv4 address or a
 * bracketed IPv6 address, then a colon and up to five digits. We differ: percent-encoding, user information and future
 * IP versions are refused, because no name that a server answers for needs them.
 */
export function isAuthority(text: string): boolean {
  const end = hostEnd(text)
  if (end <= 0) return false
  if (end === text.length) return true
  if (text.charCodeAt(end) !== 0x3a || text.length - end > 6) return false
  for (let i = end + 1; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code < 0x30 || code > 0x39) return false
  }
  return Number(text.slice(end + 1)) <= 65_535
}

/** Where the host ends in `text`, or -1 when it is none. */
function hostEnd(text: string): number {
  if (text.charCodeAt(0) === 0x5b) {
    const close = text.indexOf(']')
    // The shortest address is `::`, the longest has 45 characters.
    if (close < 3 || close > 46 || !text.slice(1, close).includes(':')) return -1
    return allOf(text, 1, close, IP_LITERAL) ? close + 1 : -1
  }
  const colon = text.indexOf(':')
  const end = colon < 0 ? text.length : colon
  return allOf(text, 0, end, REG_NAME) ? end : -1
}

function allOf(text: string, start: number, end: number, members: Uint8Array): boolean {
  for (let i = start; i < end; i++) {
    const code = text.charCodeAt(i)
    if (code > 0xff || members[code] === 0) return false
  }
  return true
}

const LENGTH_DIGITS_MAX = 15

/** The value of Content-Length: 1 to 15 digits and nothing else (RFC 9110 section 8.6), or -1. */
export function contentLengthOf(digits: string): number {
  if (digits.length === 0 || digits.length > LENGTH_DIGITS_MAX) return -1
  let length = 0
  for (let i = 0; i < digits.length; i++) {
    const digit = digits.charCodeAt(i) - 0x30
    if (digit < 0 || digit > 9) return -1
    length = length * 10 + digit
  }
  return length
}

/** Whether `text` consists of the characters that a request target may have. */
export function isTargetText(text: string): boolean {
  return allOf(text, 0, text.length, TARGET)
}

/** Whether `target` is the host and port that CONNECT wants (RFC 9110 section 9.3.6). */
export function isTunnelTarget(target: string): boolean {
  return isAuthority(target) && target.lastIndexOf(':') > target.lastIndexOf(']') && !target.endsWith(':')
}
