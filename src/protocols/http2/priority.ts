/** Priorities of responses (RFC 9218): the field value, a small part of structured fields (RFC 8941). */

import { charClass } from '../core/ascii.js'

/** How urgent a response is, and whether its pieces are useful one by one. */
export interface Priority {
  /** 0 (most urgent) to 7. */
  readonly urgency: number
  readonly incremental: boolean
}

/** How many levels of urgency there are. */
export const URGENCY_LEVELS = 8

const ALL: readonly Priority[] = Array.from({ length: URGENCY_LEVELS * 2 }, (_, index) =>
  Object.freeze({ urgency: index >> 1, incremental: index % 2 === 1 }),
)

/** What holds without a word (RFC 9218 section 4). */
export const defaultPriority: Priority = priorityOf(3, false)

/** The shared object for a priority. */
export function priorityOf(urgency: number, incremental: boolean): Priority {
  return ALL[urgency * 2 + (incremental ? 1 : 0)]!
}

const KEY = charClass('abcdefghijklmnopqrstuvwxyz0123456789_-.*')

/**
 * Reads the value of the field Priority or of PRIORITY_UPDATE. Members that are not known, or out of range, count as
 * absent, and so does everything when the value is no dictionary (RFC 9218 section 4, RFC 8941 section 4.2).
 */
export function parsePriority(value: string): Priority {
  let { urgency, incremental } = defaultPriority
  let from = 0
  while (from < value.length) {
    const end = memberEnd(value, from)
    const member = value.slice(from, end).trim()
    const name = keyOf(member)
    if (name === '') return defaultPriority
    const rest = withoutParameters(member.slice(name.length))
    if (name === 'u') urgency = /^=[0-7]$/.test(rest) ? Number(rest[1]) : defaultPriority.urgency
    else if (name === 'i') incremental = rest === '' || rest === '=?1'
    from = end + 1
  }
  return priorityOf(urgency, incremental)
}

/** Where the member that begins at `from` ends: at a comma that is not within a quoted string. */
function memberEnd(value: string, from: number): number {
  let quoted = false
  for (let i = from; i < value.length; i++) {
    const code = value.charCodeAt(i)
    if (quoted && code === 0x5c) i++
    else if (code === 0x22) quoted = !quoted
    else if (code === 0x2c && !quoted) return i
  }
  return value.length
}

function keyOf(member: string): string {
  let end = 0
  while (end < member.length && KEY[member.charCodeAt(end)] === 1) end++
  return member.slice(0, end)
}

function withoutParameters(rest: string): string {
  const semicolon = rest.indexOf(';')
  return semicolon < 0 ? rest : rest.slice(0, semicolon)
}
