/**
 * Days and times of day, in numbers and in the server's ISO text. The calendar is the Gregorian one, extended
 * backwards.
 */

/** Microseconds of a day. */
export const DAY_MICROS = 86_400_000_000

/** Days from 1970-01-01 to 2000-01-01, from which PostgreSQL counts. */
export const EPOCH_DAYS = 10_957

const TWO_DIGITS: readonly string[] = Array.from({ length: 100 }, (_, number) => String(number).padStart(2, '0'))

/** A number from 0 to 99 in two digits. */
export function twoDigits(number: number): string {
  return TWO_DIGITS[number]!
}

/** A day of the calendar. The year 0 is 1 BC, -1 is 2 BC. */
export interface CalendarDay {
  readonly year: number
  readonly month: number
  readonly day: number
}

const DAYS_OF_400_YEARS = 146_097

/** Days from 0000-03-01, the beginning of a year that ends with its leap day, to 2000-01-01. */
const MARCH_TO_EPOCH = 730_425

/** The day so many days after 2000-01-01. */
export function calendarDay(days: number): CalendarDay {
  const sinceMarch = days + MARCH_TO_EPOCH
  const era = Math.floor(sinceMarch / DAYS_OF_400_YEARS)
  const dayOfEra = sinceMarch - era * DAYS_OF_400_YEARS
  const leapDays = Math.floor(dayOfEra / 1460) - Math.floor(dayOfEra / 36_524) + Math.floor(dayOfEra / 146_096)
  const yearOfEra = Math.floor((dayOfEra - leapDays) / 365)
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const marchMonth = Math.floor((5 * dayOfYear + 2) / 153)
  const month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
  return { year, month, day: dayOfYear - Math.floor((153 * marchMonth + 2) / 5) + 1 }
}

/** Days from 2000-01-01 to a day. */
export function daysOf({ year, month, day }: CalendarDay): number {
  const marchYear = month <= 2 ? year - 1 : year
  const era = Math.floor(marchYear / 400)
  const yearOfEra = marchYear - era * 400
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear
  return era * DAYS_OF_400_YEARS + dayOfEra - MARCH_TO_EPOCH
}

const MONTH_LENGTHS: readonly number[] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

/** Days of a month, which is from 1 to 12. */
export function monthLength(year: number, month: number): number {
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
  return month === 2 && leap ? 29 : MONTH_LENGTHS[month - 1]!
}

/** The last day that was written: the rows of an answer lie close together. */
let lastDays = NaN
let lastText = ''

/** `YYYY-MM-DD` of the day so many days after 2000-01-01; a year before 1 without its ` BC`, see `eraText`. */
export function dayText(days: number): string {
  if (days === lastDays) return lastText
  const { year, month, day } = calendarDay(days)
  const shown = String(year > 0 ? year : 1 - year).padStart(4, '0')
  lastDays = days
  lastText = `${shown}-${twoDigits(month)}-${twoDigits(day)}`
  return lastText
}

/** Days from 2000-01-01 to the year 1. */
const FIRST_DAYS = -730_119

/** What stands behind all else for a day before the year 1. */
export function eraText(days: number): string {
  return days < FIRST_DAYS ? ' BC' : ''
}

/** `HH:MM:SS` with up to six digits behind a point, of microseconds from 0 to those of a day. */
export function timeText(micros: number): string {
  const seconds = Math.floor(micros / 1_000_000)
  const minutes = Math.floor(seconds / 60)
  const hours = Math.floor(minutes / 60)
  const text = `${twoDigits(hours)}:${twoDigits(minutes - hours * 60)}:${twoDigits(seconds - minutes * 60)}`
  return text + fractionText(micros - seconds * 1_000_000)
}

/** A fraction of a second, from 0 to 999,999 microseconds, without zeros at its end: `.5`, or nothing. */
export function fractionText(micros: number): string {
  if (micros === 0) return ''
  const digits = String(micros + 1_000_000)
  let end = 7
  while (digits.charCodeAt(end - 1) === 0x30) end--
  return `.${digits.slice(1, end)}`
}
