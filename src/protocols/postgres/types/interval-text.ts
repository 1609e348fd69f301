/**
 * Reads the text of an interval in each of the styles that the server writes (PostgreSQL documentation, section 8.5.5).
 */

import type { Interval } from './interval.js'

/** The largest number of microseconds. */
export const INT64_MAX: bigint = 2n ** 63n - 1n

/** The smallest one. */
export const INT64_MIN: bigint = -(2n ** 63n)

/** Longer than any interval that is written. */
const TEXT_CHARS_MAX = 200

const SECOND = 1_000_000n
const MINUTE = 60n * SECOND
const HOUR = 60n * MINUTE

const FRACTION = String.raw`(?:\.(?<fraction>\d{1,6}))?`
const CLOCK = String.raw`(?<timeSign>[+-]?)(?<hours>\d{1,10}):(?<minutes>\d\d)(?::(?<seconds>\d\d)${FRACTION})?`

/** postgres: `1 year 2 mons -3 days +04:05:06.789`, with the words of postgres_verbose `@ 1 hour 5.5 secs ago`. */
const POSTGRES = new RegExp(
  String.raw`^(?:@ 0$|@ )?(?:${unit('year')} ?)?(?:${unit('mon')} ?)?(?:${unit('day')} ?)?(?:${unit('hour')} ?)?(?:${unit('min')} ?)?` +
    String.raw`(?:(?<secSign>[+-]?)(?<secs>\d{1,13})(?:\.(?<secFraction>\d{1,6}))? secs? ?)?(?:${CLOCK})?(?<ago> ?ago)?$`,
)

/** iso_8601: `P1Y2M-3DT4H5M6.789S`. */
const ISO = new RegExp(
  String.raw`^P(?:${part('year')}Y)?(?:${part('mon')}M)?(?:${part('week')}W)?(?:${part('day')}D)?` +
    String.raw`(?:T(?:${part('hour')}H)?(?:${part('min')}M)?(?:(?<secSign>[+-]?)(?<secs>\d{1,13})(?:\.(?<secFraction>\d{1,6}))?S)?)?$`,
)

/** sql_standard: `+1-2 -3 +4:05:06.789`, of which each part may be missing. */
const STANDARD = new RegExp(
  String.raw`^(?:0$)?(?:(?<yearSign>[+-]?)(?<years>\d{1,10})-(?<mons>\d{1,10}))?(?: ?${part('day')}(?= ))?(?: ?${CLOCK})?$`,
)

function part(name: string): string {
  return String.raw`(?<${name}>[+-]?\d{1,13})`
}

function unit(name: string): string {
  return String.raw`${part(name)} ${name}(?:ute)?s?`
}

type Groups = Readonly<Record<string, string | undefined>>

/** The fields of an interval; undefined for a text that is none, or beyond what the server can hold. */
export function intervalFields(text: string): Interval | undefined {
  if (text.length === 0 || text.length > TEXT_CHARS_MAX) return undefined
  const standard = STANDARD.exec(text)?.groups
  const groups = standard ?? (text.startsWith('P') ? ISO : POSTGRES).exec(text)?.groups
  if (groups === undefined) return undefined
  const months = monthsIn(groups)
  const days = integerIn(groups['day']) + 7 * integerIn(groups['week'])
  const micros = microsIn(groups)
  if (groups['ago'] !== undefined) return held(0 - months, 0 - days, -micros)
  // In sql_standard the sign of the days counts for the time, too, when that has none: `-3 4:05:06`.
  const signed = standard !== undefined && standard['timeSign'] === '' && standard['day']?.startsWith('-') === true
  return held(months, days, signed ? -micros : micros)
}

function held(months: number, days: number, micros: bigint): Interval | undefined {
  const fits = months === (months | 0) && days === (days | 0) && micros >= INT64_MIN && micros <= INT64_MAX
  return fits ? { months, days, micros } : undefined
}

function monthsIn(groups: Groups): number {
  const standard = integerIn(groups['years']) * 12 + integerIn(groups['mons'])
  const months = integerIn(groups['year']) * 12 + integerIn(groups['mon'])
  return groups['yearSign'] === '-' ? 0 - standard : standard + months
}

function microsIn(groups: Groups): bigint {
  const clock =
    bigintIn(groups['hours']) * HOUR +
    bigintIn(groups['minutes']) * MINUTE +
    bigintIn(groups['seconds']) * SECOND +
    fractionIn(groups['fraction'])
  const seconds = bigintIn(groups['secs']) * SECOND + fractionIn(groups['secFraction'])
  return (
    bigintIn(groups['hour']) * HOUR +
    bigintIn(groups['min']) * MINUTE +
    (groups['secSign'] === '-' ? -seconds : seconds) +
    (groups['timeSign'] === '-' ? -clock : clock)
  )
}

function integerIn(digits: string | undefined): number {
  return Number(digits ?? 0)
}

function bigintIn(digits: string | undefined): bigint {
  // `BigInt` takes no plus sign.
  return BigInt((digits ?? '0').replace('+', ''))
}

function fractionIn(digits: string | undefined): bigint {
  return BigInt((digits ?? '').padEnd(6, '0'))
}
