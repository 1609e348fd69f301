/** Values that peers chose, made safe for a line of a log: one line stays one line, and one item one item. */

import { VISIBLE } from '../../protocols/core/ascii.js'

const BACKSLASH = 0x5c
const QUOTE = 0x22
const SPACE = 0x20

/** Characters that stand for themselves in an item without quotes. */
const BARE: Uint8Array = VISIBLE.slice()
BARE[BACKSLASH] = 0
BARE[QUOTE] = 0

/** Characters that stand for themselves between quotes. */
const QUOTED: Uint8Array = BARE.slice()
QUOTED[SPACE] = 1

/** An item without quotes; `-` when there is none. */
export function bareItem(value: string): string {
  if (value === '') return '-'
  const at = firstUnsafe(value, BARE)
  return at < 0 ? value : escapeFrom(value, at, BARE)
}

/** An item between double quotes; a bare `-` when there is none. */
export function quotedItem(value: string): string {
  if (value === '') return '-'
  const at = firstUnsafe(value, QUOTED)
  return at < 0 ? `"${value}"` : `"${escapeFrom(value, at, QUOTED)}"`
}

function firstUnsafe(value: string, safe: Uint8Array): number {
  for (let at = 0; at < value.length; at++) if (safe[value.charCodeAt(at)] !== 1) return at
  return -1
}

/**
 * Writes what is not safe as `\xHH`: a character below 256 stands for one octet, as in field values, and any other for
 * its octets in UTF-8.
 */
function escapeFrom(value: string, at: number, safe: Uint8Array): string {
  let escaped = value.slice(0, at)
  for (const character of value.slice(at)) {
    const code = character.codePointAt(0) ?? 0
    if (safe[code] === 1) escaped += character
    else if (code < 256) escaped += hex(code)
    else for (const octet of Buffer.from(character)) escaped += hex(octet)
  }
  return escaped
}

function hex(octet: number): string {
  return `\\x${octet < 16 ? '0' : ''}${octet.toString(16).toUpperCase()}`
}
