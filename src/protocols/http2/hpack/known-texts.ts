/** Names and values that most field sections hold, recognised where they lie: no string is made for them. */

import { native } from '../../core/native.js'
import { STATIC_FIELDS } from './static-table.js'

/** Names beside those of the static table. */
export const FREQUENT_NAMES: readonly string[] = [
  'access-control-allow-credentials access-control-allow-headers access-control-allow-methods',
  'access-control-max-age access-control-request-headers access-control-request-method alt-svc',
  'content-security-policy cross-origin-opener-policy cross-origin-resource-policy dnt early-data expect-ct forwarded',
  'grpc-accept-encoding grpc-encoding grpc-message grpc-status grpc-timeout keep-alive nel origin permissions-policy',
  'pragma priority proxy-connection purpose referrer-policy report-to save-data sec-ch-ua sec-ch-ua-mobile',
  'sec-ch-ua-platform sec-fetch-dest sec-fetch-mode sec-fetch-site sec-fetch-user sec-gpc sec-websocket-extensions',
  'sec-websocket-key sec-websocket-protocol sec-websocket-version te timing-allow-origin traceparent tracestate',
  'trailer',
  'upgrade-insecure-requests x-content-type-options x-forwarded-for x-forwarded-host x-forwarded-proto x-frame-options',
  'x-powered-by x-real-ip x-request-id x-requested-with x-xss-protection :protocol',
].flatMap((line) => line.split(' '))

/**
 * Values beside those of the static table. The list is fixed on purpose: in a memory of what came before, one
 * connection could find out by timing what others had sent.
 */
const FREQUENT_VALUES = [
  'GET POST PUT HEAD PATCH DELETE OPTIONS CONNECT http https / * */* 0 1 ?0 ?1 u=0 u=1 u=2 u=3 u=4 u=5 trailers',
  'bytes chunked close cors document empty font gzip image navigate no-cache no-cors no-store none nosniff same-origin',
  'same-site script style websocket worker true false text/html text/plain text/css application/json image/png',
  'image/jpeg image/webp image/svg+xml application/grpc application/octet-stream Accept-Encoding Origin max-age=0',
  '200 201 204 301 302 304 400 403 404 429 500 502 503',
].flatMap((line) => line.split(' '))

/** Values with blanks. */
const FREQUENT_LINES = [
  'gzip, deflate',
  'gzip, deflate, br',
  'gzip, deflate, br, zstd',
  'u=0, i',
  'u=1, i',
  '"Linux"',
  '"Windows"',
  '"macOS"',
  'en-US,en;q=0.9',
  'en-US,en;q=0.5',
  'text/html; charset=utf-8',
  'text/plain; charset=utf-8',
  'application/json; charset=utf-8',
]

/** Longer texts are not looked for. */
const TEXT_CHARS_MAX = 32
const SLOTS = 1024

function slotOf(size: number, first: number, middle: number, last: number): number {
  return (size * 397 + first * 131 + middle * 31 + last) & (SLOTS - 1)
}

/** The texts by slot; one whose slot is taken has the next free one. */
function placed(): string[] {
  const slots = Array.from({ length: SLOTS }, () => '')
  for (const text of new Set([...STATIC_FIELDS.flat(), ...FREQUENT_NAMES, ...FREQUENT_VALUES, ...FREQUENT_LINES])) {
    if (text.length === 0 || text.length > TEXT_CHARS_MAX) continue
    const { length } = text
    let slot = slotOf(length, text.charCodeAt(0), text.charCodeAt(length >> 1), text.charCodeAt(length - 1))
    while (slots[slot] !== '') slot = (slot + 1) & (SLOTS - 1)
    slots[slot] = text
  }
  return slots
}

const PLACED = placed()

/** The octets from `start` to `end`, one character each. */
export function textOf(bytes: Uint8Array, start: number, end: number): string {
  const size = end - start
  if (size === 0) return ''
  if (size > TEXT_CHARS_MAX) return native.latin1Slice(bytes, start, end)
  let slot = slotOf(size, bytes[start]!, bytes[start + (size >> 1)]!, bytes[end - 1]!)
  for (let text = PLACED[slot]!; text !== ''; text = PLACED[slot]!) {
    if (text.length === size && isTextAt(bytes, start, text)) return text
    slot = (slot + 1) & (SLOTS - 1)
  }
  return native.latin1Slice(bytes, start, end)
}

/** Whether the octets at `start` are the characters of `text`. */
export function isTextAt(bytes: Uint8Array, start: number, text: string): boolean {
  for (let i = 0; i < text.length; i++) if (bytes[start + i] !== text.charCodeAt(i)) return false
  return true
}
