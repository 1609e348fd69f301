/** Reads dates and times as the server writes them by default (DateStyle ISO), and as ISO 8601 has them. */

import { DAY_MICROS, daysOf, monthLength } from './calendar.js'

/** What a text says. */
export interface IsoInstant {
  /** Days from 2000-01-01; 0 where there is no date. */
  readonly days: number
  /** Microseconds of the day, up to those of a whole day (24:00:00); 0 where there is no time. */
  readonly micros: number
  /** Seconds east of UTC, or undefined where there is no zone. */
  readonly zoneSeconds: number | undefined
}

const DATE = String.raw`(?<year>\d{4,7})-(?<month>\d\d)-(?<day>\d\d)`
const TIME = String.raw`(?<hour>\d\d):(?<minute>\d\d)(?::(?<second>\d\d)(?:\.(?<fraction>\d{1,6}))?)?`
const ZONE = String.raw`(?:(?<utc>Z)|(?<sign>[+-])(?<zoneHour>\d\d)(?::?(?<zoneMinute>\d\d)(?::?(?<zoneSecond>\d\d))?)?)`

const DATE_TIME = new RegExp(`^${DATE}(?:[T ]${TIME} ?${ZONE}?)?(?<bc> BC)?$`)
const TIME_ONLY = new RegExp(`^${TIME} ?${ZONE}?$`)

type Groups = Readonly<Record<string, string | undefined>>

/** A date with or without time and zone; undefined for a text that is none or means no day or time that there is. */
export function isoDateTime(text: string): IsoInstant | undefined {
  const groups = DATE_TIME.exec(text)?.groups
  return groups === undefined ? undefined : instantOf(groups)
}

/** A time of day with or without zone. */
export function isoTime(text: string): IsoInstant | undefined {
  const groups = TIME_ONLY.exec(text)?.groups
  return groups === undefined ? undefined : instantOf(groups)
}

function instantOf(groups: Groups): IsoInstant | undefined {
  const days = daysIn(groups)
  const micros = microsIn(groups)
  const zoneSeconds = zoneIn(groups)
  if (days === undefined || micros === undefined || zoneSeconds === null) return undefined
  return { days, micros, zoneSeconds }
}

function daysIn(groups: Groups): number | undefined {
  if (groups['year'] === undefined) return 0
  const shown = numberIn(groups['year'])
  const year = groups['bc'] === undefined ? shown : 1 - shown
  const month = numberIn(groups['month'])
  const day = numberIn(groups['day'])
  if (shown === 0 || month < 1 || month > 12 || day < 1 || day > monthLength(year, month)) return undefined
  return daysOf({ year, month, day })
}

function microsIn(groups: Groups): number | undefined {
  const minutes = numberIn(groups['hour']) * 60 + numberIn(groups['minute'])
  const seconds = numberIn(groups['second'])
  const micros = (minutes * 60 + seconds) * 1_000_000 + Number((groups['fraction'] ?? '').padEnd(6, '0'))
  if (numberIn(groups['minute']) > 59 || seconds > 59 || micros > DAY_MICROS) return undefined
  return micros
}

/** The zone in seconds, undefined where there is none, null for one that cannot be. */
function zoneIn(groups: Groups): number | undefined | null {
  if (groups['utc'] !== undefined) return 0
  if (groups['sign'] === undefined) return undefined
  const minutes = numberIn(groups['zoneMinute'])
  const seconds = numberIn(groups['zoneSecond'])
  const hours = numberIn(groups['zoneHour'])
  if (hours > 15 || minutes > 59 || seconds > 59) return null
  const zone = hours * 3600 + minutes * 60 + seconds
  return groups['sign'] === '-' ? 0 - zone : zone
}

function numberIn(digits: string | undefined): number {
  return Number(digits ?? 0)
}

/** Whatever can name its instant in ISO 8601 and UTC, above all a Date. */
export interface InstantLike {
  toISOString(): string
}

/** Whether a value is a Date or the like. */
export function isInstantLike(value: unknown): value is InstantLike {
  return (
    typeof value === 'object' && value !== null && 'toISOString' in value && typeof value.toISOString === 'function'
  )
}

function isoText(instant: InstantLike): string | undefined {
  try {
    return instant.toISOString()
  } catch {
    return undefined
  }
}

const EXPANDED_YEAR = /^([+-])(\d{6})(.*?)Z?$/

/**
 * The text of an instant as PostgreSQL reads it, in UTC without zone: Dates write years beyond 0..9999 differently.
 * Undefined for a Date that is none.
 */
export function postgresText(instant: InstantLike): string | undefined {
  const text = isoText(instant)
  if (text === undefined) return undefined
  const [, sign, year, rest] = EXPANDED_YEAR.exec(text) ?? []
  if (sign === undefined) return text.startsWith('0000') ? `0001${text.slice(4, -1)} BC` : text.replace(/Z$/, '')
  const number = Number(year)
  const shown = String(sign === '+' ? number : number + 1).padStart(4, '0')
  return `${shown}${rest}${sign === '+' ? '' : ' BC'}`
}
