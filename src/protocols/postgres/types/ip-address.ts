/** Addresses of IPv4 and IPv6 between their octets and the text that PostgreSQL writes. */

import { UsageError } from '../../core/errors.js'
import { uint16At } from './octets.js'

/** The text of an address of 4 or 16 octets. */
export function addressText(octets: Uint8Array, start: number, end: number): string {
  if (end - start === 4) return dotted(octets, start)
  const { first, length } = longestZeros(octets, start)
  let text = ''
  for (let word = 0; word < 8; word++) {
    if (word >= first && word < first + length) {
      if (word === first) text += word === 0 ? '::' : ':'
      continue
    }
    if (word === 6 && first === 0 && endsAsIpv4(octets, start, length)) return text + dotted(octets, start + 12)
    text += uint16At(octets, start + word * 2).toString(16) + (word < 7 ? ':' : '')
  }
  return text
}

function dotted(octets: Uint8Array, at: number): string {
  return `${octets[at]!}.${octets[at + 1]!}.${octets[at + 2]!}.${octets[at + 3]!}`
}

interface ZeroRun {
  readonly first: number
  readonly length: number
}

/** The longest run of words that are zero, the first of equals; one word alone is no run. */
function longestZeros(octets: Uint8Array, start: number): ZeroRun {
  let first = -1
  let length = 1
  let run = 0
  for (let word = 0; word < 8; word++) {
    run = uint16At(octets, start + word * 2) === 0 ? run + 1 : 0
    if (run > length) {
      length = run
      first = word - run + 1
    }
  }
  return first < 0 ? { first, length: 0 } : { first, length }
}

/** Whether the server writes the last four octets as IPv4: IPv4-compatible and IPv4-mapped addresses. */
function endsAsIpv4(octets: Uint8Array, start: number, zeros: number): boolean {
  return zeros === 6 || (zeros === 5 && uint16At(octets, start + 10) === 0xffff)
}

/** An address and the length of its mask in bits. */
export interface Address {
  readonly octets: Uint8Array
  readonly maskBits: number
}

const MASK = /^(?:0|[1-9]\d{0,2})$/

/** Reads `address[/bits]`. Throws `UsageError` for a text that is none. */
export function addressOf(typeName: string, text: string): Address {
  const [address = '', mask, more] = text.split('/')
  const octets = address.includes(':') ? ipv6Of(address) : ipv4Of(address)
  if (octets === undefined || more !== undefined || (mask !== undefined && !MASK.test(mask))) throw noAddress(typeName)
  const maskBits = mask === undefined ? octets.length * 8 : Number(mask)
  if (maskBits > octets.length * 8) throw noAddress(typeName)
  return { octets: Uint8Array.from(octets), maskBits }
}

function noAddress(typeName: string): UsageError {
  return new UsageError('PG_VALUE_UNFIT', `${typeName} takes an address of IPv4 or IPv6, with or without /bits`)
}

function ipv4Of(text: string): number[] | undefined {
  const parts = text.split('.')
  if (parts.length !== 4 || !parts.every((part) => MASK.test(part) && Number(part) < 256)) return undefined
  return parts.map(Number)
}

const WORD = /^[\da-f]{1,4}$/i

function ipv6Of(text: string): number[] | undefined {
  const [before = '', behind, more] = text.split('::')
  const head = wordsOf(before, behind === undefined)
  if (more !== undefined || head === undefined) return undefined
  if (behind === undefined) return head.length === 16 ? head : undefined
  const tail = wordsOf(behind, true)
  if (tail === undefined || head.length + tail.length > 14) return undefined
  return [...head, ...Array.from({ length: 16 - head.length - tail.length }, () => 0), ...tail]
}

/** The octets of words between colons, of which the last may be an IPv4 address where the whole address ends. */
function wordsOf(text: string, isEnd: boolean): number[] | undefined {
  if (text === '') return []
  const words = text.split(':')
  const octets: number[] = []
  for (const [index, word] of words.entries()) {
    if (WORD.test(word)) octets.push(parseInt(word, 16) >> 8, parseInt(word, 16) & 0xff)
    else {
      const last = isEnd && index === words.length - 1 ? ipv4Of(word) : undefined
      if (last === undefined) return undefined
      octets.push(...last)
    }
  }
  return octets
}
