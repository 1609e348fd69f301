/** Values of settings: read from their text, or refused by name. */

import type { AuthMethod } from '../../../protocols/postgres/events.js'
import { configError, type Settings } from './keywords.js'

/** One of a few words. */
export function choice<Word extends string>(
  settings: Settings,
  keyword: string,
  words: readonly Word[],
  otherwise: Word,
): Word {
  const value = settings.get(keyword)
  if (value === undefined || value === '') return otherwise
  const found = words.find((word) => word === value)
  if (found === undefined) throw configError(`${keyword} is one of ${words.join(', ')}, not ${JSON.stringify(value)}`)
  return found
}

/** A whole number in a range. */
export function integer(keyword: string, value: string, least: number, most: number): number {
  const number = Number(value)
  if (!/^\s*[+-]?\d+\s*$/.test(value) || number < least || number > most)
    throw configError(`${keyword} is a whole number from ${least} to ${most}, not ${JSON.stringify(value)}`)
  return number
}

/** Seconds as libpq has them: none, or none above 0, stand for no limit. */
export function timeoutMs(settings: Settings, keyword: string, otherwiseMs: number): number {
  const value = settings.get(keyword)
  if (value === undefined || value === '') return otherwiseMs
  const seconds = integer(keyword, value, -2_147_483_648, 2_147_483_647)
  return seconds <= 0 ? Infinity : seconds * 1000
}

/** 1 or 0; 1 by default. */
export function flag(settings: Settings, keyword: string): boolean {
  return choice(settings, keyword, ['1', '0'], '1') === '1'
}

/** Every way to authenticate that there is, and what libpq calls it. */
const METHODS: readonly (readonly [AuthMethod, string])[] = [
  ['none', 'none'],
  ['password', 'password'],
  ['md5', 'md5'],
  ['scram-sha-256', 'scram-sha-256'],
  ['scram-sha-256-plus', 'scram-sha-256'],
]
/** What libpq can do besides: it may be forbidden. */
const OTHERS = ['gss', 'sspi', 'oauth']

/** `require_auth`: a list of ways that are allowed, or, each behind `!`, of those that are not. */
export function requireAuthOf(settings: Settings): readonly AuthMethod[] | undefined {
  const value = settings.get('require_auth')
  if (value === undefined || value === '') return undefined
  const words = value.split(',').map((word) => word.trim())
  const negative = words[0]!.startsWith('!')
  const named = new Set<string>()
  for (const word of words) {
    if (word.startsWith('!') !== negative) throw configError('require_auth mixes what is allowed and what is not')
    const name = word.replace(/^!/, '')
    const known = METHODS.some(([, method]) => method === name)
    if (!known && (!negative || !OTHERS.includes(name)))
      throw configError(`require_auth names a way that is not supported: ${JSON.stringify(name)}`)
    named.add(name)
  }
  return METHODS.filter(([, method]) => named.has(method) !== negative).map(([method]) => method)
}

/** `min_protocol_version` and `max_protocol_version`: the version that is asked for, and the least minor one. */
export function versionOf(settings: Settings): { readonly version: '3.0' | '3.2'; readonly leastMinor: number } {
  const words = ['3.0', '3.2', 'latest'] as const
  const least = choice(settings, 'min_protocol_version', words, '3.0')
  const most = choice(settings, 'max_protocol_version', words, least)
  const version = most === '3.0' ? '3.0' : '3.2'
  if (least !== '3.0' && version === '3.0') throw configError('min_protocol_version is above max_protocol_version')
  return { version, leastMinor: least === '3.0' ? 0 : 2 }
}
